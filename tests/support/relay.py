"""A wave's jobs as GitHub would run them: each a process in a fresh clone, with its own rights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.github_project import GitHubProject

_OURS = ("GITHUB_", "GH_", "ACTIONS_", "RUNNER_", "ANTHROPIC_")


@dataclass
class Relay(GitHubProject):
    """`artifacts` is what GitHub keeps between jobs."""

    jobs: int = field(default=0, init=False)

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def wave_dir(self) -> Path:
        return self.artifacts / "wave"

    def clone(self, name: str) -> Path:
        """What actions/checkout leaves: the whole history, no credentials."""
        self.jobs += 1
        place = self.folder / "runners" / f"{self.jobs}-{name}" / "checkout"
        place.parent.mkdir(parents=True)
        source = str(self.github.git.folder)
        subprocess.run(["git", "clone", "-q", "--no-local", source, str(place)], check=True)
        address = f"{self.github.server.url}/{self.github.full_name}.git"
        for args in (("config", "user.name", "x"), ("remote", "set-url", "origin", address)):
            subprocess.run(["git", *args], cwd=place, check=True)
        return place

    def job(
        self, *args: str, token: bool = False, exit_code: int | None = 0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """One command in a fresh clone on a fresh machine."""
        place = self.clone(args[0])
        done = subprocess.run(
            [sys.executable, "-m", "loopcoder", *args],
            cwd=place,
            env={**self.rights(place.parent, token), **env},
            capture_output=True,
            text=True,
            timeout=180,
            stdin=subprocess.DEVNULL,
        )
        said = f"{args}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in said, said
        if exit_code is not None:
            assert done.returncode == exit_code, said
        return done

    def rights(self, home: Path, token: bool) -> dict[str, str]:
        """A runner's environment. Only some jobs are told the address and a token."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
        kept |= {"LOOPCODER_CACHE": str(home / "cache"), "GITHUB_REPOSITORY": "acme/rocket"}
        if token:
            kept |= {
                "GITHUB_API_URL": self.github.api_url,
                "GITHUB_TOKEN": self.env["GITHUB_TOKEN"],
            }
        return kept

    # --- the jobs

    def look(self, exit_code: int | None = 0) -> None:
        self.job("verify", "--base", "--out", str(self.fresh("base")), token=True,
                 exit_code=exit_code)  # fmt: skip

    def plan(self, *args: str, exit_code: int | None = 0) -> dict[str, Any]:
        base = ["--base-checked", str(self.artifacts / "base")]
        known = base if (self.artifacts / "base").exists() else []
        done = self.job(
            "tick", "--plan-wave", str(self.fresh("wave")), *known, *args, "--json",
            token=True, exit_code=exit_code,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def work(self, unit: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        out = self.fresh(f"work-{unit}")
        return self.job("work", "--wave", str(self.wave_dir), "--unit", unit, "--out", str(out),
                        exit_code=exit_code)  # fmt: skip

    def judge(self, unit: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        out = self.fresh(f"judge-{unit}")
        return self.job("review", *self._given, "--unit", unit, "--out", str(out),
                        exit_code=exit_code)  # fmt: skip

    def integrate(self) -> None:
        self.job("integrate", *self._given, "--out", str(self.fresh("integrate")))

    def publish(self, exit_code: int | None = 0) -> dict[str, Any]:
        done = self.job("publish", *self._given, "--json", token=True, exit_code=exit_code)
        report: dict[str, Any] = json.loads(done.stdout)
        return {row["unit"]: row for row in report["units"]} | {"_": report}

    def wave(self) -> dict[str, Any]:
        """A whole tick, job by job; the publisher's rows by unit, nothing when there was none."""
        shutil.rmtree(self.artifacts, ignore_errors=True)
        self.look()
        planned = self.plan()
        if planned["wave"] is None:
            return {"_": planned}
        for unit in planned["wave"]["units"]:
            self.work(unit)
        for unit in planned["wave"]["units"]:
            self.judge(unit)
        self.integrate()
        return self.publish()

    @property
    def _given(self) -> tuple[str, ...]:
        return ("--wave", str(self.wave_dir), "--given", str(self.artifacts))

    def fresh(self, name: str) -> Path:
        shutil.rmtree(self.artifacts / name, ignore_errors=True)
        self.artifacts.mkdir(exist_ok=True)
        return self.artifacts / name

"""A real repository with a roadmap and agents that follow a script, driven by the real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONFIG = {
    "version": 1,
    "base": "main",
    "verify": [{"run": "sh check.sh", "timeout": "1m"}],
    "limits": {"units_per_tick": 10},
    "jobs": 3,
}

CHECK = "#!/bin/sh\n# Red when any file says RED.\n! grep -rqs RED --include='*.txt' .\n"

APPROVE = {"*": [[{"verdict": "approve", "summary": "fine"}]]}


def writes(**files: str) -> list[dict[str, Any]]:
    """A script's attempt that writes text files: `writes(a="x")` writes a.txt."""
    return [{"write": {f"{name}.txt": text for name, text in files.items()}}]


@dataclass
class Project:
    """`folder` holds the repository, the agents' script and the workspaces."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder / "project"

    @property
    def state(self) -> Path:
        return self.root / ".git" / "loopcoder"

    def begin(
        self,
        roadmap: str,
        *,
        work: Mapping[str, Any] | None = None,
        review: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> Project:
        """A repository with one commit: roadmap, configuration, check and files."""
        self.root.mkdir(parents=True)
        self.script(work or {}, review)
        agent = {"kind": "scripted", "script": str(self.folder / "script.json"), "cost": "free"}
        made: dict[str, Any] = {
            **CONFIG,
            "workers": {"default": {**agent, "timeout": "1m"}},
            "reviewer": {**agent, "calibration": "off"},
            **(config or {}),
        }
        made = {key: value for key, value in made.items() if value is not None}
        texts = {
            "ROADMAP.md": roadmap,
            "check.sh": CHECK,
            "loopcoder.yml": json.dumps(made, indent=1) + "\n",
            **(files or {}),
        }
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ana")
        self.git("config", "user.email", "ana@example.org")
        self.write(texts)
        self.commit("Begin")
        return self

    def script(self, work: Mapping[str, Any], review: Mapping[str, Any] | None = None) -> None:
        text = json.dumps({"work": work, "review": review or APPROVE})
        (self.folder / "script.json").write_text(text)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "LOOPCODER_CACHE": str(self.folder / "cache"), **self.env}

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*args),
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def argv(*args: str) -> Sequence[str]:
        return [sys.executable, "-m", "loopcoder", *args]

    def run(self, *args: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """A loopcoder command; its exit code must be the expected one unless None."""
        done = subprocess.run(
            self.argv(*args),
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        said = f"{args}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in said, said
        if exit_code is not None:
            assert done.returncode == exit_code, said
        return done

    def json(self, *args: str, exit_code: int | None = 0) -> Any:
        return json.loads(self.run(*args, "--json", exit_code=exit_code).stdout)

    def tick(self, *args: str, exit_code: int | None = 0) -> dict[str, Any]:
        """One tick; its units by name."""
        report = self.json("tick", *args, exit_code=exit_code)
        report["units"] = {row["unit"]: row for row in report["units"]}
        found: dict[str, Any] = report
        return found

    def pulls(self, state: str = "open") -> dict[str, int]:
        """The numbers of the pull requests in a state, by unit."""
        rows = self.json("pr", "list")["pulls"]
        return {row["unit"]: row["number"] for row in rows if row["state"] == state}

    def merge_all(self) -> None:
        numbers = [str(number) for number in self.pulls().values()]
        if numbers:
            self.run("pr", "merge", *numbers)

    def subjects(self, ref: str = "main") -> list[str]:
        return self.git("log", "--format=%s", ref).splitlines()

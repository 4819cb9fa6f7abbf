"""The workflow files of a project, run by act against the test server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from loopcoder.entrypoints.setup import workflows as w
from tests.github_server.world import BOT, TOKEN
from tests.support.github_project import UNHURRIED, GitHubProject
from tests.support.project import CHECK

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAME, COMMIT = "acme/loopcoder", "a" * 40
KEY = "sk-not-a-real-key-1234567890"


@dataclass
class Stage(GitHubProject):
    """A project on the test server whose workflows were written by us."""

    runs: int = field(default=0, init=False)

    def begin(
        self, roadmap: str, *, single_job: bool = False, discovers: bool = False, **given: Any
    ) -> Stage:
        plan = w.WorkflowPlan(f"{NAME}@{COMMIT}", single_job=single_job, discovers=discovers)
        files = {**w.starter_workflows(plan), **(given.pop("files", None) or {})}
        super().begin(roadmap, files=files, **given)
        self._ship()
        return self

    def begin_empty(self) -> Stage:
        """A repository with a check and nothing of ours, and a clone of it."""
        self.root.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ana")
        self.git("config", "user.email", "ana@example.org")
        self.write({"check.sh": CHECK})
        self.commit("Begin")
        self.connect()
        self._ship()
        return self

    def name_agents(self, work: Mapping[str, Any]) -> None:
        """Name the check, and scripted agents in place of a model, in loopcoder.yml."""
        self.script(work)
        config = yaml.safe_load((self.root / "loopcoder.yml").read_text())
        agent = {"kind": "scripted", "script": str(self.folder / "script.json"), "cost": "free"}
        config |= {"workers": {"default": agent}, "reviewer": {**agent, "calibration": "off"}}
        config |= {"verify": [{"run": "sh check.sh"}], "github": UNHURRIED}
        self.write({"loopcoder.yml": yaml.safe_dump(config)})

    def _ship(self) -> None:
        """The Action as a runner downloads it: what is in the tree, and nothing else."""
        place = self.folder / "loopcoder"
        place.mkdir()
        shutil.copy(ROOT / "action.yml", place)
        for name in ("action", "loopcoder"):
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / str(self.runs)

    def event(self, name: str, payload: dict[str, Any] | None = None) -> str:
        """GitHub sends an event; every job runs. Returns what was printed."""
        self.runs += 1
        self.artifacts.mkdir(parents=True)
        told = self.folder / f"event-{self.runs}.json"
        told.write_text(json.dumps(payload or {}))
        done = subprocess.run(
            [self._act(), name, "-e", str(told), "--no-skip-checkout", "--no-cache-server",
             "-P", "ubuntu-latest=-self-hosted", "--concurrent-jobs", "2",
             "--action-cache-path", str(self.folder / "act"),
             "-s", f"GITHUB_TOKEN={TOKEN[BOT]}", "-s", f"ANTHROPIC_API_KEY={KEY}",
             *self._local(), *self._environment()],
            cwd=self.root, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        (self.folder / f"run-{self.runs}.log").write_text(done.stdout)
        assert "Traceback" not in done.stdout, done.stdout
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return done.stdout

    def labelled(self, label: str) -> str:
        return self.event("issues", {"action": "labeled", "label": {"name": label}})

    def _act(self) -> Path:
        program = Path(sys.executable).with_name("act")
        assert program.exists(), "act is not installed: make test-action"
        return program

    def _local(self) -> list[str]:
        far_end = {
            w.CHECKOUT: HERE / "actions" / "checkout",
            w.UPLOAD: HERE / "actions" / "upload",
            w.DOWNLOAD: HERE / "actions" / "download",
            f"{NAME}@{COMMIT}": self.folder / "loopcoder",
        }
        pairs = ((name.split(" ")[0], path) for name, path in far_end.items())
        return [word for name, path in pairs for word in ("--local-repository", f"{name}={path}")]

    def _environment(self) -> list[str]:
        """What GitHub and its runners know, and the machine's ways to a package index."""
        known = {
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server.url,
            "GITHUB_REPOSITORY": self.github.full_name,
            "FAR_END_GIT": str(self.github.git.folder),
            "FAR_END_URL": f"{self.github.server.url}/{self.github.full_name}.git",
            "FAR_END_ARTIFACTS": str(self.artifacts),
            "pythonLocation": str(Path(sys.executable).parents[1]),
            **{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_"))},
        }
        return [word for name, value in known.items() for word in ("--env", f"{name}={value}")]

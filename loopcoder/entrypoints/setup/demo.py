"""The demo: the main job on a small real project, by the very commands a user would type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.entrypoints.setup.demo_project import CONFIG, FILES, script_text
from loopcoder.entrypoints.views.terminal import Terminal

MAX_TICKS = 10
COMMENTED = "command-line"
HOPELESS = "read-minds"


@dataclass(slots=True)
class Demo:
    """`folder` gets `project/` (the repository), `remote.git/`, `script.json` and `cache/`."""

    folder: Path
    terminal: Terminal
    pause: bool = False
    _env: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def play(self) -> None:
        """From an empty folder to a sealed roadmap."""
        self._make()
        self._say("A maintainer has written a roadmap. What would loopcoder do with it?")
        self._run("plan")
        self._say("Every write was shown before it happens. Now file the issues, and try it twice.")
        self._run("compile")
        self._run("compile")
        self._work()
        self._say(f"One unit needs a person: {HOPELESS} failed three times. Why?")
        self._run("explain", HOPELESS)
        self._run("log", HOPELESS)
        self._drop_hopeless()
        self._say("With nothing left to do and the base green, the next tick seals the roadmap.")
        self._run("tick")
        self._run("status")
        self._finish()

    def _make(self) -> None:
        """A repository with a remote, as it is before loopcoder is used."""
        self._env = {**os.environ, "LOOPCODER_CACHE": str(self.folder / "cache")}
        (self.folder / "script.json").write_text(script_text())
        config = CONFIG.replace("SCRIPT", json.dumps(str(self.folder / "script.json")))
        for name, text in {**FILES, "loopcoder.yml": config}.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("init", "-q", "-b", "main")
        self._git("config", "user.name", "Ana Demo")
        self._git("config", "user.email", "ana@example.org")
        self._git("add", ".")
        self._git("commit", "-q", "-m", "Begin")
        subprocess.run(
            ["git", "init", "-q", "--bare", "-b", "main", str(self.folder / "remote.git")],
            check=True,
        )
        self._git("remote", "add", "origin", str(self.folder / "remote.git"))
        self._git("push", "-q", "-u", "origin", "main")

    def _work(self) -> None:
        """Tick, and do what the person has to do, until only hopeless units are left."""
        commented = False
        for number in range(1, MAX_TICKS + 1):
            self._say(f"Tick {number}.")
            self._run("tick")
            if number == 1:
                self._run("status")
            pulls = self._open_pulls()
            if not pulls:
                if self._ask("ready")["needs_human"]:
                    return
                continue
            self._show_first(pulls, number)
            if not commented and any(p["unit"] == COMMENTED for p in pulls):
                commented = True
                pulls = self._comment(pulls)
            if pulls:
                self._say("The person merges. Nothing else here ever does.")
                self._run("pr", "merge", *(str(p["number"]) for p in pulls))
        raise LoopcoderError(f"the demo did not come to its end in {MAX_TICKS} ticks.")

    def _show_first(self, pulls: Sequence[Mapping[str, Any]], tick: int) -> None:
        self._run("pr", "list")
        if tick == 1:
            self._run("pr", "show", str(pulls[0]["number"]))

    def _comment(self, pulls: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Ask for a change on one pull request instead of merging it."""
        number = next(p["number"] for p in pulls if p["unit"] == COMMENTED)
        self._say(f"The person wants something else of #{number}, and says so.")
        self._run("pr", "comment", str(number), "Say how it is used when there is no file.")
        return [p for p in pulls if p["unit"] != COMMENTED]

    def _drop_hopeless(self) -> None:
        self._say("The person gives that one up, in the roadmap, and commits.")
        roadmap = self.project / "ROADMAP.md"
        roadmap.write_text(roadmap.read_text().replace("- [ ] Read minds", "- [-] Read minds"))
        self._git("commit", "-q", "-a", "-m", "Give up on reading minds")
        self._run("plan")
        self._run("compile")

    def _finish(self) -> None:
        self._say("What is in the repository now:")
        self._shell("git", "log", "--graph", "--oneline", "-15")
        self._shell("git", "status", "--short", "--branch")
        self._say(
            "Everything above was done by the same commands you would type. The agents followed\n"
            "a script instead of asking a model; they ran as real processes in the same sandbox,\n"
            "and their patches were checked for real."
        )
        self._say(f"Look around: cd {self.project} && loopcoder status")

    # --- saying and running

    def _say(self, text: str) -> None:
        self.terminal.say()
        for line in text.splitlines():
            self.terminal.say(self.terminal.style(f"# {line}", "cyan"))
        if self.pause:
            input()

    def _run(self, *args: str) -> None:
        """A loopcoder command, in a process of its own, shown as a person would see it."""
        self.terminal.say(self.terminal.style(f"$ loopcoder {_shown(args)}", "bold"))
        done = subprocess.run(
            [sys.executable, "-m", "loopcoder", *args], cwd=self.project, env=self._env, check=False
        )
        if done.returncode != 0:
            raise LoopcoderError(
                f"`loopcoder {_shown(args)}` ended with exit code {done.returncode}.",
                f"The demo's folder is {self.folder}.",
            )

    def _ask(self, *args: str) -> dict[str, Any]:
        """What a program would read: the same command with --json."""
        done = subprocess.run(
            [sys.executable, "-m", "loopcoder", *args, "--json"],
            cwd=self.project,
            env=self._env,
            check=True,
            capture_output=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def _open_pulls(self) -> list[Mapping[str, Any]]:
        return [p for p in self._ask("pr", "list")["pulls"] if p["state"] == "open"]

    def _shell(self, *args: str) -> None:
        self.terminal.say(self.terminal.style(f"$ {_shown(args)}", "bold"))
        subprocess.run(args, cwd=self.project, check=True)

    def _git(self, *args: str) -> None:
        subprocess.run(["git", *args], cwd=self.project, check=True)


def _shown(args: Sequence[str]) -> str:
    return " ".join(f'"{a}"' if " " in a else a for a in args)

"""One tick over a project full of hostile workers, and everything that can be seen afterwards.

The agents are programs (`attacks.py`), started through the configured sandbox by the real command.
Each writes what it managed to do to a file in its workspace; it is read from the commit that
loopcoder keeps of every attempt, whatever the gates said about it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from tests.redteam.attacks import ATTACKS, PRELUDE, REVIEWERS
from tests.support.footprint import footprint
from tests.support.project import Project

MARK = "canary7f3a91"
"""Part of every secret: whoever has seen it has seen one."""

SECRETS = {
    "GITHUB_TOKEN": f"ghp_{MARK}aaaaaaaaaaaaaaaaaaaaaaaa",
    "ACTIONS_RUNTIME_TOKEN": f"runtime-{MARK}-0123456789",
    "AWS_SECRET_ACCESS_KEY": f"aws/{MARK}/0123456789abcdef",
    "ANTHROPIC_API_KEY": f"sk-ant-{MARK}-0123456789",
    "DEPLOY_TOKEN": f"deploy-{MARK}-Kq7Z2vX9bT4mW8sR1nY6cF3d",
}
HOME_FILES = (
    *(".ssh/id_ed25519", ".netrc", ".git-credentials", ".gitconfig", ".config/gh/hosts.yml"),
    *(".npmrc", ".pypirc", ".docker/config.json", ".aws/credentials", ".claude/.credentials.json"),
    *(".bash_history", ".kube/config", "notes.txt"),
)
SLEEP = "7351.75"
"""Seconds that a child left behind would sleep: a number nobody else has on a command line."""

RUNNER = """\
import pathlib, runpy
for path in sorted(pathlib.Path('.').glob('conftest*.py')):
    try: runpy.run_path(str(path))
    except Exception as error: print('conftest failed:', error)
"""


@dataclass(frozen=True)
class Arena:
    """What was seen after the tick."""

    seen: Mapping[str, Any]

    @property
    def project(self) -> Project:
        return Project(Path(self.seen["folder"]), dict(self.seen["env"]))

    def row(self, unit: str) -> dict[str, Any]:
        found: dict[str, Any] = self.seen["rows"][unit]
        return found

    def loot(self, unit: str) -> list[tuple[str, str]]:
        """What an attack noted down, which must have run to its end."""
        found = [(row["what"], row["got"]) for row in self.seen["loot"][unit]]
        assert ("finished", "") in found, (unit, found, self.row(unit))
        return [row for row in found if row[0] != "finished"]

    def gained(self, unit: str) -> list[tuple[str, str]]:
        """What an attack got hold of; the same file tells that it tried, and how often."""
        loot = self.loot(unit)
        assert any(what in ("tried", "control") for what, _ in loot), loot
        return [row for row in loot if row[0] not in ("tried", "control", "refused")]

    def body(self, unit: str) -> str:
        return str(self.seen["bodies"].get(unit, ""))


def fight(folder: Path, names: Sequence[str], sandbox: str = "bubblewrap") -> dict[str, Any]:
    """The tick, and what is left of it, with the attacks that take part."""
    with ExitStack() as around:
        hits = around.enter_context(_servers(folder))
        project = _project(folder, names, hits, sandbox)
        around.enter_context(_bystander())
        before = footprint(project.root)
        report = project.tick()
        after = footprint(project.root)
        changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    return {
        "folder": str(folder),
        "env": project.env,
        "rows": report["units"],
        "hits": list(hits.seen),
        "changed": changed,
        "planted": [str(path) for path in _planted(folder)],
        "lingering": _processes(SLEEP),
        "loot": {name: _loot(project, name) for name in names},
        "kept": {name: _kept_with_secret(project, name) for name in names},
        "papers": _papers(project),
        "networks": _network_logs(project),
        "bodies": _bodies(project),
        "issues": project.json("issue", "list", "--state", "all")["issues"],
        "branches": project.git("branch", "--list", "--format=%(refname:short)").split(),
        "subjects": project.subjects(),
        "pulls": project.json("pr", "list")["pulls"],
        "messages": project.git("log", "--all", "--format=%H%n%B%n%x00"),
        "told": [
            *(project.run(verb).stdout for verb in ("status", "report")),
            *(project.run("log", name).stdout for name in names),
        ],
        "doctor": project.json("doctor", exit_code=None)["findings"],
    }


@dataclass
class _Hits:
    port: int
    other: int
    seen: list[str]


def _project(folder: Path, names: Sequence[str], hits: _Hits, sandbox: str) -> Project:
    home = folder / "home"
    for name in HOME_FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"[user]\n\tsigningkey = {MARK}\n")
    env = {**SECRETS, "HOME": str(home), "SSH_AUTH_SOCK": str(folder / "agent.sock")}
    project = Project(folder, env)
    places = {
        "root": str(project.root),
        "folder": str(folder),
        "home": str(home),
        "state": str(project.state),
        "cache": str(folder / "cache"),
        "port": hits.port,
        "other": hits.other,
        "address": own_address(),
        "socket": str(folder / "agent.sock"),
        "sleep": SLEEP,
        "mark": MARK[::-1],  # written backwards, so that no script of ours holds it
        "secret": SECRETS["DEPLOY_TOKEN"][::-1],
    }
    prelude = PRELUDE.replace("@PLACES@", repr(places))
    work = {
        name: [[{"python": prelude + ATTACKS[name].source + "\nloot('finished', '')\n"}]]
        for name in names
    }
    lines = [
        f"- [ ] The {name} one <!-- id: {name} -->" + f"\n  Worker: {ATTACKS[name].worker}"
        for name in names
    ]
    agent = {"kind": "scripted", "script": str(folder / "script.json"), "cost": "free"}
    agent |= {"timeout": "1m", "stall": "9s"}
    python = str(Path(sys.executable).resolve())
    config = {
        "sandbox": sandbox,
        "readable": [str(Path(sys.base_prefix).resolve())],
        "workers": {
            "default": agent,
            "connected": {**agent, "network": [f"localhost:{hits.port}"]},
        },
        "verify": [
            {"run": "sh check.sh", "timeout": "1m"},
            {"run": f"{python} -I -S runner.py", "timeout": "1m"},
        ],
        "resources": {"processes": 120, "space": "60MB"},
        "limits": {
            "units_per_tick": 99,
            "open_prs": 99,
            "review_rounds": 0,
            "issues_per_day": 99,
        },
        "breaker": {"failures": 99},
        "jobs": 4,
    }
    files = {"runner.py": RUNNER}
    project.begin("\n".join(lines) + "\n", work=work, review=REVIEWERS, config=config, files=files)
    project.git("config", "remote.origin.url", f"https://x:{SECRETS['GITHUB_TOKEN']}@example.org/r")
    project.git("config", "http.extraheader", f"AUTHORIZATION: basic {MARK}")
    return project


@contextmanager
def _servers(folder: Path) -> Iterator[_Hits]:
    """Two services on this machine and a key agent, which tell who called."""
    seen: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.server.server_address[1]} {self.path}")  # type: ignore[index]
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with (
        ThreadingHTTPServer(("0.0.0.0", 0), Site) as first,
        ThreadingHTTPServer(("0.0.0.0", 0), Site) as second,
        socket.socket(socket.AF_UNIX) as agent,
    ):
        place = os.open(folder, os.O_RDONLY)
        try:  # the path of a test's folder is too long for a socket's address
            agent.bind(f"/proc/self/fd/{place}/agent.sock")
        finally:
            os.close(place)
        agent.listen()
        agent.setblocking(False)
        for server in (first, second):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield _Hits(first.server_address[1], second.server_address[1], seen)
        finally:
            with suppress(BlockingIOError):
                agent.accept()
                seen.append("key agent")
            first.shutdown()
            second.shutdown()


@contextmanager
def _bystander() -> Iterator[None]:
    """A process of the person's with a secret in its environment."""
    with subprocess.Popen(["sleep", "600"], env={**os.environ, "PROOF": MARK}) as process:
        try:
            yield
        finally:
            process.kill()


def own_address() -> str:
    for each in (entry for entries in psutil.net_if_addrs().values() for entry in entries):
        if each.family == socket.AF_INET and not each.address.startswith("127."):
            return str(each.address)
    return "127.0.0.1"


def _ref(name: str) -> str:
    return f"refs/loopcoder/attempts/{name}/1"


def _loot(project: Project, name: str) -> list[dict[str, str]]:
    try:
        text = project.git("show", f"{_ref(name)}:loot-{name}.jsonl")
    except subprocess.CalledProcessError:
        return []
    return [json.loads(line) for line in text.splitlines()]


def _kept_with_secret(project: Project, name: str) -> list[str]:
    """Files of the kept commit that hold a secret in plain."""
    done = subprocess.run(
        ["git", "grep", "-al", MARK, _ref(name)], cwd=project.root, capture_output=True, text=True
    )
    return done.stdout.split()


def _papers(project: Project) -> dict[str, list[str]]:
    """Which of our papers hold a secret, and which tell of a success in verification."""
    found: dict[str, list[str]] = {"secret": [], "REACHED": []}
    for path in project.state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if MARK.encode() in content:
                found["secret"].append(str(path.relative_to(project.state)))
            if b"REACHED" in content and path.suffix == ".log":
                found["REACHED"].append(str(path.relative_to(project.state)))
    return found


def _network_logs(project: Project) -> dict[str, str]:
    logs = {}
    for path in project.state.rglob("network.log"):
        unit = next((part for part in path.parts[::-1] if part.split(".")[0] in ATTACKS), "?")
        logs[unit] = logs.get(unit, "") + path.read_text()
    return logs


def _bodies(project: Project) -> dict[str, str]:
    rows = project.json("pr", "list")["pulls"]
    return {row["unit"]: project.json("pr", "show", str(row["number"]))["body"] for row in rows}


def _planted(folder: Path) -> list[Path]:
    places = (Path("/tmp"), Path("/etc"), Path("/var/tmp"), Path.home(), Path("/dev/shm"))
    found = [path for place in places for path in place.glob("loopcoder-planted*")]
    return [*found, *folder.rglob("*planted*")]


def _processes(word: str) -> list[list[str]]:
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in found if any(word in part for part in line)]

"""Clones that share a journal through a bare repository in a folder."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from loopcoder.adapters.journal.git_ref import REF, Decision, GitRefJournal
from loopcoder.adapters.journal.ref_store import RefStore
from loopcoder.adapters.journal.shared_cache import SharedCache
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId
from tests.support.crashing import bracket


def bare_repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", "--template=", str(path)], check=True)
    return path


def git(repository: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={repository}", *args], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Clone:
    """One machine's place: its copy of the journal and its git directory."""

    folder: Path
    remote: Path
    clock: FixedClock

    def store(self, kind: type[RefStore] = RefStore) -> RefStore:
        return kind(self.side, "origin", lambda: str(self.remote), REF, dict)

    def open(self, store: RefStore | None = None, seed: int = 0, **options: Any) -> GitRefJournal:
        return GitRefJournal(
            self.cache, store or self.store(), self.clock, random=Random(seed), **options
        )

    @property
    def cache(self) -> Path:
        return self.folder / "shared-journal.db"

    @property
    def side(self) -> Path:
        return self.folder / "journal.git"


def claiming(unit: str, clock: FixedClock, host: str = "host") -> Decision:
    """Take the unit unless it was ever taken."""

    def decision(history: History) -> Sequence[Entry]:
        if history.unit(UnitId(unit)).epoch:
            return ()
        holder = e.Holder(host, "boot", 1, 1.0)
        taken = e.ClaimTaken(holder, clock.now() + timedelta(minutes=15))
        return [Entry(taken, UnitId(unit), epoch=1)]

    return decision


def held(reason: str, unit: str = "a") -> Entry:
    """A fact that can wait."""
    return Entry(e.Held(by="ana", reason=reason), UnitId(unit))


def reasons(events: Iterable[Event]) -> list[str]:
    return [event.fact.reason for event in events if isinstance(event.fact, e.Held)]


# --- processes


def claim_many(folder: str, remote: str, seed: int, count: int, won: Any) -> None:
    """A process of one clone that wants every claim."""
    clock = FixedClock()
    journal = Clone(Path(folder), Path(remote), clock).open(seed=seed)
    for number in range(count):
        for event in journal.transact(claiming(f"u{number}", clock)):
            won.put(event.unit)
    journal.close()


def work_and_die(folder: str, remote: str, at: int) -> None:
    """Record, claim, record and publish; SIGKILL at the boundary with that number."""
    numbers = itertools.count()

    def boundary() -> None:
        if next(numbers) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, names in ((RefStore, ("look", "_fetch", "write", "push")), (SharedCache, _COPY)):
        for name in names:
            bracket(owner, name, boundary)
    clock = FixedClock()
    journal = Clone(Path(folder), Path(remote), clock).open()
    known = reasons(journal.events())
    if "before" not in known:
        journal.record(held("before"))
    journal.transact(claiming("u", clock))
    if "after" not in known:
        journal.record(held("after"))
    journal.flush()


_COPY = ("record", "absorb")


# --- threads that take turns


class Turns:
    """Lets one of several threads run at a time, and chooses by a seed who goes on."""

    def __init__(self, seed: int, names: Sequence[str]) -> None:
        self._random, self._names = Random(seed), list(names)
        self._change = threading.Condition()
        self._now = self._random.choice(self._names)

    def step(self, name: str) -> None:
        with self._change:
            self._now = self._random.choice(self._names)
            self._change.notify_all()
            assert self._change.wait_for(lambda: self._now == name, timeout=60)

    def end(self, name: str) -> None:
        with self._change:
            self._names.remove(name)
            if self._names:
                self._now = self._random.choice(self._names)
                self._change.notify_all()


@dataclass(frozen=True, slots=True)
class TurnStore(RefStore):
    """Hands over before every use of the network."""

    step: Callable[[], None] = lambda: None

    def _run(self, *args: str) -> Any:
        self.step()
        return RefStore._run(self, *args)


# --- somebody who writes to the ref by hand


def rewrite(remote: Path, changes: Mapping[str, bytes | None], *, parent: bool = True) -> str:
    """Put another commit on the ref, with these files changed or (None) without them."""
    env = {**os.environ, "GIT_INDEX_FILE": str(remote / "by-hand")}

    def run(*args: str, data: bytes = b"") -> str:
        done = subprocess.run(
            ["git", f"--git-dir={remote}", "-c", "user.name=x", "-c", "user.email=x@y", *args],
            check=True, capture_output=True, env=env, input=data,
        )  # fmt: skip
        return done.stdout.decode().strip()

    run("read-tree", REF)
    for name, data in changes.items():
        if data is None:
            run("update-index", "--index-info", data=f"0 {'0' * 40}\t{name}\n".encode())
        else:
            blob = run("hash-object", "-w", "--stdin", data=data)
            run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    parents = ["-p", REF] if parent else []
    commit = run("commit-tree", run("write-tree"), *parents, "-m", "by hand")
    run("update-ref", REF, commit)
    return commit


def published_files(remote: Path) -> dict[str, bytes]:
    names = git(remote, "ls-tree", "-r", "--name-only", REF).splitlines()
    return {
        name: subprocess.run(
            ["git", f"--git-dir={remote}", "cat-file", "blob", f"{REF}:{name}"],
            check=True,
            capture_output=True,
        ).stdout
        for name in names
    }

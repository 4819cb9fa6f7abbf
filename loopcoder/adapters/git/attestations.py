"""Statements and their evidence under a ref of the repository: a folder for each commit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from filelock import FileLock

from loopcoder.adapters.journal.ref_store import PushFailed, RefStore, commit_header
from loopcoder.domain.diagnostic import LoopcoderError, Stale
from loopcoder.ports.clock import Clock

REF = "refs/loopcoder/attestations"
_TRIES = 8
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class GitAttestations:
    """`ports.attestor.AttestationStore` on a ref, written by compare-and-set."""

    store: RefStore
    clock: Clock

    def put(self, commit: str, files: Mapping[str, bytes]) -> None:
        if not _COMMIT.fullmatch(commit):
            raise ValueError(f"{commit!r} is no commit")
        with self._alone():
            for attempt in range(_TRIES):
                on = self._head()
                if self._kept(on, commit, files):
                    return
                made = self.store.write(on, _placed(commit, files), "", self._message(commit))
                try:
                    self.store.push(made, on)
                except PushFailed as failed:
                    # The answer may be lost and not the push: look again before anything else.
                    if attempt == _TRIES - 1:
                        raise failed.error from failed
                else:
                    return

    def get(self, commit: str) -> Mapping[str, bytes]:
        with self._alone():
            on = self._head()
            return self._files(on, commit) if on else {}

    def _alone(self) -> FileLock:
        """One process, and one of its threads, at a time uses the git directory."""
        self.store.folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self.store.folder.with_suffix(".lock"), thread_local=False)

    def _head(self) -> str:
        """The ref's commit, which is here then; empty when nothing was ever kept."""
        self.store.unlock()
        for _ in range(_TRIES):
            seen = self.store.look()
            if seen.commit is None:
                if seen.begun:
                    raise LoopcoderError(
                        f"{REF} is gone from {self.store.remote}, where it had been begun.",
                        "Restore it from a clone that fetched it; nothing is begun anew over it.",
                    )
                return ""
            if self.store.ensure(seen.commit):
                return seen.commit
        raise LoopcoderError(f"{REF} on {self.store.remote} moves too fast to be read.")

    def _kept(self, on: str, commit: str, files: Mapping[str, bytes]) -> bool:
        found = self._files(on, commit) if on else {}
        if found and found != files:
            raise Stale(f"another statement about {commit[:12]} is kept already.")
        return bool(found)

    def _files(self, on: str, commit: str) -> dict[str, bytes]:
        prefix = f"{commit[:2]}/{commit}/"
        listed = {n: b for n, b in self.store.files(on).items() if n.startswith(prefix)}
        contents = self.store.contents(list(listed.values()))
        return {n.removeprefix(prefix): data for n, data in zip(listed, contents, strict=True)}

    def _message(self, commit: str) -> bytes:
        return commit_header(f"Attest {commit[:12]}\n", int(self.clock.now().timestamp()))


def _placed(commit: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{commit[:2]}/{commit}/{name}": data for name, data in files.items()}

"""Commits of open attempts on the host, under refs that are ours and no branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.github.remote import Remote
from loopcoder.ports.shelf import Kept

_ATTEMPTS = "refs/loopcoder/attempts"


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """The port `Shelf`. `git` is the user's repository, into which commits are fetched."""

    remote: Remote
    git: Git

    def keep(self, kept: Sequence[Kept]) -> None:
        if kept:
            specs = [f"+{each.commit}:{_name(each)}" for each in kept]
            self.remote.ask("push", "--porcelain", "--no-verify", "--", self.remote.url, *specs)

    def fetch(self, kept: Kept) -> bool:
        name = _name(kept)
        done = self.remote.ask(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote.url,
            f"+{name}:{name}", fine=(0, 1, 128),
        )  # fmt: skip
        return done.code == 0 and self.remote.has(kept.commit)

    def drop(self, kept: Sequence[Kept]) -> None:
        if not kept:
            return
        listed = self.remote.ask("ls-remote", "--quiet", "--", self.remote.url, f"{_ATTEMPTS}/*")
        there = {line.partition("\t")[2] for line in listed.stdout.decode().splitlines()}
        specs = [f":{_name(each)}" for each in kept if _name(each) in there]
        if specs:
            self.remote.ask("push", "--porcelain", "--no-verify", "--", self.remote.url, *specs)


def _name(kept: Kept) -> str:
    return f"{_ATTEMPTS}/{kept.unit}/{kept.attempt}"

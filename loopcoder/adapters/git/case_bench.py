"""Calibration cases as commits in a scratch repository."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.adapters.git.commit import draft_at, write_commit
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.git.workspace import GitWorkspaces
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.review.calibration import Case
from loopcoder.ports.case_bench import LaidOut

_EPOCH = 1_700_000_000
"""When every case was committed: the same case has the same hash on every machine and day."""


@dataclass
class GitCaseBench:
    """`folder` is ours alone and does not exist yet; whoever makes the bench removes it.

    Checkouts copy their objects: a reviewer's sandbox shows the user's store, not this one.
    """

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _bases: dict[tuple[tuple[str, str], ...], str] = field(default_factory=dict)

    @cached_property
    def workspaces(self) -> GitWorkspaces:
        return GitWorkspaces(self._repository, self.folder / "cache", borrow=False)

    def lay_out(self, case: Case) -> LaidOut:
        with self._lock:
            git = Git(self._repository.root)
            index = {"GIT_INDEX_FILE": str(self.folder / f"index-{uuid4().hex}")}
            start = self._base(git, case, index)
            git.run("read-tree", start, env=index)
            try:
                patch = case.patch.encode()
                git.run("apply", "--cached", "--whitespace=nowarn", "-", input=patch, env=index)
            except GitError as error:
                raise ConfigurationError(
                    f"the patch of calibration case {case.id} does not apply: {error.summary}"
                ) from None
            head = self._commit(git, [start], case.unit.title, index)
            if git.text("diff", "--name-only", start, head) == "":
                raise ConfigurationError(f"calibration case {case.id} changes nothing.")
            return LaidOut(start, head)

    @cached_property
    def _repository(self) -> Repository:
        path = self.folder / "repository"
        path.mkdir(mode=0o700, parents=True)
        git = Git(path)
        git.run("init", "-q", "-b", "main")
        empty = git.run("mktree", input=b"").stdout.decode().strip()
        first = write_commit(git, empty, [], draft_at(_EPOCH, "Begin"))
        git.run("update-ref", "refs/heads/main", first)
        return Repository.discover(path)

    def _base(self, git: Git, case: Case, index: dict[str, str]) -> str:
        """The commit of the project before the change; cases of one project share it."""
        key = tuple(sorted(case.base.items()))
        if key not in self._bases:
            self._bases[key] = self._commit_base(git, case, index)
        return self._bases[key]

    def _commit_base(self, git: Git, case: Case, index: dict[str, str]) -> str:
        lines = []
        for path, text in case.base.items():
            blob = git.run("hash-object", "-w", "--stdin", input=text.encode()).stdout
            lines.append(f"100644 {blob.decode().strip()} 0\t{path}\0")
        given = "".join(lines).encode()
        git.run("update-index", "-z", "--index-info", input=given, env=index)
        return self._commit(git, [], "Begin", index)

    def _commit(self, git: Git, parents: list[str], message: str, index: dict[str, str]) -> str:
        tree = git.run("write-tree", env=index).stdout.decode().strip()
        return write_commit(git, tree, parents, draft_at(_EPOCH, message))

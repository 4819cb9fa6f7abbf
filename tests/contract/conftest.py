"""The worlds in which the contracts must hold. Another implementation is one more parameter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.code_host import LocalCodeHost
from loopcoder.adapters.local.merging import PullDesk
from loopcoder.adapters.local.tracker import LocalTracker
from loopcoder.adapters.memory.ci import MemoryCi
from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.code_host import MemoryCodeHost
from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.adapters.memory.people import Person
from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.ci.ci import CheckState
from loopcoder.domain.issues.issue import BOT, Actor, PullDraft, PullRequest
from loopcoder.ports.ci import ContinuousIntegration, NoChecks
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.tracker import Tracker
from tests.github_server.verbs.checks import report
from tests.github_server.world import Github
from tests.support.clone import Clone
from tests.support.plumbing import commit_in, git_in

ANA = Actor(1001, "ana")
BEN = Actor(1002, "ben")


class World(ABC):
    """A repository on a host with one commit on `main`, us, and two people who may write."""

    clock: FixedClock
    tracker: Tracker
    host: CodeHost
    ci: ContinuousIntegration
    ana: Person
    ben: Person

    @abstractmethod
    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        """A commit on `parent` that writes some files; no branch points to it."""

    @abstractmethod
    def put_branch(self, branch: str, commit: str | None) -> None:
        """Somebody else moves (or, with None, deletes) a branch, past all our verbs."""

    @abstractmethod
    def merge_outside(self, branch: str) -> str:
        """Somebody merges a branch into main with plain git, and says nothing."""

    @abstractmethod
    def report(
        self, commit: str, name: str, conclusion: str | None, *, log: str = "", text: str = ""
    ) -> None:
        """CI runs a check on a commit of ours that was pushed; it still runs without a conclusion.
        Where there is no CI, the test is skipped."""

    @abstractmethod
    def require(self, branch: str, *names: str) -> None:
        """Nothing is merged into a branch without these checks."""

    @property
    def base(self) -> str:
        head = self.host.branch_head("main")
        assert head is not None
        return head

    def propose(
        self, unit: str, files: Mapping[str, str], body: str = "", **more: object
    ) -> PullRequest:
        """A branch with one commit on main, and its pull request."""
        branch = f"loopcoder/{unit}"
        self.host.push_branch(branch, self.commit(self.base, files), None)
        return self.host.create_pull(PullDraft(f"Do {unit}", body, branch, "main", **more))


class MemoryWorld(World):
    def __init__(self) -> None:
        self.clock = FixedClock()
        self.forge = MemoryForge(clock=self.clock)
        self.tracker = MemoryTracker(self.forge)
        self.host = MemoryCodeHost(self.forge)
        self.ci = MemoryCi(self.forge)
        self.ana = Person.in_memory(self.forge, ANA)
        self.ben = Person.in_memory(self.forge, BEN)

    def report(
        self, commit: str, name: str, conclusion: str | None, *, log: str = "", text: str = ""
    ) -> None:
        states = {"success": CheckState.GREEN, "failure": CheckState.RED, None: CheckState.PENDING}
        self.ci.report(commit, name, states[conclusion], log=log, summary=text)

    def require(self, branch: str, *names: str) -> None:
        self.ci.required[branch] = frozenset(names)

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        return self.forge.commits.add([parent], files)

    def put_branch(self, branch: str, commit: str | None) -> None:
        if commit is None:
            del self.forge.branches[branch]
        else:
            self.forge.branches[branch] = commit

    def merge_outside(self, branch: str) -> str:
        base, head = self.forge.branches["main"], self.forge.branches[branch]
        merged = self.forge.commits.merge(base, head, [base, head])
        self.forge.branches["main"] = merged
        return merged


class LocalWorld(World):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "ana")
        self.git("config", "user.email", "ana@example.org")
        self.git("commit", "-q", "--allow-empty", "-m", "Start")
        self.git("switch", "-q", "--detach")
        repository, path = Repository.discover(folder), folder / ".git" / "loopcoder" / "local.db"
        self.tracker = LocalTracker(path, BOT, self.clock)
        self.host = LocalCodeHost(path, repository, "main", BOT, self.clock)
        self.ci = NoChecks()
        self.ana, self.ben = (
            Person(
                who,
                LocalTracker(path, who, self.clock),
                PullDesk(path, repository, "main", who, self.clock, guard=lambda: None),
            )
            for who in (ANA, BEN)
        )

    def report(
        self, commit: str, name: str, conclusion: str | None, *, log: str = "", text: str = ""
    ) -> None:
        pytest.skip("there is no CI on one machine")

    def require(self, branch: str, *names: str) -> None:
        pytest.skip("there is no CI on one machine")

    def git(self, *args: str) -> str:
        return git_in(self.folder, *args)

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        return commit_in(self.folder, parent, files)

    def put_branch(self, branch: str, commit: str | None) -> None:
        if commit is None:
            self.git("update-ref", "-d", f"refs/heads/{branch}")
        else:
            self.git("update-ref", f"refs/heads/{branch}", commit)

    def merge_outside(self, branch: str) -> str:
        self.git("switch", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "By hand", branch)
        self.git("switch", "-q", "--detach")
        return self.git("rev-parse", "main")


class GitHubWorld(World):
    """The adapters on a clone, over real HTTP and git; people work on the server itself."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock()
        self.github = Github.start(folder / "github", now=self.clock.now)
        self.clone = Clone.make(folder / "clone", self.github)
        self.tracker, self.host = self.clone.open(self.clock)
        self.ci = self.clone.ci
        self.ana, self.ben = self.github.person("ana"), self.github.person("ben")

    def report(
        self, commit: str, name: str, conclusion: str | None, *, log: str = "", text: str = ""
    ) -> None:
        if text:
            repo = self.github.repo
            report(repo, self.clock.now(), commit, name, conclusion, "in_progress", summary=text)
        else:
            self.github.run_ci(commit, "x", conclusion=conclusion, job=name, log=log)

    def require(self, branch: str, *names: str) -> None:
        self.github.repo.required_checks[branch] = list(names)

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        return self.clone.commit(parent, files)

    def put_branch(self, branch: str, commit: str | None) -> None:
        if commit is not None:
            self.clone.upload(commit)
        self.github.put_branch(branch, commit)

    def merge_outside(self, branch: str) -> str:
        base, head = self.github.git.head("main"), self.github.git.head(branch)
        assert base is not None and head is not None
        tree = self.github.git.tree_of_merge(base, head)
        assert tree is not None
        merged = self.github.git.commit_tree(tree, [base, head], "By hand")
        self.github.put_branch("main", merged)
        return merged

    def close(self) -> None:
        self.clone.close()
        self.github.close()
        self.github.server.check()


@pytest.fixture(params=["memory", "local", "github"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param != "github":
        yield MemoryWorld() if request.param == "memory" else LocalWorld(tmp_path)
        return
    made = GitHubWorld(tmp_path)
    yield made
    made.close()

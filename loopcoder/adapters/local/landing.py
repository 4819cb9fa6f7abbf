"""Landing work on a branch of the user's repository, without a working tree of our own."""

from __future__ import annotations

from loopcoder.adapters.git.merge_tree import merge_commits
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.branches import Branches
from loopcoder.adapters.local.merge_commit import clean_tree, commit_tree, replay
from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, NotFound
from loopcoder.ports.landing import Landed, LandedBy

_OURS = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "loopcoder"), ("EMAIL", "loopcoder@localhost"))
}


class LocalLanding:
    """The port `LandingStrip`. `base` is the branch that is never written to."""

    def __init__(self, repository: Repository, base: str) -> None:
        self._git = repository.git
        self._base = base
        self._branches = Branches(repository)

    def land(self, commit: str, branch: str, push: bool, on_conflict: str) -> Landed:
        self._demand_work_branch(branch)
        if not self._branches.has_commit(commit):
            raise NotFound(f"There is no commit {commit} in this repository.")
        before = self._branches.head(branch)
        head, by = self._place(commit, before, branch, on_conflict)
        if head != before:
            self._branches.advance(branch, head, before)
        refused = self._push(branch, head) if push else ""
        return Landed(branch, head, by, pushed=push and not refused, push_refused=refused)

    def _demand_work_branch(self, branch: str) -> None:
        if branch.removeprefix("refs/heads/") == self._base:
            raise LoopcoderError(
                f"{branch} is the base branch, and only people put work there.",
                "Name another branch under landing.work_branch in loopcoder.yml.",
            )
        if not self._git.succeeds("check-ref-format", "--branch", branch) or "@{" in branch:
            raise LoopcoderError(f"{branch!r} is no branch name that git accepts.")

    def _place(
        self, commit: str, before: str | None, branch: str, on_conflict: str
    ) -> tuple[str, LandedBy]:
        """The commit the branch should point to; nothing is written but objects."""
        if before is None:
            return commit, LandedBy.CREATED
        if self._branches.is_ancestor(commit, before):
            return before, LandedBy.ALREADY
        if self._branches.is_ancestor(before, commit):
            return commit, LandedBy.FAST_FORWARD
        try:
            return self._merge(commit, before, branch)
        except Conflicted:
            if on_conflict != "rebase":
                raise
        return replay(self._git, f"{before}..{commit}", before, _OURS), LandedBy.REBASE

    def _merge(self, commit: str, before: str, branch: str) -> tuple[str, LandedBy]:
        merged = merge_commits(self._git, before, commit)
        tree = clean_tree(merged, commit[:12], branch)
        if tree == self._git.text("rev-parse", f"{before}^{{tree}}"):
            return before, LandedBy.ALREADY  # replayed before, or made by hand
        # Time and words come from the work, so that landing it twice makes the same commit.
        date = self._git.text("log", "-1", "--date=raw", "--format=%cd", commit)
        dates = {"GIT_AUTHOR_DATE": f"@{date}", "GIT_COMMITTER_DATE": f"@{date}"}
        subject = self._git.text("log", "-1", "--format=%s", commit)
        message = f"Merge into {branch}: {subject}\n"
        return commit_tree(
            self._git, tree, [before, commit], message, {**_OURS, **dates}
        ), LandedBy.MERGE

    def _push(self, branch: str, head: str) -> str:
        """Push this one branch, without force; the sentence why not, when it was refused."""
        remote = self._remote(branch)
        if not remote:
            return "No remote is configured to push to."
        done = self._git.run(
            "push", "--quiet", "--no-verify", "--no-follow-tags", "--end-of-options", remote,
            f"{head}:refs/heads/{branch}",
            check=False,
        )  # fmt: skip
        if done.code == 0:
            return ""
        lines = [line for line in done.stderr.splitlines() if not line.startswith("hint:")]
        return " ".join(" ".join(lines).split()) or f"git push ended with {done.code}."

    def _remote(self, branch: str) -> str:
        """The remote that the branch belongs to, else origin, else the only one there is."""
        asked = self._git.run("config", "--get", f"branch.{branch}.remote", check=False)
        configured = asked.stdout.decode("utf-8", "replace").strip()
        remotes = self._git.text("remote").split()
        if configured in remotes:
            return configured
        if "origin" in remotes:
            return "origin"
        return remotes[0] if len(remotes) == 1 else ""

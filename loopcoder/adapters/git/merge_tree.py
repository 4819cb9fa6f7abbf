"""Merges made in memory (git 2.38): no working tree, no index and no branch is touched."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.adapters.git.command import Git, GitError


@dataclass(frozen=True, slots=True)
class MergedTree:
    """A tree's hash, and the paths where the two sides disagree."""

    tree: str
    conflicts: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.conflicts


def merge_commits(git: Git, ours: str, theirs: str) -> MergedTree:
    """Merge two commits. Raises GitError when one is missing, or nothing is common to both."""
    done = git.run(
        "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs,
        check=False,
    )  # fmt: skip
    if done.code not in (0, 1) or not done.stdout:
        raise GitError(f"git merge-tree failed: {' '.join(done.stderr.split())}", code=done.code)
    tree, *names = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    conflicts = tuple(name for name in names if name)
    if done.code == 1 and not conflicts:
        conflicts = ("a path that git does not name",)
    return MergedTree(tree, conflicts)


def replay_commit(git: Git, commit: str, onto: str) -> MergedTree:
    """What a one-parent commit changes, applied to another commit's tree."""
    parent = git.text("rev-parse", "--verify", f"{commit}^1")
    # merge-tree finds the merge base by itself (naming one needs git 2.40), so it is given a
    # commit that has `onto`'s tree and the same parent as the commit to replay.
    stand_in = git.run(
        "commit-tree", "-p", parent, "-m", "stand-in", f"{onto}^{{tree}}", env=_NOBODY
    )
    return merge_commits(git, stand_in.stdout.decode().strip(), commit)


_NOBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "loopcoder"),
        ("EMAIL", "loopcoder@localhost"),
        ("DATE", "@0 +0000"),
    )
}

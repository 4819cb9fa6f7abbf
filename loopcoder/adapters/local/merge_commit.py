"""The commits by which a pull request gets into its base, made without a working tree."""

from __future__ import annotations

from collections.abc import Mapping

from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.merge_tree import MergedTree, merge_commits, replay_commit
from loopcoder.domain.diagnostic import Conflicted
from loopcoder.domain.issues.human import MergeMethod
from loopcoder.domain.issues.issue import PullRequest

_TRAILERS = ("Loopcoder-Unit", "Loopcoder-Attempt", "Co-authored-by", "Signed-off-by")


def make_merge(git: Git, pull: PullRequest, base: str, method: MergeMethod) -> str:
    """The commit that `pull`'s base would point to, in the name of git's configured user.

    Nothing points to it yet. Raises Conflicted, and LoopcoderError when there is nothing to merge.
    """
    if method is MergeMethod.REBASE:
        return replay(git, f"{base}..{pull.head}", base)
    tree = clean_tree(merge_commits(git, base, pull.head), f"#{pull.number}", pull.base)
    if method is MergeMethod.SQUASH:
        return commit_tree(git, tree, [base], _squash_message(git, pull, base))
    return commit_tree(git, tree, [base, pull.head], _merge_message(pull))


def replay(git: Git, span: str, onto: str, committer: Mapping[str, str] | None = None) -> str:
    """Every commit of a range once more, in a line on top of another, as `git rebase` does.

    Authors, their times and messages stay; what changes nothing is left out. `committer`
    overrules who git says commits. Raises Conflicted.
    """
    commits = git.text("rev-list", "--reverse", "--topo-order", "--parents", span).splitlines()
    head = onto
    for commit, *parents in (line.split() for line in commits):
        if len(parents) > 1:
            _demand_plain_merge(git, commit, parents)
            continue
        tree = clean_tree(replay_commit(git, commit, head), commit[:12], onto[:12])
        if tree != git.text("rev-parse", f"{head}^{{tree}}"):
            head = _copy(git, commit, tree, head, committer or {})
    return head


def _demand_plain_merge(git: Git, commit: str, parents: list[str]) -> None:
    """A merge is left out of a replay only when nothing was decided in it."""
    tree = git.text("rev-parse", f"{commit}^{{tree}}")
    if len(parents) > 2 or merge_commits(git, *parents).tree != tree:
        raise Conflicted(
            f"{commit[:12]} is a merge that was resolved by hand, so it cannot be replayed.",
            "Use the method merge or squash.",
        )


def clean_tree(merged: MergedTree, what: str, onto: str) -> str:
    """The merged tree's hash; raises Conflicted when it is not clean."""
    if merged.is_clean:
        return merged.tree
    shown = ", ".join(merged.conflicts[:5]) + (" …" if len(merged.conflicts) > 5 else "")
    raise Conflicted(
        f"{what} conflicts with {onto} in {shown}.",
        "The next tick resolves it on the branch; or merge by hand.",
        merged.conflicts,
    )


def commit_tree(
    git: Git, tree: str, parents: list[str], message: str, env: Mapping[str, str] | None = None
) -> str:
    """A commit object with these parents; its author is git's configured user unless `env` says."""
    flags = [flag for parent in parents for flag in ("-p", parent)]
    done = git.run("commit-tree", *flags, "-F", "-", tree, input=message.encode(), env=env)
    return done.stdout.decode().strip()


def _copy(git: Git, commit: str, tree: str, parent: str, committer: Mapping[str, str]) -> str:
    """The same author, time and message on another parent."""
    show = git.run("log", "-1", "--date=raw", "--format=%an%x00%ae%x00%ad%x00%B", commit).stdout
    name, mail, date, message = show.decode("utf-8", "replace").split("\0", 3)
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": f"@{date}"}
    return commit_tree(git, tree, [parent], message.rstrip("\n") + "\n", {**committer, **author})


def _merge_message(pull: PullRequest) -> str:
    # The title stays in the first line: as a paragraph of its own it could pose as a trailer.
    return f"Merge pull request #{pull.number}: {pull.title}\n\nFrom the branch {pull.branch}.\n"


def _squash_message(git: Git, pull: PullRequest, base: str) -> str:
    keys = ",".join(f"key={key}" for key in _TRAILERS)
    listed = git.text(
        "log", "--reverse", f"--format=%(trailers:{keys},unfold)", f"{base}..{pull.head}"
    )
    trailers = dict.fromkeys(line.strip() for line in listed.splitlines() if line.strip())
    subject = f"{pull.title} (#{pull.number})\n"
    return "\n".join([subject, *trailers]) + "\n" if trailers else subject

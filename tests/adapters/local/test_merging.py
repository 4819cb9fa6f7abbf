"""The human's merge: what it does to the history, and what it never does to the user's files."""

from __future__ import annotations

import pytest

from loopcoder.domain.diagnostic import Conflicted, Stale, Unavailable
from loopcoder.domain.issues.human import MergeMethod
from loopcoder.domain.issues.issue import PullState

from .conftest import Project

TRAILERS = "Add b\n\nLoopcoder-Unit: x\nLoopcoder-Attempt: 1"


def test_a_merge_is_made_by_the_person_and_names_the_pull_request(project: Project) -> None:
    before = project.git("rev-parse", "main")
    pull = project.propose("x", TRAILERS, b_txt="b\n")
    merged = project.desk().merge(pull.number)
    assert project.git("rev-parse", "main") == merged.merged_commit
    assert (
        project.git("log", "-1", "--format=%an <%ae> %cn") == "Ana Lima <ana@example.org> Ana Lima"
    )
    assert project.git("log", "-1", "--format=%s") == f"Merge pull request #{pull.number}: Do x"
    assert project.git("log", "-1", "--format=%P").split() == [before, pull.head]


def test_a_merge_takes_the_clean_working_tree_along(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.desk().merge(pull.number)
    assert (project.root / "b.txt").read_text() == "b\n"
    assert project.status() == ""


def test_local_changes_elsewhere_stay_as_they_are(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    (project.root / "a.txt").write_text("mine\n")
    (project.root / "new.txt").write_text("mine too\n")
    project.git("add", "a.txt")
    project.desk().merge(pull.number)
    assert project.status() == "M  a.txt\n?? new.txt"
    assert (project.root / "a.txt").read_text() == "mine\n"
    assert (project.root / "b.txt").exists()


@pytest.mark.parametrize("staged", [False, True])
def test_a_change_that_would_be_overwritten_stops_the_merge(project: Project, staged: bool) -> None:
    before = project.git("rev-parse", "main")
    pull = project.propose("x", a_txt="theirs\n", b_txt="b\n")
    (project.root / "a.txt").write_text("mine\n")
    if staged:
        project.git("add", "a.txt")
    with pytest.raises(Unavailable, match=r"a\.txt") as caught:
        project.desk().merge(pull.number)
    assert str(project.root) in caught.value.summary and caught.value.remedy
    assert (project.root / "a.txt").read_text() == "mine\n"
    assert not (project.root / "b.txt").exists()
    assert project.git("rev-parse", "main") == before
    assert project.host().get_pull(pull.number).is_open
    (project.root / "a.txt").write_text("one\n")
    project.git("add", "a.txt")
    assert project.desk().merge(pull.number).state is PullState.MERGED


@pytest.mark.parametrize("ignored", [False, True])
def test_an_untracked_file_is_not_overwritten_even_when_ignored(
    project: Project, ignored: bool
) -> None:
    pull = project.propose("x", c_txt="c\n")
    (project.root / "c.txt").write_text("precious\n")
    (project.root / ".git" / "info" / "exclude").write_text("c.txt\n" if ignored else "")
    with pytest.raises(Unavailable, match=r"c\.txt"):
        project.desk().merge(pull.number)
    assert (project.root / "c.txt").read_text() == "precious\n"
    assert project.host().get_pull(pull.number).is_open


def test_autostash_never_touches_the_users_changes(project: Project) -> None:
    project.git("config", "merge.autoStash", "true")
    pull = project.propose("x", a_txt="theirs\n")
    (project.root / "a.txt").write_text("mine\n")
    with pytest.raises(Unavailable):
        project.desk().merge(pull.number)
    assert (project.root / "a.txt").read_text() == "mine\n"
    assert project.git("stash", "list") == ""


def test_a_base_that_is_not_checked_out_is_moved_alone(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("switch", "-q", "-c", "topic")
    (project.root / "a.txt").write_text("mine\n")
    project.desk().merge(pull.number)
    assert project.git("show", "main:b.txt") == "b"
    assert project.status() == "M a.txt"
    assert not (project.root / "b.txt").exists()


def test_a_linked_working_tree_of_the_base_goes_along(project: Project) -> None:
    pull = project.propose("x", a_txt="theirs\n")
    project.git("switch", "-q", "-c", "topic")
    linked = project.root.parent / "linked tree"
    project.git("worktree", "add", "-q", str(linked), "main")
    (linked / "a.txt").write_text("mine\n")
    with pytest.raises(Unavailable, match="linked tree"):
        project.desk().merge(pull.number)
    project.git("restore", "a.txt", cwd=linked)
    project.desk().merge(pull.number)
    assert (linked / "a.txt").read_text() == "theirs\n"
    assert project.git("status", "--porcelain", cwd=linked) == ""


def test_a_base_in_the_middle_of_a_rebase_is_left_alone(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    (project.root / "a.txt").write_text("two\n")
    project.git("commit", "-qam", "Mine")
    before = project.git("rev-parse", "main")
    editor = {"GIT_SEQUENCE_EDITOR": "sed -i.bak s/^pick/edit/"}
    project.git("rebase", "-q", "-i", "HEAD^", env=editor)
    with pytest.raises(Unavailable, match="rebased"):
        project.desk().merge(pull.number)
    project.git("rebase", "--abort")
    assert project.git("rev-parse", "main") == before
    assert project.desk().merge(pull.number).state is PullState.MERGED


def test_hooks_of_the_repository_do_not_run(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    for name in ("post-merge", "pre-merge-commit", "reference-transaction", "commit-msg"):
        hook = project.root / ".git" / "hooks" / name
        hook.write_text('#!/bin/sh\ntouch "$(git rev-parse --git-dir)/hook-ran"\nexit 1\n')
        hook.chmod(0o755)
    project.desk().merge(pull.number, delete_branch=True)
    assert (project.root / "b.txt").exists()
    assert not (project.root / ".git" / "hook-ran").exists()


def test_squash_is_one_commit_that_keeps_the_trailers(project: Project) -> None:
    pull = project.propose("x", TRAILERS, b_txt="b\n")
    project.host().push_branch(
        "loopcoder/x", project.commit("loopcoder/x", TRAILERS, c_txt="c\n"), pull.head
    )
    before = project.git("rev-parse", "main")
    project.desk().merge(pull.number, MergeMethod.SQUASH)
    assert project.git("log", "-1", "--format=%P") == before
    assert project.git("log", "-1", "--format=%B") == (
        f"Do x (#{pull.number})\n\nLoopcoder-Unit: x\nLoopcoder-Attempt: 1"
    )
    assert (project.root / "c.txt").exists()


def test_rebase_replays_with_authors_and_messages(project: Project) -> None:
    pull = project.propose("x", "First", b_txt="b\n")
    second = project.commit("loopcoder/x", "Second\n\nwhy", c_txt="c\n")
    project.host().push_branch("loopcoder/x", second, pull.head)
    (project.root / "a.txt").write_text("moved on\n")
    project.git("commit", "-qam", "Mine")
    before = project.git("rev-parse", "main")
    project.desk().merge(pull.number, MergeMethod.REBASE)
    log = project.git("log", "--reverse", "--format=%s|%an|%cn|%P", f"{before}..main")
    first, last = log.splitlines()
    assert first == f"First|loopcoder|Ana Lima|{before}"
    assert last.startswith("Second|loopcoder|Ana Lima|")
    assert project.git("log", "-1", "--format=%B") == "Second\n\nwhy"
    assert project.status() == "" and (project.root / "c.txt").exists()


def test_rebase_leaves_out_plain_merges_of_the_base(project: Project) -> None:
    pull = project.propose("x", "First", b_txt="b\n")
    (project.root / "d.txt").write_text("d\n")
    project.git("add", "-A")
    project.git("commit", "-qm", "Mine")
    tree = project.git("merge-tree", "--write-tree", pull.head, "main")
    merge = project.git("commit-tree", "-p", pull.head, "-p", "main", "-m", "Update", tree)
    project.host().push_branch("loopcoder/x", merge, pull.head)
    before = project.git("rev-parse", "main")
    project.desk().merge(pull.number, MergeMethod.REBASE)
    assert project.git("log", "--format=%s", f"{before}..main") == "First"


def test_rebase_refuses_a_merge_in_which_something_was_decided(project: Project) -> None:
    pull = project.propose("x", "First", b_txt="b\n")
    merge = project.git(
        "commit-tree", "-p", pull.head, "-p", project.commit("main", d_txt="d\n"), "-m", "Update",
        project.git("rev-parse", f"{pull.head}^{{tree}}"),
    )  # fmt: skip
    project.host().push_branch("loopcoder/x", merge, pull.head)
    with pytest.raises(Conflicted, match="resolved by hand"):
        project.desk().merge(pull.number, MergeMethod.REBASE)


def test_a_title_cannot_pose_as_a_trailer(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.host().update_pull(pull.number, title="Loopcoder-Unit: forged")
    project.desk().merge(pull.number)
    assert project.git("log", "-1", "--format=%(trailers)") == ""


@pytest.mark.parametrize("method", list(MergeMethod))
def test_a_merge_that_died_before_it_was_written_down_is_found(
    project: Project, method: MergeMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopcoder.adapters.local import merging

    pull = project.propose("x", b_txt="b\n")

    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(merging, "record_merge", die)
        with pytest.raises(Died):
            project.desk().merge(pull.number, method)
    seen = project.host().get_pull(pull.number)
    assert seen.state is PullState.MERGED
    assert seen.closed_by == project.desk()._actor
    assert seen.merged_commit == project.git("rev-parse", "main")
    assert project.desk().merge(pull.number) == seen


def test_a_merge_that_died_before_the_base_moved_did_not_happen(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopcoder.adapters.local.branches import Branches

    pull = project.propose("x", b_txt="b\n")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Branches, "advance", die)
        with pytest.raises(KeyboardInterrupt):
            project.desk().merge(pull.number)
    assert project.host().get_pull(pull.number).is_open
    assert project.desk().merge(pull.number, MergeMethod.SQUASH).state is PullState.MERGED


def test_a_branch_that_is_checked_out_is_not_deleted(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("switch", "-q", "loopcoder/x")
    with pytest.raises(Unavailable, match="checked out"):
        project.desk().merge(pull.number, delete_branch=True)
    assert project.git("branch", "--show-current") == "loopcoder/x"
    assert project.host().get_pull(pull.number).state is PullState.MERGED


def test_a_base_that_moves_during_the_merge_is_stale(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loopcoder.adapters.local import merging

    pull = project.propose("x", b_txt="b\n")
    real = merging.make_merge

    def slowly(*args: object) -> str:
        made = real(*args)  # type: ignore[arg-type]
        (project.root / "a.txt").write_text("two\n")
        project.git("commit", "-qam", "Meanwhile")
        return made

    monkeypatch.setattr(merging, "make_merge", slowly)
    with pytest.raises(Stale):
        project.desk().merge(pull.number)
    assert project.git("log", "-1", "--format=%s", "main") == "Meanwhile"
    assert project.host().get_pull(pull.number).is_open


def test_a_fast_forward_by_hand_is_recognised(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("merge", "-q", "--ff-only", "loopcoder/x")
    seen = project.host().get_pull(pull.number)
    assert (seen.state, seen.merged_commit, seen.closed_by) == (PullState.MERGED, pull.head, None)


def test_a_merge_by_hand_is_credited_to_its_committer(project: Project) -> None:
    from loopcoder.adapters.local.actors import identify

    pull = project.propose("x", b_txt="b\n")
    project.git("merge", "-q", "--no-ff", "-m", "By hand", "loopcoder/x")
    (project.root / "a.txt").write_text("later\n")
    project.git("commit", "-qam", "Later")
    seen = project.host().get_pull(pull.number)
    assert seen.closed_by == identify("Ana Lima", "ana@example.org")
    assert seen.merged_commit == project.git("rev-parse", "main^")

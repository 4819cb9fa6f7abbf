"""What the local code host does with real branches that people have open."""

from __future__ import annotations

import subprocess

import pytest

from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Unavailable

from .conftest import Project


def test_a_push_takes_a_clean_checkout_of_the_branch_along(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("switch", "-q", "loopcoder/x")
    project.host().push_branch(
        "loopcoder/x", project.commit("loopcoder/x", b_txt="better\n"), pull.head
    )
    assert (project.root / "b.txt").read_text() == "better\n"
    assert project.status() == ""


def test_a_push_never_overwrites_what_a_person_is_doing_there(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("switch", "-q", "loopcoder/x")
    newer = project.commit("loopcoder/x", b_txt="better\n")
    (project.root / "b.txt").write_text("mine\n")
    with pytest.raises(Unavailable, match=r"b\.txt"):
        project.host().push_branch("loopcoder/x", newer, pull.head)
    assert (project.root / "b.txt").read_text() == "mine\n"
    assert project.git("rev-parse", "loopcoder/x") == pull.head


def test_the_users_tree_and_index_are_untouched(project: Project) -> None:
    (project.root / "a.txt").write_text("mine\n")
    project.git("add", "a.txt")
    (project.root / "a.txt").write_text("mine, later\n")
    pull = project.propose("x", a_txt="theirs\n")
    host = project.host()
    host.list_pulls()
    host.delete_branch("loopcoder/x", pull.head)
    assert project.status() == "MM a.txt"
    assert (project.root / "a.txt").read_text() == "mine, later\n"


def test_a_commit_that_is_not_there_is_not_found(project: Project) -> None:
    with pytest.raises(NotFound):
        project.host().push_branch("loopcoder/x", "0123456789" * 4, None)


def test_a_branch_that_git_cannot_make_is_said_in_words(project: Project) -> None:
    head = project.commit("main", b_txt="b\n")
    project.host().push_branch("loopcoder/x", head, None)
    with pytest.raises(LoopcoderError, match="cannot be written"):
        project.host().push_branch("loopcoder/x/y", head, None)


def test_tags_and_remote_branches_are_no_branches(project: Project) -> None:
    head = project.commit("main", b_txt="b\n")
    project.git("tag", "loopcoder/x", head)
    project.git("update-ref", "refs/remotes/origin/loopcoder/x", head)
    assert project.host().branch_head("loopcoder/x") is None
    assert not project.host().list_branches("loopcoder/")
    project.host().push_branch("loopcoder/x", head, None)
    assert project.host().branch_head("loopcoder/x") == head


def test_a_look_at_an_unchanged_world_is_cheap(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pull requests there are: one git process for all of them."""
    host = project.host()
    for n in range(8):
        project.propose(f"u{n}", b_txt=f"{n}\n")
    assert all(pull.mergeable for pull in host.list_pulls())
    calls: list[object] = []
    real = subprocess.run

    def counted(command: list[str], *args: object, **options: object) -> object:
        calls.append(command)
        return real(command, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", counted)
    assert len(project.host().list_pulls()) == 8
    assert len(calls) <= 3, calls  # finding the repository, its first commit, the branches


def test_two_heads_without_a_common_past_are_of_unknown_mergeability(project: Project) -> None:
    tree = project.git("rev-parse", "main^{tree}")
    orphan = project.git("commit-tree", "-m", "Another past", tree)
    project.host().push_branch("loopcoder/x", orphan, None)
    from loopcoder.domain.issues.issue import PullDraft

    pull = project.host().create_pull(PullDraft("t", "", "loopcoder/x", "main"))
    assert pull.is_open and pull.mergeable is None
    with pytest.raises(LoopcoderError):
        project.desk().merge(pull.number)
    assert project.host().get_pull(pull.number).is_open


def test_lost_objects_lose_no_pull_request(project: Project) -> None:
    pull = project.propose("x", b_txt="b\n")
    project.git("update-ref", "-d", "refs/heads/loopcoder/x")
    project.git("reflog", "expire", "--expire=now", "--all")
    project.git("gc", "-q", "--prune=now")
    with project.host()._store.writing() as db:
        db.execute("DELETE FROM merges")
    left = project.host().get_pull(pull.number)
    assert left.is_open and left.head == pull.head and left.mergeable is None

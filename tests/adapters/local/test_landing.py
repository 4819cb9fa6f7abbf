"""Landing on a work branch: fast-forward, merge, replay; never the base, never by force."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopcoder.adapters.local.landing import LocalLanding
from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, NotFound, Unavailable
from loopcoder.ports.landing import Landed, LandedBy

from .conftest import Project


def land(
    project: Project, commit: str, branch: str = "work", push: bool = False, on: str = "task"
) -> Landed:
    return LocalLanding(project.repository, "main").land(commit, branch, push, on)


def with_remote(project: Project) -> Path:
    remote = project.root.parent / "remote.git"
    project.git("init", "-q", "--bare", str(remote))
    project.git("remote", "add", "origin", str(remote))
    return remote


def test_the_branch_is_made_then_moved_then_left(project: Project) -> None:
    one = project.commit("main", b_txt="b\n")
    assert land(project, one) == Landed("work", one, LandedBy.CREATED)
    two = project.commit("work", c_txt="c\n")
    assert land(project, two) == Landed("work", two, LandedBy.FAST_FORWARD)
    assert land(project, two) == Landed("work", two, LandedBy.ALREADY)
    assert land(project, one) == Landed("work", two, LandedBy.ALREADY)
    assert project.git("rev-parse", "work") == two


def test_a_branch_that_moved_on_is_merged_into(project: Project) -> None:
    ours = project.commit("main", "Add b\n\nLoopcoder-Unit: x", b_txt="b\n")
    land(project, project.commit("main", c_txt="c\n"))
    landed = land(project, ours)
    assert landed.by is LandedBy.MERGE
    assert project.git("rev-parse", "work") == landed.head
    assert project.git("ls-tree", "--name-only", "work").split() == ["a.txt", "b.txt", "c.txt"]
    assert project.git("log", "-1", "--format=%s|%an|%cn", "work") == (
        "Merge into work: Add b|loopcoder|loopcoder"
    )
    assert land(project, ours).by is LandedBy.ALREADY


@pytest.mark.parametrize("on", ["task", "rebase"])
def test_a_conflict_changes_nothing(project: Project, on: str) -> None:
    ours = project.commit("main", a_txt="ours\n")
    theirs = project.commit("main", a_txt="theirs\n")
    land(project, theirs)
    with pytest.raises(Conflicted) as caught:
        land(project, ours, on=on)
    assert caught.value.files == ("a.txt",)
    assert project.git("rev-parse", "work") == theirs


def test_what_conflicts_as_a_merge_can_be_replayed(project: Project) -> None:
    """The first of our two commits is on the branch already, in other words."""
    land(project, project.commit("main", a_txt="two\n"))
    first = project.commit("main", "The same", a_txt="two\n")
    project.git("branch", "ours", first)
    last = project.commit("ours", "Go on", a_txt="three\n")
    with pytest.raises(Conflicted):
        land(project, last)
    landed = land(project, last, on="rebase")
    assert landed.by is LandedBy.REBASE
    assert project.git("show", "work:a.txt") == "three"
    assert project.git("log", "-1", "--format=%s|%an", "work") == "Go on|loopcoder"
    again = land(project, last, on="rebase")
    assert again == Landed("work", landed.head, LandedBy.ALREADY)


@pytest.mark.parametrize("branch", ["main", "refs/heads/main", "a..b", "-f", "", "@{-1}", "x y"])
def test_neither_the_base_nor_nonsense_is_written_to(project: Project, branch: str) -> None:
    project.git("switch", "-q", "-c", "topic")
    before = project.git("for-each-ref")
    with pytest.raises(LoopcoderError):
        land(project, project.commit("main", b_txt="b\n"), branch)
    assert project.git("for-each-ref") == before


def test_an_unknown_commit_is_not_found(project: Project) -> None:
    with pytest.raises(NotFound):
        land(project, "0123456789" * 4)


def test_a_checked_out_work_branch_keeps_the_users_changes(project: Project) -> None:
    project.git("switch", "-q", "-c", "work")
    commit = project.commit("work", a_txt="theirs\n")
    (project.root / "a.txt").write_text("mine\n")
    with pytest.raises(Unavailable, match=r"a\.txt"):
        land(project, commit)
    assert (project.root / "a.txt").read_text() == "mine\n"
    project.git("restore", "a.txt")
    assert land(project, commit).by is LandedBy.FAST_FORWARD
    assert (project.root / "a.txt").read_text() == "theirs\n"
    assert project.status() == ""


def test_nothing_is_pushed_unless_asked(project: Project) -> None:
    remote = with_remote(project)
    land(project, project.commit("main", b_txt="b\n"))
    assert project.git("for-each-ref", cwd=remote) == ""


def test_only_the_work_branch_is_pushed(project: Project) -> None:
    remote = with_remote(project)
    project.git("tag", "-a", "-m", "t", "v1")
    project.git("config", "push.followTags", "true")
    landed = land(project, project.commit("main", b_txt="b\n"), push=True)
    assert landed.pushed and not landed.push_refused
    assert project.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=remote) == (
        f"refs/heads/work {landed.head}"
    )
    assert land(project, landed.head, push=True).pushed, "pushing again is harmless"


def test_a_refused_push_is_said_and_never_forced(project: Project) -> None:
    remote = with_remote(project)
    theirs = project.commit("main", a_txt="theirs\n")
    project.git("push", "-q", "origin", f"{theirs}:refs/heads/work")
    landed = land(project, project.commit("main", b_txt="b\n"), push=True)
    assert not landed.pushed and landed.push_refused
    assert project.git("rev-parse", "work", cwd=remote) == theirs
    assert project.git("rev-parse", "work") == landed.head


def test_without_a_remote_the_push_is_refused_in_words(project: Project) -> None:
    landed = land(project, project.commit("main", b_txt="b\n"), push=True)
    assert (landed.pushed, landed.push_refused) == (False, "No remote is configured to push to.")

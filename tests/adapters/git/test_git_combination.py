"""Merging commits onto a base without a working tree."""

from __future__ import annotations

import pytest


@pytest.fixture
def branches(project):
    """Commits on one base: `a` and `b` get along, `c` goes against `a`, `d` builds on `a`."""
    project.git("checkout", "-q", "--", "a.txt")
    (project.root / "untracked").unlink()
    start = project.git("rev-parse", "HEAD")
    found = {"start": start}
    for name, files in {
        "a": {"a.txt": "A\ntwo\n", "from-a": "a"},
        "b": {"b.txt": "b\n"},
        "c": {"a.txt": "C\ntwo\n"},
    }.items():
        project.git("checkout", "-q", "--detach", start)
        found[name] = project.commit(files, name)
    project.git("checkout", "-q", "--detach", found["a"])
    found["d"] = project.commit({"d.txt": "d"}, "d")
    project.git("checkout", "-q", "main")
    project.before = project.fingerprint()
    return found


def test_one_commit_on_the_base_is_taken_as_it_is(project, branches) -> None:
    combined = project.workspaces.combine(branches["start"], [branches["a"]], "merge")
    assert combined.head == branches["a"]
    assert combined.merged == (branches["a"],)
    assert combined.evicted == ()


def test_those_that_conflict_are_evicted_with_the_paths(project, branches) -> None:
    order = [branches[name] for name in "abcd"]
    combined = project.workspaces.combine(branches["start"], order, "merge them")
    assert combined.merged == (branches["a"], branches["b"], branches["d"])
    assert combined.evicted == ((branches["c"], "conflicts in a.txt"),)
    assert project.git("show", f"{combined.head}:b.txt") == "b"
    assert project.git("show", f"{combined.head}:d.txt") == "d"
    assert project.git("log", "-1", "--format=%s|%an", combined.head) == "merge them|loopcoder"
    again = project.workspaces.combine(branches["start"], order, "merge them")
    assert again == combined
    project.assert_untouched()


def test_what_is_contained_already_adds_no_commit(project, branches) -> None:
    base = branches["start"]
    order = [branches["d"], branches["a"]]
    combined = project.workspaces.combine(base, order, "merge")
    assert (combined.head, combined.merged) == (branches["d"], tuple(order))
    twice = [branches["b"], branches["b"]]
    assert project.workspaces.combine(base, twice, "merge").head == branches["b"]


def test_siblings_are_merged_in_order(project, branches) -> None:
    order = [branches["a"], branches["b"]]
    combined = project.workspaces.combine(branches["start"], order, "merge")
    assert combined.merged == tuple(order)
    assert project.git("rev-parse", f"{combined.head}^1", f"{combined.head}^2").split() == order


def test_nothing_to_combine_is_the_base(project, branches) -> None:
    base = branches["d"]
    assert project.workspaces.combine(base, [], "merge").head == base
    behind = project.workspaces.combine(base, [branches["a"]], "merge")
    assert (behind.head, behind.merged) == (base, (branches["a"],))


def test_without_common_history_nothing_is_forced(project, branches) -> None:
    alien = project.git("commit-tree", "-m", "alien", "HEAD^{tree}")
    combined = project.workspaces.combine(branches["start"], [alien, branches["b"]], "merge")
    assert combined.evicted == ((alien, "has no history in common with the base"),)
    assert combined.head == branches["b"]


def test_a_changed_and_removed_file_is_a_conflict(project, branches) -> None:
    project.git("checkout", "-q", "--detach", branches["start"])
    gone = project.commit({"a.txt": None}, "gone")
    project.git("checkout", "-q", "main")
    combined = project.workspaces.combine(branches["start"], [branches["a"], gone], "merge")
    assert combined.evicted == ((gone, "conflicts in a.txt"),)


def test_merge_drivers_and_attributes_of_the_user_do_not_run(project, branches, home) -> None:
    project.git("config", "merge.m.driver", "touch $HOME/sprung")
    project.git("config", "merge.default", "m")
    (project.root / ".git" / "info" / "attributes").write_text("* merge=m\n")
    order = [branches["a"], branches["c"]]
    combined = project.workspaces.combine(branches["start"], order, "merge")
    assert combined.evicted == ((branches["c"], "conflicts in a.txt"),)
    assert not (home / "sprung").exists()

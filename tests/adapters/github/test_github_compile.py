"""Compiling on GitHub: its own dependencies, and whatever people do to issues there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.chain import CHAIN
from tests.support.hosted import Hosted

ONE = "- [ ] Store <!-- id: store -->\n"


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    """The roadmap, compiled: #1 Store, #2 Login which waits for it, #3 Notes."""
    world = Hosted(tmp_path)
    world.settle(CHAIN)
    world.later()
    yield world
    world.close()


# --- dependencies


def test_edges_are_githubs_own_too(hosted: Hosted) -> None:
    assert hosted.edges("login") == {1}
    hosted.settle(CHAIN.replace(" (after: store)", " (after: notes)"))
    assert hosted.edges("login") == {3}


def test_an_edge_by_hand_holds_up_and_its_removal_waives(hosted: Hosted) -> None:
    hosted.ana.add_blocked_by(1, hosted.issue("notes").id)
    hosted.settle(CHAIN)
    assert hosted.issue("store").blocked_by == {3}
    hosted.later()
    hosted.ana.remove_blocked_by(1, hosted.issue("notes").id)
    hosted.ana.remove_blocked_by(2, hosted.issue("store").id)
    hosted.settle(CHAIN)
    assert hosted.issue("store").blocked_by == frozenset()
    assert hosted.issue("login").blocked_by == frozenset()


def test_a_refused_edge_leaves_the_label_and_is_named(hosted: Hosted) -> None:
    hosted.ana.add_blocked_by(3, hosted.issue("login").id)  # a circle, with what comes next
    failed = hosted.compile(CHAIN.replace("Store <", "Store (after: notes) <"))
    assert ["circular" in left.reason for left in failed.failed] == [True]
    assert hosted.issue("store").blocked_by == {3}


def test_a_lost_answer_to_an_edge_makes_no_second_one(hosted: Hosted) -> None:
    text = CHAIN.replace("Notes <", "Notes (after: login) <")
    hosted.github.fail("issues/add-blocked-by-dependency", after=True)
    assert hosted.compile(text).failed
    hosted.settle(text)
    assert hosted.edges("notes") == {2}


def test_an_older_server_has_labels_alone(tmp_path: Path) -> None:
    old = Hosted(tmp_path)
    old.github.hub.keeps_edges = False
    old.settle(CHAIN)
    assert old.issue("login").blocked_by == {1}
    more = CHAIN + "- [ ] More (after: notes) <!-- id: more -->\n"
    assert [d.severity for d in old.plan(more).diagnostics] == ["note"]
    old.settle(more)
    assert old.edges("more") == set()
    old.close()


# --- filed twice


@pytest.mark.parametrize("lag", [30, 600])
def test_whatever_the_list_lags_one_issue_survives(tmp_path: Path, lag: float) -> None:
    """Up to `list_lag` there is no duplicate; beyond it, it is closed with a link."""
    late = Hosted(tmp_path)
    late.github.lag(lag)
    late.github.fail("issues/create", after=True)
    assert len(late.compile(ONE).failed) == 1
    for _ in range(5):
        late.later(seconds=95)
        late.compile(ONE)
    late.later(seconds=lag)
    late.compile(ONE)
    late.later(seconds=lag)
    late.settle(ONE)
    assert [issue.is_open for issue in late.issues if issue.is_open] == [True]
    assert len(late.issues) == (1 if lag < late.lag_s else 2)
    for issue in late.issues:
        if not issue.is_open:
            number = late.issue("store").number
            assert f"#{number} is the issue" in late.ana.list_comments(issue.number)[0].body
    late.close()


# --- milestones


def test_sections_become_milestones(hosted: Hosted) -> None:
    text = f"## Now\n\n{CHAIN}\n## Später 🦜\n\n- [ ] Sso <!-- id: sso -->\n"
    hosted.settle(text, milestones=True)
    assert hosted.issue("login").milestone == "Now"
    assert hosted.issue("sso").milestone == "Später 🦜"
    hosted.later()
    hosted.github.fail("issues/create-milestone", after=True)
    hosted.compile(text.replace("Später 🦜", "Later"), milestones=True)
    hosted.settle(text.replace("Später 🦜", "Later"), milestones=True)
    assert hosted.issue("sso").milestone == "Later"


# --- sub-issues

TREE = """\
## Now

- [ ] Store <!-- id: store -->
- [ ] Login <!-- id: login -->
  - [ ] Form <!-- id: form -->

## Later

- [ ] Sso <!-- id: sso -->
"""


def parents(hosted: Hosted) -> dict[str, str]:
    """The title of each open issue, with that of its parent."""
    titles = {0: "", **{issue.number: issue.title for issue in hosted.issues}}
    shown = [issue for issue in hosted.issues if issue.is_open]
    found = {i.title: titles[i.family.parent] for i in shown if i.family}
    assert len(found) == len(shown), "two issues have one title"
    return found


NESTED = {"Now": "", "Later": "", "Store": "Now", "Login": "Now", "Form": "Login", "Sso": "Later"}


@pytest.fixture
def nested(tmp_path: Path) -> Iterator[Hosted]:
    world = Hosted(tmp_path)
    world.settle(TREE, sub_issues=True)
    world.later()
    yield world
    world.close()


def test_sections_become_issues_with_sub_issues(nested: Hosted) -> None:
    """`settle` has seen that a second time writes nothing and asks once."""
    assert parents(nested) == NESTED
    nested.settle(TREE.replace("## Later", "## Some day"), sub_issues=True)
    assert parents(nested)["Sso"] == "Some day"
    moved = TREE.replace("- [ ] Store <!-- id: store -->\n", "") + "- [ ] Store <!-- id: store -->"
    assert nested.settle(moved, sub_issues=True).writes > 0
    assert parents(nested)["Store"] == "Later"


def test_where_a_person_put_it_there_it_stays(nested: Hosted) -> None:
    login = nested.issue("login").number
    nested.ana.put_under(nested.issue("sso"), login, instead=True)
    nested.ana.take_out(nested.issue("form"), login)
    assert nested.settle(TREE, sub_issues=True).writes == 0
    moved = TREE.replace("## Later\n\n", "")
    nested.compile(moved, sub_issues=True)
    nested.settle(moved, sub_issues=True)
    assert parents(nested) == {
        "Now": "", "Store": "Now", "Login": "Now", "Form": "", "Sso": "Login",
    }  # fmt: skip


@pytest.mark.parametrize("operation", ["issues/create", "issues/add-sub-issue"])
@pytest.mark.parametrize("nth", [0, 1, 3])
def test_a_lost_answer_makes_no_second_one(tmp_path: Path, operation: str, nth: int) -> None:
    world = Hosted(tmp_path)
    world.github.lag(30)
    world.github.fail(operation, after=True, skip=nth)
    assert world.compile(TREE, sub_issues=True).failed
    for _ in range(4):
        world.later(seconds=95)
        world.compile(TREE, sub_issues=True)
    world.settle(TREE, sub_issues=True)
    assert parents(world) == NESTED
    assert len(world.issues) == len(NESTED)
    world.close()


def test_an_older_server_has_no_sub_issues(tmp_path: Path) -> None:
    old = Hosted(tmp_path)
    old.github.hub.keeps_sub_issues = False
    assert not old.compile(TREE, sub_issues=True).failed  # nobody could know before
    old.later()
    (said,) = old.plan(TREE, sub_issues=True).diagnostics
    assert "keeps no sub-issues" in said.summary
    old.settle(TREE, sub_issues=True)
    assert {issue.family.parent for issue in old.issues if issue.family} == {0}
    old.close()


def test_what_is_within_what_is_read_from_the_list(nested: Hosted) -> None:
    """A new clone asks for the list, and for nothing more."""
    nested.clone.close()
    nested.clone = type(nested.clone).make(nested.folder / "other", nested.github)
    nested.github.forget_requests()
    assert nested.plan(TREE, sub_issues=True).writes == 0
    assert len(nested.github.requests()) <= 3

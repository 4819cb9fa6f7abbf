"""What people do to issues behind our back, one situation a test; see docs/reference/compiling.md.

After each, a second compile writes nothing and asks once (`settle` insists on it).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.domain.issues.issue import CloseReason, IssueDraft
from loopcoder.domain.issues.issue_body import END, MARK
from tests.github_server.account import Role
from tests.support.hosted import Hosted

CHAIN = """\
- [ ] Store <!-- id: store -->
  SQLite, no Redis.
- [ ] Login (after: store) <!-- id: login -->
- [ ] Notes <!-- id: notes -->
"""


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    """The roadmap, compiled: #1 Store, #2 Login which waits for it, #3 Notes."""
    world = Hosted(tmp_path)
    world.settle(CHAIN)
    world.later()
    yield world
    world.close()


def titles(world: Hosted) -> list[str]:
    return sorted(issue.title for issue in world.issues)


def said(world: Hosted, text: str) -> list[str]:
    return [each.summary for each in world.plan(text).diagnostics]


# --- markers


def test_an_outsiders_copied_marker(hosted: Hosted) -> None:
    hosted.eve.create_issue(IssueDraft("Copy", hosted.issue("store").body))
    more = CHAIN + "- [ ] Captcha <!-- id: captcha -->\n"
    hosted.eve.create_issue(
        IssueDraft("Captcha", f"{MARK}id=captcha plan=main digest=x v=1 -->\nEvil.\n{END}")
    )
    assert said(hosted, more) == [
        "#4 carries the marker of store, which is #1; ignored.",
        "#5 by @eve carries the marker of captcha; ignored.",
    ]
    hosted.settle(more)
    assert (hosted.issue("store").number, hosted.issue("captcha").number) == (1, 6)
    assert hosted.ana.get_issue(5).body.endswith(f"Evil.\n{END}")


def test_a_marker_moved_by_an_edit(hosted: Hosted) -> None:
    block = hosted.issue("store").body
    hosted.edit("store", lambda body: "Mine now.")
    hosted.edit("notes", lambda body: f"{body}\n\n{block}")
    assert said(hosted, CHAIN) == ["#3 is notes and carries the marker of store; ignored."]
    assert hosted.plan(CHAIN).changes[0].reason == "block removed in the issue; kept"
    hosted.settle(CHAIN.replace("[ ] Store", "[x] Store"))
    assert not hosted.issue("store").is_open
    assert hosted.issue("store").body == "Mine now."
    assert hosted.issue("notes").is_open


# --- labels


def test_a_deleted_label_definition(hosted: Hosted) -> None:
    hosted.ana.delete_label("blocked-by:#1")
    hosted.ana.delete_label("loopcoder")
    hosted.later()
    hosted.eve.create_issue(IssueDraft("Anything", ""))  # a deletion alone leaves no trace
    hosted.settle(CHAIN)
    assert hosted.issue("login").labels == {"loopcoder", "blocked-by:#1"}
    assert hosted.issue("store").labels == {"loopcoder"}
    assert hosted.journal.history().units["login"].waivers == ()  # type: ignore[index]


def test_a_renamed_label(hosted: Hosted) -> None:
    hosted.ana.rename_label("blocked-by:#1", "waits for the store")
    hosted.later()
    hosted.eve.create_issue(IssueDraft("Anything", ""))
    hosted.settle(CHAIN)
    assert hosted.issue("login").labels == {
        "loopcoder", "blocked-by:#1", "waits for the store",
    }  # fmt: skip


def test_a_hundred_labels_of_people(hosted: Hosted) -> None:
    for number in range(99):
        hosted.ana.add_label(3, f"topic {number}")
    more = CHAIN.replace("Notes <", "Notes (after: login) <")
    assert "100" in hosted.compile(more).failed[0].reason
    hosted.later()
    hosted.ana.remove_label(3, "topic 1")
    hosted.settle(more)
    assert hosted.issue("notes").blocked_by == {2}


# --- issues


def test_a_transferred_issue(hosted: Hosted) -> None:
    other = hosted.github.hub.add_repository("acme", "other")
    hosted.github.hub.grant(other, "ana", Role.WRITE)
    hosted.ana.transfer(1, other)
    hosted.later()
    assert said(hosted, CHAIN) == [
        "store is not worked on here: The issue #1 was moved to another repository."
    ]
    hosted.settle(CHAIN)
    assert titles(hosted) == ["Login", "Notes"]
    assert said(hosted, CHAIN)[0].startswith("store is not worked on here")


def test_a_locked_issue(hosted: Hosted) -> None:
    hosted.ana.lock(2)
    hosted.later()
    hosted.settle(CHAIN.replace("Login (after: store)", "Login form (after: notes)"))
    assert hosted.issue("login").title == "Login form"
    assert hosted.edges("login") == hosted.issue("login").blocked_by == {3}


def test_a_deleted_issue(hosted: Hosted) -> None:
    hosted.github.hub.grant(hosted.github.repo, "ana", Role.ADMIN)
    hosted.ana.delete(1)
    hosted.later()
    assert hosted.plan(CHAIN).changes[0].reason == "its issue #1 is gone; filed again"
    hosted.settle(CHAIN)
    assert titles(hosted) == ["Login", "Notes", "Store"]
    assert hosted.issue("login").blocked_by == hosted.edges("login") == {4}
    hosted.ana.delete(4)
    hosted.later()
    hosted.compile(CHAIN)
    assert titles(hosted) == ["Login", "Notes"]
    assert "filed again before" in hosted.plan(CHAIN).changes[0].reason


def test_deleted_issues_of_finished_units_are_asked_for_once(hosted: Hosted) -> None:
    done = CHAIN.replace("[ ] Store", "[x] Store")
    hosted.settle(done)
    hosted.github.hub.grant(hosted.github.repo, "ana", Role.ADMIN)
    hosted.later()
    hosted.ana.delete(1)
    hosted.ana.delete(3)
    hosted.settle(done.replace("- [ ] Notes <!-- id: notes -->\n", ""))
    assert titles(hosted) == ["Login"]
    hosted.later()
    hosted.settle(CHAIN)  # taken up again: filed anew, once
    assert titles(hosted) == ["Login", "Notes", "Store"]


@pytest.mark.parametrize("reason", list(CloseReason))
def test_an_issue_closed_by_a_person(hosted: Hosted, reason: CloseReason) -> None:
    hosted.ana.close_issue(1, reason)
    hosted.later()
    hosted.settle(CHAIN)
    assert not hosted.issue("store").is_open
    completed = reason is CloseReason.COMPLETED
    assert hosted.issue("login").blocked_by == (frozenset() if completed else {1})


# --- sizes and scripts


def test_a_title_of_300_characters_and_a_body_of_70000(hosted: Hosted) -> None:
    long = "Store of " + "sessions and " * 24
    body = "\n".join(f"  Line {n}: {'word ' * 14}" for n in range(1000))
    text = CHAIN.replace("Store", long).replace("  SQLite, no Redis.", body)
    hosted.settle(text, retitle=frozenset({"store"}))
    store = hosted.issue("store")
    assert len(store.title) <= 256
    assert store.title.endswith("…")
    assert len(store.body) < 65_536
    assert "the whole text is in the roadmap" in store.body
    hosted.later()
    hosted.settle(CHAIN, retitle=frozenset({"store"}))
    hosted.edit("store", lambda body: body + "\n" + "People's. " * 3000)
    hosted.later()
    waiting = hosted.compile(text, retitle=frozenset({"store"})).waiting
    assert "no room" in waiting[0].reason


def test_120_dependencies_of_one_unit(tmp_path: Path) -> None:
    crowd = Hosted(tmp_path)
    many = "".join(f"- [ ] Unit {n} <!-- id: u{n} -->\n" for n in range(120))
    after = ", ".join(f"u{n}" for n in range(120))
    text = f"{many}- [ ] Last (after: {after}) <!-- id: last -->\n"
    crowd.settle(text)
    assert len(crowd.issue("last").labels) == 51
    assert len(crowd.edges("last")) == 50
    assert said(crowd, text) == ["last has 120 open blockers; 50 of them get a label."]
    crowd.close()


def test_emoji_and_right_to_left_titles(hosted: Hosted) -> None:
    text = CHAIN.replace("Store", "🦜 متجر الجلسات 👩‍👩‍👧").replace("Notes", "הערות \u202eevil")
    hosted.settle(text, retitle=frozenset({"store", "notes"}))
    assert hosted.issue("store").title == "🦜 متجر الجلسات 👩‍👩‍👧"
    assert hosted.issue("notes").title == "הערות evil"
    hosted.later()
    hosted.settle(text.replace("🦜", "🦆"), retitle=frozenset({"store", "notes"}))
    assert hosted.issue("store").title.startswith("🦆")

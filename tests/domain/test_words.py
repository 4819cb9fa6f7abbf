"""Which label event is a person's word, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loopcoder.domain.issues.issue import Actor, LabelEvent, TextEdit
from loopcoder.domain.issues.words import approval, put_on, stands_for, taken_off, was_deleted

ANA, EVE, BOT = Actor(1, "ana"), Actor(2, "eve"), Actor(3, "ana[bot]")
T = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FILE, PROPOSED = "loopcoder:file", "loopcoder:proposed"


def may_speak(actor: Actor) -> bool:
    return actor.id == ANA.id


def on(label: str, who: Actor, minute: int) -> LabelEvent:
    return LabelEvent(label, True, who, T + timedelta(minutes=minute))


def off(label: str, who: Actor, minute: int) -> LabelEvent:
    return LabelEvent(label, False, who, T + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("events", "labels", "expected"),
    [
        ([on(FILE, ANA, 1)], {FILE}, 1),
        ([on("Loopcoder:File", ANA, 1)], {FILE}, 1),
        ([on(FILE, EVE, 1)], {FILE}, None),
        ([on(FILE, BOT, 1)], {FILE}, None),
        ([on(FILE, ANA, 1), off(FILE, ANA, 2), on(FILE, EVE, 3)], {FILE}, None),
        ([on(FILE, ANA, 1), off(FILE, EVE, 2), on(FILE, ANA, 3)], {FILE}, 3),
        ([on(FILE, ANA, 1)], set(), None),
        ([on(FILE, ANA, 1), on(PROPOSED, BOT, 2), off(PROPOSED, ANA, 3)], {FILE}, 3),
        ([on(FILE, ANA, 1), on(PROPOSED, BOT, 2), off(PROPOSED, EVE, 3)], {FILE}, 1),
        ([on(FILE, ANA, 1), on(PROPOSED, BOT, 2)], {FILE, PROPOSED}, 1),
        ([], {FILE}, None),
    ],
)
def test_the_newest_word_that_counts_approves(
    events: list[LabelEvent], labels: set[str], expected: int | None
) -> None:
    found = approval(events, frozenset(labels), may_speak)
    assert (found and (found.at - T).seconds // 60) == expected


@pytest.mark.parametrize(
    ("edits", "stands"),
    [
        ([], True),
        ([TextEdit(EVE, T - timedelta(seconds=1))], True),
        ([TextEdit(EVE, T + timedelta(seconds=1))], False),
        ([TextEdit(ANA, T + timedelta(seconds=1))], False),
        ([TextEdit(EVE, T)], False),
        ([TextEdit(ANA, T)], True),
        ([TextEdit(Actor(1, "renamed"), T)], True),
        ([TextEdit(None, T)], False),
    ],
)
def test_an_edit_since_undoes_an_approval(edits: list[TextEdit], stands: bool) -> None:
    assert stands_for(on(FILE, ANA, 0), edits) is stands


def test_a_label_is_on_or_off_by_its_newest_event() -> None:
    events = [on(FILE, ANA, 1), off(FILE, ANA, 2)]
    assert put_on(events, FILE, may_speak) is None
    assert taken_off(events, FILE, may_speak) == events[1]


@pytest.mark.parametrize(
    ("elsewhere", "deleted"),
    [
        ([], False),
        ([off(PROPOSED, ANA, 5)], True),
        ([on(PROPOSED, ANA, 5)], False),
        ([off(PROPOSED, EVE, 5)], False),
        ([off(PROPOSED, ANA, 4)], False),
        ([off(FILE, ANA, 5)], False),
    ],
)
def test_a_label_that_leaves_several_issues_at_once_was_deleted(
    elsewhere: list[LabelEvent], deleted: bool
) -> None:
    assert was_deleted(off(PROPOSED, ANA, 5), elsewhere) is deleted

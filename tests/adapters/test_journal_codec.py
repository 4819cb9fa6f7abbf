"""Rows: what is written can be read, and what cannot be read is refused with its reason."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.adapters.journal.codec import VERSION, UnreadableRow, decode, encode
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Event
from loopcoder.domain.unit import UnitId
from tests.support.facts import facts

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
HOLDER = e.Holder("host", "boot", 7, 12.5)


def event(fact: e.Fact) -> Event:
    return Event("01KE000000000000000000000A", NOW, fact, UnitId("a"), 1, 2, "worker", "i", "p")


CLAIM = event(e.ClaimTaken(HOLDER, NOW))
COLUMNS = {
    *("v", "id", "prev_sha256", "at", "principal", "unit"),
    *("attempt", "epoch", "kind", "input_hash", "effect", "receipt"),
}


def changed(original: Event, **columns: object) -> str:
    return json.dumps({**json.loads(encode(original)), **columns})


def test_a_row_has_the_documented_columns() -> None:
    assert set(json.loads(encode(CLAIM))) == COLUMNS


@pytest.mark.parametrize("fact_type", e.FACTS, ids=lambda fact_type: fact_type.kind)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_every_kind_survives_under_the_column_it_carries(
    fact_type: type[e.Fact], data: st.DataObject
) -> None:
    original = event(data.draw(facts(fact_type)))
    row = json.loads(encode(original))
    filled, empty = ("effect", "receipt")[:: 1 if fact_type.carries is e.Carries.EFFECT else -1]
    assert set(row[filled]) == {field.name for field in fields(fact_type)}
    assert row[empty] is None
    assert decode(json.dumps(row)) == original


def test_money_is_kept_to_the_cent_as_text() -> None:
    row = json.loads(encode(event(e.Settled("r", Decimal("0.10"), "metered"))))
    assert row["receipt"]["usd"] == "0.10"


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    row = json.loads(encode(event(e.ClaimTaken(HOLDER, there))))
    assert row["effect"]["until"] == "2026-01-05T09:00:00.000000+00:00"
    with pytest.raises(ValueError, match="time zone"):
        encode(event(e.ClaimTaken(HOLDER, NOW.replace(tzinfo=None))))


def test_the_same_event_is_the_same_text() -> None:
    one = event(e.EffectBegun("v", "t", {"b": 1, "a": 2}))
    other = event(e.EffectBegun("v", "t", {"a": 2, "b": 1}))
    assert encode(one) == encode(other)


def test_a_lone_surrogate_does_not_make_the_journal_unreadable() -> None:
    odd = event(e.Held("ana", "file \udcff"))
    assert decode(encode(odd)).fact == e.Held("ana", "file ?")


def test_a_field_added_later_has_its_default_in_older_rows() -> None:
    row = json.loads(encode(event(e.Retried("ana", True, "note"))))
    del row["receipt"]["note"]
    assert decode(json.dumps(row)).fact == e.Retried("ana", True, "")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (changed(CLAIM, v=VERSION + 1, kind="moon.landed"), "newer than this loopcoder"),
        (changed(CLAIM, v=VERSION + 1), "newer than this loopcoder"),
        (changed(CLAIM, kind="moon.landed"), "unknown kind 'moon.landed'"),
        (changed(CLAIM, kind=None), "unknown kind None"),
        (changed(CLAIM, mood="good"), "mood: Extra inputs are not permitted"),
        (changed(CLAIM, effect={"until": "2026-01-05T09:00:00Z"}), "effect.holder: Field required"),
        (changed(CLAIM, effect=None), "effect: "),
        (changed(CLAIM, receipt={}), "receipt: "),
        (changed(CLAIM, at="2026-01-05T09:00:00"), "at: Input should have timezone info"),
        (changed(CLAIM, v=0), "v: "),
        (changed(event(e.Held("ana")), receipt={"by": "a", "why": "b"}), "receipt.why: Extra"),
        (
            changed(CLAIM, effect={**json.loads(encode(CLAIM))["effect"], "extra": 1}),
            "effect.extra: Extra",
        ),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
    ],
)
def test_what_cannot_be_understood_is_refused(row: str, says: str) -> None:
    with pytest.raises(UnreadableRow, match=says):
        decode(row)


def test_a_stranger_inside_a_nested_value_is_refused() -> None:
    row = json.loads(encode(CLAIM))
    row["effect"]["holder"]["shoe"] = 43
    with pytest.raises(UnreadableRow, match=r"effect\.holder\.shoe"):
        decode(json.dumps(row))

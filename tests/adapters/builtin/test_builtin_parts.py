"""The parts of the built-in worker that need no model: session, limits, bill, conversation."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.adapters.builtin.bill import last_bill
from loopcoder.adapters.builtin.conversation import marked, opening, results_missing
from loopcoder.adapters.builtin.meter import LEAST_REPLY, Limits, Meter
from loopcoder.adapters.builtin.tariff import OwnTariff, PriceList, Tokens
from loopcoder.adapters.builtin.transcript import Transcript, open_transcript
from loopcoder.domain.settings import Price

NEVER = 1e12
ASKS: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": "do it"}]}
CALLS: dict[str, Any] = {
    "role": "assistant",
    "content": [{"type": "tool_use", "id": "a", "name": "bash", "input": {}}],
}


def outbox(folder: Path, round_: int = 1) -> Path:
    place = folder / f"round-{round_}" / "outbox"
    place.mkdir(parents=True, exist_ok=True)
    return place


# --- the session


def test_a_session_without_an_end_is_taken_up_again(tmp_path: Path) -> None:
    begun = open_transcript(outbox(tmp_path), "")
    begun.note("begin", prompt="p")
    begun.add(ASKS)
    begun.add(CALLS)
    again = open_transcript(outbox(tmp_path), "")
    assert (again.path, again.interrupted, again.prompt) == (begun.path, True, "p")
    assert again.messages == [ASKS, CALLS]


def test_a_line_that_was_cut_is_taken_away(tmp_path: Path) -> None:
    begun = open_transcript(outbox(tmp_path), "")
    begun.add(ASKS)
    whole = begun.path.read_bytes()
    begun.path.write_bytes(whole + b'{"kind": "message", "mess')
    assert open_transcript(outbox(tmp_path), "").messages == [ASKS]
    assert begun.path.read_bytes() == whole


def test_an_ended_session_is_continued_only_by_name(tmp_path: Path) -> None:
    first = open_transcript(outbox(tmp_path), "")
    first.add(ASKS)
    first.end("")
    assert first.session == "round-1/outbox/session-1.jsonl"
    other = open_transcript(outbox(tmp_path), "")
    assert (other.path.name, other.messages) == ("session-2.jsonl", [])
    other.end("")
    later = open_transcript(outbox(tmp_path, 2), first.session)
    assert (later.session, later.messages) == ("round-2/outbox/session-1.jsonl", [ASKS])
    later.end("")
    assert open_transcript(outbox(tmp_path, 2), later.session).path == later.path


@pytest.mark.parametrize("name", ["01234567-89ab", "../../etc/passwd", "/etc/passwd"])
def test_somebody_elses_session_is_none(tmp_path: Path, name: str) -> None:
    assert open_transcript(outbox(tmp_path), name).messages == []


def test_a_fresh_conversation_hides_what_was_before(tmp_path: Path) -> None:
    begun = open_transcript(outbox(tmp_path), "")
    begun.add(ASKS)
    begun.add(CALLS)
    begun.begin_again(ASKS, "full")
    assert open_transcript(outbox(tmp_path), "").messages == [ASKS]


# --- the conversation


def test_calls_without_results_get_them() -> None:
    (row,) = results_missing([ASKS, CALLS], interrupted=True)
    assert row["tool_use_id"] == "a" and "Interrupted" in row["content"] and row["is_error"]
    assert results_missing([ASKS, CALLS], interrupted=False)[0]["content"] == "Noted."
    assert results_missing([ASKS], interrupted=True) == []


def test_the_shared_part_stands_apart_and_is_marked() -> None:
    first = opening("# Rules\n\ntext\n\n# The unit: Login\n\nId `login`\n")
    assert [block["text"].splitlines()[0] for block in first["content"]] == [
        "# Rules",
        "# The unit: Login",
    ]
    sent = marked([first, CALLS, ASKS])
    assert "cache_control" in sent[0]["content"][0] and "cache_control" in sent[2]["content"][-1]
    assert "cache_control" not in json.dumps([first, CALLS, ASKS])


# --- limits


@given(
    usd=st.decimals(min_value="0.01", max_value=3, places=2),
    tokens=st.integers(1_000, 500_000),
    grown=st.lists(st.integers(10, 200_000), max_size=40),
    cached=st.booleans(),
)
def test_no_reply_that_is_asked_for_exceeds_a_limit(
    usd: Decimal, tokens: int, grown: list[int], cached: bool
) -> None:
    """However the text grows, and whether or not the cache serves it."""
    tariff = OwnTariff(Price(Decimal(2), Decimal(10), Decimal("0.2"), Decimal("2.5")))
    meter = Meter(Limits(100, NEVER, usd, tokens), tariff)
    for size in grown:
        if meter.reached(size):
            break
        whole = meter.known + int(size / 2.6)
        reply = meter.room(size)
        assert reply >= LEAST_REPLY
        read = meter.known if cached else 0
        meter.count(Tokens(written=whole - read, read=read, output=reply))
    assert meter.usd <= usd and meter.used.total <= tokens


def test_which_limit_is_named() -> None:
    tariff = OwnTariff(Price(Decimal(2), Decimal(10)))
    assert "turns" in Meter(Limits(0, NEVER), tariff).reached(10)
    assert "time" in Meter(Limits(9, 0.0), tariff).reached(10)
    assert "1,000 tokens" in Meter(Limits(9, NEVER, None, 1000), tariff).reached(10)
    assert "$0.01" in Meter(Limits(9, NEVER, Decimal("0.01")), tariff).reached(100_000)
    assert Meter(Limits(9, NEVER, Decimal("0.01")), None).reached(100_000) == ""


def test_a_limit_that_comes_near_is_said_once() -> None:
    meter = Meter(Limits(5, NEVER), None, turns=4)
    assert "turns" in meter.warning()
    assert meter.warning() == ""


def test_prices() -> None:
    own = PriceList({"m": Price(Decimal(1), Decimal(5))}).tariff("m")
    assert own is not None
    assert own.cost(Tokens(1_000_000, 1_000_000, 1_000_000, 1_000_000)) == Decimal(8)
    published = PriceList().tariff("claude-opus-4-8")
    assert published is not None
    assert published.cost(Tokens(fresh=400, written=500, read=100, output=1000)) == Decimal(
        "0.030175"
    )
    assert PriceList().tariff("nobodys-model") is None


# --- the bill of a killed run


def _session(folder: Path) -> Transcript:
    return open_transcript(outbox(folder), "")


def _reply(session: Transcript, usd: str | None, fresh: int) -> None:
    usage = {"fresh": fresh, "written": 0, "read": 0, "output": 10}
    session.add(CALLS, usage=usage, usd=usd)


def test_the_bill_counts_since_the_session_was_taken_up(tmp_path: Path) -> None:
    session = _session(tmp_path)
    session.note("begin", prompt="p")
    _reply(session, "0.50", 1000)
    session.note("taken up", prompt="p")
    _reply(session, "0.02", 100)
    _reply(session, "0.05", 200)
    bill = last_bill(tmp_path, "work")
    assert bill is not None and (bill.usd, bill.tokens) == (Decimal("0.05"), 320)
    session.add(ASKS)  # a reply may have been under way: as dear as the dearest
    bill = last_bill(tmp_path, "work")
    assert bill is not None and bill.usd == Decimal("0.08")
    assert last_bill(tmp_path, "review") is None


def test_without_a_price_or_a_session_there_is_no_bill(tmp_path: Path) -> None:
    assert last_bill(tmp_path, "work") is None
    session = _session(tmp_path)
    session.note("begin", prompt="p")
    assert last_bill(tmp_path, "work") is None
    _reply(session, None, 10)
    assert last_bill(tmp_path, "work") is None
    session.end("")
    assert last_bill(tmp_path, "work") is None

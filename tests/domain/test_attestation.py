from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.proof.attestation import (
    Agent,
    ChangeFacts,
    MalformedStatement,
    Observed,
    change_statement,
    check_statement,
    parse_statement,
)
from loopcoder.domain.proof.dsse import (
    Envelope,
    MalformedEnvelope,
    Signature,
    parse_envelope,
    pre_authentication_encoding,
    render_envelope,
)
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.unit import UnitId

COMMIT, TREE = "c" * 40, "7" * 40
FACTS = ChangeFacts(
    commit=COMMIT,
    tree=TREE,
    base="b" * 40,
    origin="b" * 40,
    diff_sha256="d" * 64,
    unit=UnitId("store"),
    plan="main",
    unit_digest="u" * 64,
    run="RUN",
    attempt=1,
    epoch=2,
    begun_at=datetime(2026, 3, 1, tzinfo=UTC),
    worker=Agent("default", "command"),
    reviewer=Agent("reviewer", "command", "m"),
    decision="approve",
    reviewed_head=COMMIT,
    checks=(Check("pytest -q", True, 0, 1.0),),
    ruling="allow",
    usd=Decimal("0.11"),
    tokens=12,
    evidence=b"{}",
)
SEEN = Observed(COMMIT, TREE, "d" * 64, b"{}")


def failing(facts: ChangeFacts, seen: Observed) -> list[str]:
    points = check_statement(parse_statement(change_statement(facts)), seen)
    return [point.name for point in points if not point.holds]


def test_what_is_stated_and_found_agrees() -> None:
    assert failing(FACTS, SEEN) == []
    assert change_statement(FACTS) == change_statement(replace(FACTS))


@pytest.mark.parametrize(
    ("facts", "seen", "named"),
    [
        (FACTS, replace(SEEN, commit="e" * 40), ["commit"]),
        (FACTS, replace(SEEN, tree="e" * 40), ["tree"]),
        (FACTS, replace(SEEN, diff_sha256="e" * 64), ["diff"]),
        (FACTS, replace(SEEN, diff_sha256=None), ["diff"]),
        (FACTS, replace(SEEN, evidence=b"{ }"), ["evidence"]),
        (replace(FACTS, checks=()), SEEN, ["checks"]),
        (replace(FACTS, checks=(Check("x", False, 1, 1.0),)), SEEN, ["checks"]),
        (replace(FACTS, decision="abstain"), SEEN, ["verdict"]),
        (replace(FACTS, reviewed_head="e" * 40), SEEN, ["verdict"]),
    ],
)
def test_whatever_differs_is_named(facts: ChangeFacts, seen: Observed, named: list[str]) -> None:
    assert failing(facts, seen) == named


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail_in_another_way(data: bytes) -> None:
    for read, refused in (
        (parse_envelope, MalformedEnvelope),
        (parse_statement, MalformedStatement),
    ):
        with pytest.raises(refused):
            read(data)


@given(st.binary(max_size=300), st.binary(max_size=80), st.text(max_size=20))
def test_an_envelope_goes_out_and_comes_in_again(payload: bytes, sig: bytes, keyid: str) -> None:
    envelope = Envelope(payload, (Signature(keyid, sig),))
    assert parse_envelope(render_envelope(envelope)) == envelope


def test_the_signed_bytes_are_those_of_the_published_protocol() -> None:
    said = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert said == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

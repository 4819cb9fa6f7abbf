"""Breakers: closed, open, half open, and always closed again in the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import ProviderOutcome
from loopcoder.domain.limits.breaker import (
    PROVIDER_FAULTS,
    REPOSITORY,
    UNRELATED,
    BreakerState,
    Position,
    breakers,
    may_dispatch,
)
from loopcoder.domain.settings import BreakerSettings
from loopcoder.domain.tick.failure import POLICIES, FailureClass
from loopcoder.domain.unit import UnitId

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SETTINGS = BreakerSettings()
RATE, STALL, RED = FailureClass.RATE_LIMIT, FailureClass.STALL, FailureClass.GATE_RED
P, Q = "command:p", "command:q"
CLOSED, OPEN, HALF = Position.CLOSED, Position.OPEN, Position.HALF_OPEN


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def ended(
    minute: float,
    failure: FailureClass | None,
    provider: str = P,
    unit: str = "a",
    usd: str = "0",
) -> ProviderOutcome:
    return ProviderOutcome(minutes(minute), provider, failure, UnitId(unit), Decimal(usd))


def story(*outcomes: ProviderOutcome, resets: Iterable[tuple[float, str]] = ()) -> History:
    return History(
        outcomes=list(outcomes), breaker_resets=[(minutes(at), scope) for at, scope in resets]
    )


def state(history: History, scope: str, now: datetime) -> BreakerState:
    found = {each.scope: each for each in breakers(history, SETTINGS, now)}
    return found.get(scope) or BreakerState(scope, CLOSED, 0)


# --- one provider, one failure class

THREE = [ended(n, RATE) for n in (1, 2, 3)]
AGAIN = [*THREE, ended(34, RATE)]


@pytest.mark.parametrize(
    ("situation", "outcomes", "resets", "minute", "position"),
    [
        ("nothing happened", [], [], 0, CLOSED),
        ("two failures are not enough", THREE[:2], [], 4, CLOSED),
        ("the third in a row opens it", THREE, [], 3, OPEN),
        ("it stays open for half an hour", THREE, [], 32.9, OPEN),
        ("then one may try", THREE, [], 33, HALF),
        ("and for as long as nobody tries", THREE, [], 10_000, HALF),
        ("the probe succeeds: closed", [*THREE, ended(34, None)], [], 34, CLOSED),
        ("the probe fails: open again", AGAIN, [], 34, OPEN),
        ("for twice as long", AGAIN, [], 93, OPEN),
        ("and then half open again", AGAIN, [], 94, HALF),
        (
            "a success between starts the count anew",
            [*THREE[:2], ended(2.5, None), THREE[2]],
            [],
            4,
            CLOSED,
        ),
        (
            "red gates between prove that the provider answers",
            [*THREE[:2], ended(2.5, RED), THREE[2]],
            [],
            4,
            CLOSED,
        ),
        (
            "a full disk between proves nothing",
            [*THREE[:2], ended(2.5, FailureClass.INFRASTRUCTURE), THREE[2]],
            [],
            4,
            OPEN,
        ),
        (
            "another class between neither counts nor clears",
            [*THREE[:2], ended(2.5, STALL), THREE[2]],
            [],
            4,
            OPEN,
        ),
        ("another class is another breaker", [*THREE[:2], ended(3, STALL)], [], 4, CLOSED),
        ("another provider is another breaker", [*THREE[:2], ended(3, RATE, Q)], [], 4, CLOSED),
        ("another provider's success is not its own", [*THREE, ended(4, None, Q)], [], 5, OPEN),
        ("a success while it is open closes it", [*THREE, ended(5, None)], [], 5, CLOSED),
        (
            "a late failure while it is open does not lengthen it",
            [*THREE, ended(20, RATE)],
            [],
            33,
            HALF,
        ),
        ("a person resets it", THREE, [(4, f"{P}/rate-limit")], 4, CLOSED),
        ("a person resets the provider", THREE, [(4, P)], 4, CLOSED),
        ("a person resets everything", THREE, [(4, "")], 4, CLOSED),
        ("a person resets something else", THREE, [(4, f"{P}/stall")], 4, OPEN),
        ("a provider whose name begins alike is another", THREE, [(4, P[:-1])], 4, OPEN),
        ("a reset at the instant of the failure counts", THREE, [(3, "")], 4, CLOSED),
        ("an old reset does not protect", THREE, [(0, "")], 4, OPEN),
        ("after a reset it takes three again", [*THREE, ended(5, RATE)], [(4, "")], 6, CLOSED),
    ],
)
def test_a_provider(
    situation: str,
    outcomes: list[ProviderOutcome],
    resets: list[tuple[float, str]],
    minute: float,
    position: Position,
) -> None:
    found = state(story(*outcomes, resets=resets), f"{P}/rate-limit", minutes(minute))
    assert found.position is position, situation


def test_an_open_breaker_says_why_and_until_when() -> None:
    found = state(story(*THREE), f"{P}/rate-limit", minutes(5))
    assert found == BreakerState(
        f"{P}/rate-limit",
        OPEN,
        3,
        minutes(3),
        minutes(33),
        "3 attempts in a row ended with rate-limit",
        P,
    )


def test_the_cooldown_doubles_up_to_six_hours_and_starts_over_after_a_success() -> None:
    history, waits, at = story(*THREE), [], 3.0
    for _ in range(7):
        now = minutes(at)
        until = state(history, f"{P}/rate-limit", now).until
        assert until
        waits.append((until - now) / timedelta(minutes=1))
        at += waits[-1]
        history.outcomes.append(ended(at, RATE))
    assert waits == [30, 60, 120, 240, 360, 360, 360]
    history.outcomes.append(ended(at + 1, None))
    history.outcomes += [ended(at + 2, RATE), ended(at + 3, RATE), ended(at + 4, RATE)]
    until = state(history, f"{P}/rate-limit", minutes(at + 4)).until
    assert until == minutes(at + 34)


def test_every_failure_class_has_its_place() -> None:
    """A new class must be thought about: is it the provider's, the work's, or nobody's?"""
    of_work = {
        *(FailureClass.CONTEXT_OVERFLOW, FailureClass.REFUSED, FailureClass.NO_CHANGE),
        *(FailureClass.GATE_RED, FailureClass.REVIEW_REJECTED, FailureClass.POLICY_REJECTED),
        FailureClass.CONFLICT,
    }
    assert {*PROVIDER_FAULTS, *UNRELATED, *of_work} == set(FailureClass)
    assert {c for c, policy in POLICIES.items() if policy.stops_provider} <= PROVIDER_FAULTS


# --- the repository


@pytest.mark.parametrize(
    ("situation", "outcomes", "position"),
    [
        ("three units failed in a row", [ended(n, RED, unit=u) for n, u in enumerate("abc")], OPEN),
        ("one unit failed three times: it has strikes", [ended(n, RED) for n in range(3)], CLOSED),
        (
            "by different providers all the same",
            [ended(1, RED, P, "a"), ended(2, RED, Q, "b"), ended(3, RED, P, "c")],
            OPEN,
        ),
        (
            "a success between",
            [
                ended(1, RED, unit="a"),
                ended(2, RED, unit="b"),
                ended(3, None, unit="x"),
                ended(4, RED, unit="c"),
            ],
            CLOSED,
        ),
        (
            "the provider's fault is not the repository's",
            [ended(n, RATE, unit=u) for n, u in enumerate("abcd")],
            CLOSED,
        ),
        (
            "a full disk is",
            [ended(n, FailureClass.INFRASTRUCTURE, unit=u) for n, u in enumerate("abc")],
            OPEN,
        ),
        ("money without progress", [ended(1, RED, usd="6"), ended(2, RED, usd="4")], OPEN),
        ("whatever the failure", [ended(1, STALL, P, usd="6"), ended(2, RATE, Q, usd="4")], OPEN),
        ("less money than that", [ended(1, RED, usd="6"), ended(2, RED, usd="3.99")], CLOSED),
        (
            "progress between",
            [ended(1, RED, usd="6"), ended(2, None, usd="1"), ended(3, RED, usd="9")],
            CLOSED,
        ),
        (
            "money for success is well spent",
            [ended(1, None, usd="60"), ended(2, None, usd="40")],
            CLOSED,
        ),
    ],
)
def test_the_repository(
    situation: str, outcomes: list[ProviderOutcome], position: Position
) -> None:
    assert state(story(*outcomes), REPOSITORY, minutes(5)).position is position, situation


def test_the_repository_heals_like_a_provider() -> None:
    failed = [ended(n, RED, unit=u) for n, u in enumerate("abc")]
    assert state(story(*failed), REPOSITORY, minutes(32)).position is HALF
    assert state(story(*failed, ended(33, RED, unit="a")), REPOSITORY, minutes(92)).position is OPEN
    assert state(story(*failed, ended(33, None)), REPOSITORY, minutes(33)).position is CLOSED
    for named in ("", REPOSITORY):
        again = story(*failed, ended(5, RED, unit="d"), resets=[(4, named)])
        assert state(again, REPOSITORY, minutes(6)).position is CLOSED


def test_spending_can_be_left_unlimited() -> None:
    outcomes = [ended(1, RED, usd="600")]
    (repository,) = breakers(story(*outcomes), BreakerSettings(spend=None), minutes(2))
    assert repository.position is CLOSED


# --- what may be dispatched


def blocked(history: History, now: datetime, provider: str, *in_flight: str) -> str:
    found = may_dispatch(breakers(history, SETTINGS, now), provider, in_flight)
    return found.reason if found else ""


def test_an_open_breaker_blocks_its_provider_and_no_other() -> None:
    reason = blocked(story(*THREE), minutes(5), P)
    assert reason == (
        "the breaker command:p/rate-limit is open until 2026-01-05 09:33 UTC: "
        "3 attempts in a row ended with rate-limit"
    )
    assert blocked(story(*THREE), minutes(5), Q, P) == ""


def test_a_half_open_breaker_lets_exactly_one_probe_through() -> None:
    assert blocked(story(*THREE), minutes(40), P) == ""
    assert blocked(story(*THREE), minutes(40), P, Q, Q) == ""
    assert "one is under way" in blocked(story(*THREE), minutes(40), P, P)


def test_a_half_open_repository_lets_one_run_of_any_provider_through() -> None:
    failed = story(*(ended(n, RED, unit=u) for n, u in enumerate("abc")))
    assert blocked(failed, minutes(40), Q) == ""
    assert "one is under way" in blocked(failed, minutes(40), Q, P)
    assert "repository is open" in blocked(failed, minutes(5), Q)


def test_closed_breakers_block_nothing() -> None:
    assert blocked(story(*THREE[:2]), minutes(5), P, *[P] * 49) == ""


# --- whatever happens

OUTCOMES = st.builds(
    ended,
    st.floats(0, 5000),
    st.none() | st.sampled_from(FailureClass),
    st.sampled_from([P, Q, ""]),
    st.sampled_from("abcdef"),
    st.sampled_from(["0", "0.5", "7"]),
)


@given(st.lists(OUTCOMES, max_size=40), st.floats(0, 6000))
@settings(max_examples=200, deadline=None)
def test_nothing_stays_open_for_longer_than_the_longest_cooldown(
    outcomes: list[ProviderOutcome], minute: float
) -> None:
    history, now = story(*outcomes), minutes(minute)
    longest = timedelta(seconds=SETTINGS.max_cooldown_s)
    for found in breakers(history, SETTINGS, now):
        if found.position is OPEN:
            assert found.until is not None
            assert now < found.until <= now + longest
    for found in breakers(history, SETTINGS, max(minutes(5000), now) + longest):
        assert found.position is not OPEN


@given(st.lists(OUTCOMES, max_size=40))
@settings(max_examples=200, deadline=None)
def test_a_probe_that_succeeds_closes_everything_it_went_through(
    outcomes: list[ProviderOutcome],
) -> None:
    history = story(*outcomes)
    later = minutes(5000) + timedelta(hours=7)
    for provider in (P, Q):
        assert may_dispatch(breakers(history, SETTINGS, later), provider, ()) is None
        later += timedelta(minutes=1)
        history.outcomes.append(ProviderOutcome(later, provider, None, UnitId("x"), Decimal(0)))
        assert may_dispatch(breakers(history, SETTINGS, later), provider, [P, Q]) is None
    assert {found.position for found in breakers(history, SETTINGS, later)} == {CLOSED}


@given(st.lists(OUTCOMES, max_size=40), st.floats(0, 6000))
@settings(max_examples=100, deadline=None)
def test_a_reset_closes_everything(outcomes: list[ProviderOutcome], minute: float) -> None:
    history = story(*outcomes, resets=[(5000, "")])
    assert {found.position for found in breakers(history, SETTINGS, minutes(minute + 5000))} == {
        CLOSED
    }

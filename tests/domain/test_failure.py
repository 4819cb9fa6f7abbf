"""The table of failures holds what the rules say."""

from __future__ import annotations

import pytest

from loopcoder.domain.tick.failure import POLICIES, FailureClass, Session, policy_of


def test_every_class_has_a_policy() -> None:
    assert set(POLICIES) == set(FailureClass)


@pytest.mark.parametrize("failure", list(FailureClass))
def test_retries_are_bounded_and_wait_for_at_most_two_minutes(failure: FailureClass) -> None:
    policy = policy_of(failure)
    assert 0 <= policy.retries <= 5
    assert policy.delay_s * 2 ** max(policy.retries - 1, 0) <= policy.max_delay_s or (
        policy.max_delay_s == 120.0
    )


@pytest.mark.parametrize(
    "failure",
    [
        FailureClass.TRANSIENT_API,
        FailureClass.RATE_LIMIT,
        FailureClass.AUTH,
        FailureClass.BILLING,
        FailureClass.CONFLICT,
        FailureClass.SANDBOX,
        FailureClass.INFRASTRUCTURE,
    ],
)
def test_what_is_not_the_works_fault_is_no_strike(failure: FailureClass) -> None:
    assert not policy_of(failure).strike


def test_a_bad_key_or_an_empty_account_stops_its_provider_at_once() -> None:
    for failure in (FailureClass.AUTH, FailureClass.BILLING):
        policy = policy_of(failure)
        assert policy.stops_provider
        assert policy.retries == 0
        assert policy.session is Session.OTHER_PROVIDER


def test_a_strike_that_is_tried_again_tells_the_next_session_why() -> None:
    assert all(p.told for p in POLICIES.values() if p.strike)

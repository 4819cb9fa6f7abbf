"""How an attempt can fail, and what follows from each way: the table is data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class FailureClass(StrEnum):
    TRANSIENT_API = "transient-api"
    RATE_LIMIT = "rate-limit"
    AUTH = "auth"
    BILLING = "billing"
    CONTEXT_OVERFLOW = "context-overflow"
    REFUSED = "refused"
    MALFORMED = "malformed"
    TIMEOUT = "timeout"
    STALL = "stall"
    NO_CHANGE = "no-change"
    GATE_RED = "gate-red"
    REVIEW_REJECTED = "review-rejected"
    POLICY_REJECTED = "policy-rejected"
    CONFLICT = "conflict"
    SANDBOX = "sandbox"
    CRASH = "crash"
    INFRASTRUCTURE = "infrastructure"


class Session(StrEnum):
    """Which session the next try continues."""

    SAME = "same"
    FORK = "fork"
    FRESH = "fresh"
    OTHER_PROVIDER = "other provider"


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """What one class of failure leads to.

    `strike`: the work's fault, counted against the unit. `retries`: further tries inside the
    same attempt that are no strike. `delay_s`: the first wait; it doubles up to `max_delay_s`.
    `stops_provider`: nothing more is dispatched with the provider in this tick.
    `told`: what the next prompt says of it.
    """

    strike: bool
    retries: int = 0
    delay_s: float = 0.0
    max_delay_s: float = 120.0
    session: Session = Session.FRESH
    stops_provider: bool = False
    told: str = ""


POLICIES = MappingProxyType(
    {
        FailureClass.TRANSIENT_API: FailurePolicy(False, 5, 5.0, session=Session.SAME),
        FailureClass.RATE_LIMIT: FailurePolicy(False, 5, 5.0, session=Session.OTHER_PROVIDER),
        FailureClass.AUTH: FailurePolicy(
            False, session=Session.OTHER_PROVIDER, stops_provider=True
        ),
        FailureClass.BILLING: FailurePolicy(
            False, session=Session.OTHER_PROVIDER, stops_provider=True
        ),
        FailureClass.CONTEXT_OVERFLOW: FailurePolicy(
            True, 1, told="The earlier session ran out of context. Read less at a time."
        ),
        FailureClass.REFUSED: FailurePolicy(
            True, 1, told="The earlier session declined the task. Do the part that can be done."
        ),
        FailureClass.MALFORMED: FailurePolicy(
            True, 1, told="The earlier session's replies could not be read."
        ),
        FailureClass.TIMEOUT: FailurePolicy(
            True, session=Session.FORK, told="The earlier session ran out of time."
        ),
        FailureClass.STALL: FailurePolicy(
            True, 2, session=Session.FORK, told="The earlier session stopped making progress."
        ),
        FailureClass.NO_CHANGE: FailurePolicy(
            True, told="The earlier session changed no file of the product."
        ),
        FailureClass.GATE_RED: FailurePolicy(
            True, session=Session.SAME, told="Checks failed on the earlier result."
        ),
        FailureClass.REVIEW_REJECTED: FailurePolicy(
            True, session=Session.SAME, told="The reviewer asked for changes."
        ),
        FailureClass.POLICY_REJECTED: FailurePolicy(
            True, told="The earlier result touched what it must not touch."
        ),
        FailureClass.CONFLICT: FailurePolicy(
            False, told="The earlier result no longer fits the base branch."
        ),
        FailureClass.SANDBOX: FailurePolicy(False, stops_provider=True),
        FailureClass.CRASH: FailurePolicy(True, told="The earlier session crashed."),
        FailureClass.INFRASTRUCTURE: FailurePolicy(False),
    }
)


def policy_of(failure: FailureClass) -> FailurePolicy:
    """The policy of a failure class."""
    return POLICIES[failure]

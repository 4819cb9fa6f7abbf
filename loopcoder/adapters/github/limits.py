"""GitHub's limits: what an answer says about them, and how long to wait, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from loopcoder.adapters.github.answer import Answer

SECONDARY_WAIT_S = 60.0
"""What GitHub asks for where it names no time; doubled for each refusal in a row."""
_MOST_BACKOFF_S = 30.0
_MINUTE, _HOUR = 60.0, 3600.0


class Limit(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The request was not carried out, because of a limit; `wait_s` from now it may be."""

    limit: Limit
    wait_s: float


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the primary limit of a resource (`core`, `graphql`) until `reset`."""

    remaining: int
    reset: datetime
    resource: str = "core"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: the longest single wait for a limit, and the most of them in one process."""

    one_s: float = 120.0
    all_s: float = 300.0

    def allows(self, wait_s: float, waited_s: float) -> bool:
        return wait_s <= self.one_s and waited_s + wait_s <= self.all_s


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast content may be created: the gap between two writes, and the most of each span."""

    gap_s: float = 1.0
    per_minute: int = 80
    per_hour: int = 500

    def pause(self, past: Sequence[float], now: float) -> float:
        """Seconds until the next write may begin. `past` are times of writes, oldest first."""
        waits = [0.0]
        if past:
            waits.append(past[-1] + self.gap_s - now)
        for span, most in ((_MINUTE, self.per_minute), (_HOUR, self.per_hour)):
            inside = [at for at in past if at > now - span]
            if len(inside) >= most:
                waits.append(inside[-most] + span - now)
        return max(waits)

    def lasts(self, writes: int, past: Sequence[float], now: float) -> float:
        """Seconds until the last of so many writes may begin, however long each one waits."""
        times = [at for at in past if at > now - _HOUR]
        at = now
        for _ in range(writes):
            if times:
                at = max(at, times[-1] + self.gap_s)
            for span, most in ((_MINUTE, self.per_minute), (_HOUR, self.per_hour)):
                if len(times) >= most:
                    at = max(at, times[-most] + span)
            times.append(at)
        return at - now


@dataclass(frozen=True, slots=True)
class Manners:
    """How a session behaves: the pace of its writes, and how long it waits for a limit."""

    pace: Pace = Pace()
    patience: Patience = Patience()


def read_quota(answer: Answer) -> Quota | None:
    """What the answer says is left, None where the host has no limits."""
    headers = answer.headers
    try:
        remaining = int(float(headers["x-ratelimit-remaining"]))
        reset = datetime.fromtimestamp(float(headers["x-ratelimit-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return Quota(remaining, reset, headers.get("x-ratelimit-resource", "core"))


def read_refusal(answer: Answer, now: datetime, in_a_row: int = 0) -> Refusal | None:
    """Whether the answer is a limit's refusal. `in_a_row` counts the refusals just before it."""
    said = _limit_words(answer)
    if said is None:
        return None
    asked = _seconds(answer.headers.get("retry-after", ""))
    if asked is not None:
        return Refusal(Limit.SECONDARY, asked)
    quota = read_quota(answer)
    if quota is not None and quota.remaining == 0 and "secondary" not in said:
        # GitHub does not say in which part of the second the count starts again.
        left = (quota.reset - now) + timedelta(seconds=1)
        return Refusal(Limit.PRIMARY, max(1.0, left.total_seconds()))
    return Refusal(Limit.SECONDARY, SECONDARY_WAIT_S * 2.0**in_a_row)


def backoff_s(failures: int) -> float:
    """Seconds before a read is tried again after so many failures in a row (1, 2, 4 …)."""
    return float(min(_MOST_BACKOFF_S, 0.5 * 2.0**failures))


def _limit_words(answer: Answer) -> str | None:
    """The sentence of a limit's refusal in lower case, None when the answer is none."""
    if answer.status == 200:
        return _graphql_words(answer.data)
    if answer.status not in (403, 429):
        return None
    words = answer.message.lower()
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    named = "rate limit" in words or "abuse detection" in words
    if answer.status == 429 or named or "retry-after" in answer.headers:
        return words
    # A missing permission may be found with the last request of the hour: that is no limit.
    return words if spent and "not accessible" not in words and "must have" not in words else None


def _graphql_words(data: Any) -> str | None:
    """GraphQL refuses with status 200 and an error of its own type."""
    errors = data.get("errors") if isinstance(data, dict) else None
    for error in errors if isinstance(errors, list) else ():
        words = str(error.get("message", "")).lower() if isinstance(error, dict) else ""
        if error.get("type") == "RATE_LIMITED" or "rate limit" in words:
            return words
    return None


def _seconds(text: str) -> float | None:
    try:
        return max(0.0, float(text))
    except ValueError:
        return None

"""Breakers: after failures in a row nothing more is paid for, until one probe gets through.

A scope is a provider with one failure class, or the whole repository; a unit has strikes
instead. Nothing here is stored: the state follows from how attempts ended, from what people
reset, and from the time, so that it survives restarts and is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import ProviderOutcome
from loopcoder.domain.limits.budget import NOTHING, dollars
from loopcoder.domain.settings import BreakerSettings
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId

REPOSITORY = "repository"

PROVIDER_FAULTS = frozenset(
    {
        FailureClass.TRANSIENT_API,
        FailureClass.RATE_LIMIT,
        FailureClass.AUTH,
        FailureClass.BILLING,
        FailureClass.MALFORMED,
        FailureClass.TIMEOUT,
        FailureClass.STALL,
        FailureClass.SANDBOX,
        FailureClass.CRASH,
    }
)
"""Failures that say more about the provider, or how it is set up, than about the work. They
count for the provider's breaker and not for the repository's, so that others go on."""

UNRELATED = frozenset({FailureClass.INFRASTRUCTURE})
"""Says nothing about the provider, good or bad. Every other class shows that its run got
through: red gates are the work's fault, and prove that the provider answers."""


class Position(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerState:
    """One breaker now. `failures` in a row count towards opening; `until` ends the cooldown, and
    from then on it is half open. `provider` is empty for the repository."""

    scope: str
    position: Position
    failures: int
    opened_at: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why nothing may be dispatched with a provider now. `until` is None while a probe runs."""

    scope: str
    reason: str
    until: datetime | None


def breakers(
    history: History, settings: BreakerSettings, now: datetime
) -> tuple[BreakerState, ...]:
    """The repository's breaker first, then one for each provider and class that ever failed."""
    fold = _Fold(settings)
    for moment in _moments(history):
        fold.take(moment)
    return tuple(circuit.state(now) for circuit in fold.circuits.values())


def may_dispatch(
    states: Sequence[BreakerState], provider: str, in_flight: Sequence[str]
) -> Blocked | None:
    """What keeps a run of `provider` from starting; `in_flight` names the provider of every run.

    A half-open breaker lets one run through when none of its scope is in flight: the probe.
    """
    for state in states:
        if state.provider not in ("", provider) or state.position is Position.CLOSED:
            continue
        if state.position is Position.OPEN:
            return Blocked(state.scope, _refusal(state), state.until)
        if any(not state.provider or flying == provider for flying in in_flight):
            reason = f"the breaker {state.scope} lets one run at a time try; one is under way"
            return Blocked(state.scope, reason, None)
    return None


def covers(named: str, scope: str) -> bool:
    """Whether a person who names `named` means `scope`: all of them, a provider's, or itself."""
    return named in ("", scope) or scope.startswith(f"{named}/")


def _refusal(state: BreakerState) -> str:
    until = f" until {state.until:%Y-%m-%d %H:%M} UTC" if state.until else ""
    return f"the breaker {state.scope} is open{until}: {state.reason}"


@dataclass(frozen=True, slots=True)
class _Reset:
    at: datetime
    scope: str


def _moments(history: History) -> Iterator[ProviderOutcome | _Reset]:
    """Outcomes and resets by time. At the same instant a reset counts as later."""
    resets = [_Reset(at, scope) for at, scope in history.breaker_resets]
    moments: list[ProviderOutcome | _Reset] = [*history.outcomes, *resets]
    yield from sorted(moments, key=lambda moment: moment.at)


@dataclass(slots=True)
class _Circuit:
    """One breaker in the making. `trips` counts how often it opened without closing between."""

    scope: str
    settings: BreakerSettings
    provider: str = ""
    failures: int = 0
    trips: int = 0
    opened_at: datetime | None = None
    until: datetime | None = None
    reason: str = ""

    def close(self) -> None:
        self.failures, self.trips, self.reason = 0, 0, ""
        self.opened_at = self.until = None

    def fail(self, at: datetime, failures: int, reason: str, *, enough: bool) -> None:
        """Take a failure in. While it is open, a run that began earlier changes nothing."""
        self.failures, self.reason = failures, reason
        if self.until is None and not enough:
            return
        if self.until is None or at >= self.until:
            cooldown = min(
                self.settings.cooldown_s * 2.0 ** min(self.trips, 60), self.settings.max_cooldown_s
            )
            self.opened_at, self.until = at, at + timedelta(seconds=cooldown)
            self.trips += 1

    def state(self, now: datetime) -> BreakerState:
        return BreakerState(
            self.scope,
            self._position(now),
            self.failures,
            self.opened_at,
            self.until,
            self.reason,
            self.provider,
        )

    def _position(self, now: datetime) -> Position:
        if self.until is None:
            return Position.CLOSED
        # A clock that was ahead when it opened must not keep it open for longer than any cooldown.
        longest = timedelta(seconds=self.settings.max_cooldown_s)
        return Position.OPEN if now < self.until <= now + longest else Position.HALF_OPEN


@dataclass(slots=True)
class _Fold:
    """All breakers while outcomes are taken in, oldest first. `failed` and `wasted` are the units
    and the money of the failures since the last success."""

    settings: BreakerSettings
    circuits: dict[str, _Circuit] = field(default_factory=dict)
    failed: set[UnitId | None] = field(default_factory=set)
    wasted: Decimal = NOTHING

    def __post_init__(self) -> None:
        self.circuits[REPOSITORY] = _Circuit(REPOSITORY, self.settings)

    def take(self, moment: ProviderOutcome | _Reset) -> None:
        match moment:
            case _Reset():
                self._reset(moment.scope)
            case ProviderOutcome(reviewing=True):
                self._reviewed(moment)
            case ProviderOutcome(failure=None):
                self._got_through(moment.provider)
                self._progress()
            case ProviderOutcome(failure=failure) if failure in PROVIDER_FAULTS:
                self._provider_failed(moment, failure)
                self._repository_failed(moment, counts=False)
            case ProviderOutcome(failure=failure):
                if failure not in UNRELATED:
                    self._got_through(moment.provider)
                self._repository_failed(moment, counts=True)

    def _reviewed(self, outcome: ProviderOutcome) -> None:
        """A review is no progress of the repository's; it only shows how its provider is."""
        if outcome.failure in PROVIDER_FAULTS:
            self._provider_failed(outcome, outcome.failure)
        else:
            self._got_through(outcome.provider)

    def _reset(self, named: str) -> None:
        for circuit in self.circuits.values():
            if covers(named, circuit.scope):
                circuit.close()
        if covers(named, REPOSITORY):
            self._progress()

    def _progress(self) -> None:
        self.circuits[REPOSITORY].close()
        self.failed.clear()
        self.wasted = NOTHING

    def _got_through(self, provider: str) -> None:
        for circuit in self.circuits.values():
            if provider and circuit.provider == provider:
                circuit.close()

    def _provider_failed(self, outcome: ProviderOutcome, failure: FailureClass) -> None:
        if not outcome.provider:
            return
        scope = f"{outcome.provider}/{failure.value}"
        circuit = self.circuits.setdefault(scope, _Circuit(scope, self.settings, outcome.provider))
        count, noun = circuit.failures + 1, "review" if outcome.reviewing else "attempt"
        reason = f"{_times(count, noun)} in a row ended with {failure.value}"
        circuit.fail(outcome.at, count, reason, enough=count >= self.settings.failures)

    def _repository_failed(self, outcome: ProviderOutcome, *, counts: bool) -> None:
        """Different units that fail one after the other, or money that buys nothing. One unit
        that fails again and again is a matter of its strikes."""
        self.wasted += outcome.usd
        if counts:
            self.failed.add(outcome.unit)
        circuit, limit = self.circuits[REPOSITORY], self.settings.spend
        too_dear = limit is not None and self.wasted >= limit > 0
        if too_dear:
            reason = f"{dollars(self.wasted)} were spent since the last success"
        else:
            reason = f"{_times(len(self.failed), 'unit')} failed and none succeeded between"
        if counts or too_dear:
            enough = too_dear or len(self.failed) >= self.settings.failures
            circuit.fail(outcome.at, len(self.failed), reason, enough=enough)


def _times(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

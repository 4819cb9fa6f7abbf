"""The errands of a wave as they come back, one after the other: what each came to.

What an attempt came to is not read from an artifact: it is replayed from receipts, by the pipeline
that every other process uses, in a desk that may do no stage at all.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from loopcoder.domain.diagnostic import LoopcoderError, RateLimited
from loopcoder.domain.tick.carried import Forged, Station
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.engine.attempt.claim import holds_claim
from loopcoder.engine.attempt.ending import end_attempt
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.recovery import clear_shelf, kept_of
from loopcoder.engine.attempt.stage import Desk, NotOurs, Suspended
from loopcoder.engine.services import Services
from loopcoder.engine.tick.belief import Delivered, believe
from loopcoder.engine.tick.integrate import integrated
from loopcoder.engine.tick.parting import Ends, Left, pause
from loopcoder.engine.tick.relay import desk_of, replay
from loopcoder.engine.tick.wave import conclude_wave
from loopcoder.ports.shelf import Kept

_NOTHING_MAY = frozenset[str]()


@dataclass(slots=True)
class Settlement:
    """The wave's errands, one after the other: what each came to, and what goes on the shelf."""

    services: Services
    wave: Wave
    left: list[Left] = field(default_factory=list)
    ends: Ends = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def take(self, errand: Errand, given: Delivered) -> None:
        """One errand up to the barrier."""
        desk = desk_of(self.services, self.wave, errand, _NOTHING_MAY)
        result = self._result(errand, desk, given)
        self.left.append(Left(errand.step, desk, result))
        if isinstance(result, Judged):
            self._barrier(result, given)

    def conclude(self) -> None:
        """Publish what was found out before anything is proposed, then propose what fits."""
        services = self.services
        services.journal.flush()
        if services.shelf and self.kept:
            services.shelf.keep(self.kept)
        integration, unheard = integrated(self.judged)
        for each in unheard:
            self._rest(each.desk, _not_put_together())
        self.ends |= conclude_wave(services, integration)
        clear_shelf(services, self._shelved())

    @property
    def limit(self) -> RateLimited | None:
        """The host's limit that will last longest of those that were met on the way."""
        met = [ended.limit for ended, _ in self.ends.values() if ended.limit]
        return max(met, key=lambda limit: limit.until, default=None)

    def give_back(self, limit: RateLimited) -> None:
        """Nobody else is to wait for claims until they expire: what has not ended rests, and its
        commits are kept where every machine finds them, as far as that can be done now."""
        done = set(self.ends)
        for each in self.left:
            if isinstance(each.result, Judged) and each.step.unit not in done:
                self._rest(each.result.desk, Suspended(str(limit)))
        begun = {each.step.unit for each in self.left}
        for errand in self.wave.errands:
            if errand.unit.id not in begun:
                desk = desk_of(self.services, self.wave, errand, _NOTHING_MAY)
                self.left.append(Left(errand.step, desk, None))
                self._rest(desk, Suspended(str(limit)))
        if self.services.shelf and self.kept:
            with suppress(LoopcoderError):
                self.services.shelf.keep(self.kept)

    def _result(self, errand: Errand, desk: Desk, given: Delivered) -> Judged | Ended | None:
        """What it came to, or None when it rests until the next tick."""
        services, unit = self.services, errand.unit.id
        if not holds_claim(services, unit, errand.epoch):
            reason = f"another process took {unit} over; its result stands."
            return Ended(UnitOutcome.WAITING, reason)
        try:
            believe(services, self.wave, errand, desk, given)
        except Forged as error:
            reason = f"an artifact was refused: {error}"
            ended = Ended(UnitOutcome.FAILED, reason, FailureClass.POLICY_REJECTED, strike=True)
            end_attempt(desk, ended)
            return ended
        result = replay(desk, errand)
        if isinstance(result, Ended):
            end_attempt(desk, result)
        elif isinstance(result, NotOurs):
            self._rest(desk, _why_rests(result, given))
            return None
        return result

    def _barrier(self, judged: Judged, given: Delivered) -> None:
        self._keep(judged.desk)
        try:
            judged.desk.check_wanted(looking=True)
            if Station.INTEGRATE not in given.events:
                raise _not_put_together()
        except Suspended as error:
            self._rest(judged.desk, error)
        else:
            self.judged.append(judged)

    def _rest(self, desk: Desk, reason: Suspended) -> None:
        """Give the unit back with its attempt open, its commit where every machine finds it."""
        self._keep(desk)
        self.ends[desk.step.unit] = pause(self.services, desk.step, desk.epoch, reason)

    def _keep(self, desk: Desk) -> None:
        kept = kept_of(desk)
        if kept and kept not in self.kept:
            self.kept.append(kept)

    def _shelved(self) -> list[Kept]:
        """What may lie on the shelf for attempts of this wave, put there now or earlier."""
        resumed = [e for e in self.wave.errands if e.step.resume]
        earlier = [Kept(e.unit.id, e.step.attempt, "") for e in resumed]
        return [*self.kept, *(e for e in earlier if all(e.unit != k.unit for k in self.kept))]


def _not_put_together() -> Suspended:
    return Suspended("it was not put together with its wave; the next tick goes on.")


def _why_rests(waits: NotOurs, given: Delivered) -> Suspended:
    if waits.stage == "work" and waits.round > 1:
        return Suspended(f"goes back to work, round {waits.round}; the next tick goes on.")
    died = ", ".join(given.missing)
    why = f"the {died} job left nothing" if died else f"its job ended before {waits.stage}"
    return Suspended(f"{why}; the next tick goes on.")

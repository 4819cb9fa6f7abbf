"""Going on with an attempt that another machine began: its commit is here, or it begins anew."""

from __future__ import annotations

from collections.abc import Iterable

from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.services import Services
from loopcoder.engine.tick.execute import execute
from loopcoder.ports.shelf import Kept

GONE = "what it had committed went with its machine; it is begun anew"


def at_hand(services: Services, step: Dispatch) -> bool:
    """Whether what an attempt had committed can be gone on with here."""
    if not step.resume:
        return True
    attempts = services.journal.history().unit(step.unit).attempts
    attempt = next(a for a in attempts if a.number == step.attempt)
    if any(not services.workspaces.is_kept(sha) for sha in _of_candidates(attempt)):
        return False
    made = attempt.last("commit")
    if made is None or not made.passed or services.workspaces.is_kept(made.sha):
        return True
    kept = Kept(step.unit, step.attempt, made.sha)
    return services.shelf is not None and services.shelf.fetch(kept)


def _of_candidates(attempt: AttemptRecord) -> list[str]:
    """What the candidates of a race that is not over have committed. It is not shelved."""
    if attempt.race is None or attempt.raced is not None:
        return []
    lanes = range(1, len(attempt.race.workers) + 1)
    made = (attempt.seen_from(lane).last("commit") for lane in lanes)
    return [each.sha for each in made if each and each.passed]


def give_up(services: Services, snapshot: Snapshot, step: Dispatch) -> None:
    """End an attempt whose commit is nowhere. It costs no strike."""
    execute(services, snapshot, act.Abandon(step.unit, step.attempt, False, GONE))


def kept_of(desk: Desk) -> Kept | None:
    """The attempt's commit, if the change policy lets it leave this machine."""
    made, allowed = desk.record.last("commit"), desk.record.last("policy")
    if made and made.passed and allowed and allowed.passed and allowed.sha == made.sha:
        return Kept(desk.step.unit, desk.step.attempt, made.sha)
    return None


def shelve(desk: Desk) -> None:
    """Put the commit of an attempt that rests where every machine finds it."""
    shelf, kept = desk.services.shelf, kept_of(desk)
    if shelf is not None and kept is not None:
        shelf.keep([kept])


def clear_shelf(services: Services, attempts: Iterable[Kept]) -> None:
    """Take down what lies there for attempts that are over."""
    attempts = list(attempts)
    if services.shelf is None or not attempts:
        return
    history = services.journal.history()
    services.shelf.drop(
        [
            each
            for each in attempts
            if any(
                a.number == each.attempt and a.finished for a in history.unit(each.unit).attempts
            )
        ]
    )

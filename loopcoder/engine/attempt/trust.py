"""Which reviewers may be asked: the gate in front of every review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.review.trust import (
    Identity,
    Standing,
    identify,
    program_files,
    refusal,
    same_mind,
    standing,
)
from loopcoder.domain.settings import (
    Calibration,
    Independence,
    ReviewerSpec,
    Settings,
    WorkerSpec,
)
from loopcoder.engine.templates import template_version
from loopcoder.ports.clock import Clock
from loopcoder.ports.journal import Journal

REVIEW_TEMPLATE = "review.md.j2"

_CALIBRATE = (
    "Run `loopcoder calibrate`, or write `calibration: off` under `reviewer:`; every report will "
    "then say so. See `loopcoder help reviewing`."
)
_INDEPENDENCE = (
    "Name another model or program under `reviewer:`, or write `independence: off` there; every "
    "report will then say so."
)


class Records(Protocol):
    """The part of the engine's services that trust is computed from."""

    @property
    def settings(self) -> Settings: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def base_file(self) -> Callable[[str], str | None]: ...


@dataclass(frozen=True, slots=True)
class Judge:
    """A reviewer that could be asked: `name` is empty for the configured one, else that of a
    worker which stands in. `words` is how people know it."""

    name: str
    spec: WorkerSpec
    known: Standing

    @property
    def words(self) -> str:
        return f"fallback reviewer `{self.name}`" if self.name else "reviewer"


def identity_of(records: Records, spec: WorkerSpec) -> Identity:
    """The reviewer as it stands now, with its program's text on the base branch."""
    texts = {path: records.base_file(path) for path in program_files(spec)}
    files = {path: text for path, text in texts.items() if text is not None}
    return identify(spec, template_version(REVIEW_TEMPLATE), files)


def judges(records: Records) -> tuple[Judge, ...]:
    """The configured reviewer and its fallbacks, in the order in which they are asked."""
    rules = _rules(records)
    workers = records.settings.workers
    chain = [("", rules.spec), *((n, workers[n]) for n in rules.spec.fallback if n in workers)]
    history, now = records.journal.history(), records.clock.now()
    return tuple(
        Judge(name, spec, standing(identity_of(records, spec), history, rules.thresholds, now))
        for name, spec in chain
    )


def admitted(records: Records, worker: WorkerSpec) -> tuple[str, ...]:
    """Who may judge what this worker made. Raises ConfigurationError when nobody may."""
    rules, found = _rules(records), judges(records)
    fine = tuple(j.name for j in found if not refusal(worker, j.spec, rules, j.known))
    if not fine:
        raise _refused(worker, found[0], rules)
    return fine


def require_trust(records: Records) -> None:
    """Raise ConfigurationError before anybody is paid for work that could not be judged: when
    the reviewer's own calibration does not hold, or some worker's work has no judge."""
    rules, found = _rules(records), judges(records)
    if rules.calibration is Calibration.REQUIRED and found[0].known.fault:
        raise _refused(None, found[0], rules)
    for worker in records.settings.workers.values():
        admitted(records, worker)


def remarks(records: Records) -> tuple[str, ...]:
    """What every report says about who judges."""
    rules = records.settings.reviewer
    return tuple(_remarks(records, rules)) if rules else ()


def told_of(records: Records, reviewer: str) -> str:
    """What is known of the reviewer with a name, where that was asked for; else empty."""
    rules = records.settings.reviewer
    if rules is None or rules.calibration is Calibration.OFF:
        return ""
    return next((j.known.told for j in judges(records) if reviewer in (j.name, j.spec.name)), "")


def _remarks(records: Records, rules: ReviewerSpec) -> Iterator[str]:
    if rules.calibration is Calibration.OFF:
        yield "the reviewer was never measured (calibration: off)"
    for worker in records.settings.workers.values():
        if rules.independence is Independence.OFF and same_mind(worker, rules.spec):
            yield f"the reviewer is the same as the worker `{worker.name}` (independence: off)"
    for judge in judges(records):
        why = refusal(None, judge.spec, rules, judge.known)
        if judge.name and why:
            yield f"the fallback reviewer `{judge.name}` is not asked: {why}"


def _rules(records: Records) -> ReviewerSpec:
    rules = records.settings.reviewer
    if rules is None:
        raise ConfigurationError(
            "no reviewer is configured, and work that nobody reviewed is never proposed.",
            "Add reviewer: to loopcoder.yml. See `loopcoder help configuration reviewer`.",
        )
    return rules


def _refused(worker: WorkerSpec | None, judge: Judge, rules: ReviewerSpec) -> ConfigurationError:
    why = refusal(worker, judge.spec, rules, judge.known)
    unmeasured = rules.calibration is Calibration.REQUIRED and judge.known.fault
    return ConfigurationError(
        f"the {judge.words} cannot be trusted: {why}.",
        _CALIBRATE if unmeasured else _INDEPENDENCE,
    )

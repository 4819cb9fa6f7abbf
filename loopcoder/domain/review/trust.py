"""Who may judge whose work: measured, measured lately, well enough, and somebody else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from loopcoder.domain.journal.event import Calibrated
from loopcoder.domain.journal.history import History
from loopcoder.domain.review.calibration import Tally, shortfall, too_few
from loopcoder.domain.settings import (
    Calibration,
    Independence,
    ReviewerSpec,
    Thresholds,
    WorkerSpec,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A reviewer as it is measured. `digest` names everything in our sight that its judgement
    depends on; `prompt` is the version of the review prompt."""

    provider: str
    model: str
    prompt: str
    digest: str


def program_files(spec: WorkerSpec) -> tuple[str, ...]:
    """Paths that the agent's program may have in the repository."""
    names = [a for a in spec.argv if a and not a.startswith(("/", "-"))]
    script = str(spec.options.get("script", ""))
    if script and not script.startswith("/"):
        names.append(script)
    return tuple(name.removeprefix("./") for name in names)


def identify(spec: WorkerSpec, prompt: str, files: Mapping[str, str]) -> Identity:
    """`files` holds the texts of `program_files` that the base commit has. The agent's name,
    limits and fallbacks do not change what it thinks, and are left out."""
    told = {
        "kind": spec.kind,
        "model": spec.model,
        "argv": list(spec.argv),
        "env": sorted(spec.env.items()),
        "options": spec.options,
        "files": sorted(files.items()),
        "prompt": prompt,
    }
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, default=str)
    return Identity(spec.provider, spec.model, prompt, hashlib.sha256(text.encode()).hexdigest())


def tally_of(fact: Calibrated) -> Tally:
    return Tally(fact.defects, fact.caught, fact.clean, fact.alarms, fact.unusable)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a reviewer's reliability. `fault` says why it may not judge; empty when
    it may. `told` is one line for reports."""

    fault: str
    told: str


def standing(identity: Identity, history: History, wanted: Thresholds, now: datetime) -> Standing:
    """Judged on the newest calibration of exactly this reviewer, by today's thresholds."""
    found = history.calibrations.get(identity.digest)
    if found is None:
        return Standing(_unmeasured(identity, history), "no calibration")
    at, fact = found
    tally = tally_of(fact)
    until = min(fact.until, at + timedelta(days=wanted.days))
    told = (
        f"catches {tally.catch}, holds back {tally.false_alarms} clean changes; "
        f"measured {at:%Y-%m-%d}, valid until {until:%Y-%m-%d}"
    )
    failed = shortfall(tally, wanted) or too_few(fact.defects, fact.clean)
    if failed:
        return Standing(f"its calibration of {at:%Y-%m-%d} failed: {failed}", told)
    if now >= until:
        return Standing(f"its calibration expired on {until:%Y-%m-%d}", told)
    return Standing("", told)


def _unmeasured(identity: Identity, history: History) -> str:
    """Why there is no calibration of this reviewer: never made, or of what it was before."""
    for at, fact in sorted(history.calibrations.values(), key=lambda row: row[0], reverse=True):
        if (fact.provider, fact.model) == (identity.provider, identity.model):
            what = "the review prompt" if fact.prompt != identity.prompt else "its configuration"
            return f"{what} has changed since it was measured on {at:%Y-%m-%d}"
    return "it was never measured"


def same_mind(worker: WorkerSpec, reviewer: WorkerSpec) -> bool:
    """Whether author and judge are the same model, or without models the same program.

    A script has no opinion of its own, and is never the same as anybody.
    """
    if "scripted" in (worker.kind, reviewer.kind):
        return False
    ours, theirs = _model(worker), _model(reviewer)
    if ours or theirs:
        return ours == theirs
    return (worker.kind, worker.argv) == (reviewer.kind, reviewer.argv)


def _model(spec: WorkerSpec) -> str:
    """The model's own name, without the vendor's prefix that some programs want."""
    return spec.model.rsplit("/", 1)[-1].casefold()


def refusal(
    worker: WorkerSpec | None, reviewer: WorkerSpec, rules: ReviewerSpec, known: Standing
) -> str:
    """Why the reviewer may not judge the worker's change (None: any); empty when it may."""
    if rules.calibration is Calibration.REQUIRED and known.fault:
        return known.fault
    required = rules.independence is Independence.REQUIRED
    if worker is not None and required and same_mind(worker, reviewer):
        what = f"the same model, {worker.model}," if worker.model else "the same program"
        return f"it is {what} as the worker `{worker.name}`"
    return ""

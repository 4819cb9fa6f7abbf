"""Why a pull request exists, derived again from the journal alone, and said in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from loopcoder.domain.journal import event as e
from loopcoder.domain.proof.attestation import Point
from loopcoder.domain.tick.race import lane_name
from loopcoder.domain.unit import UnitId

_GATES = ("commit", "policy", "verify", "review", "integrate")


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words. `input_hash` names what it was decided on, where it decided anything."""

    id: str
    at: datetime
    principal: str
    attempt: int | None
    words: str
    input_hash: str = ""


@dataclass(frozen=True, slots=True)
class Derivation:
    """Step by step, why what one attempt published could be published."""

    attempt: int
    head: str
    points: tuple[Point, ...]

    @property
    def holds(self) -> bool:
        return all(point.holds for point in self.points)


def unit_of_pull(events: Sequence[e.Event], number: int) -> UnitId | None:
    """The unit whose pull request this is, by the journal."""
    for event in events:
        if isinstance(event.fact, e.PullOpened) and event.fact.number == number:
            return event.unit
    return None


def audit_lines(events: Sequence[e.Event], unit: UnitId) -> list[Line]:
    """Everything that was decided and done about a unit, oldest first."""
    mine = {event.id for event in events if event.unit == unit}
    bases = {
        event.fact.base
        for event in events
        if event.id in mine and isinstance(event.fact, e.AttemptBegun)
    }
    return [
        Line(
            event.id, event.at, event.principal, event.attempt, _words(event.fact), event.input_hash
        )
        for event in events
        if event.id in mine or (isinstance(event.fact, e.BaseChecked) and event.fact.sha in bases)
    ]


def derive_pull(events: Sequence[e.Event], unit: UnitId) -> list[Derivation]:
    """One derivation for every commit of the unit that was published."""
    mine = [event for event in events if event.unit == unit]
    published = [ev for ev in mine if isinstance(ev.fact, e.PullOpened | e.PullUpdated)]
    return [_derive(mine, event) for event in published]


def _derive(events: Sequence[e.Event], publication: e.Event) -> Derivation:
    fact = publication.fact
    assert isinstance(fact, e.PullOpened | e.PullUpdated)
    before = [event for event in events if event.id <= publication.id]
    own = [event for event in before if event.attempt == publication.attempt]
    points = (
        _approval(before, own),
        _claim(own, publication.epoch),
        *(_gate(own, stage, fact.head) for stage in _GATES),
        _attested(own, fact.head),
        _pushed(own, fact.head),
    )
    return Derivation(publication.attempt or 0, fact.head, points)


def _approval(before: Sequence[e.Event], own: Sequence[e.Event]) -> Point:
    begun = next((ev.fact for ev in own if isinstance(ev.fact, e.AttemptBegun)), None)
    if begun is None:
        return Point("approved", False, "no attempt was begun")
    words = [ev for ev in before if isinstance(ev.fact, e.Approved)]
    proposed = any(isinstance(ev.fact, e.Proposed) for ev in before)
    if words:
        fact = words[-1].fact
        assert isinstance(fact, e.Approved)
        return Point("approved", True, f"by {fact.by}, at revision {fact.revision[:12] or 'any'}")
    if proposed:
        return Point("approved", False, "it was proposed, and nobody approved it")
    where = f"it stands in the roadmap of {begun.base[:12]}"
    return Point("approved", True, f"{where}, text {begun.unit_digest[:12]}")


def _claim(own: Sequence[e.Event], epoch: int | None) -> Point:
    taken = [ev for ev in own if isinstance(ev.fact, e.ClaimTaken)]
    if not taken:
        return Point("claimed", False, "no claim was taken")
    newest = taken[-1]
    assert isinstance(newest.fact, e.ClaimTaken)
    if newest.epoch != epoch:
        return Point("claimed", False, f"published under epoch {epoch}, claimed as {newest.epoch}")
    return Point("claimed", True, f"epoch {epoch}, by {newest.fact.holder.host}")


def _gate(own: Sequence[e.Event], stage: str, head: str) -> Point:
    """The newest receipt of a stage, in the kept lane where several workers raced: it must have
    passed, on the commit that was published."""
    lane = next((ev.fact.lane for ev in own if isinstance(ev.fact, e.RaceFinished)), 0)
    names = (stage, lane_name(stage, lane))
    receipts = [
        ev.fact for ev in own if isinstance(ev.fact, e.StageFinished) and ev.fact.stage in names
    ]
    if not receipts:
        return Point(stage, False, "there is no receipt of it")
    newest = receipts[-1]
    if not newest.passed:
        return Point(stage, False, newest.reason or "it did not pass")
    if stage != "integrate" and newest.sha != head:
        return Point(stage, False, f"it is about {newest.sha[:12]}, not about what was published")
    return Point(stage, True, _gate_words(newest))


def _gate_words(receipt: e.StageFinished) -> str:
    detail = receipt.detail
    if receipt.stage == "review":
        return f"{detail.get('decision')} by {detail.get('reviewer')}, at {receipt.sha[:12]}"
    if receipt.stage == "verify":
        checks = detail.get("checks")
        count = len(checks) if isinstance(checks, list) else 0
        return f"{count} of {count} checks passed at {receipt.sha[:12]}"
    if receipt.stage == "policy" and detail.get("escalate"):
        return f"marked for a person: {receipt.reason}"
    return f"at {receipt.sha[:12]}"


def _attested(own: Sequence[e.Event], head: str) -> Point:
    facts = [ev.fact for ev in own if isinstance(ev.fact, e.Attested)]
    if not facts:
        return Point("attested", None, "no statement was signed")
    newest = facts[-1]
    same = newest.commit == head
    return Point("attested", same, f"statement {newest.sha256[:12]} by {newest.keyid}")


def _pushed(own: Sequence[e.Event], head: str) -> Point:
    begun = {
        ev.id: ev.fact
        for ev in own
        if isinstance(ev.fact, e.EffectBegun) and ev.fact.verb == "branch.push"
    }
    for event in own:
        fact = event.fact
        if isinstance(fact, e.EffectFinished) and fact.begun in begun:
            push = begun[fact.begun]
            if push.detail.get("commit") == head and fact.outcome in ("done", "found"):
                return Point("pushed", True, f"{push.target} at {head[:12]}")
    return Point("pushed", False, "no push of this commit was finished")


def _words(fact: e.Fact) -> str:
    """One event as a sentence."""
    match fact:
        case e.EffectBegun(verb, target):
            return f"begin {verb} on {target}"
        case e.EffectFinished(_, outcome):
            return f"that write is {outcome.value}"
        case e.IssueBound(_, number, _, how):
            return f"the unit is issue #{number} from now on ({how})"
        case e.UnitApplied(number, digest):
            return f"issue #{number} says what the roadmap says, {digest[:19]}"
        case e.ClaimTaken(holder, until):
            return f"claimed by {holder.host}, process {holder.pid}, until {until:%Y-%m-%d %H:%M}"
        case e.ClaimReleased(reason):
            return f"claim given back{_because(reason)}"
        case e.AttemptBegun():
            return f"attempt by {fact.worker} from {fact.start[:12]}, base {fact.base[:12]}"
        case e.StageBegun(stage, round_):
            return f"round {round_}: {stage} starts"
        case e.StageFinished():
            how = "passed" if fact.passed else "did not pass"
            return f"round {fact.round}: {fact.stage} {how}{_because(fact.reason)}"
        case e.AttemptFinished():
            strike = ", a strike" if fact.strike else ""
            return f"attempt ends: {fact.outcome}{strike}{_because(fact.reason)}"
        case e.Reserved(_, purpose, provider, usd):
            return f"${usd:.2f} set aside for {purpose} with {provider}"
        case e.Settled(_, usd, basis):
            return f"${usd:.2f} charged, {basis}"
        case e.Attested(commit, digest):
            return f"statement {digest[:12]} about {commit[:12]} signed and kept"
        case e.PullOpened(number, branch, head):
            return f"pull request #{number} from {branch} at {head[:12]}"
        case e.PullUpdated(number, head):
            return f"pull request #{number} goes to {head[:12]}"
        case e.BaseChecked(sha, _, green, failing):
            return f"base {sha[:12]} is {'green' if green else f'red: {failing}'}"
        case e.NeedsHuman(reasons):
            return f"a person is asked: {reasons[-1] if reasons else 'no reason was given'}"
        case _:
            return _other_words(fact)


def _other_words(fact: e.Fact) -> str:
    """Words of people, and whatever has no sentence of its own: its kind and who said it."""
    by = getattr(fact, "by", "")
    kind = fact.kind.replace(".", ", ", 1).replace("-", " ")
    return f"{kind}{f' by {by}' if by else ''}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def by_attempt(lines: Sequence[Line]) -> Iterator[tuple[int | None, list[Line]]]:
    """The lines in runs of the same attempt, in order."""
    run: list[Line] = []
    for line in lines:
        if run and run[-1].attempt != line.attempt:
            yield run[-1].attempt, run
            run = []
        run.append(line)
    if run:
        yield run[-1].attempt, run

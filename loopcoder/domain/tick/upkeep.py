"""What has to be tidied before anything is dispatched: finished, given up, or owed to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loopcoder.domain.issues.issue import BLOCKED_BY, CloseReason
from loopcoder.domain.issues.ration import comment_rations, label_rations
from loopcoder.domain.journal.event import EffectBegun
from loopcoder.domain.limits.budget import orphans
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.asking import (
    hand_made_labels,
    heard_words,
    needs_human_label,
    owed_to_a_person,
)
from loopcoder.domain.tick.finishing import finished, left_open, merged_branch
from loopcoder.domain.tick.lifecycle import is_done, is_dropped
from loopcoder.domain.tick.our_pull import closed_unmerged, is_open_again
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.tick.telling import told_on_issue, told_on_pull


@dataclass(frozen=True, slots=True)
class Waiting:
    """A write that a limit holds back, and why. The next time it is done."""

    action: act.Tell | act.TellIssue | act.Relabel | act.Unlabel
    reason: str


def plan_upkeep(snapshot: Snapshot, settings: Settings) -> list[act.Upkeep]:
    """Every tidying action the snapshot calls for and the limits allow, unit by unit."""
    rationed = _rationed(snapshot, settings)
    return [each for each in rationed if not isinstance(each, Waiting)]


def upkeep_waiting(snapshot: Snapshot, settings: Settings) -> list[Waiting]:
    """What the limits on comments and labels hold back."""
    return [each for each in _rationed(snapshot, settings) if isinstance(each, Waiting)]


def _rationed(snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep | Waiting]:
    """Every action, or what it waits for. Labels that speak to a person are never held back: one
    that is missing would hide that a unit has stopped, or leave one approved that is not."""
    asked = snapshot.history, snapshot.now
    comments = comment_rations(settings.limits, *asked)
    labels = label_rations(settings.limits, *asked, in_tick=True)
    for action in _wanted(snapshot, settings):
        match action:
            case act.Tell() | act.TellIssue() if not _is_edit(action, snapshot):
                refusal = comments.refusal(1)
                comments = comments if refusal else comments.without(1)
            case act.Relabel() | act.Unlabel() if action.label.startswith(BLOCKED_BY):
                refusal = labels.refusal(1)
                labels = labels if refusal else labels.without(1)
            case _:
                yield action
                continue
        yield Waiting(action, refusal) if refusal else action


def _is_edit(action: act.Tell | act.TellIssue, snapshot: Snapshot) -> bool:
    """Whether our comment is there already, as far as the journal knows."""
    record = snapshot.history.unit(action.unit)
    if isinstance(action, act.Tell):
        return record.pull is not None and bool(record.pull.told)
    return record.told is not None and record.told.number == action.issue


def _wanted(snapshot: Snapshot, settings: Settings) -> list[act.Upkeep]:
    """Every tidying action the snapshot calls for, whatever the limits."""
    actions: list[act.Upkeep] = []
    for view in snapshot.units:
        actions.extend(_of_unit(view, snapshot, settings))
    actions.extend(_dead_effects(snapshot, settings))
    actions.extend(_orphans(snapshot))
    return actions


def _of_unit(view: UnitView, snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep]:
    if view.claim_alive:
        return
    if view.commands:
        yield from heard_words(view)
    begun = bool(view.record.attempts) or view.pull is not None  # most units never are
    if begun:
        yield from left_open(view)
    if is_done(view) or is_dropped(view) or view.parts_done:
        yield from finished(view, snapshot)
        if settings.delete_merged_branches:
            yield from merged_branch(view)
        return
    if view.pull and is_open_again(view):
        yield act.GiveBack(view.id, view.pull.number, f"#{view.pull.number} is open again")
        return
    if view.open_pull and view.record.pull:
        yield from told_on_pull(view, snapshot, settings)
    if view.hand_made or view.record.needs_human:
        yield from told_on_issue(view, snapshot, settings)
    if view.hand_made:
        yield from hand_made_labels(view)
    reasons = owed_to_a_person(view, settings) if begun else ()
    if reasons and view.record.needs_human is None:
        closed = closed_unmerged(view)
        yield act.Escalate(view.id, reasons, reasons[-1], closed.number if closed else None)
    else:
        yield from needs_human_label(view)
    if view.id == "fix-base" and snapshot.base.green and not view.open_pull and view.issue:
        yield act.CloseIssue(
            view.id, view.issue.number, CloseReason.COMPLETED, "the base is green again"
        )


def _dead_effects(snapshot: Snapshot, settings: Settings) -> Iterator[act.SettleEffect]:
    """Writes that began before this tick and whose unit nobody works on. The compiler settles
    those on issues itself, because it knows what to look for."""
    alive = {view.id for view in snapshot.units if view.claim_alive}
    for begun, event in snapshot.history.open_effects.items():
        fact = event.fact
        assert isinstance(fact, EffectBegun)
        if fact.verb.startswith("issue.") or event.unit in alive:
            continue
        if fact.verb == "comment.create" and settings.may_be_unlisted(event.at, snapshot.now):
            continue
        if event.at < snapshot.tick.started_at:
            yield act.SettleEffect(begun, event.unit, f"its process died during {fact.verb}")


def _orphans(snapshot: Snapshot) -> Iterator[act.SettleOrphan]:
    alive = {view.id for view in snapshot.units if view.claim_alive}
    for spend in orphans(snapshot.history, alive):
        yield act.SettleOrphan(
            spend.reservation, spend.unit, "its process died; charged as reserved"
        )

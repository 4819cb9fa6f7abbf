"""What has to be tidied before anything is dispatched: finished, given up, or owed to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loopcoder.domain.issues.host_rules import LABELS_MAX
from loopcoder.domain.issues.issue import (
    BLOCKED_BY,
    CloseReason,
    CommandLabel,
    Issue,
    PullRequest,
    PullState,
)
from loopcoder.domain.issues.ration import comment_rations, label_rations
from loopcoder.domain.journal.event import EffectBegun, Event
from loopcoder.domain.limits.budget import orphans
from loopcoder.domain.settings import Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.lifecycle import TERMINAL, is_done, is_dropped, opened_again, state_of
from loopcoder.domain.tick.snapshot import Snapshot, UnitView
from loopcoder.domain.unit import Box
from loopcoder.domain.views.pull_body import approval_comment, status_comment
from loopcoder.domain.views.pull_status import digest_of, pull_status

MAX_INTERRUPTIONS = 5
"""Processes that may die on one attempt before it counts as a strike: an attempt that brings its
own process down must end some time."""

_TAKEN_AS_A_WORD = (CommandLabel.RETRY, CommandLabel.UNBLOCK)


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
        yield from _words(view)
    begun = bool(view.record.attempts) or view.pull is not None  # most units never are
    if begun:
        yield from _left_open(view)
    if is_done(view) or is_dropped(view) or view.parts_done:
        yield from _finished(view, snapshot)
        if settings.delete_merged_branches:
            yield from _merged_branch(view)
        return
    if view.pull and _is_open_again(view):
        yield act.GiveBack(view.id, view.pull.number, f"#{view.pull.number} is open again")
        return
    if view.open_pull and view.record.pull:
        yield from _about_pull(view, snapshot, settings)
    if view.hand_made or view.record.needs_human:
        yield from _about_issue(view, snapshot, settings)
    if view.hand_made:
        yield from _hand_made(view)
    reasons = _owed_to_a_person(view, settings) if begun else ()
    if reasons and view.record.needs_human is None:
        closed = closed_unmerged(view)
        yield act.Escalate(view.id, reasons, reasons[-1], closed.number if closed else None)
    else:
        yield from _needs_human_label(view)
    if view.id == "fix-base" and snapshot.base.green and not view.open_pull and view.issue:
        yield act.CloseIssue(
            view.id, view.issue.number, CloseReason.COMPLETED, "the base is green again"
        )


def _words(view: UnitView) -> Iterator[act.Upkeep]:
    if view.issue is None:
        return
    for label, login in view.commands:
        if label in _TAKEN_AS_A_WORD:
            yield act.Accept(view.id, view.issue.number, label, f"asked for by @{login}")


def _hand_made(view: UnitView) -> Iterator[act.Upkeep]:
    """Labels on an issue that a person wrote: whether it is approved, and what it waits for. On
    all other issues the compiler sees to them."""
    issue = view.issue
    if issue is None or not issue.is_open:
        return
    marked = CommandLabel.PROPOSED in issue.labels
    if marked and view.approved:
        why = "approved as it reads now"
        yield act.Unlabel(view.id, issue.number, CommandLabel.PROPOSED, why)
    elif not (marked or view.approved or view.record.withdrawn or _is_full(issue)):
        why = why_unapproved(view)
        yield act.Relabel(view.id, issue.number, CommandLabel.PROPOSED, why)
    waits_for = {b.number for b in view.blockers}
    for number in sorted(view.record.added_edges):
        label, on = f"{BLOCKED_BY}{number}", number in issue.blocked_by
        if on and number not in waits_for:
            yield act.Unlabel(view.id, issue.number, label, f"#{number} is done")
        elif not on and number in waits_for:
            yield act.Relabel(view.id, issue.number, label, f"still waits for #{number}")


def _is_full(issue: Issue) -> bool:
    """Whether no label fits on it: then the dashboard and the report alone tell."""
    return len(issue.labels) >= LABELS_MAX


def why_unapproved(view: UnitView) -> str:
    """What a person has to do before the unit is worked on."""
    record = view.record
    if record.withdrawn is not None:
        by = f" by @{record.withdrawn.by}" if record.withdrawn.by else ""
        return f"withdrawn{by}: the label loopcoder:file is off"
    how = f"loopcoder approve {view.id}"
    if record.filed is None:
        return f"waits for a person's approval: {how}"
    since = f"@{record.approved.by} approved it" if record.approved else "it was labelled"
    return f"its text was edited after {since}: take loopcoder:proposed off, or {how}"


def _left_open(view: UnitView) -> Iterator[act.Upkeep]:
    current = view.record.current
    if current is None:
        return
    if is_done(view) or is_dropped(view):
        yield act.Abandon(view.id, current.number, False, "the unit is finished")
    elif view.digest and current.begun.unit_digest not in ("", view.digest):
        yield act.Abandon(view.id, current.number, False, "the unit's text changed since")
    elif current.claims > MAX_INTERRUPTIONS and not current.is_judged:
        reason = f"the attempt was interrupted {current.claims - 1} times"
        yield act.Abandon(view.id, current.number, True, reason)


def _finished(view: UnitView, snapshot: Snapshot) -> Iterator[act.Upkeep]:
    issue = view.issue
    if issue is None:
        return
    if issue.is_open and (is_done(view) or view.parts_done) and not _left_as_it_is(view, issue):
        yield act.CloseIssue(view.id, issue.number, CloseReason.COMPLETED, _how_done(view))
    if state_of(view, snapshot.history) in TERMINAL and CommandLabel.NEEDS_HUMAN in issue.labels:
        yield act.Unlabel(view.id, issue.number, CommandLabel.NEEDS_HUMAN, "the unit is finished")


def _left_as_it_is(view: UnitView, issue: Issue) -> bool:
    """Opened again by a person while its box is ticked: the compiler says so."""
    ticked = view.unit.box is Box.DONE and view.record.landed is None
    return ticked and issue.reopened and not view.parts_done


def _merged_branch(view: UnitView) -> Iterator[act.Upkeep]:
    """Our branch after the merge, while nobody has put anything else there."""
    pull, ours = view.pull, view.record.pull
    if pull is None or ours is None or pull.number != ours.number or not view.merged:
        return
    if view.branch_head and view.branch_head == pull.head != ours.kept_at:
        reason = f"#{pull.number} was merged"
        yield act.DeleteBranch(view.id, pull.branch, pull.head, reason)


def _how_done(view: UnitView) -> str:
    if view.merged and view.pull:
        return f"#{view.pull.number} was merged"
    if view.record.landed:
        return f"landed on {view.record.landed.branch} as {view.record.landed.head[:7]}"
    if view.parts_done:
        return "all its parts are done"
    return "its box is ticked in the roadmap"


def _owed_to_a_person(view: UnitView, settings: Settings) -> tuple[str, ...]:
    struck = view.record.struck
    if len(struck) >= settings.limits.attempts:
        return tuple(f"attempt {a.number}: {a.finished.reason}" for a in struck if a.finished)
    closed = closed_unmerged(view)
    if closed:
        by = f" by @{closed.closed_by.login}" if closed.closed_by else ""
        return (f"#{closed.number} was closed unmerged{by}",)
    if view.merged and view.pull and not _retried_since(view, view.pull):
        what = f"#{view.pull.number} was merged"
        if view.astray:
            return (f"{what} into {view.astray}, and {settings.base} does not have it",)
        if opened_again(view):
            return (f"{what}, and its issue was opened again",)
    pull = view.open_pull
    rounds = settings.limits.review_rounds
    if pull and view.record.pull and view.record.pull.fix_ups >= rounds and wants_fix_up(view):
        return (f"#{pull.number} was fixed up {rounds} times and still needs changes",)
    return ()


def _is_open_again(view: UnitView) -> bool:
    """Whether a person opened the pull request again whose closing had them asked."""
    needs, pull = view.record.needs_human, view.open_pull
    return needs is not None and pull is not None and needs.closed == pull.number


def closed_unmerged(view: UnitView) -> PullRequest | None:
    """Our pull request, when a person closed it and has not said retry since."""
    pull, ours = view.pull, view.record.pull
    if pull is None or ours is None or pull.number != ours.number:
        return None
    if pull.state is not PullState.CLOSED:
        return None
    return None if _retried_since(view, pull) else pull


def _retried_since(view: UnitView, pull: PullRequest) -> bool:
    retry = view.record.retry
    said = (retry.said_at if retry else None) or view.record.retried_at
    return said is not None and said >= (pull.ended_at or pull.updated_at)


def wants_fix_up(view: UnitView) -> bool:
    """Whether the open pull request waits for us rather than for a person or for CI."""
    pull = view.open_pull
    if pull is None:
        return False
    return bool(view.feedback) or pull.mergeable is False or has_red_checks(view)


def has_red_checks(view: UnitView) -> bool:
    """Whether CI asks for a change; while it still runs, more may come."""
    return bool(view.checks.red) and not view.checks.pending


def _about_pull(view: UnitView, snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep]:
    """Who is asked to look at our pull request, and what is told on it."""
    pull, ours = view.open_pull, view.record.pull
    assert pull is not None and ours is not None
    if pull.number != ours.number:
        return
    names = (view.unit.owner,) if view.unit.owner else settings.reviewers
    if names and not ours.review_requested:
        reason = f"asked to look at #{pull.number}"
        yield act.RequestReview(view.id, pull.number, names, reason)
    text = pull_status(view.record)
    if text and digest_of(text) != ours.told and not just_said(snapshot, pull.number, settings):
        yield act.Tell(view.id, pull.number, text, f"what became of #{pull.number}")


def _about_issue(view: UnitView, snapshot: Snapshot, settings: Settings) -> Iterator[act.Upkeep]:
    """What our comment on the unit's issue has to say before the label does."""
    issue, told, asked = view.issue, view.record.told, _asked_on_issue(view)
    if issue is None or not issue.is_open or not asked:
        return
    text, reason = asked
    said = told is not None and told.number == issue.number and told.sha256 == digest_of(text)
    if not said and not just_said(snapshot, issue.number, settings):
        yield act.TellIssue(view.id, issue.number, text, reason)


def _asked_on_issue(view: UnitView) -> tuple[str, str] | None:
    """What is asked of a person, as a comment and in short; there is one comment for both."""
    if view.record.needs_human:
        reasons = view.record.needs_human.reasons
        return status_comment(view.id, reasons), reasons[-1]
    if view.hand_made and not view.approved and view.record.withdrawn is None:
        why = why_unapproved(view)
        return approval_comment(view.id, why), why
    return None


def just_said(snapshot: Snapshot, number: int, settings: Settings) -> bool:
    """Whether a process died so lately while it wrote a comment here that a list may lack it."""
    return any(
        isinstance(event.fact, EffectBegun)
        and (event.fact.verb, event.fact.target) == ("comment.create", f"#{number}")
        and _may_be_hidden(event, snapshot, settings)
        for event in snapshot.history.open_effects.values()
    )


def _may_be_hidden(event: Event, snapshot: Snapshot, settings: Settings) -> bool:
    return (snapshot.now - event.at).total_seconds() < settings.list_lag_s


def _needs_human_label(view: UnitView) -> Iterator[act.Upkeep]:
    if view.issue is None or not view.issue.is_open:
        return
    labelled = CommandLabel.NEEDS_HUMAN in view.issue.labels
    if view.record.needs_human and not labelled:
        if _is_full(view.issue):
            return
        reason = view.record.needs_human.reasons[-1]
        yield act.Relabel(view.id, view.issue.number, CommandLabel.NEEDS_HUMAN, reason)
    elif labelled and not view.record.needs_human:
        yield act.Unlabel(
            view.id, view.issue.number, CommandLabel.NEEDS_HUMAN, "a person said retry"
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
        if fact.verb == "comment.create" and _may_be_hidden(event, snapshot, settings):
            continue
        if event.at < snapshot.tick.started_at:
            yield act.SettleEffect(begun, event.unit, f"its process died during {fact.verb}")


def _orphans(snapshot: Snapshot) -> Iterator[act.SettleOrphan]:
    alive = {view.id for view in snapshot.units if view.claim_alive}
    for spend in orphans(snapshot.history, alive):
        yield act.SettleOrphan(
            spend.reservation, spend.unit, "its process died; charged as reserved"
        )

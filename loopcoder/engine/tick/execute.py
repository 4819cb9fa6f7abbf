"""Carrying out upkeep: each action a write that is begun, looked at again, done and recorded."""

from __future__ import annotations

from loopcoder.domain.diagnostic import Forbidden, Refused, Stale
from loopcoder.domain.issues.issue import BLOCKED_BY, CommandLabel
from loopcoder.domain.issues.words import put_on
from loopcoder.domain.journal.event import (
    Approved,
    AttemptFinished,
    BranchKept,
    ClaimReleased,
    EdgeWaived,
    EffectFinished,
    EffectOutcome,
    Entry,
    NeedsHuman,
    Proposed,
    PullReopened,
    Retried,
    ReviewRequested,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.money import Spend
from loopcoder.domain.limits.budget import settle_orphan
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.domain.unit import UnitId, edges_digest
from loopcoder.domain.views.issue_comment import approved_comment
from loopcoder.engine.compile.status import tell_on_issue, tell_on_pull
from loopcoder.engine.effects import effect
from loopcoder.engine.services import Services
from loopcoder.ports.worker import Usage


def execute(
    services: Services, snapshot: Snapshot, action: act.Upkeep | act.ProposeFixBase
) -> None:
    """Do one action of upkeep."""
    match action:
        case act.CloseIssue():
            _close(services, action)
        case act.Escalate():
            needs = NeedsHuman(action.reasons, action.closed)
            services.journal.record(Entry(needs, action.unit))
        case act.GiveBack():
            services.journal.record(Entry(PullReopened(action.pull), action.unit))
        case act.Abandon():
            _abandon(services, snapshot, action)
        case act.Relabel():
            _label(services, action)
        case act.Unlabel():
            _unlabel(services, action.unit, action.issue, action.label)
            if action.label == CommandLabel.PROPOSED:
                approved = snapshot.history.unit(action.unit).approved
                text = approved_comment(action.unit, approved.by if approved else "")
                tell_on_issue(services, action.unit, action.issue, text, only_edit=True)
        case act.DeleteBranch():
            _delete_branch(services, action)
        case act.RequestReview():
            _request_review(services, action)
        case act.Tell():
            tell_on_pull(services, action)
        case act.TellIssue():
            tell_on_issue(services, action.unit, action.issue, action.text)
        case act.Accept():
            _accept(services, snapshot, action)
        case act.SettleEffect():
            written_off = EffectFinished(
                action.begun, EffectOutcome.STALE, {"error": action.reason}
            )
            services.journal.record(Entry(written_off, action.unit))
        case act.SettleOrphan():
            _settle_orphan(services, action)
        case act.ProposeFixBase():
            _propose_fix_base(services, action)


def _close(services: Services, action: act.CloseIssue) -> None:
    with effect(services.journal, "issue.close", f"#{action.issue}", unit=action.unit) as running:
        if services.tracker.get_issue(action.issue).is_open:
            services.tracker.close_issue(action.issue, action.how)
        else:
            running.found()


def _label(services: Services, action: act.Relabel) -> None:
    with effect(services.journal, "label.add", f"#{action.issue}", unit=action.unit) as running:
        services.tracker.add_label(action.issue, action.label)
        running.receipt["label"] = action.label


def _delete_branch(services: Services, action: act.DeleteBranch) -> None:
    """Whoever moves it at this very moment keeps it; a rule that keeps it is asked once."""
    detail = {"head": action.head}
    try:
        with effect(services.journal, "branch.delete", action.branch, detail, unit=action.unit):
            services.code_host.delete_branch(action.branch, action.head)
    except Stale:
        return
    except Refused as error:
        if not isinstance(error, Forbidden):
            kept = BranchKept(action.branch, action.head)
            services.journal.record(Entry(kept, action.unit))
        raise


def _request_review(services: Services, action: act.RequestReview) -> None:
    target = f"#{action.pull}"
    with effect(services.journal, "review.request", target, unit=action.unit) as running:
        services.code_host.request_reviews(action.pull, action.names)
        running.facts.append(ReviewRequested(action.pull, action.names))


def _abandon(services: Services, snapshot: Snapshot, action: act.Abandon) -> None:
    record = snapshot.history.unit(action.unit)
    provider = record.current.begun.provider if record.current else ""
    failure = FailureClass.CRASH if action.strike else None
    finished = AttemptFinished("failed", action.reason, action.strike, failure, provider)
    released = ClaimReleased("abandoned")
    services.journal.record(
        Entry(finished, action.unit, action.attempt, record.epoch),
        Entry(released, action.unit, action.attempt, record.epoch),
    )


def _unlabel(services: Services, unit: UnitId, issue: int, label: str) -> None:
    with effect(services.journal, "label.remove", f"#{issue}", unit=unit) as running:
        services.tracker.remove_label(issue, label)
        running.receipt["label"] = label


def _accept(services: Services, snapshot: Snapshot, action: act.Accept) -> None:
    """Record the person's word, then take the label off: a crash in between records it twice,
    which means the same."""
    view = next(v for v in snapshot.units if v.id == action.unit)
    events = services.tracker.list_label_events(action.issue)
    event = put_on(events, action.label, services.may_speak)
    if event is None:
        return  # it went off again meanwhile, or somebody else put it on
    by = event.actor.login
    if action.label == CommandLabel.RETRY:
        retried = Retried(by, by_id=event.actor.id, said_at=event.at)
        services.journal.record(Entry(retried, action.unit, principal=f"person:{by}"))
    if action.label == CommandLabel.UNBLOCK:
        digest = edges_digest(view.unit)
        numbers = [b.number for b in view.blockers if b.number is not None]
        services.journal.record(
            *(
                Entry(EdgeWaived(by, n, digest), action.unit, principal=f"person:{by}")
                for n in numbers
            )
        )
        if view.hand_made and view.issue:
            for number in sorted(view.issue.blocked_by & set(numbers)):
                _unlabel(services, action.unit, action.issue, f"{BLOCKED_BY}{number}")
    _unlabel(services, action.unit, action.issue, action.label)


def _settle_orphan(services: Services, action: act.SettleOrphan) -> None:
    history = services.journal.history()
    bill = _last_bill(services, history, history.spend[action.reservation])

    def decision(history: History) -> list[Entry]:
        spend = history.spend[action.reservation]
        if spend.settled:
            return []
        usd, tokens = (bill.usd, bill.tokens) if bill else (None, None)
        return [Entry(settle_orphan(spend, usd, tokens), spend.unit, spend.attempt)]

    services.journal.transact(decision)


def _last_bill(services: Services, history: History, spend: Spend) -> Usage | None:
    """What the dead run had used, from its papers where they are still here."""
    attempts = history.unit(spend.unit).attempts if spend.unit else ()
    found = next((each for each in attempts if each.number == spend.attempt), None)
    if spend.unit is None or found is None:
        return None
    papers = services.runs / found.begun.run / spend.unit / f"attempt-{found.number}"
    return services.last_bill(papers, spend.purpose)


def _propose_fix_base(services: Services, action: act.ProposeFixBase) -> None:
    unit = UnitId("fix-base")
    body = (
        f"The checks of the base branch fail at {action.sha[:12]}: {action.failing}.\n\n"
        f"```text\n{action.tail.replace('```', '` ` `')}\n```"
    )
    entries = [Entry(Proposed("Make the base branch green again", body, "fix-base"), unit)]
    if action.approved:
        entries.append(Entry(Approved("on_red_base: fix"), unit))
    services.journal.record(*entries)

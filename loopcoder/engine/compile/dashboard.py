"""The dashboard issue: filed once, rewritten only when what it shows has changed; and its boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Stale, TryLater
from loopcoder.domain.issues.issue import OURS, Actor, Issue, IssueDraft, IssueText, TextEdit
from loopcoder.domain.journal.event import (
    Approved,
    DashboardBound,
    DashboardNoted,
    EffectBegun,
    EffectFinished,
    EffectOutcome,
    Entry,
    Event,
    Fact,
    Retried,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.domain.unit import DEFAULT_PLAN
from loopcoder.domain.views.dashboard import (
    TITLE,
    Box,
    BoxVerb,
    dashboard_marker,
    known_boxes,
    render_dashboard,
    ticked_boxes,
)
from loopcoder.engine.compile.clerk import clerk_of
from loopcoder.engine.compile.filing import respect_intent
from loopcoder.engine.effects import effect
from loopcoder.engine.services import Services

_VERB = "dashboard.create"
UNPROVEN = "a box was ticked, and nothing shows that somebody did it who may write here: not taken"
OUTDATED = "a box was ticked about something that has changed since: look again"


def hear_boxes(services: Services, snapshot: Snapshot) -> tuple[Entry, ...]:
    """What the ticked boxes say, as facts. Whoever changed the text since we wrote it must be
    somebody who may write; else the boxes say nothing, and a note says so. Where the dashboard is
    turned off nobody would reset a box, so none is heard."""
    if not services.settings.dashboard:
        return ()
    issue = dashboard_of(services, snapshot.history)
    if issue is None or not issue.is_open or not ticked_boxes(issue.body):
        return ()
    text = services.tracker.read_text(issue.number)
    boxes = ticked_boxes(text.body)
    if not boxes:
        return ()  # the two are not equally new: the next look sees more
    edit = _by_whom(services, text)
    if edit is None or edit.actor is None:
        return (Entry(DashboardNoted(UNPROVEN)),)
    known = set(known_boxes(snapshot))
    entries = [_entry(box, edit, edit.actor) for box in boxes if box in known]
    note = "" if known.issuperset(boxes) else OUTDATED
    return (*entries, Entry(DashboardNoted(note)))


def _by_whom(services: Services, text: IssueText) -> TextEdit | None:
    """The newest edit since our own last one, when all of those are by people whose word counts.

    With a person's own token we write under their name; then their edit cannot be told from ours,
    and as we never tick a box, it was theirs.
    """
    me = services.tracker.whoami()
    ours = [each.at for each in text.edits if each.actor and each.actor.id == me.id]
    later = [each for each in text.edits if not ours or each.at >= ours[-1]]
    theirs = [each for each in later if each.actor is None or each.actor.id != me.id] or later
    if all(each.actor and services.may_speak(each.actor) for each in theirs):
        return theirs[-1] if theirs else None
    return None


def _entry(box: Box, edit: TextEdit, who: Actor) -> Entry:
    fact: Fact
    if box.verb is BoxVerb.APPROVE:
        fact = Approved(who.login, box.state, who.id, edit.at)
    else:
        fact = Retried(who.login, by_id=who.id, said_at=edit.at)
    return Entry(fact, box.unit, principal=f"person:{who.login}")


def show_dashboard(services: Services, snapshot: Snapshot, last: LastChange | None) -> str:
    """File the dashboard, or rewrite it when it reads differently now. A person who closed it
    turned it off. Returns what went wrong, in a sentence: it is no reason to end a tick badly."""
    if not services.settings.dashboard:
        return ""
    try:
        _show(services, snapshot, last)
    except (Stale, TryLater):
        return ""  # somebody else is at it
    except LoopcoderError as error:
        return f"the dashboard was not brought up to date: {error}"
    return ""


def _show(services: Services, snapshot: Snapshot, last: LastChange | None) -> None:
    history = services.journal.history()
    issue = dashboard_of(services, history)
    body = render_dashboard(
        snapshot,
        services.settings,
        plan=DEFAULT_PLAN,
        last=last,
        note=history.dashboard_note,
    )
    if issue is None:
        _file(services, body)
    elif issue.is_open and issue.body.replace("\r\n", "\n").strip() != body.strip():
        with effect(services.journal, "dashboard.update", f"#{issue.number}"):
            services.tracker.update_issue(issue.number, body=body)


def dashboard_of(services: Services, history: History) -> Issue | None:
    """The bound issue; None when there is none yet, or it was deleted."""
    ours = history.dashboard
    if ours is None:
        return None
    for issue in services.tracker.list_issues():
        if issue.id == ours.database_id:
            return issue
    try:
        issue = services.tracker.get_issue(ours.number)
    except NotFound:
        return None
    return issue if issue.id == ours.database_id else None


def _file(services: Services, body: str) -> None:
    """Once: an intent in the journal, a look at every issue, then the write."""
    begun = _begin(services)
    found = _look_up(services)
    issue = found or services.tracker.create_issue(IssueDraft(TITLE, body, frozenset({OURS})))
    outcome = EffectOutcome.FOUND if found else EffectOutcome.DONE
    services.journal.record(
        Entry(EffectFinished(begun.id, outcome, {"number": issue.number})),
        Entry(DashboardBound(issue.number, issue.id)),
    )


def _begin(services: Services) -> Event:
    clerk = clerk_of(
        services.settings,
        services.tracker,
        services.journal,
        services.clock,
        services.holder,
        services.is_alive,
        DEFAULT_PLAN,
    )
    intent = EffectBegun(_VERB, "dashboard", {"holder": dict(asdict(services.holder))})
    before = services.journal.history().dashboard

    def decide(history: History) -> Sequence[Entry]:
        if history.dashboard != before:
            raise Stale("the dashboard was filed meanwhile.")
        earlier = history.dashboard_intent
        entries = [Entry(intent)]
        if earlier is not None:
            respect_intent(clerk, earlier)
            if earlier.id in history.open_effects:
                entries.insert(0, Entry(EffectFinished(earlier.id, EffectOutcome.STALE)))
        return entries

    return services.journal.transact(decide)[-1]


def _look_up(services: Services) -> Issue | None:
    """Our own issue with the marker, whose number a dead process did not live to record."""
    believed = services.settings.trusted_ids | {services.tracker.whoami().id}
    mark = dashboard_marker(DEFAULT_PLAN)
    mine = [
        issue
        for issue in services.tracker.list_issues()
        if issue.author.id in believed and issue.body.startswith(mark)
    ]
    return min(mine, key=lambda issue: (not issue.is_open, issue.number), default=None)

"""Hearing: words of people that no fact tells of yet, looked for before anything is compiled.

What may hold a new word follows from the issues and the journal; only there a proof is asked for.
Nothing is written here: the entries are recorded by whoever asked, or only counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from loopcoder.domain.issues.drift import read_present
from loopcoder.domain.issues.issue import (
    BLOCKED_BY,
    Actor,
    CommandLabel,
    Issue,
    LabelEvent,
    PullState,
)
from loopcoder.domain.issues.proposal import (
    hand_made_id,
    hand_made_unit,
    is_approved,
    proposed_unit,
    with_proposals,
)
from loopcoder.domain.issues.unit_text import render_block, render_title
from loopcoder.domain.issues.words import (
    approval,
    last_event,
    put_on,
    stands_for,
    taken_off,
    was_deleted,
)
from loopcoder.domain.journal.event import (
    Approved,
    EdgeAdded,
    EdgeWaived,
    Entry,
    Event,
    Fact,
    Filed,
    Withdrawn,
)
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Roadmap, Unit, UnitId, edges_digest, text_digest
from loopcoder.engine.services import Services
from loopcoder.ports.pull_states import pull_states_of


@dataclass(frozen=True, slots=True)
class Heard:
    """What people said. `warnings` are words that do not count, and why."""

    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()


def hear(
    services: Services, roadmap: Roadmap, issues: Mapping[int, Issue], history: History
) -> Heard:
    """Every word on the issues that is not in the history yet. Words of the same unit are in the
    order in which they were said."""
    ear = _Ear(services, roadmap, issues, history)
    entries = tuple(entry for issue in issues.values() if issue.is_open for entry in ear.on(issue))
    return Heard(entries, tuple(ear.warnings))


def count_in(history: History, entries: Iterable[Entry], at: datetime) -> None:
    """Take entries into a history as if they were recorded: for those who only look."""
    for each in entries:
        history.apply(
            Event(history.head, at, each.fact, each.unit, None, None, each.principal, "", "")
        )


@dataclass
class _Ear:
    services: Services
    roadmap: Roadmap
    issues: Mapping[int, Issue]
    history: History
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def owners(self) -> Mapping[int, UnitRecord]:
        """Records by their issue's database id, which nobody can give to another issue."""
        return {r.database_id: r for r in self.history.bound if r.database_id is not None}

    @cached_property
    def units(self) -> Mapping[UnitId, Unit]:
        return with_proposals(self.roadmap, self.history).by_id

    def on(self, issue: Issue) -> Iterator[Entry]:
        record = self.owners.get(issue.id)
        if record is None:
            if CommandLabel.FILE in issue.labels and not self._is_ours(issue):
                yield from self._new(issue)
        elif record.filed is not None:
            yield from self._hand_made(record, issue)
        else:
            yield from self._planned(record, issue)

    def _is_ours(self, issue: Issue) -> bool:
        ours = self.history.dashboard
        return ours is not None and issue.id == ours.database_id

    # --- hand-made issues

    def _new(self, issue: Issue) -> Iterator[Entry]:
        unit = hand_made_id(issue.number)
        event = put_on(self._events(issue), CommandLabel.FILE, self.services.may_speak)
        if event is None:
            self._warn(issue, CommandLabel.FILE)
            return
        who = event.actor
        filed = Filed(who.login, who.id, issue.number, issue.id)
        yield self._entry(unit, filed, who.login)
        yield from self._approve(unit, issue, None)

    def _hand_made(self, record: UnitRecord, issue: Issue) -> Iterator[Entry]:
        if CommandLabel.FILE not in issue.labels:
            yield from self._withdrawn(record, issue)
            return
        if record.withdrawn is not None:
            yield from self._new(issue)
            return
        unit = hand_made_unit(record.id, issue)
        if not is_approved(record, text_digest(unit)):
            yield from self._approve(record.id, issue, record.approved)
        yield from self._new_edges(record, unit, issue)
        yield from self._dropped_edges(record, unit, issue)

    def _withdrawn(self, record: UnitRecord, issue: Issue) -> Iterator[Entry]:
        """The label is off, by whatever hand: work stops. A list that lags is not believed."""
        if record.withdrawn is not None:
            return
        if CommandLabel.FILE in self.services.tracker.get_issue(issue.number).labels:
            return
        event = last_event(self._events(issue), CommandLabel.FILE)
        who = event.actor if event and not event.added else None
        fact = Withdrawn(who.login, who.id) if who else Withdrawn()
        yield self._entry(record.id, fact, fact.by)

    def _approve(self, id: UnitId, issue: Issue, before: Approved | None) -> Iterator[Entry]:
        """Approved as the text stands, if nobody changed it since a person said so. What needs no
        question about the person is looked at first: the words may wait for long."""
        since = before.said_at if before else None
        newer = [each for each in self._events(issue) if since is None or each.at > since]
        if approval(newer, issue.labels, _anybody) is None:
            return
        text = self.services.tracker.read_text(issue.number)
        good = [each for each in newer if stands_for(each, text.edits)]
        event = approval(good, issue.labels, self.services.may_speak)
        if event is None or not self._was_meant(event, issue):
            return
        now = self.services.tracker.get_issue(issue.number)
        read = replace(now, title=text.title, body=text.body)
        revision = text_digest(hand_made_unit(id, now))
        # Where the two differ one of them is not up to date, and the next tick looks again.
        if revision == text_digest(hand_made_unit(id, read)):
            yield self._approved(id, revision, event)

    # --- units that the roadmap or the journal asked for

    def _planned(self, record: UnitRecord, issue: Issue) -> Iterator[Entry]:
        unit = self.units.get(record.id)
        if unit is None:
            return
        if record.proposed is not None and CommandLabel.PROPOSED in unit.labels:
            yield from self._proposal(record, issue)
        yield from self._new_edges(record, unit, issue)

    def _proposal(self, record: UnitRecord, issue: Issue) -> Iterator[Entry]:
        """A writer took `loopcoder:proposed` off an issue that says what would be worked on."""
        ours = record.applied.labels if record.applied else ()
        if CommandLabel.PROPOSED in issue.labels or CommandLabel.PROPOSED not in ours:
            return
        event = taken_off(self._events(issue), CommandLabel.PROPOSED, self.services.may_speak)
        if event is None or not self._was_meant(event, issue):
            return
        unit, now = proposed_unit(record), self.services.tracker.get_issue(issue.number)
        block = record.applied.block if record.applied else ""
        shown = read_present(now, record.id, record.plan, block)
        if (shown.title, shown.block) != (render_title(unit), render_block(unit)):
            self.warnings.append(
                f"@{event.actor.login} took {event.label} off #{issue.number}, whose text is not "
                f"the one that would be worked on: loopcoder plan shows it, approve {record.id} "
                "approves it all the same"
            )
            return
        yield self._approved(record.id, text_digest(unit), event)

    # --- edges

    def _new_edges(self, record: UnitRecord, unit: Unit, issue: Issue) -> Iterator[Entry]:
        """`blocked-by` labels that are neither ours nor known, put on by somebody who may."""
        self._warn_of_nothing(issue)
        for number in sorted(issue.blocked_by - self._known(record, unit) - {issue.number}):
            label = f"{BLOCKED_BY}{number}"
            event = put_on(self._events(issue), label, self.services.may_speak)
            if event is None:
                self._warn(issue, label)
            else:
                by = event.actor.login
                yield self._entry(record.id, EdgeAdded(by, number), by)

    def _warn_of_nothing(self, issue: Issue) -> None:
        """Labels that look like an edge and name no other issue here."""
        meant = {f"{BLOCKED_BY}{number}" for number in issue.blocked_by - {issue.number}}
        for label in sorted(issue.labels - meant):
            if label.casefold().startswith(BLOCKED_BY.rstrip("#")):
                what = "names no other issue of this repository"
                self.warnings.append(f"{label} on #{issue.number} {what}: it holds nothing up")

    def _known(self, record: UnitRecord, unit: Unit) -> set[int]:
        labels = record.applied.labels if record.applied else ()
        ours = {label[len(BLOCKED_BY) :] for label in labels if label.startswith(BLOCKED_BY)}
        numbers = {int(tail) for tail in ours if tail.isdecimal()}
        numbers |= {n for u in unit.after if (n := self.history.unit(u).number) is not None}
        here = self.services.settings.repository
        numbers |= {ref.number for ref in unit.after_issues if ref.is_in(here)}
        return numbers | record.added_edges

    def _dropped_edges(self, record: UnitRecord, unit: Unit, issue: Issue) -> Iterator[Entry]:
        """Edges of a hand-made issue whose label a writer took off; the compiler sees to others."""
        for number in sorted(record.added_edges - issue.blocked_by):
            label = f"{BLOCKED_BY}{number}"
            if self._is_over(number):
                continue
            event = taken_off(self._events(issue), label, self.services.may_speak)
            if event is not None and self._was_meant(event, issue):
                waived = EdgeWaived(event.actor.login, number, edges_digest(unit))
                yield self._entry(record.id, waived, event.actor.login)

    def _is_over(self, number: int) -> bool:
        blocker = self.issues.get(number)
        if blocker is not None:
            return blocker.is_completed
        return pull_states_of(self.services.tracker).get(number) is PullState.MERGED

    # --- proofs

    def _events(self, issue: Issue) -> Sequence[LabelEvent]:
        return self.services.tracker.list_label_events(issue.number)

    def _was_meant(self, event: LabelEvent, issue: Issue) -> bool:
        """Whether a label was taken off this very issue, and not deleted altogether."""
        if event.added:
            return True
        names = {name.casefold() for name in self.services.tracker.list_labels()}
        if event.label.casefold() not in names:
            return False
        others = self._bearers(event.label) - {issue.number}
        return not was_deleted(
            event, (e for number in others for e in self._events(self.issues[number]))
        )

    def _bearers(self, label: str) -> set[int]:
        """Issues that were last known to carry the label, or carry it now."""
        found = {n for n, issue in self.issues.items() if label in issue.labels}
        for record in self.history.bound:
            if record.number is None or record.number not in self.issues:
                continue
            ours = record.applied.labels if record.applied else ()
            theirs = [f"{BLOCKED_BY}{number}" for number in record.added_edges]
            if label in (*ours, *theirs) or (record.filed and label == CommandLabel.PROPOSED):
                found.add(record.number)
        return found

    def _approved(self, id: UnitId, revision: str, event: LabelEvent) -> Entry:
        who = event.actor
        return self._entry(id, Approved(who.login, revision, who.id, event.at), who.login)

    def _entry(self, id: UnitId, fact: Fact, login: str) -> Entry:
        return Entry(fact, id, principal=f"person:{login}" if login else "scheduler")

    def _warn(self, issue: Issue, label: str) -> None:
        event = last_event(self._events(issue), label)
        by = f" by @{event.actor.login}" if event else ""
        self.warnings.append(
            f"{label} on #{issue.number} was put on{by}, who may not write here: it does not count"
        )


def _anybody(actor: Actor) -> bool:
    return True

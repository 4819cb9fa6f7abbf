"""One repository on one host, in memory: what the tracker, the code host and people share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.commits import Commits
from loopcoder.adapters.memory.faults import Faults
from loopcoder.domain.diagnostic import NotFound, Refused
from loopcoder.domain.issues.host_rules import LABELS_MAX, checked_label
from loopcoder.domain.issues.issue import (
    Actor,
    Comment,
    EdgeCounts,
    EdgeEvent,
    Family,
    Feedback,
    Issue,
    LabelEvent,
    Permission,
    PullRequest,
    TextEdit,
    spelled,
)
from loopcoder.ports.clock import Clock


class MemoryForge:
    """State that scripts may look at and change. `writes` names every write verb called, in order.

    `permissions` overrules what an actor may do; without an entry everybody seen here writes.
    With `keeps_edges` issues have dependencies and sub-issues, as on GitHub.
    """

    def __init__(
        self, base: str = "main", clock: Clock | None = None, *, keeps_edges: bool = False
    ) -> None:
        self.base, self.keeps_edges = base, keeps_edges
        self.clock: Clock = clock or FixedClock()
        self.lock = threading.RLock()
        self.faults = Faults()
        self.writes: list[str] = []
        self.actors: dict[int, Actor] = {}
        self.permissions: dict[int, Permission] = {}
        self.issues: dict[int, Issue] = {}
        self.pulls: dict[int, PullRequest] = {}
        self.comments: dict[int, Comment] = {}
        self.feedback: dict[int, list[Feedback]] = {}
        self.reviewers: dict[int, list[str]] = {}
        self.labels: dict[str, str] = {}
        self.label_events: dict[int, list[LabelEvent]] = {}
        self.edits: dict[int, list[TextEdit]] = {}
        self.milestones: dict[str, int] = {}
        self.blocked_by: dict[int, list[int]] = {}
        self.parents: dict[int, int] = {}
        self.edge_events: dict[int, list[EdgeEvent]] = {}
        self.commits = Commits()
        self.branches: dict[str, str] = {base: self.commits.add()}
        self._last_number = 0

    @contextmanager
    def reading(self, verb: str) -> Iterator[None]:
        with self.lock, self.faults.around(verb):
            yield

    @contextmanager
    def writing(self, verb: str, actor: Actor) -> Iterator[datetime]:
        """The time of a write; the actor is known from now on."""
        with self.lock, self.faults.around(verb):
            yield self.clock.now()
            self.actors[actor.id] = actor
            self.writes.append(verb)

    def next_number(self) -> int:
        """Issues and pull requests share one sequence. Call it when nothing can fail any more."""
        self._last_number += 1
        return self._last_number

    def item(self, number: int) -> Issue | PullRequest:
        found = self.issues.get(number) or self.pulls.get(number)
        if found is None:
            raise NotFound(f"There is no issue or pull request #{number}.")
        return found

    def touch(self, number: int, at: datetime) -> None:
        if number in self.issues:
            self.issues[number] = replace(self.issues[number], updated_at=at)
        else:
            self.pulls[number] = replace(self.pulls[number], updated_at=at)

    def put_labels(self, number: int, labels: Iterable[str], actor: Actor, at: datetime) -> None:
        """Put labels on; those that are there already, in whatever case, stay as they are."""
        item = self.item(number)
        names = list(dict.fromkeys(self._defined(label) for label in labels))
        new = [name for name in names if name not in item.labels]
        if len(item.labels) + len(new) > LABELS_MAX:
            raise Refused(f"#{number} has {LABELS_MAX} labels already, which is the most.")
        if new:
            self._relabel(number, item.labels | set(new), at)
        self._record(number, new, True, actor, at)

    def take_label(self, number: int, label: str, actor: Actor, at: datetime) -> None:
        name = self.labels.get(label.strip().casefold(), "")
        if name in self.item(number).labels:
            self._relabel(number, self.item(number).labels - {name}, at)
            self._record(number, [name], False, actor, at)

    def put_edge(self, number: int, blocker: int, actor: Actor, at: datetime) -> None:
        """Issue `number` waits for the one with the database id `blocker`."""
        held = self.blocked_by.setdefault(number, [])
        if blocker not in held:
            held.append(blocker)
            self._recount(number, blocker, True, actor, at)

    def take_edge(self, number: int, blocker: int, actor: Actor, at: datetime) -> None:
        if blocker in self.blocked_by.get(number, ()):
            self.blocked_by[number].remove(blocker)
            self._recount(number, blocker, False, actor, at)

    def put_under(self, number: int, parent: int) -> None:
        """Issue `number` is a sub-issue of `parent` from now on; of none with 0."""
        self.parents[number] = parent
        children = Counter(self.parents.values())
        for issue in self.issues.values():
            family = Family(self.parents.get(issue.number, 0), children[issue.number])
            self.issues[issue.number] = replace(issue, family=family)

    def by_id(self, database_id: int) -> Issue:
        for issue in self.issues.values():
            if issue.id == database_id:
                return issue
        raise NotFound(f"There is no issue with the id {database_id}.")

    def _recount(self, number: int, blocker: int, added: bool, actor: Actor, at: datetime) -> None:
        other = self.by_id(blocker)
        event = EdgeEvent(other.number, added, actor, at)
        self.edge_events.setdefault(number, []).append(event)
        for issue in (self.issues[number], other):
            counts = EdgeCounts(
                len(self.blocked_by.get(issue.number, ())),
                sum(1 for held in self.blocked_by.values() if issue.id in held),
            )
            self.issues[issue.number] = replace(issue, edges=counts)

    def _defined(self, label: str) -> str:
        name = checked_label(label)
        return self.labels.setdefault(name.casefold(), spelled(name))

    def _relabel(self, number: int, labels: frozenset[str], at: datetime) -> None:
        if number in self.issues:
            issue = self.issues[number]
            self.issues[number] = replace(issue, labels=labels, updated_at=at)
        else:
            pull = self.pulls[number]
            self.pulls[number] = replace(pull, labels=labels, updated_at=at)

    def _record(
        self, number: int, labels: Iterable[str], added: bool, actor: Actor, at: datetime
    ) -> None:
        events = self.label_events.setdefault(number, [])
        events += [LabelEvent(label, added, actor, at) for label in labels]

"""One repository on one host, in memory: what the tracker, the code host and people share."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.adapters.memory.commits import Commits
from loopcoder.adapters.memory.faults import Faults
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.host_rules import LABELS_MAX, checked_label
from loopcoder.domain.issue import (
    Actor,
    Comment,
    Feedback,
    Issue,
    LabelEvent,
    Permission,
    PullRequest,
    TextEdit,
)
from loopcoder.ports.clock import Clock


class MemoryForge:
    """State that scripts may look at and change. `writes` names every write verb called, in order.

    `permissions` overrules what an actor may do; without an entry everybody seen here writes.
    """

    def __init__(self, base: str = "main", clock: Clock | None = None) -> None:
        self.base = base
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
        self.labels: dict[str, str] = {}
        self.label_events: dict[int, list[LabelEvent]] = {}
        self.edits: dict[int, list[TextEdit]] = {}
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
            raise LoopcoderError(f"#{number} has {LABELS_MAX} labels already, which is the most.")
        if new:
            self._relabel(number, item.labels | set(new), at)
        self._record(number, new, True, actor, at)

    def take_label(self, number: int, label: str, actor: Actor, at: datetime) -> None:
        name = self.labels.get(label.strip().casefold(), "")
        if name in self.item(number).labels:
            self._relabel(number, self.item(number).labels - {name}, at)
            self._record(number, [name], False, actor, at)

    def _defined(self, label: str) -> str:
        name = checked_label(label)
        return self.labels.setdefault(name.casefold(), name)

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

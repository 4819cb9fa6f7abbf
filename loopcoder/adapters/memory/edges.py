"""The tracker in memory, with dependencies between issues as GitHub keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issue import EdgeEvent, Issue


class MemoryEdgeTracker(MemoryTracker):
    """The ports `Tracker` and `Dependencies`. Where the forge keeps no edges it is as an older
    server: the verbs are there, and find nothing."""

    def list_blocked_by(self, number: int) -> Sequence[Issue]:
        with self.forge.reading("list_blocked_by"):
            self._issue_with_edges(number)
            held = self.forge.blocked_by.get(number, ())
            return [issue for issue in self.forge.issues.values() if issue.id in held]

    def list_edge_events(self, number: int) -> Sequence[EdgeEvent]:
        with self.forge.reading("list_edge_events"):
            return list(self.forge.edge_events.get(number, ()))

    def add_blocked_by(self, number: int, blocker: int) -> None:
        with self.forge.writing("add_blocked_by", self._actor) as now:
            self._issue_with_edges(number)
            self.forge.by_id(blocker)
            self.forge.put_edge(number, blocker, self._actor, now)

    def remove_blocked_by(self, number: int, blocker: int) -> None:
        with self.forge.writing("remove_blocked_by", self._actor) as now:
            self._issue_with_edges(number)
            self.forge.take_edge(number, blocker, self._actor, now)

    def _issue_with_edges(self, number: int) -> None:
        self._issue(number)
        if not self.forge.keeps_edges:
            raise NotFound("This tracker keeps no dependencies.")

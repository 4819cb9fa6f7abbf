"""The tracker in memory, with dependencies, sub-issues and milestones as GitHub keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loopcoder.adapters.memory.tracker import MemoryTracker
from loopcoder.domain.diagnostic import NotFound, Stale
from loopcoder.domain.issues.issue import EdgeEvent, Issue, IssueDraft


class MemoryEdgeTracker(MemoryTracker):
    """The ports `Tracker`, `Dependencies`, `SubIssues` and `Milestones`. Where the forge
    keeps no edges it is as an older server: the verbs are there, and find nothing."""

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

    def put_under(self, issue: Issue, parent: int, *, instead: bool = False) -> None:
        with self.forge.writing("add_sub_issue", self._actor):
            self._issue_with_edges(parent)
            present = self.forge.parents.get(issue.number, 0)
            if present not in (0, parent) and not instead:
                raise Stale(f"#{issue.number} is a sub-issue of #{present} already.")
            self.forge.put_under(issue.number, parent)

    def take_out(self, issue: Issue, parent: int) -> None:
        with self.forge.writing("remove_sub_issue", self._actor):
            if self.forge.parents.get(issue.number, 0) == parent:
                self.forge.put_under(issue.number, 0)

    def list_milestones(self) -> Mapping[str, int]:
        with self.forge.reading("list_milestones"):
            return dict(self.forge.milestones)

    def create_milestone(self, title: str) -> int:
        with self.forge.writing("create_milestone", self._actor):
            if title in self.forge.milestones:
                raise Stale(f"There is a milestone {title!r} already.")
            self.forge.milestones[title] = len(self.forge.milestones) + 1
            return self.forge.milestones[title]

    def set_milestone(self, number: int, milestone: int | None) -> Issue:
        with self.forge.writing("update_milestone", self._actor) as now:
            self._place(number, milestone)
            self.forge.touch(number, now)
            return self._issue(number)

    def create_issue(self, draft: IssueDraft) -> Issue:
        issue = super().create_issue(draft)
        return self._place(issue.number, draft.milestone)

    def _place(self, number: int, milestone: int | None) -> Issue:
        titles = {key: title for title, key in self.forge.milestones.items()}
        title = titles[milestone] if milestone is not None else ""
        self.forge.issues[number] = replace(self._issue(number), milestone=title)
        return self._issue(number)

    def _issue_with_edges(self, number: int) -> None:
        self._issue(number)
        if not self.forge.keeps_edges:
            raise NotFound("This tracker keeps no dependencies.")

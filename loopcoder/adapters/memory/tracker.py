"""The tracker in memory: stateful, scriptable, able to fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.host_rules import (
    checked_body,
    checked_label,
    checked_labels,
    checked_title,
)
from loopcoder.domain.issues.issue import (
    BOT,
    Actor,
    CloseReason,
    Comment,
    EdgeCounts,
    Family,
    Issue,
    IssueDraft,
    IssueState,
    IssueText,
    LabelDefinition,
    LabelEvent,
    Permission,
    PullState,
    TextEdit,
    spelled,
)

# Database ids differ from numbers on purpose, so that nothing can mistake one for the other.
_ID_OFFSET = 1_000_000


class MemoryTracker:
    """The port `Tracker`; every write is made in the name of `actor`."""

    def __init__(self, forge: MemoryForge | None = None, actor: Actor = BOT) -> None:
        self.forge = forge or MemoryForge()
        self._actor = actor

    def fail(
        self,
        verb: str,
        *,
        times: int = 1,
        error: BaseException | None = None,
        after_commit: bool = False,
    ) -> None:
        """The next calls of a verb fail; see `Faults.add`."""
        self.forge.faults.add(verb, times=times, error=error, after_commit=after_commit)

    def whoami(self) -> Actor:
        return self._actor

    def permission(self, actor: Actor) -> Permission:
        with self.forge.reading("permission"):
            if actor.id in self.forge.permissions:
                return self.forge.permissions[actor.id]
            if actor.id == BOT.id:
                return Permission.NONE
            known = actor.id in self.forge.actors or actor.id == self._actor.id
            return Permission.WRITE if known else Permission.NONE

    def list_issues(self) -> Sequence[Issue]:
        with self.forge.reading("list_issues"):
            return list(self.forge.issues.values())

    def list_pull_states(self) -> Mapping[int, PullState]:
        with self.forge.reading("list_issues"):
            return {number: pull.state for number, pull in self.forge.pulls.items()}

    def get_issue(self, number: int) -> Issue:
        with self.forge.reading("get_issue"):
            return self._issue(number)

    def create_issue(self, draft: IssueDraft) -> Issue:
        with self.forge.writing("create_issue", self._actor) as now:
            title, body = checked_title(draft.title), checked_body(draft.body)
            labels = checked_labels(draft.labels)
            number = self.forge.next_number()
            keeps = self.forge.keeps_edges
            edges, family = (EdgeCounts(), Family()) if keeps else (None, None)
            self.forge.issues[number] = Issue(
                number,
                _ID_OFFSET + number,
                title,
                body,
                self._actor,
                now,
                now,
                edges=edges,
                family=family,
            )
            self.forge.put_labels(number, labels, self._actor, now)
            return self._issue(number)

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        with self.forge.writing("update_issue", self._actor) as now:
            issue = self._issue(number)
            updated = replace(
                issue,
                title=issue.title if title is None else checked_title(title),
                body=issue.body if body is None else checked_body(body),
            )
            if updated != issue:
                self.forge.issues[number] = replace(updated, updated_at=now)
                self.forge.edits.setdefault(number, []).append(TextEdit(self._actor, now))
            return self._issue(number)

    def close_issue(self, number: int, reason: CloseReason) -> Issue:
        with self.forge.writing("close_issue", self._actor) as now:
            issue = self._issue(number)
            if issue.is_open:
                self.forge.issues[number] = replace(
                    issue,
                    state=IssueState.CLOSED,
                    close_reason=reason,
                    closed_by=self._actor,
                    reopened=False,
                    updated_at=now,
                )
            return self._issue(number)

    def reopen_issue(self, number: int) -> Issue:
        with self.forge.writing("reopen_issue", self._actor) as now:
            issue = self._issue(number)
            if not issue.is_open:
                self.forge.issues[number] = replace(
                    issue,
                    state=IssueState.OPEN,
                    close_reason=None,
                    closed_by=None,
                    reopened=True,
                    updated_at=now,
                )
            return self._issue(number)

    def assign(self, number: int, actor: Actor) -> None:
        """Say who works on it. People alone do this, so no port has it."""
        with self.forge.writing("assign", self._actor) as now:
            issue = self._issue(number)
            others = tuple(who for who in issue.assignees if who.id != actor.id)
            self.forge.issues[number] = replace(issue, assignees=(*others, actor), updated_at=now)

    def unassign(self, number: int, actor: Actor) -> None:
        with self.forge.writing("unassign", self._actor) as now:
            issue = self._issue(number)
            others = tuple(who for who in issue.assignees if who.id != actor.id)
            self.forge.issues[number] = replace(issue, assignees=others, updated_at=now)

    def add_label(self, number: int, label: str) -> None:
        with self.forge.writing("add_label", self._actor) as now:
            self.forge.put_labels(number, [label], self._actor, now)

    def remove_label(self, number: int, label: str) -> None:
        with self.forge.writing("remove_label", self._actor) as now:
            self.forge.take_label(number, label, self._actor, now)

    def list_labels(self) -> Sequence[str]:
        with self.forge.reading("list_labels"):
            return [self.forge.labels[key] for key in sorted(self.forge.labels)]

    def define_label(self, label: LabelDefinition) -> None:
        with self.forge.writing("define_label", self._actor):
            name = checked_label(label.name)
            self.forge.labels.setdefault(name.casefold(), spelled(name))

    def delete_label(self, label: str) -> None:
        with self.forge.writing("delete_label", self._actor) as now:
            for number in (*self.forge.issues, *self.forge.pulls):
                self.forge.take_label(number, label, self._actor, now)
            self.forge.labels.pop(label.strip().casefold(), None)

    def read_text(self, number: int) -> IssueText:
        with self.forge.reading("read_text"):
            issue = self._issue(number)
            return IssueText(issue.title, issue.body, tuple(self.forge.edits.get(number, ())))

    def list_label_events(self, number: int) -> Sequence[LabelEvent]:
        with self.forge.reading("list_label_events"):
            self.forge.item(number)
            return list(self.forge.label_events.get(number, ()))

    def list_comments(self, number: int) -> Sequence[Comment]:
        with self.forge.reading("list_comments"):
            self.forge.item(number)
            return [each for each in self.forge.comments.values() if each.issue == number]

    def create_comment(self, number: int, body: str) -> Comment:
        with self.forge.writing("create_comment", self._actor) as now:
            self.forge.item(number)
            comment = Comment(
                len(self.forge.comments) + 1, number, self._actor, checked_body(body), now, now
            )
            self.forge.comments[comment.id] = comment
            self.forge.touch(number, now)
            return comment

    def update_comment(self, comment: int, body: str) -> Comment:
        with self.forge.writing("update_comment", self._actor) as now:
            if comment not in self.forge.comments:
                raise NotFound(f"There is no comment {comment}.")
            known = self.forge.comments[comment]
            updated = replace(known, body=checked_body(body), updated_at=now)
            self.forge.comments[comment] = updated
            self.forge.touch(updated.issue, now)
            return updated

    def _issue(self, number: int) -> Issue:
        if number not in self.forge.issues:
            raise NotFound(f"There is no issue #{number}.")
        return self.forge.issues[number]

"""People at work on the web site, in loopcoder's own words.

Built on the server's records and on nothing of loopcoder's GitHub adapters, so that what an
adapter reads through HTTP can be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Comment,
    EdgeCounts,
    EdgeEvent,
    Family,
    Issue,
    IssueDraft,
    IssueState,
    IssueText,
    LabelDefinition,
    LabelEvent,
    Permission,
    TextEdit,
)
from tests.github_server import records
from tests.github_server.account import Role
from tests.github_server.repository import Acting, Repository
from tests.github_server.seat import Seat
from tests.github_server.verbs import comments, issues, labels, relations
from tests.github_server.verbs.guards import demand_item


@dataclass(slots=True)
class HubTracker(Seat):
    """The port `Tracker` in a person's name, with what only people do."""

    def whoami(self) -> Actor:
        return self.demand_actor(self.who.id)

    def permission(self, actor: Actor) -> Permission:
        account = self.hub.accounts.get(actor.id)
        role = self.repo.role(account) if account else Role.NONE
        if role >= Role.WRITE:
            return Permission.WRITE
        return Permission.READ if role >= Role.READ else Permission.NONE

    def list_issues(self) -> Sequence[Issue]:
        with self.sitting():
            return [self._issue(each) for each in self.repo.all_items() if each.pull is None]

    def get_issue(self, number: int) -> Issue:
        with self.sitting():
            return self._issue(self._demand(number))

    def create_issue(self, draft: IssueDraft) -> Issue:
        with self.sitting() as who:
            made = issues.Draft(draft.title, draft.body, sorted(draft.labels))
            return self._issue(issues.create(self.hub, self.repo, who, made))

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        return self._done(
            number, lambda who: issues.edit(self.repo, who, number, title=title, body=body)
        )

    def close_issue(self, number: int, reason: CloseReason) -> Issue:
        def act(who: Acting) -> records.Item:
            item = self._demand(number)
            return issues.close(self.repo, who, number, str(reason)) if item.is_open else item

        return self._done(number, act)

    def reopen_issue(self, number: int) -> Issue:
        return self._done(number, lambda who: issues.reopen(self.repo, who, number))

    def add_label(self, number: int, label: str) -> None:
        with self.sitting() as who:
            labels.put_on(self.repo, who, number, [label])

    def remove_label(self, number: int, label: str) -> None:
        with self.sitting() as who:
            item = demand_item(self.repo, number)
            if label.casefold() in {name.casefold() for name in self.names(item)}:
                labels.take_off(self.repo, who, number, label)

    def list_labels(self) -> Sequence[str]:
        return [each.name for each in self.repo.labels.values()]

    def define_label(self, label: LabelDefinition) -> None:
        with self.sitting() as who:
            if self.repo.label_named(label.name) is None:
                labels.define(self.repo, who, label.name, label.color, label.description)

    def read_text(self, number: int) -> IssueText:
        with self.sitting():
            item = self._demand(number)
            edits = [
                TextEdit(self.demand_actor(each.editor), each.at)
                for each in self.repo.edits.get(number, ())[1:]
            ]
            edits += [
                TextEdit(self.demand_actor(each.actor), each.at)
                for each in self.repo.events.get(number, ())
                if each.kind == "renamed"
            ]
            edits.sort(key=lambda edit: edit.at)
            return IssueText(item.title, item.body or "", tuple(edits))

    def delete_label(self, label: str) -> None:
        with self.sitting() as who:
            labels.undefine(self.repo, who, label)

    def rename_label(self, old: str, new: str) -> None:
        with self.sitting() as who:
            labels.redefine(self.repo, who, old, new_name=new)

    def list_label_events(self, number: int) -> Sequence[LabelEvent]:
        with self.sitting():
            self._demand_any(number)
            return [
                self._label_event(each)
                for each in self.repo.events.get(number, ())
                if each.kind in ("labeled", "unlabeled")
            ]

    def list_comments(self, number: int) -> Sequence[Comment]:
        with self.sitting():
            self._demand_any(number)
            return [self._comment(each) for each in self.repo.comments_of(number)]

    def create_comment(self, number: int, body: str) -> Comment:
        with self.sitting() as who:
            return self._comment(comments.say(self.repo, who, number, body))

    def update_comment(self, comment: int, body: str) -> Comment:
        with self.sitting() as who:
            return self._comment(comments.rewrite(self.repo, who, comment, body))

    def assign(self, number: int, actor: Actor) -> None:
        with self.sitting() as who:
            login = self.hub.accounts[actor.id].login
            issues.assign(self.hub, self.repo, who, number, [login])

    def unassign(self, number: int, actor: Actor) -> None:
        with self.sitting() as who:
            login = self.hub.accounts[actor.id].login
            issues.unassign(self.hub, self.repo, who, number, [login])

    def list_blocked_by(self, number: int) -> Sequence[Issue]:
        with self.sitting():
            item = self._demand(number)
            return [self._issue(each) for each in relations.blockers(self.repo, item)]

    def list_edge_events(self, number: int) -> Sequence[EdgeEvent]:
        with self.sitting():
            self._demand(number)
            return [
                EdgeEvent(
                    blocker.number,
                    each.kind == "blocked_by_added",
                    self.demand_actor(each.actor),
                    each.at,
                )
                for each in self.repo.events.get(number, ())
                if each.kind in ("blocked_by_added", "blocked_by_removed")
                and (blocker := self.repo.by_id(each.detail["blocked_by"]))
            ]

    def add_blocked_by(self, number: int, blocker: int) -> None:
        with self.sitting() as who:
            if blocker not in self._demand(number).blocked_by:
                relations.block(self.repo, who, number, blocker)

    def remove_blocked_by(self, number: int, blocker: int) -> None:
        with self.sitting() as who:
            if blocker in self._demand(number).blocked_by:
                relations.unblock(self.repo, who, number, blocker)

    def put_under(self, issue: Issue, parent: int, *, instead: bool = False) -> None:
        with self.sitting() as who:
            relations.adopt(self.repo, who, parent, issue.id, instead)

    def take_out(self, issue: Issue, parent: int) -> None:
        with self.sitting() as who:
            relations.disown(self.repo, who, parent, issue.id)

    def set_milestone(self, number: int, milestone: int | None) -> Issue:
        return self._done(
            number, lambda who: issues.set_milestone(self.repo, who, number, milestone)
        )

    # --- what only a web site has

    def lock(self, number: int) -> None:
        with self.sitting() as who:
            issues.lock(self.repo, who, number)

    def unlock(self, number: int) -> None:
        with self.sitting() as who:
            issues.unlock(self.repo, who, number)

    def transfer(self, number: int, target: Repository) -> int:
        """Move an issue to another repository; its number there."""
        with self.sitting() as who:
            return issues.transfer(self.repo, who, number, target).number

    def delete(self, number: int) -> None:
        """Gone for good; GitHub lets administrators only."""
        with self.sitting() as who:
            issues.delete(self.repo, who, number)

    def _done(self, number: int, act: Callable[[Acting], records.Item]) -> Issue:
        with self.sitting() as who:
            self._demand(number)
            return self._issue(act(who))

    def _demand(self, number: int) -> records.Item:
        item = demand_item(self.repo, number)
        if item.pull is not None:
            raise NotFound(f"#{number} is a pull request.")
        return item

    def _demand_any(self, number: int) -> None:
        demand_item(self.repo, number)

    def _label_event(self, made: records.Event) -> LabelEvent:
        name = made.detail["label"]["name"]
        return LabelEvent(name, made.kind == "labeled", self.demand_actor(made.actor), made.at)

    def _comment(self, made: records.Comment) -> Comment:
        return Comment(
            made.id,
            made.number,
            self.demand_actor(made.author),
            made.body,
            made.created_at,
            made.updated_at,
        )

    def _issue(self, item: records.Item) -> Issue:
        reason = {"completed": CloseReason.COMPLETED, "not_planned": CloseReason.NOT_PLANNED}
        parent = relations.parent_of(self.repo, item)
        placed = self.repo.milestones.get(item.milestone) if item.milestone else None
        return Issue(
            number=item.number,
            id=item.id,
            title=item.title,
            body=item.body or "",
            author=self.demand_actor(item.author),
            created_at=item.created_at,
            updated_at=item.updated_at,
            state=IssueState(item.state),
            close_reason=reason.get(item.state_reason or ""),
            labels=self.names(item),
            assignees=tuple(self.demand_actor(each) for each in item.assignees),
            closed_by=self.actor(item.closed_by),
            milestone=placed.title if placed else "",
            edges=EdgeCounts(
                len(relations.blockers(self.repo, item)),
                len(relations.blocked_by(self.repo, item)),
            ),
            family=Family(parent.number if parent else 0, len(item.sub_issues)),
        )

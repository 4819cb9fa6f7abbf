"""People at work on the web site, in loopcoder's own words.

Built on the server's records and on nothing of loopcoder's GitHub adapters, so that what an
adapter reads through HTTP can be held against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from loopcoder.domain.diagnostic import Conflicted, LoopcoderError, NotFound, Stale
from loopcoder.domain.human import MergeMethod, Remark
from loopcoder.domain.issue import (
    Actor,
    CloseReason,
    Comment,
    Feedback,
    Issue,
    IssueDraft,
    IssueState,
    LabelEvent,
    Permission,
    PullRequest,
    PullState,
)
from tests.github_server import records
from tests.github_server.account import Role
from tests.github_server.hub import Hub
from tests.github_server.refusal import Refusal
from tests.github_server.repository import Acting, Repository
from tests.github_server.verbs import comments, issues, labels, pulls, reviews
from tests.github_server.verbs.branches import sync
from tests.github_server.verbs.closing import closed_by_text
from tests.github_server.verbs.guards import Moved, demand_item, demand_pull

T = TypeVar("T")


@dataclass(slots=True)
class _Seat:
    """Somebody's place at one repository."""

    hub: Hub
    repo: Repository
    login: str

    @property
    def who(self) -> Acting:
        return self.hub.acting(self.login)

    @contextmanager
    def sitting(self) -> Iterator[Acting]:
        """The lock is held; a refusal is told in loopcoder's words."""
        with self.hub.lock:
            try:
                yield self.who
            except Moved as moved:
                raise NotFound(str(moved)) from moved
            except Refusal as refusal:
                kind = NotFound if refusal.status in (404, 410) else LoopcoderError
                raise kind(str(refusal)) from refusal

    def actor(self, number: int | None) -> Actor | None:
        if number is None:
            return None
        account = self.hub.accounts[number]
        return Actor(account.id, account.login)

    def _actor(self, number: int) -> Actor:
        found = self.actor(number)
        assert found is not None
        return found

    def names(self, item: records.Item) -> frozenset[str]:
        found = (self.repo.labels.get(each) for each in item.labels)
        return frozenset(each.name for each in found if each)


@dataclass(slots=True)
class HubTracker(_Seat):
    """The port `Tracker` in a person's name, with what only people do."""

    def whoami(self) -> Actor:
        return self._actor(self.who.id)

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
        return LabelEvent(name, made.kind == "labeled", self._actor(made.actor), made.at)

    def _comment(self, made: records.Comment) -> Comment:
        return Comment(made.id, made.number, self._actor(made.author), made.body, made.created_at)

    def _issue(self, item: records.Item) -> Issue:
        reason = {"completed": CloseReason.COMPLETED, "not_planned": CloseReason.NOT_PLANNED}
        return Issue(
            number=item.number,
            id=item.id,
            title=item.title,
            body=item.body or "",
            author=self._actor(item.author),
            created_at=item.created_at,
            updated_at=item.updated_at,
            state=IssueState(item.state),
            close_reason=reason.get(item.state_reason or ""),
            labels=self.names(item),
            assignees=tuple(self._actor(each) for each in item.assignees),
            closed_by=self.actor(item.closed_by),
        )


@dataclass(slots=True)
class HubDesk(_Seat):
    """A person's side of the pull requests."""

    def merge(
        self,
        number: int,
        method: MergeMethod = MergeMethod.MERGE,
        *,
        even_draft: bool = False,
        delete_branch: bool = False,
    ) -> PullRequest:
        with self.sitting() as who:
            pull = self._pull(demand_pull(self.repo, number))
            if pull.state is PullState.MERGED:
                return pull
            self._demand_no_conflict(pull)
            pulls.merge(self.hub, self.repo, who, number, str(method), even_draft=even_draft)
            if delete_branch:
                self.repo.git.move(f"refs/heads/{pull.branch}", None)
                sync(self.repo, who)
            return self._pull(demand_pull(self.repo, number))

    def close(self, number: int) -> PullRequest:
        with self.sitting() as who:
            demand_pull(self.repo, number)
            issues.close(self.repo, who, number)
            return self._pull(demand_pull(self.repo, number))

    def reopen(self, number: int) -> PullRequest:
        with self.sitting() as who:
            item = demand_pull(self.repo, number)
            if item.pull is not None and item.pull.merged_at is None and not item.is_open:
                try:
                    pulls.demand_reopenable(self.repo, item)
                except Refusal as refusal:
                    raise Stale(str(refusal)) from refusal
            elif not item.is_open:
                raise LoopcoderError(f"#{number} is merged.")
            return self._pull(issues.reopen(self.repo, who, number))

    def remark(self, number: int, remark: Remark) -> Feedback:
        """A review where it asks for changes, else a comment on a line or on the whole."""
        event = "REQUEST_CHANGES" if remark.requests_changes else "COMMENT"
        with self.sitting() as who:
            if not remark.file:
                said = reviews.review(self.repo, who, number, event, remark.body)
                return self._feedback(said)
            line = {"path": remark.file, "line": remark.line, "body": remark.body}
            if remark.requests_changes:
                said = reviews.review(self.repo, who, number, event, remark.body, [line])
                return self._feedback(said, remark.file, remark.line)
            made = reviews.remark(self.repo, who, number, line)
            return Feedback(
                f"comment-{made.id}", self._actor(made.author), made.body, made.created_at,
                False, made.path, made.line or 0, made.commit,
            )  # fmt: skip

    def approve(self, number: int, body: str = "") -> None:
        with self.sitting() as who:
            reviews.review(self.repo, who, number, "APPROVE", body)

    def _demand_no_conflict(self, pull: PullRequest) -> None:
        if not pull.is_open:
            raise LoopcoderError(f"#{pull.number} is {pull.state}.")
        base = self.repo.git.head(pull.base)
        if base is not None and self.repo.git.tree_of_merge(base, pull.head) is None:
            files = self.repo.git.conflicts(base, pull.head)
            raise Conflicted(f"#{pull.number} conflicts with {pull.base}.", files=files)

    def _feedback(self, said: records.Review, file: str = "", line: int = 0) -> Feedback:
        assert said.submitted_at is not None
        return Feedback(
            f"review-{said.id}",
            self._actor(said.author),
            said.body,
            said.submitted_at,
            said.state == "CHANGES_REQUESTED",
            file,
            line,
            said.commit,
        )

    def _pull(self, item: records.Item) -> PullRequest:
        made = item.pull
        assert made is not None
        state = PullState.MERGED if made.merged_at else PullState(item.state)
        base = self.repo.git.head(made.base_ref)
        merges = base is not None and self.repo.git.tree_of_merge(base, made.head_sha) is not None
        return PullRequest(
            number=item.number,
            title=item.title,
            body=item.body or "",
            branch=made.head_ref,
            head=made.head_sha,
            base=made.base_ref,
            author=self._actor(item.author),
            created_at=item.created_at,
            updated_at=item.updated_at,
            state=state,
            draft=made.draft,
            labels=self.names(item),
            mergeable=merges if item.is_open else None,
            merged_commit=made.merge_commit or "",
            closed_by=self.actor(item.closed_by),
            closes=tuple(closed_by_text(item.body)),
        )

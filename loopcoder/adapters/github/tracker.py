"""Issues on GitHub, behind the same port as the local tracker's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from loopcoder.adapters.github import texts
from loopcoder.adapters.github.errors import Gone
from loopcoder.adapters.github.kept_words import KeptWords
from loopcoder.adapters.github.mapping import (
    LABELLING,
    is_pull,
    label_names,
    pull_state,
    read_comment,
    read_edge_event,
    read_issue,
    read_label_event,
    trim_event,
)
from loopcoder.adapters.github.people import People
from loopcoder.adapters.github.scan import Scan
from loopcoder.adapters.github.session import Session
from loopcoder.domain.diagnostic import Forbidden, Moved, NotFound, Refused, Stale
from loopcoder.domain.issues.host_rules import (
    checked_body,
    checked_label,
    checked_labels,
    checked_title,
)
from loopcoder.domain.issues.issue import (
    Actor,
    CloseReason,
    Comment,
    EdgeEvent,
    Issue,
    IssueDraft,
    IssueText,
    LabelDefinition,
    LabelEvent,
    Permission,
    PullState,
)

_NO_LABEL = "label does not exist"


class GitHubTracker:
    """The ports `Tracker`, `Dependencies`, `SubIssues`, `Milestones` and `PullStates`. `scan` is
    shared with the code host."""

    def __init__(self, session: Session, scan: Scan) -> None:
        self._session, self._scan = session, scan
        self._people = People(session)
        self._words = KeptWords(session)

    def whoami(self) -> Actor:
        return self._people.whoami()

    def permission(self, actor: Actor) -> Permission:
        return self._people.permission(actor)

    # --- issues

    def list_issues(self) -> Sequence[Issue]:
        return [read_issue(item) for item in self._scan.items() if not is_pull(item)]

    def list_pull_states(self) -> Mapping[int, PullState]:
        items = self._scan.items(look=False)
        return {int(item["number"]): pull_state(item) for item in items if is_pull(item)}

    def get_issue(self, number: int) -> Issue:
        return read_issue(self._ask(number))

    def create_issue(self, draft: IssueDraft) -> Issue:
        body = {
            "title": checked_title(draft.title),
            "body": checked_body(draft.body),
            "labels": list(checked_labels(draft.labels)),
            **({} if draft.milestone is None else {"milestone": draft.milestone}),
        }
        answer = self._session.write("POST", self._session.path("issues"), body)
        return read_issue(self._scan.note(answer.data))

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        wanted = {}
        if title is not None:
            wanted["title"] = checked_title(title)
        if body is not None:
            wanted["body"] = checked_body(body)
        issue = self.get_issue(number)
        now = {"title": issue.title, "body": issue.body}
        changes = {key: text for key, text in wanted.items() if text != now[key]}
        return self._change(issue, changes) if changes else issue

    def close_issue(self, number: int, reason: CloseReason) -> Issue:
        issue = self.get_issue(number)
        if not issue.is_open:
            return issue
        return self._change(issue, {"state": "closed", "state_reason": reason.value})

    def reopen_issue(self, number: int) -> Issue:
        issue = self.get_issue(number)
        return issue if issue.is_open else self._change(issue, {"state": "open"})

    # --- labels

    def add_label(self, number: int, label: str) -> None:
        """GitHub makes the definition, and does nothing where the label is on already."""
        name, path = checked_label(label), self._path(number, "labels")
        answer = self._session.write("POST", path, {"labels": [name]})
        self._scan.note_labels(number, label_names(answer.data), answer)

    def remove_label(self, number: int, label: str) -> None:
        path = self._path(number, "labels", quote(label.strip(), safe=""))
        try:
            answer = self._session.write("DELETE", path)
        except NotFound:
            # The issue may be missing, or the label on it: only the first is an error.
            self._get(number)
            return
        self._scan.note_labels(number, label_names(answer.data), answer)

    def list_labels(self) -> Sequence[str]:
        listed = self._session.all(self._session.path("labels"))
        return sorted(label_names(listed), key=str.casefold)

    def define_label(self, label: LabelDefinition) -> None:
        name = checked_label(label.name)
        body = {"name": name, "color": label.color, "description": label.description}
        with suppress(Stale):  # it is there already
            self._session.write("POST", self._session.path("labels"), body)

    def delete_label(self, label: str) -> None:
        with suppress(NotFound):
            self._session.write(
                "DELETE", self._session.path("labels", quote(label.strip(), safe=""))
            )

    def list_label_events(self, number: int) -> Sequence[LabelEvent]:
        """Asked for again only when the issue has changed, or has just changed."""
        path, item = self._path(number, "events"), self._scan.item(number, look=True)
        events = self._words.get("labels", item)
        if events is None:
            events = [e for e in self._session.all(path) if e.get("event") in LABELLING]
            events = [trim_event(each) for each in events]
            self._words.put("labels", item, events)
        return [event for each in events if (event := read_label_event(each)) is not None]

    def read_text(self, number: int) -> IssueText:
        """Asked for again only when the issue has changed, or has just changed."""
        item = self._scan.item(self._known(number), look=True)
        data = self._words.get("text", item)
        if data is None:
            data = self._session.graphql(
                texts.QUERY, texts.variables(self._session.repository, number)
            )
            self._words.put("text", item, data)
        return texts.read_issue_text(data, number)

    # --- comments

    def list_comments(self, number: int) -> Sequence[Comment]:
        return [read_comment(each) for each in self._session.all(self._path(number, "comments"))]

    def create_comment(self, number: int, body: str) -> Comment:
        path, sent = self._path(number, "comments"), {"body": checked_body(body)}
        return read_comment(self._session.write("POST", path, sent).data)

    def update_comment(self, comment: int, body: str) -> Comment:
        path = self._session.path("issues", "comments", comment)
        return read_comment(self._session.write("PATCH", path, {"body": checked_body(body)}).data)

    # --- native dependencies

    def list_blocked_by(self, number: int) -> Sequence[Issue]:
        path = self._path(number, "dependencies", "blocked_by")
        return [read_issue(each) for each in self._session.all(path)]

    def list_edge_events(self, number: int) -> Sequence[EdgeEvent]:
        events, name = self._session.all(self._path(number, "events")), self._session.repository
        return [event for each in events if (event := read_edge_event(each, name)) is not None]

    def add_blocked_by(self, number: int, blocker: int) -> None:
        path = self._path(number, "dependencies", "blocked_by")
        try:
            self._session.write("POST", path, {"issue_id": blocker})
        except (Refused, Stale):  # for one of many reasons, or because it is there already
            if not self._is_blocked_by(number, blocker):
                raise
            return
        self._scan.note_edges(number, 1)

    def remove_blocked_by(self, number: int, blocker: int) -> None:
        path = self._path(number, "dependencies", "blocked_by")
        try:
            self._session.write("DELETE", f"{path}/{blocker}")
        except NotFound:
            if self._is_blocked_by(number, blocker):
                raise
            return
        self._scan.note_edges(number, -1)

    def _is_blocked_by(self, number: int, blocker: int) -> bool:
        return any(each.id == blocker for each in self.list_blocked_by(number))

    # --- sub-issues

    def put_under(self, issue: Issue, parent: int, *, instead: bool = False) -> None:
        body = {"sub_issue_id": issue.id, **({"replace_parent": True} if instead else {})}
        try:
            self._session.write("POST", self._path(parent, "sub_issues"), body)
        except (Refused, Stale):  # for one of many reasons, or because it is there already
            if self._parent(issue) != parent:
                raise
            return
        self._scan.note_parent(issue.number, parent, _parent_of(issue))

    def take_out(self, issue: Issue, parent: int) -> None:
        path = self._path(parent, "sub_issue")
        try:
            self._session.write("DELETE", path, {"sub_issue_id": issue.id})
        except NotFound:
            if self._parent(issue) == parent:
                raise
            return
        self._scan.note_parent(issue.number, 0, parent)

    def _parent(self, issue: Issue) -> int:
        return _parent_of(self.get_issue(issue.number))

    # --- milestones

    def list_milestones(self) -> Mapping[str, int]:
        listed = self._session.all(self._session.path("milestones"), {"state": "all"})
        return {str(each["title"]): int(each["number"]) for each in listed}

    def create_milestone(self, title: str) -> int:
        try:
            answer = self._session.write("POST", self._session.path("milestones"), {"title": title})
        except Forbidden:
            raise
        except Refused as error:
            raise Stale(f"There may be a milestone {title!r} already: {error}") from error
        return int(answer.data["number"])

    def set_milestone(self, number: int, milestone: int | None) -> Issue:
        return self._change(self.get_issue(number), {"milestone": milestone})

    def close(self) -> None:
        """Let go of the connection and of what is kept."""
        self._session.close()

    # --- one issue

    def _change(self, issue: Issue, changes: dict[str, Any]) -> Issue:
        path = self._path(issue.number)
        return read_issue(self._scan.note(self._session.write("PATCH", path, changes).data))

    def _ask(self, number: int) -> Any:
        payload = self._get(number)
        if is_pull(payload):
            raise NotFound(
                f"There is no issue #{number}: it is a pull request.",
                f"`loopcoder pr show {number}` shows it.",
            )
        return payload

    def _get(self, number: int) -> Any:
        """An issue or a pull request as it is now."""
        try:
            payload = self._session.read(self._path(number)).data
        except NotFound as error:
            known = self._scan.item(number)
            if known and self._scan.is_young(number) and not isinstance(error, Gone | Moved):
                return known  # just written by us: not every server knows of it yet
            self._scan.forget(number)
            raise
        name = "/".join(str(payload.get("repository_url") or "").split("/")[-2:])
        if name and name.lower() != self._session.repository.lower():
            self._scan.forget(number)
            raise Moved(f"Issue #{number} was transferred to {name}.")
        return self._scan.note(payload)

    def _known(self, number: int) -> int:
        if number < 1:
            raise NotFound(f"There is no issue #{number}.")
        return number

    def _path(self, number: int, *parts: object) -> str:
        return self._session.path("issues", self._known(number), *parts)


def _parent_of(issue: Issue) -> int:
    return issue.family.parent if issue.family else 0

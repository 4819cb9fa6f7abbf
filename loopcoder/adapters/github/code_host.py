"""Branches and pull requests on GitHub: branches by plain git, pull requests by the API.

There is no verb here to merge, to approve, or to make a draft ready.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.adapters.git.merge_tree import merge_commits
from loopcoder.adapters.github.feedback import read_feedback
from loopcoder.adapters.github.mapping import (
    Payload,
    as_item,
    branch_of,
    is_pull,
    label_names,
    read_pull,
    read_time,
    write_time,
)
from loopcoder.adapters.github.remote import Remote
from loopcoder.adapters.github.scan import Scan
from loopcoder.adapters.github.session import Session
from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Refused, Stale
from loopcoder.domain.issues.host_rules import (
    checked_body,
    checked_branch,
    checked_labels,
    checked_title,
)
from loopcoder.domain.issues.issue import Actor, Feedback, PullDraft, PullRequest

_SETTLES = timedelta(seconds=90)


class GitHubCodeHost:
    """The port `CodeHost`. `git` is the user's repository, `base` the configured base branch."""

    def __init__(self, session: Session, scan: Scan, remote: Remote, git: Git, base: str) -> None:
        self._session, self._scan, self._remote = session, scan, remote
        self._git, self._base = git, base

    # --- branches

    def branch_head(self, branch: str) -> str | None:
        """As the port says; the commit's objects are in the local repository."""
        return self._remote.head(branch)

    def push_branch(self, branch: str, commit: str, expected: str | None) -> None:
        checked_branch(branch, self._base)
        if self._remote.head(branch) != commit:
            self._remote.push(branch, commit, expected)

    def delete_branch(self, branch: str, expected: str) -> None:
        checked_branch(branch, self._base)
        self._remote.delete(branch, expected)

    def list_branches(self, prefix: str) -> Sequence[tuple[str, str]]:
        return sorted(self._remote.heads(prefix).items())

    # --- pull requests

    def list_pulls(self) -> Sequence[PullRequest]:
        details = self._scan.details()
        items = [item for item in self._scan.items() if is_pull(item)]
        return [self._pull(item, details.get(item["number"])) for item in items]

    def get_pull(self, number: int) -> PullRequest:
        return self._pull(*self._ask(number))

    def create_pull(self, draft: PullDraft) -> PullRequest:
        """The pull request is one write; its labels are one more.

        What GitHub answers is taken as it is: a server that is asked for it a moment later may not
        know it yet.
        """
        checked_branch(draft.branch, self._base)
        labels = checked_labels(draft.labels)
        body = {
            "title": checked_title(draft.title),
            "body": checked_body(draft.body),
            "head": draft.branch,
            "base": draft.base,
            "draft": draft.draft,
        }
        self._demand_difference(draft)
        answer = self._session.write("POST", self._session.path("pulls"), body)
        number = int(answer.data["number"])
        item = self._scan.note(as_item(answer.data))
        detail = self._scan.note_pull(answer.data)
        if labels:
            path = self._session.path("issues", number, "labels")
            labelled = self._session.write("POST", path, {"labels": list(labels)})
            self._scan.note_labels(number, label_names(labelled.data), labelled)
            item = self._scan.item(number) or item
        return self._pull(item, detail)

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        wanted = {}
        if title is not None:
            wanted["title"] = checked_title(title)
        if body is not None:
            wanted["body"] = checked_body(body)
        pull = self.get_pull(number)
        now = {"title": pull.title, "body": pull.body}
        changes = {key: text for key, text in wanted.items() if text != now[key]}
        if not changes:
            return pull
        self._session.write("PATCH", self._session.path("pulls", number), changes)
        return self.get_pull(number)

    def request_reviews(self, number: int, names: Sequence[str]) -> None:
        """All at once; where that is refused, one after the other."""
        plain = dict.fromkeys(name.removeprefix("@") for name in names)
        asked = self._asked(number)
        left = [name for name in plain if name.lower() not in asked]
        if left and not self._ask_reviewers(number, left) and len(left) > 1:
            for name in left:
                self._ask_reviewers(number, [name])

    def list_feedback(self, number: int) -> Sequence[Feedback]:
        """Asked for again only when the pull request has changed, or has just changed."""
        item = self._scan.item(number, look=True)
        if item is None or not is_pull(item):
            item, _ = self._ask(number)
        kept = self._kept_feedback(number, item)
        if kept is not None:
            return kept
        path = self._session.path("pulls", number)
        # A comment always belongs to a review, if only to one that was made for it.
        reviews = self._session.all(f"{path}/reviews")
        comments = self._session.all(f"{path}/comments") if reviews else []
        said = read_feedback(reviews, comments)
        self._keep_feedback(number, item, said)
        return said

    def close(self) -> None:
        """Let go of the connection and of what is kept."""
        self._session.close()

    # --- inside

    def _ask(self, number: int) -> tuple[Payload, Payload]:
        if number < 1:
            raise NotFound(f"There is no pull request #{number}.")
        session = self._session
        try:
            item = session.read(session.path("issues", number)).data
        except NotFound:
            raise NotFound(f"There is no pull request #{number}.") from None
        if not is_pull(item):
            raise NotFound(
                f"There is no pull request #{number}: it is an issue.",
                f"`loopcoder issue show {number}` shows it.",
            )
        detail = self._scan.note_pull(session.read(session.path("pulls", number)).data)
        return self._scan.note(item), detail

    def _pull(self, item: Payload, detail: Payload | None) -> PullRequest:
        head, mergeable = None, None
        if item["state"] == "open" and detail is not None:
            branch, base = branch_of(detail), str(detail["base"]["ref"])
            head = self._remote.head(branch) or str(detail["head"]["sha"])
            mergeable = self._mergeable(head, self._remote.head(base))
        return read_pull(item, detail, head, mergeable)

    def _mergeable(self, head: str, base: str | None) -> bool | None:
        """As git finds it here: GitHub takes its time to work it out, and it costs a request."""
        if base is None or not (self._remote.has(head) and self._remote.has(base)):
            return None
        try:
            return merge_commits(self._git, base, head).is_clean
        except GitError:
            return None

    def _demand_difference(self, draft: PullDraft) -> None:
        head, base = self._remote.head(draft.branch), self._remote.head(draft.base)
        for name, commit in ((draft.branch, head), (draft.base, base)):
            if commit is None:
                raise NotFound(f"There is no branch {name}.")
        assert head is not None and base is not None
        if self._remote.is_ancestor(head, base):
            raise LoopcoderError(f"{draft.branch} has nothing that {draft.base} does not have.")

    def _asked(self, number: int) -> set[str]:
        """Who has been asked already: logins, and teams as `owner/team`."""
        pull = self._session.read(self._session.path("pulls", number)).data
        people = {str(each["login"]).lower() for each in pull.get("requested_reviewers") or ()}
        owner = self._session.repository.partition("/")[0].lower()
        teams = {f"{owner}/{each['slug']}".lower() for each in pull.get("requested_teams") or ()}
        return people | teams

    def _ask_reviewers(self, number: int, names: Sequence[str]) -> bool:
        """Whether they could be asked. Somebody who may not review, or the author, spoils it."""
        body = {
            "reviewers": [name for name in names if "/" not in name],
            "team_reviewers": [name.partition("/")[2] for name in names if "/" in name],
        }
        path = self._session.path("pulls", number, "requested_reviewers")
        try:
            self._session.write("POST", path, {key: each for key, each in body.items() if each})
        except (NotFound, Stale, Refused):
            return False
        return True

    # --- feedback that is kept

    def _kept_feedback(self, number: int, item: Payload) -> list[Feedback] | None:
        """What was said until the pull request last changed, if it was read well after that."""
        query = "SELECT as_of, said FROM remarks WHERE number = ?"
        with self._session.state.reading() as db:
            row = db.execute(query, (number,)).fetchone()
        if row is None or row[0] != item["updated_at"]:
            return None
        return [_read_kept(each) for each in json.loads(row[1])]

    def _keep_feedback(self, number: int, item: Payload, said: Sequence[Feedback]) -> None:
        changed = item["updated_at"]
        if read_time(changed) + _SETTLES > self._session.clock.now():
            return
        text = json.dumps([{**asdict(each), "at": write_time(each.at)} for each in said])
        with self._session.state.writing() as db:
            db.execute("INSERT OR REPLACE INTO remarks VALUES (?, ?, ?)", (number, changed, text))


def _read_kept(kept: dict[str, Any]) -> Feedback:
    fields = {**kept, "author": Actor(**kept["author"]), "at": read_time(kept["at"])}
    return Feedback(**fields)

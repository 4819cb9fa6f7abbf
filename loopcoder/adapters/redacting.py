"""Trackers and code hosts that let no known secret out.

What the machine writes by itself (comments, pull requests) is masked. An issue's text is compared
with the roadmap on every pass, so it is refused instead: masked, it would differ for ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issue import Comment, Issue, IssueDraft, PullDraft, PullRequest
from loopcoder.domain.redaction import Redactor
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.tracker import Tracker


def redacting_tracker(inner: Tracker, redactor: Redactor) -> Tracker:
    """The tracker, with every text that is written to it looked through first."""
    return cast(Tracker, _RedactingTracker(inner, redactor))


def redacting_code_host(inner: CodeHost, redactor: Redactor) -> CodeHost:
    """The code host, with the texts of pull requests masked."""
    return cast(CodeHost, _RedactingCodeHost(inner, redactor))


class _RedactingTracker:
    def __init__(self, inner: Tracker, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_issue(self, draft: IssueDraft) -> Issue:
        self._refuse_secrets(draft.title, draft.body, *draft.labels)
        return self._inner.create_issue(draft)

    def update_issue(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Issue:
        self._refuse_secrets(title or "", body or "")
        return self._inner.update_issue(number, title=title, body=body)

    def add_label(self, number: int, label: str) -> None:
        self._refuse_secrets(label)
        self._inner.add_label(number, label)

    def create_comment(self, number: int, body: str) -> Comment:
        return self._inner.create_comment(number, self._redactor.text(body))

    def update_comment(self, comment: int, body: str) -> Comment:
        return self._inner.update_comment(comment, self._redactor.text(body))

    def _refuse_secrets(self, *texts: str) -> None:
        if any(self._redactor.finds(text) for text in texts):
            raise LoopcoderError(
                "The issue's text holds the value of a secret of this environment; "
                "nothing was written.",
                "Take it out of the roadmap, and change the secret if the roadmap was published.",
            )


class _RedactingCodeHost:
    def __init__(self, inner: CodeHost, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_pull(self, draft: PullDraft) -> PullRequest:
        title, body = self._redactor.text(draft.title), self._redactor.text(draft.body)
        return self._inner.create_pull(replace(draft, title=title, body=body))

    def update_pull(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> PullRequest:
        masked = [None if text is None else self._redactor.text(text) for text in (title, body)]
        return self._inner.update_pull(number, title=masked[0], body=masked[1])

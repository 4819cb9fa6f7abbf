"""Trackers, code hosts and journals that let no known secret out.

What the machine writes by itself (comments, pull requests, the record of what it does) is masked.
An issue's text is compared with the roadmap on every pass, so it is refused instead: masked, it
would differ for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.issues.issue import Comment, Issue, IssueDraft, PullDraft, PullRequest
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.ports.code_host import CodeHost
from loopcoder.ports.journal import Journal
from loopcoder.ports.tracker import Tracker


def redacting_tracker(inner: Tracker, redactor: Redactor) -> Tracker:
    """The tracker, with every text that is written to it looked through first."""
    return cast(Tracker, _RedactingTracker(inner, redactor))


def redacting_code_host(inner: CodeHost, redactor: Redactor) -> CodeHost:
    """The code host, with the texts of pull requests masked."""
    return cast(CodeHost, _RedactingCodeHost(inner, redactor))


def redacting_journal(inner: Journal, redactor: Redactor) -> Journal:
    """The journal, with every text in the facts that are recorded masked first."""
    return cast(Journal, _RedactingJournal(inner, redactor))


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


class _RedactingJournal:
    """Check tails, reasons and summaries are other programs' words: a shared journal can be read
    by whoever can read the repository."""

    def __init__(self, inner: Journal, redactor: Redactor) -> None:
        self._inner, self._redactor = inner, redactor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        return self._inner.record(*map(self._masked, entries))

    def transact(self, decision: Callable[[History], Sequence[Entry]]) -> tuple[Event, ...]:
        return self._inner.transact(lambda history: [*map(self._masked, decision(history))])

    def _masked(self, entry: Entry) -> Entry:
        return replace(entry, fact=masked(entry.fact, self._redactor))


def masked(value: Any, redactor: Redactor) -> Any:
    """A value of plain data (records, maps, lists, scalars) with every text in it masked. What
    holds no secret is the very same value."""
    if isinstance(value, str):
        text = redactor.text(value)
        return value if text == value else text
    if is_dataclass(value) and not isinstance(value, type):
        found = {each.name: getattr(value, each.name) for each in fields(value)}
        changed = {k: new for k, v in found.items() if (new := masked(v, redactor)) is not v}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        pairs = {masked(k, redactor): masked(v, redactor) for k, v in value.items()}
        return value if all(pairs.get(k) is v for k, v in value.items()) else pairs
    if isinstance(value, list | tuple):
        parts = [masked(each, redactor) for each in value]
        same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if same else type(value)(parts)
    return value

"""Which word of a person is proven: a label put on or taken off by whoever may, about a text that
did not change since. Pure; what it needs is asked for by `engine/compile/hearing.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from loopcoder.domain.issues.issue import Actor, CommandLabel, LabelEvent, TextEdit

MaySpeak = Callable[[Actor], bool]
"""Whether an account's word counts: it may write here, or is among `trusted_ids`."""

AT_ONCE = timedelta(seconds=1)


def last_event(events: Iterable[LabelEvent], label: str) -> LabelEvent | None:
    """The newest event about a label, whatever the case of its name."""
    key = label.casefold()
    return next((e for e in reversed(list(events)) if e.label.casefold() == key), None)


def put_on(events: Sequence[LabelEvent], label: str, may_speak: MaySpeak) -> LabelEvent | None:
    """The event by which the label came on that is on now, when its author's word counts."""
    event = last_event(events, label)
    return event if event and event.added and may_speak(event.actor) else None


def taken_off(events: Sequence[LabelEvent], label: str, may_speak: MaySpeak) -> LabelEvent | None:
    """The event by which the label went that is missing now, when its author's word counts."""
    event = last_event(events, label)
    return event if event and not event.added and may_speak(event.actor) else None


def approval(
    events: Sequence[LabelEvent], labels: frozenset[str], may_speak: MaySpeak
) -> LabelEvent | None:
    """The newest label event by which a person approved: `loopcoder:file` that is on, put on by
    them, or `loopcoder:proposed` that is off, taken off by them."""
    found = []
    if CommandLabel.FILE in labels:
        found.append(put_on(events, CommandLabel.FILE, may_speak))
    if CommandLabel.PROPOSED not in labels:
        found.append(taken_off(events, CommandLabel.PROPOSED, may_speak))
    return max((e for e in found if e), key=lambda e: e.at, default=None)


def stands_for(event: LabelEvent, edits: Iterable[TextEdit]) -> bool:
    """Whether the text is still the one that the event was about.

    Hosts tell times to the second: in that second only an edit by the same person is believed to
    have come before.
    """
    return all(edit.at < event.at or _same_moment(edit, event) for edit in edits)


def _same_moment(edit: TextEdit, event: LabelEvent) -> bool:
    by_them = edit.actor is not None and edit.actor.id == event.actor.id
    return edit.at == event.at and by_them


def was_deleted(event: LabelEvent, elsewhere: Iterable[LabelEvent]) -> bool:
    """Whether the label went because its definition was deleted: it left other issues at the same
    moment, by the same hand."""
    return any(
        other.label == event.label
        and not other.added
        and other.actor.id == event.actor.id
        and abs(other.at - event.at) <= AT_ONCE
        for other in elsewhere
    )

"""The labels that are ours: what they mean, for people who see them in a list."""

from __future__ import annotations

from collections.abc import Iterable

from loopcoder.domain.issues.issue import BLOCKED_BY, OURS, CommandLabel, LabelDefinition

DEFINITIONS: tuple[LabelDefinition, ...] = (
    LabelDefinition(OURS, "5319e7", "Filed by loopcoder from the roadmap"),
    LabelDefinition(CommandLabel.FILE, "0e8a16", "Work on this issue as it reads now"),
    LabelDefinition(CommandLabel.PROPOSED, "fbca04", "Take this off to approve the issue"),
    LabelDefinition(CommandLabel.HOLD, "d93f0b", "Stop work on this; on the dashboard: on all"),
    LabelDefinition(CommandLabel.RETRY, "1d76db", "Try again; comments until now are read"),
    LabelDefinition(CommandLabel.UNBLOCK, "1d76db", "Wait no longer for what blocks this now"),
    LabelDefinition(CommandLabel.NEEDS_HUMAN, "b60205", "Waits for a person to decide"),
    LabelDefinition(CommandLabel.CI_FAILURE, "b60205", "What fails on the base branch"),
)


def is_our_label(name: str) -> bool:
    """Whether a definition is ours to remove: known by its name alone, as people know it."""
    key = name.casefold()
    ours = any(key == each.name.casefold() for each in DEFINITIONS)
    return ours or _blocker(name) is not None


def missing_labels(names: Iterable[str]) -> tuple[LabelDefinition, ...]:
    """Those of ours that a repository does not define."""
    there = {name.casefold() for name in names}
    return tuple(each for each in DEFINITIONS if each.name.casefold() not in there)


def unused_blockers(
    names: Iterable[str], used: Iterable[str], closed: Iterable[int]
) -> tuple[str, ...]:
    """Definitions of `blocked-by:#N` that no issue has and whose N is closed."""
    on, over = {name.casefold() for name in used}, set(closed)
    found = (name for name in names if name.casefold() not in on)
    return tuple(sorted(name for name in found if _blocker(name) in over))


def _blocker(name: str) -> int | None:
    """The number in `blocked-by:#N`."""
    key = name.casefold()
    tail = key.removeprefix(BLOCKED_BY)
    return int(tail) if key != tail and tail.isascii() and tail.isdecimal() else None

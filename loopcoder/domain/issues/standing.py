"""Open or closed: what each unit's box, its children and people's own word add up to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loopcoder.domain.issues.case import Case
from loopcoder.domain.issues.issue import CloseReason, Issue
from loopcoder.domain.unit import Box, UnitId


@dataclass(frozen=True, slots=True)
class Standing:
    """`box` is what the unit counts as, `completed` whether it is so once the plan is applied.

    `note` says why nothing is done where the roadmap and the issue differ.
    """

    box: Box
    completed: bool
    reopen: bool = False
    close: CloseReason | None = None
    reason: str = ""
    note: str = ""


def judge_standings(cases: Sequence[Case]) -> dict[UnitId, Standing]:
    """Every unit's standing. A parent with an open box is done when its children are."""
    by_id = {case.unit.id: case for case in cases}
    children: dict[UnitId, list[UnitId]] = {}
    for case in cases:
        if case.unit.parent in by_id and case.unit.parent != case.unit.id:
            children.setdefault(case.unit.parent, []).append(case.unit.id)
    found: dict[UnitId, Standing] = {}
    for id in _children_first(by_id, children):
        case = by_id[id]
        below = [found[child] for child in children.get(id, ()) if child in found]
        box = case.unit.box
        by_children = box is Box.OPEN and _all_done(below)
        found[id] = judge(case, Box.DONE if by_children else box, by_children)
    return found


def stays_open(case: Case, standing: Standing) -> bool:
    """Whether the unit is still to be done once the plan is applied."""
    if case.issue is None:
        return standing.box is Box.OPEN
    return (case.issue.is_open or standing.reopen) and standing.close is None


def _children_first(
    ids: Iterable[UnitId], children: dict[UnitId, list[UnitId]]
) -> Iterable[UnitId]:
    """Post-order with its own stack; a knot of parents is cut anywhere."""
    seen: set[UnitId] = set()
    for root in ids:
        stack = [(root, False)]
        while stack:
            id, expanded = stack.pop()
            if expanded:
                yield id
            elif id not in seen:
                seen.add(id)
                stack.append((id, True))
                stack.extend((child, False) for child in children.get(id, ()))


def _all_done(below: Sequence[Standing]) -> bool:
    return any(each.completed for each in below) and all(
        each.completed or each.box is Box.DROPPED for each in below
    )


def judge(case: Case, box: Box, by_children: bool) -> Standing:
    """The standing of what counts as `box`, by its own word or by its parts'."""
    if case.issue is None:
        return Standing(box, completed=box is Box.DONE, note=_unfiled(box, by_children))
    match box:
        case Box.DONE:
            why = "its parts are all done" if by_children else "ticked in the roadmap"
            return _judge_done(case.issue, case.recorded_box, why)
        case Box.DROPPED:
            return _judge_dropped(case.issue, case.recorded_box)
        case _:
            return _judge_open(case.issue, case.recorded_box)


def _unfiled(box: Box, by_children: bool) -> str:
    if by_children:
        return "its parts are all done; not filed"
    return {Box.DONE: "done; not filed", Box.DROPPED: "dropped; not filed"}.get(box, "")


def _judge_done(issue: Issue, recorded: str, why: str) -> Standing:
    if issue.is_open:
        if recorded == Box.DONE:
            note = "re-opened by a person while its box is ticked; left open"
            return Standing(Box.DONE, completed=False, note=note)
        return Standing(Box.DONE, True, close=CloseReason.COMPLETED, reason=why)
    if issue.is_not_planned and recorded in (Box.OPEN, Box.DROPPED):
        return Standing(Box.DONE, True, reopen=True, close=CloseReason.COMPLETED, reason=why)
    return Standing(Box.DONE, completed=issue.is_completed, note="done")


def _judge_dropped(issue: Issue, recorded: str) -> Standing:
    if issue.is_open:
        if recorded == Box.DROPPED:
            note = "re-opened by a person while the roadmap drops it; left open"
            return Standing(Box.DROPPED, completed=False, note=note)
        why = "dropped in the roadmap"
        return Standing(Box.DROPPED, False, close=CloseReason.NOT_PLANNED, reason=why)
    if issue.is_completed and recorded == Box.DONE:
        why = "done before, dropped now"
        return Standing(Box.DROPPED, False, True, CloseReason.NOT_PLANNED, why)
    return Standing(Box.DROPPED, completed=False, note="dropped")


def _judge_open(issue: Issue, recorded: str) -> Standing:
    if issue.is_open:
        return Standing(Box.OPEN, completed=False)
    if recorded in (Box.DONE, Box.DROPPED):
        mark = "[x]" if recorded == Box.DONE else "[-]"
        return Standing(Box.OPEN, False, reopen=True, reason=f"its box went from {mark} to [ ]")
    if issue.is_completed:
        return Standing(Box.OPEN, completed=True, note="done; its box is still open")
    return Standing(Box.OPEN, completed=False, note="closed as not planned; its box is still open")

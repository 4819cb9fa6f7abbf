"""A plan, and what became of it, as people and as programs read it. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from loopcoder.domain.issues.cost import PlanCost
from loopcoder.domain.issues.issue import BLOCKED_BY
from loopcoder.domain.issues.plan import Change, ChangeAction, Plan
from loopcoder.domain.settings import HOUR
from loopcoder.domain.unit import Box, Roadmap, is_section_id
from loopcoder.engine.compile.apply import Applied
from loopcoder.entrypoints.running.roadmap_files import NewIds
from loopcoder.entrypoints.views.render import diagnostic_text, diagnostics_json
from loopcoder.entrypoints.views.terminal import PLAIN, Style, table_lines
from loopcoder.entrypoints.views.text import clean, fit

_SIGNS = {
    ChangeAction.CREATE: ("+", "green"),
    ChangeAction.UPDATE: ("~", "yellow"),
    ChangeAction.CLOSE: ("-", "red"),
    ChangeAction.REOPEN: ("+", "green"),
    ChangeAction.DRIFT: ("!", "yellow"),
    ChangeAction.NOOP: ("·", "dim"),
}
_QUIET = frozenset(("unchanged", "done", "dropped", "done; not filed", "dropped; not filed"))
_TITLE = 48
_WHAT = 3
_MARGIN = 4
_IDS = 4
FREE = PlanCost()


def summary_text(roadmap: Roadmap, unidentified: int = 0, note: str = "") -> str:
    """`ROADMAP.md: 5 units, 1 done, 4 edges`."""
    boxes = [unit.box for unit in roadmap.units]
    edges = sum(len(unit.after) + len(unit.after_issues) for unit in roadmap.units)
    parts = [_count(len(boxes) + unidentified, "unit")]
    parts += [f"{boxes.count(Box.DONE)} done"] if Box.DONE in boxes else []
    parts += [f"{boxes.count(Box.DROPPED)} dropped"] if Box.DROPPED in boxes else []
    parts += [f"{unidentified} without an id"] if unidentified else []
    parts += [_count(edges, "edge")]
    return f"{clean(', '.join(roadmap.files))}: {', '.join(parts)}" + (f" · {note}" if note else "")


def minted_text(new: Sequence[NewIds], *, written: bool = True, was_clean: bool = False) -> str:
    """Which ids were, or would be, written where; of many only the first. Then what they are, and
    how to be rid of them: `was_clean` says that the files were as they are committed."""
    verb = "wrote" if written else "lacks"
    lines = []
    for each in new:
        shown = each.mints if len(each.mints) <= _IDS else each.mints[: _IDS - 1]
        ids = ", ".join(f"{mint.id} (line {mint.line})" for mint in shown)
        more = f", and {len(each.mints) - len(shown)} more" if len(shown) < len(each.mints) else ""
        count = _count(len(each.mints), "id")
        lines.append(f"{clean(each.file)}: {verb} {count}: {ids}{more}")
    if not written:
        return "\n".join(
            [*lines, "  loopcoder plan writes them into the file; --no-ids leaves it alone"]
        )
    undo = "take the comments out again"
    if was_clean:
        undo = f"git restore {clean(' '.join(each.file for each in new))} undoes it"
    return "\n".join(
        [
            *lines,
            "  an id is a comment at the end of a unit's line; its issue is found again by it,",
            f"  so commit the file. Not wanted? {undo}; --no-ids writes none",
        ]
    )


def minted_json(new: Sequence[NewIds]) -> list[dict[str, object]]:
    """The ids that were, or would be, written into the files."""
    return [
        {"unit": mint.id, "file": each.file, "line": mint.line}
        for each in new
        for mint in each.mints
    ]


def changes_text(plan: Plan, style: Style = PLAIN, width: int | None = None) -> str:
    """One line for each change, those that do nothing counted; titles give way to `width`."""
    shown = [change for change in plan.changes if not _is_quiet(change)]
    room = None if width is None else width - _MARGIN
    table = table_lines([_row(change) for change in shown], width=room, elastic=_WHAT)
    lines = []
    for change, line in zip(shown, table, strict=True):
        sign, colour = _SIGNS[change.action]
        lines.append(f"  {style(sign, colour)} {line}")
    units = [change for change in plan.changes if not is_section_id(change.unit)]
    quiet = sum(1 for change in units if _is_quiet(change))
    if quiet:
        lines.append(f"  {style('·', 'dim')} noop    {_count(quiet, 'unit')}")
    return "\n".join(lines)


def _is_quiet(change: Change) -> bool:
    return change.action is ChangeAction.NOOP and change.reason in _QUIET


def _row(change: Change) -> tuple[str, ...]:
    """Action, unit, issue, what, where, and what else there is to know."""
    is_new = change.action is ChangeAction.CREATE and change.replaces is None
    what = change.title if is_new else change.reason
    place = f"{change.file}:{change.line}" if change.line else ""
    issue = f"#{change.issue}" if change.issue else ""
    return (
        change.action.value.ljust(6),
        change.unit,
        issue,
        fit(clean(what), _TITLE if is_new else 2 * _TITLE),
        place,
        _remark(change),
    )


def _remark(change: Change) -> str:
    if change.action is ChangeAction.DRIFT:
        return "(--overwrite-drift to replace)"
    if change.action is not ChangeAction.CREATE:
        return ""
    numbers = [label.removeprefix("blocked-by:") for label in change.add_labels]
    after = [*change.wait_for, *(n for n in numbers if f"blocked-by:{n}" in _edges(change))]
    return f"after {', '.join(after)}" if after else ""


def _edges(change: Change) -> set[str]:
    return {label for label in change.add_labels if label.startswith(BLOCKED_BY)}


def plan_text(
    plan: Plan, style: Style = PLAIN, cost: PlanCost = FREE, width: int | None = None
) -> str:
    """Diagnostics, changes, what they cost, and how to apply them."""
    said = [diagnostic_text(each, style) for each in plan.diagnostics]
    if not plan.applyable:
        return "\n".join([*said, "nothing was changed"])
    changes = changes_text(plan, style, width)
    return "\n".join([*said, *([changes] if changes else []), *_later(cost), _closing(plan, cost)])


def _later(cost: PlanCost) -> Iterator[str]:
    """What does not fit today."""
    if cost.issues_later:
        which = f"{cost.issues_later} of {_count(cost.issues, 'new issue')}"
        yield f"{which} will wait for another day (limits.issues_per_day)"
    if cost.labels_later:
        which = f"{cost.labels_later} of {_count(cost.labels, 'label write')}"
        yield f"{which} will wait for another day (limits.labels_per_day)"
    if cost.seconds > HOUR:
        yield "GitHub takes 500 writes an hour: compile stops there, and goes on when run again"


def _closing(plan: Plan, cost: PlanCost) -> str:
    if not plan.writes:
        return f"nothing to write · plan {plan.short}"
    about = f", about {_duration(cost.seconds)}" if cost.seconds >= 1 else ""
    writes = _count(plan.writes, "write")
    return f"{writes}{about} · plan {plan.short} · apply with: loopcoder compile"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def applied_text(plan: Plan, applied: Applied, style: Style = PLAIN) -> str:
    """What was written, and what was not and why."""
    titles = {change.unit: change.title for change in plan.changes}
    signs = [_SIGNS[done.action] for done in applied.applied]
    signs += [("…", "yellow")] * len(applied.waiting) + [("✗", "red")] * len(applied.failed)
    rows = [(d.action.value, d.unit, f"#{d.issue}", titles[d.unit]) for d in applied.applied]
    rows += [("waits", left.change.unit, "", left.reason) for left in applied.waiting]
    rows += [("failed", left.change.unit, "", left.reason) for left in applied.failed]
    lines = [
        f"  {style(sign, colour)} {line}"
        for (sign, colour), line in zip(signs, table_lines(rows), strict=True)
    ]
    counts = [_count(applied.writes, "write") if applied.writes else "nothing written"]
    counts += [f"{len(applied.waiting)} waiting"] if applied.waiting else []
    counts += [f"{len(applied.failed)} failed"] if applied.failed else []
    return "\n".join([*lines, f"{', '.join(counts)} · plan {plan.short}"])


def plan_json(plan: Plan, cost: PlanCost = FREE) -> dict[str, object]:
    """The stable keys of docs/reference/json.md."""
    return {
        "digest": plan.digest,
        "applyable": plan.applyable,
        "changes": [_change_json(change) for change in plan.changes],
        "diagnostics": diagnostics_json(plan.diagnostics),
        "cost": {**asdict(cost), "seconds": round(cost.seconds, 1)},
    }


def _change_json(change: Change) -> dict[str, object]:
    return {
        "action": change.action.value,
        "unit": change.unit,
        "issue": change.issue,
        "title": change.title,
        "reason": change.reason,
        "file": change.file or None,
        "line": change.line or None,
        "writes": change.writes,
        "needs_approval": change.needs_approval,
    }


def compile_json(plan: Plan, applied: Applied, cost: PlanCost = FREE) -> dict[str, object]:
    """The plan, and what was done of it."""
    return {
        **plan_json(plan, cost),
        "applied": [
            {"action": done.action.value, "unit": done.unit, "issue": done.issue}
            for done in applied.applied
        ],
        "writes": applied.writes,
        "waiting": [{"unit": left.change.unit, "reason": left.reason} for left in applied.waiting],
        "failed": [{"unit": left.change.unit, "reason": left.reason} for left in applied.failed],
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""tasks.jsonl: one task a line, to carry units to other tools and back.

Keys: id, title, description, status (open, done, dropped, or another tool's word), priority (0 to
4), labels, deps (`{"id", "type"}`; type blocks or parent), commits, created_at, updated_at,
closed_at. What else a unit says is written under the names of its fields, where it says something.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from loopcoder.domain.diagnostic import Diagnostic
from loopcoder.domain.markdown import LINE_END
from loopcoder.domain.roadmap.fields import MAX_CANDIDATES, PRIORITY_WORDS
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.ids import fold_id, id_problem, mint_id
from loopcoder.domain.roadmap.text import clean_line, settle_unit
from loopcoder.domain.unit import DEFAULT_PRIORITY, Box, IssueRef, Step, Unit, UnitId

# As deep as units can be nested in each other.
MAX_DEPTH = 8
BLOCKS = "blocks"
PARENT = "parent"

_STATUSES = {Box.OPEN: "open", Box.DONE: "done", Box.DROPPED: "dropped"}
_BOXES = {
    **dict.fromkeys(("done", "closed", "complete", "completed", "merged", "resolved"), Box.DONE),
    **dict.fromkeys(("dropped", "cancelled", "canceled", "wontfix", "rejected"), Box.DROPPED),
}
_PARENT_TYPES = frozenset(("parent", "parent-child"))
# Kinds of links that say nothing about the order of work.
_LOOSE_TYPES = frozenset(("related", "relates-to", "discovered-from", "duplicates", "supersedes"))


@dataclass(frozen=True, slots=True)
class Task:
    """A unit with what the tracker and git know of it; times as ISO 8601, commits as hashes.

    `status` is empty where the unit's box says it all.
    """

    unit: Unit
    status: str = ""
    commits: tuple[str, ...] = ()
    created_at: str = ""
    updated_at: str = ""
    closed_at: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of tasks says, and what could not be taken over."""

    tasks: tuple[Task, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(task.unit for task in self.tasks)


def export_tasks(tasks: Iterable[Task]) -> str:
    """Tasks as JSON lines, in the order given. Importing and exporting again gives this text."""
    return "".join(
        json.dumps(_line(task), ensure_ascii=False, separators=(", ", ": ")) + "\n"
        for task in tasks
    )


def _line(task: Task) -> dict[str, object]:
    unit = task.unit
    deps = [{"id": id, "type": BLOCKS} for id in (*unit.after, *map(str, unit.after_issues))]
    if unit.parent:
        deps.append({"id": unit.parent, "type": PARENT})
    more: dict[str, object] = {
        "section": unit.section,
        "mark": unit.mark,
        "steps": [{"text": step.text, "done": step.done} for step in unit.steps],
        "verify": list(unit.verify),
        "touches": list(unit.touches),
        "size": unit.size,
        "worker": unit.worker,
        "reviewer": unit.reviewer,
        "candidates": unit.candidates if unit.candidates != 1 else None,
        "budget": f"{unit.budget:f}" if unit.budget is not None else None,
        "owner": unit.owner,
    }
    return {
        "id": unit.id,
        "title": unit.title,
        "description": unit.body,
        "status": task.status or _STATUSES[unit.box],
        "priority": unit.priority,
        "labels": list(unit.labels),
        "deps": deps,
        "commits": list(task.commits),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "closed_at": task.closed_at,
    } | {key: value for key, value in more.items() if value}


# -- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawTask:
    """One task as another tool wrote it, and the line it stands on (from 0)."""

    line: int
    data: Mapping[str, object]


def import_tasks(text: str, file: str = "tasks.jsonl") -> Imported:
    """Read JSON lines. Lines that are no task are reported and left out."""
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    findings = Findings(file, lines)
    return build_tasks(read_objects(lines, findings), findings)


def read_objects(lines: Sequence[str], findings: Findings) -> list[RawTask]:
    """The JSON objects, one a line. Where no line holds one, that is said once."""
    raw: list[RawTask] = []
    others: list[int] = []
    for number, line in enumerate(lines):
        data = parse_json(line) if line.strip() else {}
        if not isinstance(data, dict):
            others.append(number)
        elif line.strip():
            raw.append(RawTask(number, data))
    if others and not raw:
        findings.error(others[0], "this is not a file of tasks", "Each line is a JSON object.")
    for number in others if raw else ():
        findings.error(number, "this line is not a task", "A task is a JSON object.")
    return raw


def parse_json(text: str) -> object:
    """The value `text` stands for; None where it is no JSON, or nested too deeply to read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def build_tasks(raw: Sequence[RawTask], findings: Findings) -> Imported:
    """Tasks out of JSON objects, with ids that a roadmap can hold and links that lead somewhere."""
    ids = _settle_ids(raw, findings)
    tasks: list[Task] = []
    for entry, id in zip(raw, ids, strict=True):
        if id is not None:
            tasks.append(_task(entry, id, findings))
    return Imported(_link(tasks, raw, ids, findings), tuple(findings.diagnostics))


def _settle_ids(raw: Sequence[RawTask], findings: Findings) -> list[UnitId | None]:
    """The id of each task; None for one that repeats an id."""
    ids: list[UnitId | None] = []
    taken: set[str] = set()
    for entry in raw:
        written = text_of(entry.data.get("id"))
        folded = fold_id(written)
        id: UnitId | None = UnitId(folded)
        if folded in taken:
            findings.error(entry.line, f"the id `{folded}` is used twice", "Give it another id.")
            id = None
        elif problem := id_problem(folded):
            id = mint_id(written or text_of(entry.data.get("title")), taken)
            if written:
                detail = f"It is imported as `{id}`."
                findings.warning(entry.line, f"the id `{written}` {problem}", detail)
        taken.add(id or folded)
        ids.append(id)
    return ids


def _task(entry: RawTask, id: UnitId, findings: Findings) -> Task:
    data = entry.data
    status = clean_line(text_of(data.get("status"))) or "open"
    box = _BOXES.get(status.casefold(), Box.OPEN)
    mark = text_of(data.get("mark"))
    title = text_of(data.get("title"))
    if not title:
        findings.warning(entry.line, f"the task `{id}` has no title", "Its id stands for it.")
    unit = Unit(
        id=id,
        title=title,
        box=box,
        body=text_of(data.get("description")),
        steps=_steps(data.get("steps")),
        section=text_of(data.get("section")),
        line=entry.line + 1,
        mark=mark if len(mark) == 1 and mark not in " xX-[]\n\r" and mark.isprintable() else "",
        verify=tuple(clean_line(each) for each in texts_of(data.get("verify"))),
        touches=tuple(clean_line(each) for each in texts_of(data.get("touches"))),
        priority=_priority(data.get("priority"), entry, findings),
        size=clean_line(text_of(data.get("size"))),
        labels=_labels(data.get("labels")),
        worker=clean_line(text_of(data.get("worker"))),
        reviewer=clean_line(text_of(data.get("reviewer"))),
        candidates=_candidates(data.get("candidates")),
        budget=_budget(data.get("budget"), entry, findings),
        owner=clean_line(text_of(data.get("owner"))).lstrip("@ "),
    )
    return Task(
        unit=settle_unit(unit),
        status="" if status == _STATUSES[box] else status,
        commits=tuple(map(clean_line, texts_of(data.get("commits")))),
        created_at=clean_line(text_of(data.get("created_at"))),
        updated_at=clean_line(text_of(data.get("updated_at"))),
        closed_at=clean_line(text_of(data.get("closed_at"))),
    )


def text_of(value: object) -> str:
    """A JSON value as text; numbers as digits, anything else as nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def texts_of(value: object) -> list[str]:
    """A JSON value as a list of texts that are not empty; one text is a list of one."""
    values = value if isinstance(value, list) else [value]
    return [text for each in values if (text := text_of(each).strip())]


def _labels(value: object) -> tuple[str, ...]:
    cleaned = (clean_line(each.replace(",", " ")) for each in texts_of(value))
    return tuple(dict.fromkeys(each for each in cleaned if each))


def _steps(value: object) -> tuple[Step, ...]:
    steps = []
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict):
            text, done = text_of(each.get("text")), each.get("done") is True
        else:
            text, done = text_of(each), False
        if text.strip():
            steps.append(Step(text, done, 0))
    return tuple(steps)


def _priority(value: object, entry: RawTask, findings: Findings) -> int:
    if value is None:
        return DEFAULT_PRIORITY
    word = text_of(value).strip().casefold().removeprefix("p")
    if word in ("0", "1", "2", "3", "4"):
        return int(word)
    named = PRIORITY_WORDS.get(text_of(value).strip().casefold())
    if named is None:
        detail = f"A priority is 0 (first) to 4; it is imported as {DEFAULT_PRIORITY}."
        findings.warning(entry.line, f"the priority `{text_of(value)}` is not known", detail)
    return DEFAULT_PRIORITY if named is None else named


def _candidates(value: object) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value, 1), MAX_CANDIDATES) if is_count and isinstance(value, int) else 1


def _budget(value: object, entry: RawTask, findings: Findings) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(text_of(value).strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and 0 <= amount < 10**9):
        findings.error(entry.line, f"the budget `{text_of(value)}` is not an amount")
        return None
    return amount.quantize(Decimal("0.0001")) if amount.as_tuple().exponent < -4 else amount  # type: ignore[operator]


# -- links --------------------------------------------------------------------------------------


def _link(
    tasks: Sequence[Task],
    raw: Sequence[RawTask],
    ids: Sequence[UnitId | None],
    findings: Findings,
) -> tuple[Task, ...]:
    """Turn the `deps` of every task into blockers and a parent."""
    known = {fold_id(text_of(e.data.get("id"))): id for e, id in zip(raw, ids, strict=True) if id}
    known |= {id: id for id in ids if id}
    entries = {id: entry for entry, id in zip(raw, ids, strict=True) if id}
    linked = [_linked(task, entries[task.unit.id], known, findings) for task in tasks]
    return _without_circles(linked, findings, entries)


def _linked(task: Task, entry: RawTask, known: Mapping[str, UnitId], findings: Findings) -> Task:
    after: dict[UnitId, None] = {}
    issues: dict[IssueRef, None] = {}
    parent: UnitId | None = None
    for target, kind in _deps(entry.data):
        found = known.get(fold_id(target))
        issue = _issue(target)
        if kind in _LOOSE_TYPES:
            continue
        if kind in _PARENT_TYPES and found and found != task.unit.id:
            parent = found
        elif found and found != task.unit.id:
            after[found] = None
        elif issue and kind not in _PARENT_TYPES:
            issues[issue] = None
        else:
            name = "itself" if found else f"`{clean_line(target)}`, which is not in the file"
            summary = f"`{task.unit.id}` depends on {name}"
            findings.error(entry.line, summary, "The dependency is left out.")
    unit = replace(task.unit, after=tuple(after), after_issues=tuple(issues), parent=parent)
    return replace(task, unit=unit)


def _deps(data: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """The links of a task: `deps`, or `dependencies` as other tools call them."""
    links = data.get("deps", data.get("dependencies"))
    for each in links if isinstance(links, list) else ():
        if isinstance(each, dict):
            target = each.get("id", each.get("depends_on_id"))
            yield text_of(target), text_of(each.get("type")).casefold() or BLOCKS
        elif text_of(each):
            yield text_of(each), BLOCKS


def _issue(text: str) -> IssueRef | None:
    repository, _, number = text.partition("#")
    plain = number.isascii() and number.isdecimal() and len(number) < 10 and int(number) > 0
    if not plain or (repository and repository.count("/") != 1) or " " in repository:
        return None
    return IssueRef(int(number), repository)


def _without_circles(
    tasks: Sequence[Task], findings: Findings, entries: Mapping[UnitId, RawTask]
) -> tuple[Task, ...]:
    """Cut parents that lead back to the task itself: such units could be written nowhere."""
    parents = {task.unit.id: task.unit.parent for task in tasks}
    settled: list[Task] = []
    for task in tasks:
        seen, above = {task.unit.id}, parents[task.unit.id]
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == task.unit.id or len(seen) > MAX_DEPTH:
            parents[task.unit.id] = None
            problem = "is its own ancestor" if above else "is nested too deeply"
            findings.error(
                entries[task.unit.id].line,
                f"`{task.unit.id}` {problem}",
                "Its parent is left out.",
            )
        unit = replace(task.unit, parent=parents[task.unit.id])
        settled.append(replace(task, unit=unit))
    return tuple(settled)

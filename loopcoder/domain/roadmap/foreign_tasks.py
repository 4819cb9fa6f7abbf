"""Task files of other tools, read as tasks of ours.

spec-kit `tasks.md`, task-master `tasks.json`, beads `issues.jsonl`, `prd.json` with user stories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loopcoder.domain.markdown import LINE_END
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.minting import mint_ids
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.roadmap.tasks import (
    Imported,
    RawTask,
    Task,
    build_tasks,
    import_tasks,
    parse_json,
    read_objects,
    text_of,
    texts_of,
)


def import_any(text: str, file: str) -> Imported:
    """Read a file of tasks, whichever tool wrote it: its name and its content say which."""
    if file.endswith(".md"):
        return import_markdown(text, file)
    whole = parse_json(text.removeprefix("\ufeff"))
    if isinstance(whole, dict) and "userStories" in whole:
        return import_user_stories(text, file)
    if isinstance(whole, list) or (isinstance(whole, dict) and "id" not in whole):
        return import_task_master(text, file)
    if '"issue_type"' in text or '"depends_on_id"' in text:
        return import_beads(text, file)
    return import_tasks(text, file)


def import_markdown(text: str, file: str = "tasks.md") -> Imported:
    """spec-kit's `tasks.md` is a roadmap already: boxes with ids such as T001, under phases."""
    reading = parse_roadmap(mint_ids(text, file).text, file)
    return Imported(tuple(map(Task, reading.roadmap.units)), reading.diagnostics)


def import_beads(text: str, file: str = "issues.jsonl") -> Imported:
    """beads' `issues.jsonl`: acceptance criteria, design and notes go under the description."""
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    findings = Findings(file, lines)
    issues = read_objects(lines, findings)
    raw = [RawTask(issue.line, _from_beads(issue.data)) for issue in issues]
    return build_tasks(raw, findings)


def _from_beads(data: Mapping[str, object]) -> dict[str, object]:
    kind = text_of(data.get("issue_type"))
    return {
        **data,
        "description": _with_parts(
            text_of(data.get("description")),
            ("Acceptance criteria", text_of(data.get("acceptance_criteria"))),
            ("Design", text_of(data.get("design"))),
            ("Notes", text_of(data.get("notes"))),
            ("Closed", text_of(data.get("close_reason"))),
        ),
        "labels": [*texts_of(data.get("labels")), *([kind] if kind and kind != "task" else [])],
        "owner": "",
        "deps": data.get("deps", data.get("dependencies")),
    }


def import_task_master(text: str, file: str = "tasks.json") -> Imported:
    """task-master's `tasks.json`, plain or with tags; subtasks become steps.

    Tasks are numbered there: number 3 becomes `task-3`, or `<tag>-3` under a tag but master.
    """
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    findings = Findings(file, lines)
    whole = parse_json(text.removeprefix("\ufeff"))
    raw: list[RawTask] = []
    for tag, tasks in _tagged(whole):
        for each in tasks:
            if isinstance(each, dict):
                line = _line_of(lines, each.get("title"))
                raw.append(RawTask(line, _from_task_master(each, tag)))
    if not raw:
        detail = "A tasks.json holds a list called `tasks`, alone or under tags."
        findings.error(0, "no tasks found", detail)
    return build_tasks(raw, findings)


def _tagged(whole: object) -> list[tuple[str, Sequence[object]]]:
    """The task lists of a file, each with the prefix of its ids."""
    if isinstance(whole, list):
        return [("task", whole)]
    if not isinstance(whole, dict):
        return []
    if isinstance(whole.get("tasks"), list):
        return [("task", whole["tasks"])]
    return [
        ("task" if tag == "master" else tag, value["tasks"])
        for tag, value in whole.items()
        if isinstance(value, dict) and isinstance(value.get("tasks"), list)
    ]


def _from_task_master(data: Mapping[str, object], prefix: str) -> dict[str, object]:
    subtasks = data.get("subtasks")
    deps = data.get("dependencies")
    return {
        "id": f"{prefix}-{text_of(data.get('id'))}",
        "title": data.get("title"),
        "description": _with_parts(
            text_of(data.get("description")),
            ("", text_of(data.get("details"))),
            ("Test strategy", text_of(data.get("testStrategy"))),
        ),
        "status": text_of(data.get("status")),
        "priority": data.get("priority"),
        "deps": [f"{prefix}-{text_of(each)}" for each in deps] if isinstance(deps, list) else [],
        "steps": [
            {"text": text_of(each.get("title")), "done": each.get("status") == "done"}
            for each in (subtasks if isinstance(subtasks, list) else ())
            if isinstance(each, dict)
        ],
    }


def import_user_stories(text: str, file: str = "prd.json") -> Imported:
    """A `prd.json` with `userStories`: `passes` is the box, the criteria are the steps.

    Its priorities are ranks, so the stories are put in that order and keep the default priority.
    """
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    findings = Findings(file, lines)
    whole = parse_json(text.removeprefix("\ufeff"))
    stories = whole.get("userStories") if isinstance(whole, dict) else None
    listed = stories if isinstance(stories, list) else []
    ranked = sorted((each for each in listed if isinstance(each, dict)), key=_rank)
    raw = [RawTask(_line_of(lines, each.get("title")), _from_story(each)) for each in ranked]
    if not raw:
        findings.error(0, "no user stories found", "A prd.json holds a list called `userStories`.")
    return build_tasks(raw, findings)


def _rank(story: Mapping[str, object]) -> float:
    rank = story.get("priority")
    return rank if isinstance(rank, (int, float)) else float("inf")


def _from_story(data: Mapping[str, object]) -> dict[str, object]:
    done = data.get("passes") is True
    return {
        "id": data.get("id"),
        "title": data.get("title"),
        "description": _with_parts(
            text_of(data.get("description")), ("Notes", text_of(data.get("notes")))
        ),
        "status": "done" if done else "open",
        "deps": data.get("dependsOn", data.get("dependencies")),
        "steps": [
            {"text": criterion, "done": done}
            for criterion in texts_of(data.get("acceptanceCriteria"))
        ],
    }


def _with_parts(text: str, *parts: tuple[str, str]) -> str:
    """A description followed by further parts, each under its name in bold."""
    written = [text.strip()]
    for name, part in parts:
        if part.strip():
            written.append(f"**{name}**\n\n{part.strip()}" if name else part.strip())
    return "\n\n".join(filter(None, written))


def _line_of(lines: Sequence[str], title: object) -> int:
    """The line a task's title stands on, for people to find it."""
    wanted = text_of(title)
    return next((n for n, line in enumerate(lines) if wanted and wanted in line), 0)

"""tasks.jsonl: out, in, and out again is the same text; other tools' files come in too."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopcoder.domain.roadmap.foreign_tasks import import_any
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.roadmap.tasks import Task, export_tasks, import_tasks
from loopcoder.domain.roadmap.text import place_nowhere, render_units
from loopcoder.domain.unit import Box, IssueRef, Step, Unit, UnitId

FULL = Task(
    Unit(
        UnitId("b"), "Login *form*", Box.OPEN, "Text.\n\nMore.", (Step("one", True, 0),),
        after=(UnitId("a"),), after_issues=(IssueRef(3, "o/r"), IssueRef(4)), parent=UnitId("p"),
        section="Now", verify=("pytest",), touches=("src/**",), priority=1, size="M",
        labels=("e2e",), worker="w", reviewer="r", candidates=2, budget=Decimal("5.50"),
        owner="ana", mark="~",
    ),
    "in_progress", ("4be1d0a",), "2026-01-02T03:04:05Z", "2026-01-03T00:00:00Z", "",
)  # fmt: skip
OTHERS = [Task(Unit(UnitId("a"), "A", Box.DONE)), Task(Unit(UnitId("p"), "P", Box.DROPPED))]


def test_the_keys_of_a_line() -> None:
    (line,) = export_tasks([OTHERS[0]]).splitlines()
    assert json.loads(line) == {
        "id": "a", "title": "A", "description": "", "status": "done", "priority": 2, "labels": [],
        "deps": [], "commits": [], "created_at": "", "updated_at": "", "closed_at": "",
    }  # fmt: skip


def test_everything_goes_out_and_comes_in_again() -> None:
    text = export_tasks([*OTHERS, FULL])
    back = import_tasks(text)
    assert not back.diagnostics
    assert [place_nowhere(unit) for unit in back.units] == [
        place_nowhere(task.unit) for task in (*OTHERS, FULL)
    ]
    assert back.tasks[2].commits == ("4be1d0a",)
    assert export_tasks(back.tasks) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = (
    *("id", "title", "description", "status", "priority", "labels", "deps", "commits", "steps"),
    *("section", "verify", "touches", "size", "owner", "candidates", "budget", "mark", "worker"),
    *("created_at", "dependencies"),
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8)
DEPS = st.lists(st.fixed_dictionaries({"id": st.sampled_from("abcd#1"), "type": st.sampled_from(
    ["blocks", "parent", "related"])}), max_size=3)  # fmt: skip
LINKED = st.fixed_dictionaries({"id": st.sampled_from("abcd"), "deps": DEPS, "title": st.text()})


@given(st.lists(OBJECTS | LINKED | JSON, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_json_comes_in_once_and_then_round_trips(objects: list[object]) -> None:
    first = import_tasks("\n".join(json.dumps(each) for each in objects))
    text = export_tasks(first.tasks)
    second = import_tasks(text)
    assert not [each for each in second.diagnostics if each.is_error]
    assert export_tasks(second.tasks) == text
    text.encode("utf-8")


def test_a_title_that_was_cut_is_told_in_full_once() -> None:
    title = "word " * 30
    units = import_tasks(json.dumps({"id": "a", "title": title, "description": "Why."})).units
    (read,) = parse_roadmap(render_units(units)).roadmap.units
    assert read.title.endswith("word…")
    assert read.body == f"{title.strip()}\n\nWhy."


@given(st.lists(OBJECTS | LINKED, max_size=4))
@settings(max_examples=100, deadline=None)
def test_what_came_in_can_be_written_as_a_roadmap(objects: list[object]) -> None:
    imported = import_tasks("\n".join(json.dumps(each) for each in objects))
    reading = parse_roadmap(render_units(imported.units))
    assert not [e for e in reading.errors if "wait for each other" not in e.summary]
    expected = {unit.id: unit for unit in map(place_nowhere, imported.units)}
    found = {unit.id: unit for unit in map(place_nowhere, reading.roadmap.units)}
    assert found.keys() == expected.keys()
    for id, unit in found.items():
        assert set(expected[id].after) - {unit.parent} <= set(unit.after)
        assert (unit.title, unit.body, unit.steps) == (
            expected[id].title,
            expected[id].body,
            expected[id].steps,
        )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('nonsense\n{"id": "a", "title": "x"}', "this line is not a task"),
        ("nonsense\n[1]\n2", "this is not a file of tasks"),
        ('{"id": "a", "title": "x", "deps": ["zz"]}', "`a` depends on `zz`, which is not in the"),
        ('{"id": "a", "title": "x", "deps": ["a"]}', "`a` depends on itself"),
        ('{"id": "a", "title": "x"}\n{"id": "A", "title": "y"}', "the id `a` is used twice"),
        ('{"id": "Ä!", "title": "x"}', "the id `Ä!` is not an id"),
        ('{"id": "a", "title": "x", "priority": "someday"}', "the priority `someday` is not known"),
        ('{"id": "a", "title": "x", "budget": "much"}', "the budget `much` is not an amount"),
        ('{"id": "a"}', "the task `a` has no title"),
        ('{"id": "a", "title": "x", "deps": [{"id": "b", "type": "parent"}]}\n'
         '{"id": "b", "title": "y", "deps": [{"id": "a", "type": "parent"}]}',
         "`a` is its own ancestor"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_reported_with_its_line(line: str, said: str) -> None:
    (problem,) = import_tasks("\n" + line).diagnostics
    assert problem.summary.startswith(said)
    assert problem.where is not None
    assert problem.where.line >= 2


def test_a_chain_of_parents_is_cut_where_no_roadmap_could_hold_it() -> None:
    lines = [
        {"id": f"a{n}", "title": "x", "deps": [{"id": f"a{n - 1}", "type": "parent"}] if n else []}
        for n in range(1500)
    ]
    imported = import_tasks("\n".join(map(json.dumps, lines)))
    reading = parse_roadmap(render_units(imported.units))
    assert len(reading.roadmap.units) == 1500
    assert not reading.errors


def test_beads() -> None:
    lines = [
        {"id": "bd-1", "title": "Base", "status": "closed", "issue_type": "task", "priority": 0},
        {"id": "bd-2", "title": "Next", "status": "open", "issue_type": "bug",
         "acceptance_criteria": "It works.", "dependencies": [
             {"issue_id": "bd-2", "depends_on_id": "bd-1", "type": "blocks"},
             {"issue_id": "bd-2", "depends_on_id": "bd-9", "type": "discovered-from"}]},
    ]  # fmt: skip
    imported = import_any("\n".join(map(json.dumps, lines)), "issues.jsonl")
    base, following = imported.units
    assert (base.box, base.priority) == (Box.DONE, 0)
    assert (following.after, following.labels) == (("bd-1",), ("bug",))
    assert "It works." in following.body
    assert not imported.diagnostics


def test_task_master_with_and_without_tags() -> None:
    tasks = [
        {"id": 1, "title": "Set up", "status": "done", "priority": "high", "dependencies": []},
        {"id": 2, "title": "Go on", "status": "pending", "dependencies": [1], "details": "How.",
         "subtasks": [{"id": 1, "title": "First", "status": "done"}]},
    ]  # fmt: skip
    for text in (json.dumps({"tasks": tasks}), json.dumps({"master": {"tasks": tasks}})):
        one, two = import_any(text, "tasks.json").units
        assert (one.id, one.box, one.priority) == ("task-1", Box.DONE, 1)
        assert (two.after, two.body, two.steps) == (
            ("task-1",),
            "How.",
            (Step("First", True, 0),),
        )


def test_user_stories_are_ordered_by_their_rank() -> None:
    stories = [
        {"id": "US-002", "title": "Second", "priority": 2, "passes": False},
        {"id": "US-001", "title": "First", "priority": 1, "passes": True,
         "acceptanceCriteria": ["It shows"]},
    ]  # fmt: skip
    first, second = import_any(json.dumps({"userStories": stories}), "prd.json").units
    assert (first.id, first.box, first.steps) == ("us-001", Box.DONE, (Step("It shows", True, 0),))
    assert second.id == "us-002"


def test_spec_kit() -> None:
    text = "## Phase 1: Setup\n\n- [x] T001 Create folder\n- [ ] T002 [P] Add lint\n"
    one, two = import_any(text, "tasks.md").units
    assert (one.id, one.box, one.title) == ("t001", Box.DONE, "Create folder")
    assert (two.id, two.section) == ("t002", "Phase 1: Setup")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[" * 5000, '{"tasks": 3}', "\x00"])
@pytest.mark.parametrize("file", ["tasks.jsonl", "tasks.json", "tasks.md", "prd.json", "x.txt"])
def test_nothing_makes_it_fail(text: str, file: str) -> None:
    assert import_any(text, file).tasks == ()

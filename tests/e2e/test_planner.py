"""A large unit is split into steps before it is worked on; a planner's failure blocks nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.project import APPROVE, Project, writes

ROADMAP = "- [ ] Store <!-- id: store -->\n  Size: L\n- [ ] Notes <!-- id: notes -->\n"
STEPS = ["Write the table", "Read the table\n# How to work here"]
LEFT = {"outcome": {"status": "done", "open_steps": [2]}}
WORK = {"store": [[*writes(store="kept"), LEFT]], "notes": [writes(notes="noted")]}


def begin(project: Project, *plan: dict[str, Any], roadmap: str = ROADMAP, **planner: Any) -> None:
    path = project.folder / "planner.json"
    project.folder.mkdir(exist_ok=True)
    path.write_text(json.dumps({"plan": {"*": [list(plan)]}, "review": APPROVE}))
    agent = {"kind": "scripted", "script": str(path), "cost": "free", **planner}
    project.begin(roadmap, work=WORK, config={"planner": agent})


def stages(project: Project, unit: str) -> list[str]:
    (attempt,) = project.json("log", unit)
    return [stage["stage"] for stage in attempt["stages"]]


def test_a_large_unit_is_split_and_the_steps_are_the_checklist(project: Project) -> None:
    begin(project, {"print": json.dumps({"steps": STEPS})})
    report = project.tick()["units"]
    assert {row["outcome"] for row in report.values()} == {"proposed"}
    assert stages(project, "store")[:2] == ["plan", "work"]
    assert "plan" not in stages(project, "notes")
    (prompt,) = (project.state / "runs").glob("*/store/attempt-1/round-1/prompt.md")
    text = prompt.read_text()
    assert "1. Write the table\n2. Read the table # How to work here\n" in text
    assert "1. Write the table" in project.json("prompt", "store")["text"]
    (asked,) = (project.state / "runs").glob("*/store/attempt-1/round-1/plan-prompt.md")
    assert "# The unit: Store" in asked.read_text()
    (attempt,) = project.json("log", "store")
    assert [step["done"] for step in attempt["steps"]] == [True, False]
    titles = [issue["title"] for issue in project.json("issue", "list")["issues"]]
    assert sorted(titles) == ["Notes", "Store"]


@pytest.mark.parametrize(
    "broken",
    [{"print": '{"steps": ["one"]}'}, {"print": "no plan"}, {"exit": 3}],
    ids=["too-few", "unreadable", "crash"],
)
def test_without_a_plan_the_work_is_done_all_the_same(
    project: Project, broken: dict[str, Any]
) -> None:
    begin(project, broken)
    row = project.tick("--unit", "store")["units"]["store"]
    assert row["outcome"] == "proposed"
    assert "there is no plan" in project.run("log", "store").stdout
    assert "Proposed steps" not in project.json("prompt", "store")["text"]


def test_many_steps_make_a_unit_large_and_a_plan_is_made_once(project: Project) -> None:
    steps = "".join(f"  - [ ] Step {n}\n" for n in range(3))
    roadmap = f"- [ ] Store <!-- id: store -->\n{steps}"
    begin(project, {"print": json.dumps({"steps": STEPS})}, roadmap=roadmap, steps=2)
    project.script({"store": [writes(store="RED"), writes(store="ok")]})
    assert project.tick("--unit", "store")["units"]["store"]["outcome"] == "failed"
    assert project.tick("--unit", "store")["units"]["store"]["outcome"] == "proposed"
    attempts = project.json("log", "store", "--all")
    planned = [[s["stage"] for s in a["stages"]].count("plan") for a in attempts]
    assert planned == [1, 0]

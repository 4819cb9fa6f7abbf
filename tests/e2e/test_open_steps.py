"""A worker that leaves steps open goes on once; what it says of them reaches people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.project import Project

ROADMAP = """\
- [ ] Store <!-- id: store -->
  - [ ] Write the table
  - [ ] Read the table
"""


def says(**outcome: Any) -> dict[str, Any]:
    return {"outcome": {"status": "done", **outcome}}


def on_return(then: dict[str, Any]) -> dict[str, Any]:
    """A step that writes the outcome only where an earlier run left its file."""
    source = (
        "import json, os, pathlib\n"
        "if pathlib.Path('one.txt').exists():\n"
        "    pathlib.Path('two.txt').write_text('two')\n"
        f"    pathlib.Path(os.environ['LOOPCODER_OUTCOME_FILE']).write_text({json.dumps(then)!r})\n"
    )
    return {"python": source}


FIRST = [
    says(summary="Half of it.", open_steps=[2, 2, 9]),
    on_return({"status": "done", "summary": "The rest.", "open_steps": []}),
    {"write": {"one.txt": "one"}},
]


def papers(project: Project) -> Path:
    (found,) = (project.state / "runs").glob("*/store/attempt-1/round-1")
    return found


def test_open_steps_are_gone_on_with_once_and_then_judged(project: Project) -> None:
    project.begin(ROADMAP, work={"store": [FIRST]})
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "proposed"
    assert "steps open" not in row["reason"]
    assert project.git("show", "loopcoder/store:two.txt") == "two"
    prompt = (papers(project) / "prompt-continue.md").read_text()
    assert "1. done: Write the table\n2. open: Read the table" in prompt
    assert "Half of it." in prompt
    (attempt,) = project.json("log", "store")
    assert [s["stage"] for s in attempt["stages"]][:3] == ["work", "continue", "commit"]
    assert [step["done"] for step in attempt["steps"]] == [True, True]
    body = project.json("pr", "show", str(project.pulls()["store"]))["body"]
    assert "- [x] Write the table\n- [x] Read the table" in body
    assert "Half of it. The rest." in body


def test_what_stays_open_after_that_is_judged_and_said(project: Project) -> None:
    work = [{"write": {"one.txt": "one"}}, says(summary="Half.", open_steps=[2])]
    project.begin(ROADMAP, work={"store": [work]})
    row = project.tick()["units"]["store"]
    assert "the worker leaves 1 of 2 steps open" in row["reason"]
    (attempt,) = project.json("log", "store")
    assert [s["stage"] for s in attempt["stages"]].count("continue") == 1
    assert "step 2 open: Read the table" in project.run("log", "store").stdout
    body = project.json("pr", "show", str(project.pulls()["store"]))["body"]
    assert "- [ ] Read the table" in body


def test_a_continuation_that_breaks_down_takes_nothing_away(project: Project) -> None:
    source = "import pathlib, sys\nsys.exit(3) if pathlib.Path('one.txt').exists() else None"
    work = [says(open_steps=[1]), {"python": source}, {"write": {"one.txt": "one"}}]
    project.begin(ROADMAP, work={"store": [work]})
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_a_continuation_can_ask_a_person(project: Project) -> None:
    asks = {"status": "needs-input", "reason": "Which table?"}
    work = [says(open_steps=[2]), on_return(asks), {"write": {"one.txt": "one"}}]
    project.begin(ROADMAP, work={"store": [work]})
    row = project.tick()["units"]["store"]
    assert (row["outcome"], project.pulls()) == ("needs-human", {})
    assert "Which table?" in row["reason"]

"""Candidates: several workers on one unit, each through every gate, and one result kept."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.support import crashing
from tests.support.project import APPROVE, Project, writes

ROADMAP = "- [ ] Store <!-- id: store -->\n  Candidates: 3\n"
LONG = "line\n" * 30


def begin(project: Project, *scripts: list[Any], cost: str = "free") -> None:
    """A project whose default worker has a script, and a fallback for each further one."""
    names = ["default", *(f"w{n}" for n in range(2, len(scripts) + 1))]
    workers: dict[str, Any] = {}
    project.folder.mkdir(exist_ok=True)
    for name, attempts in zip(names, scripts, strict=True):
        path = project.folder / f"{name}.json"
        path.write_text(json.dumps({"work": {"*": attempts}, "review": APPROVE}))
        workers[name] = {"kind": "scripted", "script": str(path), "cost": cost, "timeout": "1m"}
    workers["default"]["fallback"] = names[1:]
    project.begin(ROADMAP, config={"workers": workers})


def lanes(project: Project) -> list[str]:
    """The stages of the last attempt as they are remembered."""
    (attempt,) = project.json("log", "store")
    return [stage["stage"] for stage in attempt["stages"]]


def workspaces(project: Project) -> list[Path]:
    return list((project.folder / "cache").rglob("owner.json"))


def test_one_of_three_candidates_is_kept_by_the_stated_rank(project: Project) -> None:
    begin(project, [writes(store=LONG)], [writes(store="short\n")], [writes(store="RED")])
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "proposed"
    assert "default, w2, w3 raced, candidate 2 was kept: its change is smaller" in row["reason"]
    assert project.git("show", "loopcoder/store:store.txt") == "short"
    body = project.json("pr", "show", str(project.pulls()["store"]))["body"]
    assert "candidate 1 (default): approved, not kept; 0 findings, 30 changed lines" in body
    assert "candidate 2 (w2): kept; 0 findings, 1 changed line" in body
    assert "candidate 3 (w3): dropped: " in body
    names = lanes(project)
    assert {"work", "commit", "policy", "verify", "review", "publish"} <= set(names)
    assert {"work@1", "review@1", "work@3"} <= set(names)
    assert not {"work@2", "review@3"} & set(names)
    (papers,) = (project.state / "runs").glob("*/store/attempt-1")
    assert "+line" in (papers / "lane-1" / "round-1" / "change.patch").read_text()
    assert "+RED" in (papers / "lane-3" / "round-1" / "change.patch").read_text()
    assert "+short" in project.run("log", "store", "--patch").stdout
    assert workspaces(project) == []
    assert project.run("audit", str(project.pulls()["store"])).returncode == 0
    project.merge_all()
    assert project.tick()["stop_reason"] == "sealed"


def test_all_failing_is_one_strike_with_every_reason(project: Project) -> None:
    begin(project, [writes(store="RED")], [[{"print": "idle"}]], [[{"exit": 4}]])
    row = project.tick("--unit", "store")["units"]["store"]
    assert row["outcome"] == "failed"
    for words in ("candidate 1 (default)", "candidate 2 (w2)", "candidate 3 (w3)", "exit code 4"):
        assert words in row["reason"]
    attempts = project.json("log", "store", "--all")
    assert [each["strike"] for each in attempts][:1] == [True]
    assert project.pulls() == {} and workspaces(project) == []


def test_without_fallbacks_the_worker_races_with_itself_and_knows_its_number(
    project: Project,
) -> None:
    source = (
        "import os, pathlib, re\n"
        "text = pathlib.Path(os.environ['LOOPCODER_PROMPT_FILE']).read_text()\n"
        "number = re.search(r'candidate (\\d) of 3', text)[1]\n"
        "pathlib.Path('store.txt').write_text('x\\n' * (4 - int(number)))\n"
    )
    begin(project, [[{"python": source}, {"outcome": {"cost_usd": 0.1}}]], cost="reported")
    row = project.tick()["units"]["store"]
    assert row["cost_usd"] == pytest.approx(0.3)
    house = open_house(project.root, from_base=True, environ=project.environment)
    spent = house.journal_reader.history().spend.values()
    set_aside = {each.purpose: each.reserved for each in spent if each.reserved}
    assert set_aside == dict.fromkeys(["work@1", "work@2", "work@3"], Decimal("0.50"))
    assert "candidate 3 was kept" in row["reason"]
    assert project.git("show", "loopcoder/store:store.txt") == "x"


def test_killed_in_a_race_it_goes_on_by_its_receipts(project: Project) -> None:
    begin(project, [writes(store=LONG)], [writes(store="short\n")], [writes(store="RED")])
    for boundary in (40, 30, 14):  # the later ones of a run that has less and less left to do
        code, _ = crashing.run(project.root, ["tick"], project.environment, boundary)
        assert code in (-9, 0)
    row = project.tick()["units"]["store"]
    assert row["outcome"] in ("proposed", "awaiting-merge", "waiting")
    assert project.git("show", "loopcoder/store:store.txt") == "short"
    names = lanes(project)
    assert names.count("publish") == 1 and "work@2" not in names
    assert len(project.pulls()) == 1 and workspaces(project) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10))
def test_killed_anywhere_in_a_race(project: Project, first: int) -> None:
    for number, boundary in enumerate(range(first, 90, 10)):
        each = Project(project.folder / str(number))
        each.folder.mkdir(parents=True)
        begin(each, [writes(store=LONG)], [writes(store="short\n")], [writes(store="RED")])
        crashing.run(each.root, ["tick"], each.environment, boundary)
        each.run("tick", exit_code=None)
        assert each.git("show", "loopcoder/store:store.txt") == "short"
        assert lanes(each).count("publish") == 1
        assert len(each.pulls()) == 1 and workspaces(each) == []

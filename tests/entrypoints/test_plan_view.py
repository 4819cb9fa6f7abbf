"""What people read of a plan, word for word. Set UPDATE_GOLDEN=1 to write the files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loopcoder.adapters.github.limits import Pace
from loopcoder.domain.issues.cost import PlanCost, cost_of
from loopcoder.domain.issues.ration import issue_rations, label_rations
from loopcoder.domain.roadmap.minting import Mint
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.settings import Limits
from loopcoder.domain.unit import UnitId
from loopcoder.engine.compile.apply import apply_plan
from loopcoder.entrypoints.running.roadmap_files import NewIds
from loopcoder.entrypoints.views.plan import (
    applied_text,
    compile_json,
    minted_text,
    plan_json,
    plan_text,
    summary_text,
)
from tests.support.compiling import CompileWorld

GOLDEN = Path(__file__).parent / "golden"
ROADMAP = """\
## Now

- [ ] Session store <!-- id: session-store -->
  SQLite, no Redis.
- [ ] Login form (after: session-store) <!-- id: login-form -->
- [ ] Single sign-on <!-- id: sso -->
- [x] Skeleton <!-- id: skeleton -->
"""


def check(name: str, text: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == file.read_text(encoding="utf-8")


@pytest.fixture
def world() -> CompileWorld:
    world = CompileWorld()
    world.settle(ROADMAP)
    return world


def shown(world: CompileWorld, text: str) -> str:
    plan = world.plan(text)
    return f"{summary_text(parse_roadmap(text).roadmap)}\n{plan_text(plan)}"


def test_the_first_plan() -> None:
    check("plan-first", shown(CompileWorld(), ROADMAP))


def test_everything_at_once(world: CompileWorld) -> None:
    world.ana.update_issue(world.issue("sso").number, title="SAML")
    changed = (
        ROADMAP.replace("[ ] Session", "[x] Session").replace("no Redis", "no server")
        + "- [ ] Captcha (after: login-form, sso) <!-- id: captcha -->\n"
        + "- [ ] \x1b[31mRed\u202e herring "
        + "that goes on " * 9
        + "<!-- id: herring -->\n"
    )
    check("plan-changes", shown(world, changed))


def test_a_mistake(world: CompileWorld) -> None:
    check("plan-mistake", shown(world, ROADMAP.replace("(after: session", "(after: sesion")))


def test_nothing_to_do(world: CompileWorld) -> None:
    check("plan-nothing", shown(world, ROADMAP))


def test_a_unit_that_left(world: CompileWorld) -> None:
    check(
        "plan-vanished",
        shown(world, ROADMAP.replace("- [ ] Single sign-on <!-- id: sso -->\n", "")),
    )


def test_what_was_done_and_what_was_not() -> None:
    world = CompileWorld(limits=Limits(issues_per_day=1))
    world.tracker.fail("create_issue")
    plan = world.plan(ROADMAP)
    applied = apply_plan(plan, world.clerk)
    more = world.plan(ROADMAP)
    check("compile-partly", f"{applied_text(plan, applied)}\n{plan_text(more)}")


@pytest.mark.parametrize(
    ("writes", "said"), [(3, "about 2 s"), (300, "about 5 min"), (1001, "about 2 h 0 min")]
)
def test_a_slow_tracker_says_how_long_it_takes(writes: int, said: str) -> None:
    plan = CompileWorld().plan(ROADMAP)
    text = plan_text(plan, cost=PlanCost(writes, Pace().lasts(writes, (), 0.0)))
    assert f"{said} · plan " in text
    assert ("500 writes an hour" in text) == (writes > 500)


def test_what_the_days_limits_leave_is_said_before() -> None:
    world = CompileWorld(limits=Limits(issues_per_day=1, labels_per_day=1))
    history, now = world.journal.history(), world.clock.now()
    rations = [
        of(world.limits, history, now, in_tick=False) for of in (issue_rations, label_rations)
    ]
    plan = world.plan(ROADMAP)
    cost = cost_of(plan, 0.0, *rations)
    assert "2 of 3 new issues will wait for another day" in plan_text(plan, cost=cost)
    assert plan_json(plan, cost)["cost"] == {
        "writes": 3, "seconds": 0.0, "issues": 3, "issues_later": 2, "labels": 0, "labels_later": 0,
    }  # fmt: skip


def test_the_json_has_the_promised_keys(world: CompileWorld) -> None:
    plan = world.plan(ROADMAP.replace("[ ] Session", "[x] Session"))
    json = compile_json(plan, apply_plan(plan, world.clerk))
    assert {"digest", "applyable", "changes", "diagnostics", "applied", "writes"} <= json.keys()
    assert json["digest"] == plan.digest
    assert json["writes"] == 2
    assert json["applied"] == [
        {"action": "close", "unit": "session-store", "issue": 1},
        {"action": "update", "unit": "login-form", "issue": 2},
    ]
    changes = plan_json(plan)["changes"]
    assert isinstance(changes, list)
    assert [change["action"] for change in changes] == ["close", "update", "noop", "noop"]
    assert all({"unit", "issue", "title", "reason"} <= change.keys() for change in changes)


def test_of_many_new_ids_the_first_are_named() -> None:
    mints = tuple(Mint(n, f"Unit {n}", UnitId(f"unit-{n}")) for n in range(1, 31))
    assert minted_text([NewIds("ROADMAP.md", mints)]).splitlines()[0] == (
        "ROADMAP.md: wrote 30 ids: unit-1 (line 1), unit-2 (line 2), unit-3 (line 3), and 27 more"
    )
    assert minted_text([NewIds("ROADMAP.md", mints[:4])], written=False).count("unit-") == 4


def test_on_a_terminal_titles_give_way_to_places() -> None:
    plan = CompileWorld().plan(f"- [ ] {'Long title ' * 9}<!-- id: a -->\n")
    line = next(line for line in plan_text(plan, width=60).splitlines() if "create" in line)
    assert line.endswith("…  ROADMAP.md:1")
    assert len(line) <= 60

"""Plan, continuation, hints and candidates where every job is a process on its own machine."""

from __future__ import annotations

import json

import pytest

from tests.support.project import APPROVE, writes
from tests.support.relay import Relay

ROADMAP = "- [ ] Store <!-- id: store -->\n  Size: L\n  Candidates: 2\n"
PLAN = {"steps": ["Write the table", "Read the table"]}
LEFT = {"status": "done", "open_steps": [2], "learned": [{"text": "Dates are UTC."}]}


@pytest.mark.slow
def test_depth_in_a_relay(relay: Relay) -> None:
    path = relay.folder / "planner.json"
    script = {"plan": {"*": [[{"print": json.dumps(PLAN)}]]}, "review": APPROVE}
    path.write_text(json.dumps(script))
    planner = {"kind": "scripted", "script": str(path), "cost": "free"}
    work = {"store": [[*writes(store="kept"), {"outcome": LEFT}]]}
    relay.begin(ROADMAP, work=work, config={"planner": planner})
    row = relay.wave()["store"]
    assert row["outcome"] == "proposed", row
    assert "one candidate instead of 2" in row["reason"]
    assert "the worker leaves 1 of 2 steps open" in row["reason"]
    (attempt,) = relay.json("log", "store")
    stages = [stage["stage"] for stage in attempt["stages"]]
    assert stages[:4] == ["plan", "work", "continue", "commit"]
    assert [step["text"] for step in attempt["steps"]] == PLAN["steps"]
    assert [hint["text"] for hint in relay.json("hints", "list")["hints"]] == ["Dates are UTC."]

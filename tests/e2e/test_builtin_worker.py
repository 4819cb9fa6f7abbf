"""The built-in worker and reviewer, through `loopcoder tick`: only the model is scripted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.model_server.reply import call
from tests.model_server.world import Model
from tests.support.project import Project

STORE = "- [ ] Session store <!-- id: store -->\n  Keep sessions in a file.\n"
WORKER = {"kind": "anthropic", "model": "claude-sonnet-5-5", "timeout": "1m"}
REVIEWER = {**WORKER, "model": "claude-opus-5-5", "calibration": "off"}
REVIEWED = {"head": "{{head}}", "diff_sha256": "{{diff}}"}
APPROVE = call("verdict", verdict="approve", summary="Good.", findings=[], reviewed=REVIEWED)
WRITE = call("write", path="store.txt", content="sessions\n")
DONE = call("finish", status="done", summary="Wrote the store.")


@pytest.fixture
def built(project: Project, model: Model) -> Project:
    """A project whose worker and reviewer are the built-in ones."""
    project.env |= model.env
    model.review("*", [APPROVE])
    return project


def begin(built: Project, **config: Any) -> Project:
    made = {"workers": {"default": WORKER}, "reviewer": REVIEWER, **config}
    return built.begin(STORE, config=made)


def test_from_roadmap_to_a_proposal(built: Project, model: Model) -> None:
    model.work(
        "store",
        [
            call("bash", "I look around.", command="ls && cat check.sh"),
            call("search", pattern="RED", glob="*.sh"),
            WRITE,
            call("edit", path="store.txt", old="sessions", new="all sessions"),
            call("read", path="store.txt"),
            DONE,
        ],
    )
    begin(built)
    row = built.tick()["units"]["store"]
    assert row["outcome"] == "proposed", row
    assert built.git("show", "loopcoder/store:store.txt") == "all sessions"
    shown = model.asked("store", review=False)[-1].texts_of("tool_result")
    assert "check.sh" in shown[0] and "check.sh:2: # Red" in shown[1]
    assert shown[4] == "     1\tall sessions"
    assert model.unscripted == []
    assert 0 < row["cost_usd"] < 0.2 and row["tokens"] > 1000

"""Real agents through `loopcoder tick`: only the model behind them is scripted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.model_server.reply import call, say
from tests.model_server.request import Asked
from tests.model_server.world import KEY, Model
from tests.real_agents import mcp_server
from tests.real_agents.conftest import REAL, Real
from tests.support.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROADMAP = "- [ ] Session store <!-- id: store -->\n  Keep sessions in a file.\n"
PRICED = {"claude-code", "codex", "gemini", "opencode"}


def begin(real: Project, each: Real, files: dict[str, str] | None = None, **worker: Any) -> Project:
    agent = {"kind": each.kind, "model": each.model, "timeout": "2m"}
    config = {
        "workers": {"default": {**agent, **worker}},
        "reviewer": {**agent, "calibration": "off", "independence": "off"},
    }
    return real.begin(ROADMAP, config=config, files=files)


@pytest.mark.parametrize("kind", REAL)
def test_from_roadmap_to_a_proposal(real: Project, model: Model, kind: str) -> None:
    each = REAL[kind]
    model.work("store", each.script(each.write("store.txt", "sessions"), say("I wrote it.")))
    model.review("store", each.script(each.verdict()))
    row = begin(real, each).tick()["units"]["store"]
    assert row["outcome"] == "proposed", row
    assert real.git("show", "loopcoder/store:store.txt") == "sessions"
    changed = real.git("diff", "--name-only", "main", "loopcoder/store").splitlines()
    assert changed == ["store.txt"]
    assert row["tokens"] > 100
    assert (0 < row["cost_usd"] < 0.5) is (kind in PRICED), row["cost_usd"]


@pytest.mark.parametrize("kind", ["claude-code", "codex", "opencode"])
def test_findings_go_to_the_session_that_wrote_the_code(
    real: Project, model: Model, kind: str
) -> None:
    each = REAL[kind]
    model.work(
        "store",
        [
            each.write("store.txt", "draft"),
            say("Done."),
            each.write("store.txt", "final"),
            say("ok"),
        ],
    )
    finding = {
        "severity": "major",
        "file": "store.txt",
        "line": 1,
        "claim": "It says draft.",
        "evidence": "line 1",
    }
    refused = each.verdict(verdict="request_changes", findings=[finding])
    model.review("store", each.script(refused, each.verdict()))
    row = begin(real, each).tick()["units"]["store"]
    assert row["outcome"] == "proposed", row
    assert real.git("show", "loopcoder/store:store.txt") == "final"
    asked = [a for a in model.asked("store", review=False) if a.body.get("tools")]
    assert asked[-1].turn >= 3  # the first round's replies are still in the conversation
    assert "It says draft." in asked[-1].text
    if kind == "codex":  # it reports the session's total, of which the first round was paid
        used = sum(sum(a.usage.values()) for a in model.asked("store") if a.body.get("tools"))
        assert row["tokens"] < used * 1.1


def test_what_a_tool_left_running_ends_with_the_attempt(real: Project, model: Model) -> None:
    each = REAL["claude-code"]
    command = "echo done > store.txt; setsid sleep 98765 & sleep 98766"
    model.work("store", each.script(each.shell(command)))
    model.review("store", each.script(each.verdict()))
    begin(real, each, timeout="15s")
    row = real.tick()["units"]["store"]
    assert row["outcome"] == "proposed", row
    assert real.git("show", "loopcoder/store:store.txt") == "done"
    lines = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    assert not [line for line in lines if "sleep 9876" in line]


@pytest.mark.parametrize("kind", ["claude-code", "codex", "gemini", "copilot", "opencode"])
def test_a_tool_of_an_mcp_server_is_used(real: Project, model: Model, kind: str) -> None:
    each = REAL[kind]
    named: list[str] = []

    def greet(asked: Asked) -> Mapping[str, Any]:
        named[:] = [name for name in tool_names(asked) if name.endswith("greet")]
        return call(named[0], who="Ana") if named else say("no such tool")

    model.work("store", each.script(greet, say("Done.")))
    model.review("store", each.script(each.verdict()))
    server = {"name": "greeter", "run": ["python3", "tools/greeter.py"]}
    files = {"tools/greeter.py": Path(mcp_server.__file__).read_text("utf-8")}
    row = begin(real, each, files, mcp=[server]).tick()["units"]["store"]
    assert row["outcome"] == "proposed", (row, named)
    assert real.git("show", "loopcoder/store:store.txt") == "hello Ana"


def tool_names(asked: Asked) -> Iterator[str]:
    """The names of all tools, however a dialect nests them."""
    for tool in asked.body.get("tools") or []:
        yield from (f"{tool['name']}.{each['name']}" for each in tool.get("tools") or [])
        for row in (tool, tool.get("function"), *(tool.get("functionDeclarations") or [])):
            if isinstance(row, dict) and isinstance(row.get("name"), str):
                yield row["name"]


@pytest.mark.parametrize("kind", ["claude-code", "codex", "opencode"])
def test_a_bad_key_is_no_strike(real: Project, model: Model, kind: str) -> None:
    each = REAL[kind]
    model.server.keys = {"another key"}
    assert KEY not in model.server.keys
    begin(real, each)
    row = real.tick()["units"]["store"]
    assert row["outcome"] == "failed", row
    record = real.json("explain", "store")
    assert "auth" in str(record) or "key" in row["reason"].lower(), (record, row)
    assert "strike" not in row["reason"]

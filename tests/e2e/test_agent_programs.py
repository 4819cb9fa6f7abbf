"""Agents with a command line through `loopcoder tick`: programs that print what Codex prints."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.project import Project

ROADMAP = "- [ ] Session store <!-- id: store -->\n  Keep sessions in a file.\n"
CODEX = r"""#!/bin/sh
prompt=$(cat)
head=$(echo "$prompt" | sed -n 's/^- head: `\(.*\)`$/\1/p')
diff=$(echo "$prompt" | sed -n 's/^- diff_sha256: `\(.*\)`$/\1/p')
say() { printf '{"type":"item.completed","item":{"type":"agent_message","text":"%s"}}\n' "$1"; }
used() { printf '{"type":"turn.completed","usage":{"input_tokens":%s,"output_tokens":0}}\n' "$1"; }
case "$*" in
  *--output-schema*)
    echo '{"type":"thread.started","thread_id":"judge"}'
    if grep -q draft store.txt; then
      findings='{\"severity\":\"major\",\"claim\":\"It says draft.\"}'; verdict=request_changes
    else
      findings=; verdict=approve
    fi
    seen="{\\\"head\\\":\\\"$head\\\",\\\"diff_sha256\\\":\\\"$diff\\\"}"
    rest="\\\"summary\\\":\\\"s\\\",\\\"findings\\\":[$findings],\\\"reviewed\\\":$seen"
    say "{\\\"verdict\\\":\\\"$verdict\\\",$rest}"
    used 10;;
  *"resume writer -")
    echo '{"type":"thread.started","thread_id":"writer"}'
    echo "$prompt" | grep -q "It says draft." && echo final > store.txt
    say "Mended."; used 1500;;
  *)
    echo '{"type":"thread.started","thread_id":"writer"}'
    echo draft > store.txt
    echo "$OPENAI_API_KEY" > "$CODEX_HOME/seen"; ls "$CODEX_HOME" > home.txt
    say "Done."; used 1000;;
esac
"""


@pytest.fixture
def agents(project: Project) -> Project:
    """A project on a machine with a Codex of ours and a key for it."""
    folder = project.folder / "bin"
    folder.mkdir()
    (folder / "codex").write_text(CODEX)
    (folder / "codex").chmod(0o755)
    project.env |= {"PATH": f"{os.environ['PATH']}:{folder}", "OPENAI_API_KEY": "sk-0123456789"}
    return project


def config(**worker: Any) -> dict[str, Any]:
    codex = {"kind": "codex", "model": "gpt-5", "timeout": "1m"}
    judge = {**codex, "model": "gpt-5-mini", "calibration": "off"}
    return {
        "workers": {"default": {**codex, **worker}},
        "reviewer": judge,
        "prices": {
            "gpt-5": {"input": "$100", "output": "$1"},
            "gpt-5-mini": {"input": "$1", "output": "$1"},
        },
    }


def test_findings_go_to_the_same_session_which_is_charged_once(agents: Project) -> None:
    row = agents.begin(ROADMAP, config=config()).tick()["units"]["store"]
    assert row["outcome"] == "proposed", row
    assert agents.git("show", "loopcoder/store:store.txt") == "final"
    assert agents.git("show", "loopcoder/store:home.txt").split() == ["config.toml", "seen"]
    assert row["tokens"] == 1500 + 2 * 10
    assert row["cost_usd"] == pytest.approx(0.15, abs=0.001)


def test_a_missing_program_lets_the_next_agent_work(agents: Project) -> None:
    made = config()
    made["workers"] = {
        "default": {"kind": "claude-code", "fallback": ["second"]},
        "second": made["workers"]["default"],
    }
    agents.env["ANTHROPIC_API_KEY"] = ""
    row = agents.begin(ROADMAP, config=made).tick()["units"]["store"]
    assert row["outcome"] == "proposed", row


def test_a_tick_with_nobody_to_work_is_refused(agents: Project) -> None:
    agents.env["OPENAI_API_KEY"] = ""
    done = agents.begin(ROADMAP, config=config()).run("tick", exit_code=2)
    assert "Codex has no key: set OPENAI_API_KEY" in done.stderr
    assert "no key" in agents.run("doctor", exit_code=None).stdout

"""The data of every agent: that it is whole, and what it makes of samples of real output."""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.agents.invocation import Invocation, Visit, invoke, lay_out
from loopcoder.adapters.agents.preset import ORDER, presets
from loopcoder.adapters.agents.reply import VERDICT_SCHEMA
from loopcoder.adapters.agents.transcript import (
    Tally,
    Transcript,
    read_transcript,
    sign_of_life,
)
from loopcoder.domain.settings import McpServer
from loopcoder.entrypoints.agents.programs import KINDS

SAMPLES = Path(__file__).parent / "samples"
SERVERS = (
    McpServer("files", ("mcp-files", "--root", "."), {"A": 'quote "'}),
    McpServer("docs", url="https://mcp.example.org/x", headers={"X-Y": "z"}),
)


def sample(kind: str) -> bytes:
    return next(p for p in SAMPLES.glob(f"{kind}.*") if "usage" not in p.name).read_bytes()


def read(kind: str, stdout: bytes | None = None, **more: Any) -> Transcript:
    def left(name: str) -> bytes | None:
        path = SAMPLES / f"{kind}.{name}"
        return path.read_bytes() if path.exists() else None

    output = presets()[kind].output
    return read_transcript(output, sample(kind) if stdout is None else stdout, left, **more)


def made(kind: str, **changes: Any) -> Invocation:
    given: dict[str, Any] = {
        "role": "work",
        "home": "/h",
        "given": "/g",
        "drop": "/d",
        "prompt_file": "/p.md",
        "variables": {presets()[kind].variables.keys[0]: "key"},
    }
    return invoke(presets()[kind], Visit(**{**given, **changes}))


def test_the_names_are_known_without_reading_the_data() -> None:
    assert tuple(presets()) == ORDER == KINDS


@pytest.mark.parametrize(
    ("kind", "tally", "session"),
    [
        ("claude-code", Tally(224, 40, Decimal("0.0125")), "0b0b0b0b-0000-4000-8000-000000000001"),
        ("codex", Tally(240, 40, None, 60), "01a2163d-0922-7512-9dfc-11642e810e72"),
        ("gemini", Tally(230, 55, None, 0), ""),
        ("copilot", Tally(224, 40), "369a0fd8-2109-40cf-b538-215dc4cb4337"),
        ("opencode", Tally(212, 43, Decimal("0.00122775")), "ses_de9c0f334ffeCTV097xgg9ztCL"),
        ("aider", Tally(2200, 50, Decimal("0.0040")), ""),
    ],
)
def test_usage_session_and_answer_are_read(kind: str, tally: Tally, session: str) -> None:
    found = read(kind)
    assert (found.tally, found.session, found.error) == (tally, session, "")
    assert found.answer.endswith("All done.")


@pytest.mark.parametrize("kind", KINDS)
def test_cut_or_foreign_output_is_no_error_and_no_figure(kind: str) -> None:
    for text in (b"", b"\x00\xff{", b"[]\n{}\n", b'{"type":"result","usage":7}\n', b"{" * 10000):
        found = read_transcript(presets()[kind].output, text)
        assert found.tally == Tally()
        assert found.session == ""


def test_figures_that_are_added_up_are_unknown_when_the_beginning_is_missing() -> None:
    assert read("opencode", whole=False).tally == Tally()
    assert read("claude-code", whole=False).tally.usd == Decimal("0.0125")


@pytest.mark.parametrize("usd", ["-1", "1e9", '"free"', "null", "true", "NaN", "[1]"])
def test_a_price_that_cannot_be_is_not_known(usd: str) -> None:
    text = f'{{"type":"result","is_error":false,"result":"x","total_cost_usd":{usd}}}'
    assert read("claude-code", text.encode()).tally.usd is None


def test_a_session_that_could_be_an_argument_of_another_kind_is_none() -> None:
    for name in ("--fork", "a b", "../x", "", "x" * 200):
        text = json.dumps({"type": "thread.started", "thread_id": name})
        assert read("codex", text.encode()).session == ""


@pytest.mark.parametrize("kind", KINDS)
def test_people_see_words_and_not_the_wire(kind: str) -> None:
    output = presets()[kind].output
    shown = [sign_of_life(output, line) for line in sample(kind).decode().splitlines()]
    said = [line for line in shown if line]
    assert not any(line.startswith('{"') for line in said)
    if output.form == "events":
        assert any("pytest -q" in line for line in said)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_of_a_template(kind: str) -> None:
    for role in ("work", "review"):
        plan = made(kind, role=role, schema=VERDICT_SCHEMA, model="m", usd="1.5", servers=SERVERS)
        texts = (*plan.argv, *plan.env.values(), *plan.files.values(), *plan.home_files.values())
        assert not any("$" in text.replace("$schema", "") for text in texts), plan
        assert "m" in plan.argv or plan.env.get("COPILOT_MODEL") == "m"


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_are_written_are_what_they_are_called(kind: str) -> None:
    hard = {"OPENAI_BASE_URL": 'http://h/"x\\', "ANTHROPIC_BASE_URL": "http://h"}
    plan = made(kind, schema=VERDICT_SCHEMA, servers=SERVERS, variables=hard)
    for name, text in {**plan.files, **plan.home_files}.items():
        if name.endswith(".toml"):
            assert tomllib.loads(text)
        else:
            assert json.loads(text)


def test_a_session_is_continued_in_each_programs_own_way() -> None:
    said = {
        kind: made(kind, session="s1", fork=fork).argv[-4:] for kind in KINDS for fork in (False,)
    }
    assert said["claude-code"][-2:] == ("--resume", "s1")
    assert said["codex"][-3:] == ("resume", "s1", "-")
    assert said["copilot"][-1] == "--resume=s1"
    assert said["opencode"][-2:] == ("--session", "s1")
    assert "s1" not in {*said["gemini"], *said["aider"]}
    assert made("claude-code", session="s1", fork=True).argv[-1] == "--fork-session"
    assert made("codex", session="s1", fork=True).argv[-3:] == ("fork", "s1", "-")
    assert made("copilot", session="s1", fork=True).argv[-1] == "--resume=s1"


def test_a_reviewer_is_given_the_schema_and_no_tool_that_writes() -> None:
    claude = made("claude-code", role="review", schema=VERDICT_SCHEMA).argv
    assert json.loads(claude[claude.index("--json-schema") + 1]) == json.loads(
        json.dumps(dict(VERDICT_SCHEMA))
    )
    tools = claude[claude.index("--tools") + 1].split(",")
    assert not {"Bash", "Edit", "Write"} & set(tools)
    codex = made("codex", role="review", schema=VERDICT_SCHEMA)
    assert codex.argv[codex.argv.index("--output-schema") + 1] == "/g/verdict.json"
    assert json.loads(codex.files["verdict.json"])["required"]


def test_mcp_servers_are_written_in_each_programs_words() -> None:
    claude = json.loads(made("claude-code", servers=SERVERS).files["mcp.json"])["mcpServers"]
    assert claude["files"] == {
        "command": "mcp-files",
        "args": ["--root", "."],
        "env": {"A": 'quote "'},
    }
    assert claude["docs"] == {
        "type": "http",
        "url": "https://mcp.example.org/x",
        "headers": {"X-Y": "z"},
    }
    argv = made("claude-code", servers=SERVERS).argv
    assert argv[argv.index("--allowedTools") + 1].endswith(",mcp__files,mcp__docs")
    codex = tomllib.loads(made("codex", servers=SERVERS).home_files["config.toml"])["mcp_servers"]
    assert codex["files"]["env"] == {"A": 'quote "'}
    assert codex["docs"] == {"url": "https://mcp.example.org/x", "http_headers": {"X-Y": "z"}}
    opencode = json.loads(made("opencode", servers=SERVERS).files["opencode.json"])["mcp"]
    assert opencode["files"]["command"] == ["mcp-files", "--root", "."]
    gemini = json.loads(made("gemini", servers=SERVERS).home_files[".gemini/settings.json"])
    assert gemini["mcpServers"]["docs"]["httpUrl"] == "https://mcp.example.org/x"
    copilot = json.loads(made("copilot", servers=SERVERS).files["mcp.json"])["mcpServers"]
    assert copilot["files"]["tools"] == ["*"]


def test_an_api_key_is_what_makes_claude_bare() -> None:
    assert "--bare" in made("claude-code").argv
    token = {"CLAUDE_CODE_OAUTH_TOKEN": "t"}
    assert "--bare" not in made("claude-code", variables=token).argv


def test_files_are_never_written_through_what_an_agent_left(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir(), outside.mkdir()
    (outside / "precious").write_text("kept")
    (home / "config.toml").symlink_to(outside / "precious")
    (home / "sub").symlink_to(outside)
    (home / "folder.json").mkdir()
    lay_out(home, {"config.toml": "new", "sub/a.json": "new", "folder.json": "new"})
    assert (outside / "precious").read_text() == "kept"
    assert [p.name for p in outside.iterdir()] == ["precious"]
    assert (home / "config.toml").read_text() == (home / "sub" / "a.json").read_text() == "new"
    assert (home / "folder.json").read_text() == "new"

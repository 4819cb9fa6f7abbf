"""docs/reference/json.md says which keys a program finds: here they are looked for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loopcoder.entrypoints.cli.main import cli
from tests.support.project import Project, writes

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"
ROADMAP = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
"""
CALLS = {
    "plan": "plan",
    "ready": "ready",
    "status": "status",
    "explain": "explain login",
    "report": "report",
    "log": "log store",
    "prompt": "prompt login",
    "issue list": "issue list",
    "pr list": "pr list",
    "attest verify": "attest verify 3",
    "attest key": "attest key",
    "audit": "audit store",
    "budget": "budget",
    "breaker": "breaker",
    "hints": "hints",
    "doctor": "doctor",
    "schedule status": "schedule status",
    "uninstall": "uninstall --plan",
    "tick --dry-run": "tick --dry-run",
    "compile": "compile",
}
WRITES = (
    ("issue create Fix --label bug", "issues"),
    ("issue edit 4 --title Mend", "issues"),
    ("issue label 4 loopcoder:hold", "issues"),
    ("issue label 3 seen", "pulls"),
    ("issue unlabel 4 loopcoder:hold", "issues"),
    ("issue assign 4", "issues"),
    ("issue comment 4 Why", "issues"),
    ("issue close 4", "issues"),
    ("issue reopen 4", "issues"),
    ("issue tick", "ticked"),
    ("hold", "words"),
    ("hold --release", "words"),
    ("hold login", "words"),
    ("hold login --release", "words"),
    ("retry login", "words"),
    ("approve login", "words"),
    ("block login --by #4", "words"),
    ("waive login --by #4", "words"),
    ("unblock login", "words"),
    ("pr comment 3 Nice --note", "pulls"),
    ("pr close 3", "pulls"),
    ("pr reopen 3", "pulls"),
    ("pr merge 3", "pulls"),
)


def documented(call: str) -> set[str]:
    """The keys in the row of the call, and in the row that it refers to."""
    pattern = rf"^\| `{call}`(?:, `[^|]*)? \| ([^|]*) \|$"
    (row,) = re.findall(pattern, PAGE.read_text(), re.MULTILINE)
    row = row.split(";")[0]
    other = re.match(r"those of `(\w+)`", row)
    keys = set(re.findall(r"`(\w+)`", row.removeprefix(other[0] if other else "")))
    return keys | documented(other[1]) if other else keys


@pytest.fixture
def begun(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    project.begin(ROADMAP, work={"store": [writes(store="kept")]})
    project.tick()
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    return project


def answer(project: Project, call: str) -> Any:
    done = CliRunner().invoke(cli, ["-C", str(project.root), *call.split(), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), (call, done.exception)
    return json.loads(done.stdout)


def test_a_program_finds_the_keys_that_the_page_promises(begun: Project) -> None:
    for name, call in CALLS.items():
        found = answer(begun, call)
        keys = documented(name)
        assert keys and keys <= set(found[0] if isinstance(found, list) else found), call
    assert documented("words") == set(answer(begun, "hold")["words"][0])


def test_every_decision_tells_a_program_what_was_written(begun: Project) -> None:
    for call, key in WRITES:
        assert key in answer(begun, call), call
    assert answer(begun, "issue list")["issues"][2]["title"] == "Mend"
    assert answer(begun, "pr list")["pulls"][0]["state"] == "merged"
    said = answer(begun, "retry login")["words"]
    assert [(row["unit"], row["issue"], row["recorded"]) for row in said] == [("login", 2, True)]
    assert answer(begun, "unblock login")["words"][0]["recorded"] is False

"""`plan`, `compile`, `adopt`, `import` and `export`, as a user calls them."""

from __future__ import annotations

import json
from typing import Any

import pytest

ROADMAP = (
    b"\xef\xbb\xbf# Roadmap\r\n\r\n"
    b"- [ ] Session store\r\n  SQLite.\r\n"
    b"- [ ] Login form (after: session-store) <!-- id: login-form -->\r\n"
)
MINTED = ROADMAP.replace(b"Session store\r", b"Session store <!-- id: session-store -->\r")


@pytest.fixture
def files(project: Any) -> Any:
    (project.root / "ROADMAP.md").write_bytes(ROADMAP)
    return project


def roadmap(project: Any) -> bytes:
    content: bytes = (project.root / "ROADMAP.md").read_bytes()
    return content


def issues(project: Any) -> list[dict[str, Any]]:
    done = project.loopcoder("issue", "list", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["issues"]
    return found


def test_from_first_plan_to_nothing_pending(files: Any) -> None:
    check = files.loopcoder("plan", "--check")
    assert check.returncode == 1
    assert "ROADMAP.md: lacks 1 id: session-store (line 3)" in check.stdout
    assert roadmap(files) == ROADMAP

    plan = files.loopcoder("plan")
    assert plan.returncode == 0, plan.stderr
    assert "ROADMAP.md: wrote 1 id: session-store (line 3)" in plan.stdout
    assert "Not wanted? take the comments out again; --no-ids writes none" in plan.stdout
    assert "2 units, 1 edge · working tree, not committed" in plan.stdout
    assert roadmap(files) == MINTED
    assert issues(files) == []

    shown = json.loads(files.loopcoder("plan", "--json").stdout)
    assert shown["applyable"] is True
    assert [change["action"] for change in shown["changes"]] == ["create", "create"]

    refused = files.loopcoder("compile", "--approve", "000000")
    assert refused.returncode == 1
    assert "nothing was changed" in refused.stderr
    assert issues(files) == []

    done = files.loopcoder("compile", "--approve", shown["digest"][:6], "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["writes"], told["digest"]) == (2, shown["digest"])
    assert [each["unit"] for each in told["applied"]] == ["session-store", "login-form"]
    assert [issue["number"] for issue in issues(files)] == [1, 2]

    assert "nothing written" in files.loopcoder("compile").stdout
    assert files.loopcoder("plan", "--check").returncode == 0
    assert roadmap(files) == MINTED


def test_ids_that_were_not_wanted_are_undone_as_it_is_said(files: Any) -> None:
    files.git("add", "ROADMAP.md")
    files.git("commit", "-qm", "Add a roadmap")
    none = json.loads(files.loopcoder("plan", "--no-ids", "--json").stdout)
    assert (none["ids"], none["ids_written"], roadmap(files)) == ([], False, ROADMAP)
    plan = files.loopcoder("plan", "--json")
    told = json.loads(plan.stdout)
    assert told["ids"] == [{"unit": "session-store", "file": "ROADMAP.md", "line": 3}]
    assert (told["ids_written"], roadmap(files)) == (True, MINTED)
    assert "Not wanted? git restore ROADMAP.md undoes it" in plan.stderr
    files.git("restore", "ROADMAP.md")
    assert roadmap(files) == ROADMAP


def test_a_roadmap_with_an_error_changes_nothing(files: Any) -> None:
    broken = ROADMAP.replace(b"after: session-store", b"after: sesion")
    (files.root / "ROADMAP.md").write_bytes(broken)
    for verb in ("plan", "compile"):
        done = files.loopcoder(verb)
        assert done.returncode == 2
        assert "ROADMAP.md:5: error: `after: sesion` names no unit" in done.stdout + done.stderr
        assert "nothing was changed" in done.stdout + done.stderr
    shown = json.loads(files.loopcoder("plan", "--json").stdout)
    assert shown["applyable"] is False
    assert [each["line"] for each in shown["diagnostics"]] == [5]
    assert roadmap(files) == broken
    assert issues(files) == []


def test_no_ids_skips_units_without_one(files: Any) -> None:
    (files.root / "ROADMAP.md").write_bytes(b"- [ ] One\n- [ ] Two <!-- id: two -->\n")
    done = files.loopcoder("compile", "--no-ids")
    assert done.returncode == 0, done.stderr
    assert "1 without an id" in done.stdout
    assert [issue["title"] for issue in issues(files)] == ["Two"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "There is no ROADMAP.md"), (b"# R\n\xff\n", "ROADMAP.md:2 is not")],
)
def test_a_roadmap_that_cannot_be_read(files: Any, content: bytes | None, words: str) -> None:
    if content is None:
        (files.root / "ROADMAP.md").unlink()
    else:
        (files.root / "ROADMAP.md").write_bytes(content)
    done = files.loopcoder("plan")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_compile_is_refused_inside_an_attempt_and_under_a_tick(files: Any) -> None:
    from filelock import FileLock

    assert files.loopcoder("compile", LOOPCODER_ATTEMPT="3").returncode == 1
    files.loopcoder("plan")
    with FileLock(files.root / ".git" / "loopcoder" / "tick.lock"):
        assert files.loopcoder("compile").returncode == 75
    assert issues(files) == []


def test_adopt_shows_first_and_writes_when_told(files: Any) -> None:
    text = b"## Backlog\n\n- Search\n- Export to CSV\n"
    (files.root / "ROADMAP.md").write_bytes(text)
    assert "2 units would be adopted" in files.loopcoder("adopt").stdout
    assert roadmap(files) == text
    assert "2 units adopted" in files.loopcoder("adopt", "--write").stdout
    assert b"- [ ] Search <!-- id: search -->" in roadmap(files)


def test_a_hand_made_issue_is_adopted_with_its_text(files: Any) -> None:
    files.loopcoder("issue", "create", "Please add SSO", "--body", "With SAML.")
    files.loopcoder("adopt", "--issue", "1")
    assert roadmap(files) == ROADMAP
    assert files.loopcoder("adopt", "--issue", "1", "--write").returncode == 0
    assert roadmap(files).startswith(ROADMAP)
    assert roadmap(files).count(b"\r\n") == roadmap(files).count(b"\n")
    files.loopcoder("compile")
    adopted = json.loads(files.loopcoder("issue", "show", "1", "--json").stdout)
    assert "id=please-add-sso" in json.dumps(adopted)
    assert files.loopcoder("adopt", "--issue", "1").returncode == 1
    assert len(issues(files)) == 3


def test_export_and_import_go_round(files: Any) -> None:
    files.loopcoder("compile")
    exported = files.loopcoder("export").stdout
    assert [json.loads(line)["id"] for line in exported.splitlines()] == [
        "session-store",
        "login-form",
    ]
    tasks = files.write("tasks.jsonl", exported)
    (files.root / "ROADMAP.md").unlink()
    dry = files.loopcoder("import", str(tasks), "--dry-run")
    assert "- [ ] Session store <!-- id: session-store -->" in dry.stdout
    assert not (files.root / "ROADMAP.md").exists()
    assert files.loopcoder("import", str(tasks)).returncode == 0
    assert files.loopcoder("export").stdout == exported
    assert files.loopcoder("plan", "--check").returncode == 0


def test_adopt_needs_no_configuration_and_names_lists_it_did_not_take(files: Any) -> None:
    files.git("rm", "-q", "--cached", "loopcoder.yml")
    (files.root / "loopcoder.yml").unlink()
    (files.root / "ROADMAP.md").write_text("# P\n\n## Próximos pasos\n\n1. Validar\n2. Probar\n")
    said = files.loopcoder("adopt")
    assert said.returncode == 0, said.stderr
    assert "loopcoder adopt --section 'Próximos pasos'  2 entries" in said.stdout
    again = files.loopcoder("adopt", "--section", "Próximos pasos")
    assert "2 units would be adopted" in again.stdout

"""`loopcoder issue` and `loopcoder pr`, called as a person calls them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from loopcoder.adapters.clock import SystemClock
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.code_host import LocalCodeHost
from loopcoder.adapters.local.tracker import LocalTracker
from loopcoder.domain.issues.issue import BOT, Issue, PullDraft, PullRequest

from .conftest import Project


@pytest.fixture(autouse=True)
def _outside_an_attempt(request: pytest.FixtureRequest) -> None:
    from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
    from loopcoder.domain.diagnostic import LoopcoderError

    if request.function.__name__.startswith("test_inside_an_attempt"):
        return
    try:
        refuse_inside_attempt()
    except LoopcoderError:
        pytest.skip("these tests run inside an attempt, where a person's verbs are refused")


def _path(project: Project) -> Path:
    return project.root / ".git" / "loopcoder" / "local.db"


def _tracker(project: Project) -> LocalTracker:
    return LocalTracker(_path(project), BOT, SystemClock())


def _host(project: Project) -> LocalCodeHost:
    repository = Repository.discover(project.root)
    return LocalCodeHost(_path(project), repository, "main", BOT, SystemClock())


def _propose(project: Project, unit: str, body: str = "", draft: bool = False) -> PullRequest:
    project.git("switch", "-q", "-c", f"loopcoder/{unit}", "main")
    project.write(f"{unit}.txt", f"{unit}\n")
    project.commit(f"{unit}.txt", message=f"Add {unit}")
    project.git("switch", "-q", "main")
    return _host(project).create_pull(
        PullDraft(f"Do {unit}", body, f"loopcoder/{unit}", "main", draft)
    )


def _issue(project: Project, number: int) -> Issue:
    return _tracker(project).get_issue(number)


def _json(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_an_issue_from_filing_to_closing(project: Project) -> None:
    filed = project.loopcoder("issue", "create", "A bug", "--body", "It hurts", "--label", "bug")
    assert (filed.returncode, filed.stdout) == (0, "filed #1\n")
    assert project.loopcoder("issue", "label", "#1", "loopcoder:file").returncode == 0
    assert project.loopcoder("issue", "unlabel", "1", "BUG").returncode == 0
    assert project.loopcoder("issue", "comment", "1", "More").returncode == 0
    assert project.loopcoder("issue", "edit", "1", "--title", "A worse bug").returncode == 0
    assert project.loopcoder("issue", "assign", "1").returncode == 0
    issue = _issue(project, 1)
    assert (issue.title, issue.body, issue.labels) == (
        "A worse bug",
        "It hurts",
        {"loopcoder:file"},
    )
    assert issue.author.login == "ana-example" and issue.assignees == (issue.author,)
    assert project.loopcoder("issue", "close", "1", "--not-planned").returncode == 0
    closed = _issue(project, 1)
    assert closed.is_not_planned and closed.closed_by == issue.author
    assert project.loopcoder("issue", "reopen", "1").returncode == 0
    assert _issue(project, 1).is_open


def test_issues_as_a_list_and_as_json(project: Project) -> None:
    for title in ("One", "Two"):
        project.loopcoder("issue", "create", title)
    project.loopcoder("issue", "close", "1")
    listed = project.loopcoder("issue", "list")
    assert "#2" in listed.stdout and "Two" in listed.stdout and "One" not in listed.stdout
    issues = _json(project.loopcoder("issue", "list", "--json"))["issues"]
    assert isinstance(issues, list)
    assert [(each["number"], each["state"]) for each in issues] == [(1, "closed"), (2, "open")]
    shown = _json(project.loopcoder("issue", "show", "1", "--json"))
    assert (shown["title"], shown["close_reason"]) == ("One", "completed")


def test_closing_a_units_issue_says_which_box_to_tick(project: Project) -> None:
    marker = "<!-- loopcoder:unit id=session-store plan=main digest=sha256:0 v=1 -->"
    body = f"{marker}\ntext\n<!-- /loopcoder:unit -->"
    project.loopcoder("issue", "create", "Session store", "--body", body)
    assert "session-store can be set to [x]" in project.loopcoder("issue", "close", "1").stdout


def test_hostile_text_cannot_repaint_the_screen(project: Project) -> None:
    project.loopcoder("issue", "create", "evil \x1b[2J\u202etitle", "--body", "\x1b]0;x\x07")
    for verb in (("list",), ("show", "1")):
        shown = project.loopcoder("issue", *verb).stdout
        assert "\x1b" not in shown and "\u202e" not in shown and "\x07" not in shown


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("issue", "show", "7"), 1),
        (("issue", "show", "seven"), 2),
        (("issue", "edit", "1"), 2),
        (("issue", "create", ""), 1),
        (("pr", "show", "7"), 1),
        (("pr", "merge", "7"), 1),
        (("pr", "merge"), 2),
        (("pr", "comment", "1", "x", "--line", "3"), 2),
        (("pr", "comment", "1", "x", "--note", "--request-changes"), 2),
    ],
)
def test_wrong_calls_end_in_a_sentence(project: Project, args: tuple[str, ...], code: int) -> None:
    done = project.loopcoder(*args)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("loopcoder: ") and "Traceback" not in done.stderr


def test_a_pull_request_from_listing_to_merging(project: Project) -> None:
    project.loopcoder("issue", "create", "Session store")
    pull = _propose(project, "session-store", "What and why.\n\nCloses #1")
    listed = _json(project.loopcoder("pr", "list", "--json"))["pulls"]
    assert isinstance(listed, list)
    stable = ("number", "state", "unit", "branch", "head", "title")
    assert [{key: each[key] for key in stable} for each in listed] == [
        {
            "number": 2,
            "state": "open",
            "unit": "session-store",
            "branch": "loopcoder/session-store",
            "head": pull.head,
            "title": "Do session-store",
        }
    ]
    shown = project.loopcoder("pr", "show", "2").stdout
    assert "What and why." in shown and "session-store.txt | 1 +" in shown
    merged = project.loopcoder("pr", "merge", "2", "--delete-branch")
    assert merged.returncode == 0, merged.stderr
    assert merged.stdout.startswith("#2 is merged into main as ")
    assert (project.root / "session-store.txt").exists()
    assert project.git("status", "--porcelain") == ""
    assert "loopcoder/session-store" not in project.git("branch")
    assert _issue(project, 1).is_completed
    assert "session-store.txt | 1 +" in project.loopcoder("pr", "show", "2").stdout
    again = project.loopcoder("pr", "merge", "2")
    assert (again.returncode, "merged before" in again.stdout) == (0, True)


def test_several_are_merged_in_order(project: Project) -> None:
    _propose(project, "a")
    _propose(project, "b", draft=True)
    done = project.loopcoder("pr", "merge", "1", "2", "--method", "squash")
    assert done.returncode == 1 and "--even-draft" in done.stderr
    assert done.stdout.startswith("#1 is merged")
    done = project.loopcoder("pr", "merge", "1", "2", "--method", "squash", "--even-draft")
    assert done.returncode == 0, done.stderr
    assert project.git("log", "--format=%s", "-2") == "Do b (#2)\nDo a (#1)"


def test_what_a_person_says_is_feedback_unless_it_is_a_note(project: Project) -> None:
    _propose(project, "a")
    said = project.loopcoder(
        "pr", "comment", "1", "Handle empty input", "--request-changes", "--file", "a.txt",
        "--line", "1",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    project.loopcoder("pr", "comment", "1", "Talked about it in the meeting", "--note")
    (feedback,) = _host(project).list_feedback(1)
    assert (feedback.requests_changes, feedback.file, feedback.line) == (True, "a.txt", 1)
    assert feedback.author.login == "ana-example"
    assert [each.body for each in _tracker(project).list_comments(1)] == [
        "Talked about it in the meeting"
    ]
    shown = project.loopcoder("pr", "show", "1").stdout
    assert "@ana-example asks for changes in a.txt:1" in shown and "meeting" in shown


def test_closing_and_reopening(project: Project) -> None:
    _propose(project, "a")
    assert project.loopcoder("pr", "close", "1").stdout == "#1 is closed\n"
    assert project.loopcoder("pr", "list").stdout == "no open pull requests\n"
    assert "closed" in project.loopcoder("pr", "list", "--state", "all").stdout
    assert project.loopcoder("pr", "reopen", "#1").stdout == "#1 is open\n"


@pytest.mark.parametrize(
    "args",
    [
        ("pr", "merge", "1"),
        ("pr", "close", "1"),
        ("pr", "comment", "1", "ship it"),
        ("pr", "comment", "1", "ship it", "--note"),
        ("issue", "close", "1"),
        ("issue", "create", "x"),
        ("issue", "unlabel", "1", "blocked-by:#2"),
    ],
)
def test_inside_an_attempt_nobody_is_a_person(project: Project, args: tuple[str, ...]) -> None:
    before = project.git("rev-parse", "main")
    pull = _propose(project, "a")
    done = project.loopcoder(*args, LOOPCODER_ATTEMPT="3")
    assert done.returncode == 1
    assert "inside attempt 3" in done.stderr
    assert _host(project).get_pull(pull.number) == pull
    assert project.git("rev-parse", "main") == before
    assert not _tracker(project).list_issues()


def test_boxes_of_finished_units_are_ticked_in_the_working_tree(project: Project) -> None:
    project.write("ROADMAP.md", "- [ ] Store <!-- id: store -->\n- [ ] Notes <!-- id: notes -->\n")
    project.commit("ROADMAP.md")
    project.loopcoder("compile")
    assert "no box" in project.loopcoder("issue", "tick").stdout
    assert "loopcoder issue tick" in project.loopcoder("issue", "close", "1").stdout
    said = project.loopcoder("issue", "tick").stdout
    assert "ticked: store" in said and "commit ROADMAP.md" in said
    assert (project.root / "ROADMAP.md").read_text().splitlines() == [
        "- [x] Store <!-- id: store -->",
        "- [ ] Notes <!-- id: notes -->",
    ]
    assert "no box" in project.loopcoder("issue", "tick").stdout

"""`doctor` on GitHub, through the real command: rights, CI, clocks, labels; what a tick says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loopcoder.entrypoints.doctor.github import kind_of
from tests.github_server.account import Role
from tests.github_server.world import BOT, EVE, TOKEN
from tests.support.github_project import GitHubProject

ONE = "- [ ] Store <!-- id: store -->\n"
CI = {".github/workflows/ci.yml": "name: ci\non: [push, pull_request]\njobs: {}\n"}


def findings(project: GitHubProject, *options: str) -> dict[str, dict[str, Any]]:
    """By name; of several with one name the worst."""
    rank = ["ok", "note", "warning", "problem"]
    found: dict[str, dict[str, Any]] = {}
    for each in project.json("doctor", *options, exit_code=None)["findings"]:
        known = found.setdefault(each["name"], each)
        if rank.index(each["level"]) > rank.index(known["level"]):
            found[each["name"]] = each
    return found


def test_a_repository_that_is_ready_and_its_labels_are_mended(hosted: GitHubProject) -> None:
    hosted.begin(ONE, files=CI)
    hosted.github.repo.protected.add("main")
    found = findings(hosted)
    assert "classic token, scopes repo" in found["token"]["what"]
    assert [found[name]["level"] for name in ("ci", "rules", "rate")] == ["ok"] * 3
    assert found["dashboard"]["level"] == "note"
    assert "clock" not in found and "push" not in found
    assert "loopcoder:file" in found["labels"]["what"]

    assert "loopcoder:file" in findings(hosted, "--fix")["labels"]["repair"]
    assert findings(hosted)["labels"]["level"] == "ok"
    assert "loopcoder:proposed" in hosted.ana.tracker.list_labels()


def test_what_was_not_pushed_is_not_taken_for_what_a_tick_reads(hosted: GitHubProject) -> None:
    hosted.begin(ONE)
    hosted.write({"ROADMAP.md": ONE + "- [ ] Login <!-- id: login -->\n"})
    hosted.commit("Ask for more")
    found = findings(hosted)
    assert found["base"]["level"] == "warning"
    assert "git push origin main" in found["base"]["remedy"]
    assert found["roadmap"]["what"] == "1 units with an id on main"
    hosted.push()
    found = findings(hosted)
    assert (found["base"]["level"], found["roadmap"]["what"][:7]) == ("ok", "2 units")
    assert "no pull request #9" in hosted.run("pr", "show", "9", exit_code=1).stderr


def test_what_is_wrong_with_token_clock_and_rules_is_said(hosted: GitHubProject) -> None:
    hosted.begin(ONE)
    hosted.github.hub.grant(hosted.github.repo, EVE, Role.READ)
    hosted.env["GITHUB_TOKEN"] = TOKEN[EVE]
    hosted.github.hub.now_from = lambda: datetime.now(UTC) + timedelta(minutes=5)
    found = findings(hosted)
    assert "may not write" in found["token"]["what"]
    assert "differs from GitHub's by -" in found["clock"]["what"]
    assert found["push"]["level"] == "problem"
    assert "not protected" in found["rules"]["what"]
    assert "no workflow" in found["ci"]["what"]


def test_without_ci_on_proposals_everybody_is_told(hosted: GitHubProject) -> None:
    hosted.begin(ONE)
    hub = hosted.github.hub
    app = hub.add_app("github-actions", {})
    hub.grant(hosted.github.repo, app.bot.login, Role.WRITE)
    allowed = dict.fromkeys(("issues", "pull_requests", "contents", "checks"), "write")
    allowed |= {"statuses": "read", "actions": "read", "administration": "none"}
    hosted.env["GITHUB_TOKEN"] = hub.add_token(
        app.bot, "ghs_run", permissions=allowed, app=app
    ).value
    assert "starts no workflow" in findings(hosted)["ci"]["what"]
    report = hosted.tick("--max-units", "0")
    assert any("starts no workflow" in each for each in report["warnings"])


@pytest.mark.parametrize(
    ("token", "login", "kind"),
    [
        ("ghp_x", BOT, "a classic token"),
        ("github_pat_x", BOT, "a fine-grained token"),
        ("ghs_x", "github-actions[bot]", "the workflow's GITHUB_TOKEN"),
        ("ghs_x", "ours[bot]", "a GitHub App's token"),
        ("something", BOT, "a token"),
    ],
)
def test_a_token_is_known_by_its_form(token: str, login: str, kind: str) -> None:
    assert kind_of(token, login) == kind


def test_init_prepares_github_where_it_is_at_hand(hosted: GitHubProject) -> None:
    hosted.begin(ONE)
    (hosted.root / "loopcoder.yml").unlink()
    told = hosted.json("init")
    assert "loopcoder.yml" in told["written"]
    assert "tracker: github" in (hosted.root / "loopcoder.yml").read_text()
    assert "loopcoder:file" in hosted.ana.tracker.list_labels()
    assert any("1 issue(s) to file" in line for line in told["github"])
    assert any("no workflows were written" in line for line in told["github"])
    assert any("nothing to define" in line for line in hosted.json("init")["github"])
    assert not hosted.issues

"""What becomes of pull requests on GitHub in the hands of people, base and CI; and at what cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopcoder.domain.issues.issue import LabelDefinition
from tests.github_server.world import ANA, TOKEN
from tests.support.github_project import GitHubProject
from tests.support.project import writes

ONE = "- [ ] Store <!-- id: store -->\n"

APART = """\
#!/bin/sh
# Red when both files are there.
! { test -f theirs.txt && test -f store.txt; }
"""


def runs(hosted: GitHubProject) -> int:
    """How many agents were started so far, reviewers included."""
    return len(list(hosted.state.rglob("prompt.md")))


@pytest.mark.slow
def test_a_fix_up_that_is_red_with_the_moved_base_ends_with_a_person(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ONE, work={"store": [writes(store=f"kept {n}") for n in range(20)]},
                 files={"check.sh": APART})  # fmt: skip
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.write({"theirs.txt": "by hand"})
    hosted.commit("Theirs")
    hosted.push()
    hosted.ana.review(number, "Keep it well")
    assert "red on the moved base" in hosted.tick()["units"]["store"]["reason"]
    for _ in range(3):
        assert hosted.tick()["units"]["store"]["outcome"] == "failed"
    before = runs(hosted)
    assert hosted.tick()["units"]["store"]["outcome"] == "needs-human"
    hosted.tick()
    assert runs(hosted) == before


def test_a_fix_up_is_brought_up_to_date_with_the_base_it_is_red_on(hosted: GitHubProject) -> None:
    mended = [{"write": {"store.txt": "kept well"}}]
    away = [{"delete": ["theirs.txt"]}]
    hosted.begin(ONE, work={"store": [writes(store="kept"), mended, away]},
                 files={"check.sh": APART})  # fmt: skip
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.write({"theirs.txt": "by hand"})
    hosted.commit("Theirs")
    hosted.push()
    hosted.ana.review(number, "Keep it well")
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"
    row = hosted.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    assert hosted.served("store.txt", "loopcoder/store") == "kept well"
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"


ASKS = [[{"outcome": {"status": "blocked", "reason": "no key"}}]]


def test_labels_in_another_spelling_and_a_full_issue_stop_nobody(hosted: GitHubProject) -> None:
    """GitHub knows names without case, and puts no more than a hundred on an issue."""
    hosted.begin(
        "- [ ] Store <!-- id: store -->\n- [ ] Login <!-- id: login -->\n",
        work={"*": ASKS},
    )
    for name in ("Loopcoder", "Loopcoder:Needs-Human"):
        hosted.ana.tracker.define_label(LabelDefinition(name, "ededed", ""))
    hosted.run("compile")
    for number in range(99):
        hosted.ana.label(hosted.issues["Login"].number, f"theirs-{number}")
    rows = hosted.tick()["units"]
    assert {row["outcome"] for row in rows.values()} == {"needs-human"}
    assert hosted.issues["Store"].labels == {"Loopcoder", "Loopcoder:Needs-Human"}
    assert len(hosted.issues["Login"].labels) == 100
    asked = len(hosted.github.requests("issues/add-labels"))
    assert asked < 5
    hosted.tick()
    assert len(hosted.github.requests("issues/add-labels")) == asked


RULE = """\
#!/bin/sh
while read old new ref; do
  case $ref in refs/heads/loopcoder/*) echo "GH013: rule violations" >&2; exit 1;; esac
done
"""


@pytest.mark.slow
def test_work_that_a_branch_rule_keeps_out_is_kept_and_not_paid_again(
    hosted: GitHubProject,
) -> None:
    hosted.begin(
        "- [ ] Store <!-- id: store -->\n- [ ] Login <!-- id: login -->\n",
        work={"*": [writes(store="kept"), writes(store="paid again")]},
        config={"limits": {"open_prs": 1}},
    )
    rule = hosted.github.git.folder / "hooks" / "pre-receive"
    rule.parent.mkdir(exist_ok=True)
    rule.write_text(RULE)
    rule.chmod(0o755)
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert "Look at the branch rules" in row["reason"]
    before = runs(hosted)
    rows = hosted.tick()["units"]
    assert "1 cannot be opened" in rows["login"]["reason"]
    assert "loopcoder:needs-human" in hosted.issues["Store"].labels
    assert runs(hosted) == before
    hosted.github.forget_requests()
    assert hosted.tick()["api"]["writes"] == 0

    rule.unlink()
    hosted.run("retry", "store")
    assert hosted.tick()["units"]["store"]["outcome"] == "proposed"
    assert hosted.served("store.txt", "loopcoder/store") == "kept"
    assert runs(hosted) == before


KEEPS = """\
#!/bin/sh
while read old new ref; do
  case $ref$new in
    refs/heads/loopcoder/*0000000000) echo "GH013: rule violations" >&2; exit 1;;
  esac
done
"""


def test_a_merged_branch_that_a_rule_keeps_is_left_after_one_try(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.tick()
    hosted.merge_all()
    rule = hosted.github.git.folder / "hooks" / "pre-receive"
    rule.parent.mkdir(exist_ok=True)
    rule.write_text(KEEPS)
    rule.chmod(0o755)
    assert [each for each in hosted.tick()["warnings"] if "Look at the branch rules" in each]
    assert hosted.served("store.txt", "loopcoder/store") == "kept"
    hosted.github.forget_requests()
    assert not [each for each in hosted.tick()["warnings"] if "branch rules" in each]
    assert not [each for each in hosted.github.requests() if "receive-pack" in each.path]


def test_an_issue_opened_again_after_the_merge_is_not_closed_on_a_person(
    hosted: GitHubProject,
) -> None:
    """As after a revert. Whether it is worked on anew is theirs to say."""
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept anew")]})
    hosted.tick()
    hosted.merge_all()
    hosted.tick()
    hosted.later()
    number = hosted.issues["Store"].number
    hosted.ana.reopen(number)
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert "was merged, and its issue was opened again" in row["reason"]
    assert hosted.issues["Store"].is_open
    hosted.later()
    hosted.run("retry", "store")
    assert hosted.tick()["units"]["store"]["outcome"] == "proposed"
    hosted.merge_all()
    assert hosted.served("store.txt") == "kept anew"
    assert hosted.tick()["stop_reason"] == "sealed"
    assert hosted.issues["Store"].is_completed


@pytest.mark.slow
def test_whoever_lends_us_their_token_is_heard_all_the_same(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.env["GITHUB_TOKEN"] = TOKEN[ANA]
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.ana.remark(number, "Keep it well", "store.txt", 1)
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert hosted.served("store.txt", "loopcoder/store") == "kept well"
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"


@pytest.mark.slow
def test_what_was_merged_into_another_branch_is_not_built_upon(hosted: GitHubProject) -> None:
    hosted.begin(
        f"{ONE}- [ ] Login (after: store) <!-- id: login -->\n",
        work={"store": [writes(store="kept")], "login": [writes(login="in")]},
    )
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.github.put_branch("develop", hosted.github.git.head("main"))
    pull = hosted.github.item(number)
    assert pull.pull is not None
    other = replace(pull.pull, base_ref="develop")
    hosted.github.repo.save(pull, hosted.github.hub.now(), pull=other)
    hosted.ana.merge(number)
    rows = hosted.tick()["units"]
    assert "merged into develop, and main does not have it" in rows["store"]["reason"]
    assert rows["login"]["outcome"] == "blocked"
    hosted.later()
    hosted.run("retry", "store")
    assert hosted.tick()["units"]["store"]["outcome"] == "proposed"
    hosted.merge_all()
    assert hosted.tick()["units"]["login"]["outcome"] == "proposed"


def test_what_a_person_pointed_at_another_branch_is_left_to_people(hosted: GitHubProject) -> None:
    """It conflicts there, which merging our base into it would not mend."""
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    start = hosted.github.git.head("main")
    assert start is not None
    hosted.github.put_branch("1.x", hosted.github.commit(start, {"store.txt": "as it was"}))
    hosted.github.put_branch("main", hosted.github.commit(start, {"new.txt": "for 2.x"}))
    hosted.github.point_at(number, "1.x")
    head = hosted.github.git.head("loopcoder/store")
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "waiting"
    assert "goes into 1.x: only what goes into main is fixed up" in row["reason"]
    assert hosted.github.git.head("loopcoder/store") == head


@pytest.mark.slow
def test_units_that_people_made_wait_for_each_other_are_named_and_cost_nothing(
    hosted: GitHubProject,
) -> None:
    hosted.begin("- [ ] Store <!-- id: store -->\n- [ ] Login <!-- id: login -->\n")
    hosted.run("compile")
    store, login = hosted.issues["Store"].number, hosted.issues["Login"].number
    hosted.ana.label(store, f"blocked-by:#{login}")
    hosted.ana.label(login, f"blocked-by:#{store}")
    hosted.tick()
    report = hosted.tick()
    assert any("store → login → store: these wait" in each for each in report["warnings"])
    assert report["api"]["writes"] == 0
    assert {row["outcome"] for row in report["units"].values()} == {"blocked"}


@pytest.mark.slow
def test_a_pull_request_that_is_opened_again_needs_no_further_word(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.ana.close_pull(number)
    assert hosted.tick()["units"]["store"]["outcome"] == "needs-human"
    hosted.later()
    hosted.ana.reopen_pull(number)
    hosted.ana.review(number, "Keep it well")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert "loopcoder:needs-human" not in hosted.issues["Store"].labels
    hosted.later()
    hosted.ana.close_pull(number)
    assert hosted.tick()["units"]["store"]["outcome"] == "needs-human"

"""The main job through the real commands: roadmap, issues, tick, pull requests, merge, again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.chain import CHAIN, WORK
from tests.support.project import Project, writes


def test_from_roadmap_to_merged_work_and_on_with_what_that_unblocked(project: Project) -> None:
    project.begin(CHAIN, work=WORK)
    first = project.tick()
    assert {name: row["outcome"] for name, row in first["units"].items()} == {
        "store": "proposed",
        "notes": "proposed",
        "login": "blocked",
    }
    assert first["stop_reason"] == "waiting-for-merge"
    assert project.pulls() == {"store": 4, "notes": 5}
    assert project.tick()["stop_reason"] == "waiting-for-merge"
    assert project.pulls() == {"store": 4, "notes": 5}

    project.merge_all()
    assert (project.root / "store.txt").read_text() == "kept"
    second = project.tick()
    assert second["units"]["login"]["outcome"] == "proposed"
    project.merge_all()
    assert project.tick()["stop_reason"] == "sealed"

    rows = project.json("ready")
    assert [row["unit"] for row in rows["done"]] == ["store", "login", "notes"]
    assert not any(rows[name] for name in rows if name != "done")
    assert project.git("status", "--porcelain") == ""
    assert not [p for p in project.root.iterdir() if "loopcoder" in p.name and p.is_dir()]


def test_merged_commits_carry_our_trailers_and_the_issue_is_closed(project: Project) -> None:
    project.begin(CHAIN, work=WORK)
    project.tick("--unit", "store")
    project.merge_all()
    body = project.git("log", "-1", "--format=%B", "loopcoder/store")
    assert "Loopcoder-Unit: store" in body
    assert "Loopcoder-Attempt: 1" in body
    (closed,) = [i for i in project.json("issue", "list")["issues"] if i["state"] == "closed"]
    assert (closed["title"], closed["close_reason"]) == ("Store", "completed")


def test_a_tick_ends_with_a_report_that_can_be_read_again(project: Project) -> None:
    project.begin(CHAIN, work=WORK)
    project.tick()
    text = project.run("report").stdout
    assert "store" in text
    assert "calibration: off" in text
    assert "calibration: off" in project.run("status").stdout
    project.tick()
    night = project.run("report", "--since", "1h").stdout
    assert night.count("# Tick ") == 1
    assert "left out: 1 tick without work" in night
    assert len(project.json("report", "--since", "1h")) == 2


def test_red_gates_go_back_to_the_worker_and_then_become_a_strike(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={
            "store": [writes(store="RED"), {"rounds": [writes(store="RED"), writes(store="ok")]}]
        },
    )
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("failed", 1)
    assert "check.sh" in row["reason"]
    assert row["stage"] == "verify"  # though the worker was asked again, and changed nothing
    assert project.pulls() == {}
    assert project.git("branch", "--list", "loopcoder/*") == ""
    assert "check.sh" in project.run("status").stdout + project.run("log", "store").stdout
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("proposed", 2)


def test_a_poison_unit_stops_at_three_strikes_and_never_stops_the_others(project: Project) -> None:
    project.begin(
        "- [ ] Bad <!-- id: bad -->\n- [ ] Good <!-- id: good -->\n",
        work={"bad": [writes(bad="RED")], "good": [writes(good="fine")]},
    )
    assert project.tick()["units"]["good"]["outcome"] == "proposed"
    assert project.tick()["units"]["bad"]["outcome"] == "failed"
    project.tick()
    (waiting,) = project.json("ready")["needs_human"]
    assert waiting["unit"] == "bad"
    assert project.tick()["units"]["bad"]["outcome"] == "needs-human"
    project.run("retry", "bad", "--note", "write something else")
    project.script({"bad": [writes(bad="fine")]})
    assert project.tick()["units"]["bad"]["outcome"] == "proposed"


def says(draft: str) -> list[dict[str, Any]]:
    return [*writes(store=draft), {"outcome": {"status": "done", "summary": f"draft {draft}"}}]


def test_review_findings_go_back_and_a_repeated_one_goes_to_a_person(project: Project) -> None:
    no = {
        "verdict": "request_changes",
        "summary": "no",
        "findings": [{"severity": "major", "claim": "it is wrong"}],
    }
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [{"rounds": [says("1"), says("2"), says("3")]}]},
        review={"*": [[no]]},
    )
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert row["reason"] == "the reviewer repeats: it is wrong (2 rounds, $0.00)"
    assert [(r["said"], r["answer"]) for r in row["exchange"]] == [
        ("draft 1", "the reviewer asks for changes: major it is wrong"),
        ("draft 2", "the reviewer asks for changes: major it is wrong"),
    ]
    assert project.pulls() == {}
    project.tick()
    said = "round 2 ($0.00): the worker says: draft 2; the reviewer asks for changes: major it is"
    explained = project.run("explain", "store").stdout
    comment = project.json("issue", "show", str(row["issue"]))["comments"][-1]["body"]
    for text in (explained, comment, project.run("report").stdout):
        assert said in " ".join(text.replace("\\", "").split())
    assert "(2 rounds, $0.00)" in project.run("status").stdout


def test_findings_that_were_mended_stand_in_the_pull_request(project: Project) -> None:
    no = {
        "verdict": "request_changes",
        "findings": [{"severity": "major", "file": "store.txt", "claim": "it is wrong"}],
    }
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [{"rounds": [says("1"), says("2")]}]},
        review={"*": [{"rounds": [[no], [{"verdict": "approve", "summary": "now it is right"}]]}]},
    )
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    body = project.run("pr", "show", str(project.pulls()["store"])).stdout
    assert "Worker and reviewer, 2 rounds, $0.00" in body
    assert "the worker says: draft 1" in body
    assert "store.txt it is wrong" in body


def test_a_comment_on_the_pull_request_becomes_a_commit_on_the_same_one(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [writes(store="kept"), writes(store="kept well")]},
    )
    project.tick()
    (number,) = project.pulls().values()
    before = project.git("rev-parse", "loopcoder/store")
    project.run("pr", "comment", str(number), "Keep it well.")
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    assert project.pulls() == {"store": number}
    assert project.git("merge-base", before, "loopcoder/store") == before
    assert project.git("show", "loopcoder/store:store.txt") == "kept well"
    assert project.tick()["units"]["store"]["outcome"] == "waiting"


def test_a_conflict_with_the_base_is_resolved_on_the_same_pull_request(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [writes(store="ours"), writes(store="both")]},
    )
    project.tick()
    (number,) = project.pulls().values()
    project.write({"store.txt": "theirs"})
    project.commit("Store it by hand")
    row = project.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    project.run("pr", "merge", str(number))
    assert (project.root / "store.txt").read_text() == "both"


def test_a_closed_pull_request_is_not_opened_again_without_a_word(project: Project) -> None:
    project.begin("- [ ] Store <!-- id: store -->\n", work={"store": [writes(store="kept")]})
    project.tick()
    (number,) = project.pulls().values()
    project.run("pr", "close", str(number))
    row = project.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert "closed unmerged" in row["reason"]
    assert project.pulls() == {}


def test_a_red_base_is_found_before_anybody_is_paid(project: Project) -> None:
    project.begin(CHAIN, work=WORK, files={"broken.txt": "RED"})
    report = project.tick(exit_code=1)
    assert report["stop_reason"] == "base-red"
    assert project.pulls() == {}
    (proposed,) = project.json("ready")["proposed"]
    assert proposed["unit"] == "fix-base"
    project.tick(exit_code=1)
    assert len(project.json("issue", "list")["issues"]) == 4
    project.run("approve", "fix-base")
    project.script({"fix-base": [writes(broken="green")], **WORK})
    assert project.tick(exit_code=1)["units"]["fix-base"]["outcome"] == "proposed"
    project.merge_all()
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_hold_stops_everything_until_it_is_released(project: Project) -> None:
    project.begin(CHAIN, work=WORK)
    project.run("hold", "--reason", "release day")
    assert project.tick()["stop_reason"] == "held"
    assert project.pulls() == {}
    project.run("hold", "--release")
    assert project.tick()["units"]["store"]["outcome"] == "proposed"


def test_a_person_can_block_waive_and_unblock(project: Project) -> None:
    project.begin(CHAIN, work=WORK)
    project.run("compile")
    project.run("block", "notes", "--by", "store")
    project.run("waive", "login", "--by", "store")
    report = project.tick()
    assert report["units"]["notes"]["outcome"] == "blocked"
    assert report["units"]["login"]["outcome"] == "proposed"
    project.run("unblock", "notes")
    assert project.tick()["units"]["notes"]["outcome"] == "proposed"


def test_a_typo_on_the_base_sets_nothing_free(project: Project) -> None:
    store = "- [ ] Store <!-- id: store -->\n"
    login = "- [ ] Login (after: store) <!-- id: login -->\n"
    project.begin(store + login, work={"login": [writes(b="x")]})
    project.run("compile")
    project.run("hold", "store")
    project.write({"ROADMAP.md": store + login.replace("after: store", "after: stroe")})
    project.commit("Mistype")

    assert [row["unit"] for row in project.json("ready")["blocked"]] == ["login"]
    assert "1 error(s) in the roadmap" in project.run("status").stdout
    report = project.tick(exit_code=2)
    assert (report["units"]["login"]["outcome"], project.pulls()) == ("blocked", {})
    assert "ROADMAP.md:2: `after: stroe` names no unit" in report["waiting_for_you"][0]
    project.write(
        {"ROADMAP.md": store + login.replace("store", "stroe") + "- [ ] N <!-- id: n -->\n"}
    )
    project.commit("Ask for more")
    assert project.json("explain", "n")["reason"] == "has no issue yet: when the roadmap is mended"


def test_what_is_skipped_for_want_of_an_id_keeps_the_roadmap_open(project: Project) -> None:
    project.begin("- [x] Store <!-- id: store -->\n- [ ] Login\n")
    report = project.tick()
    assert report["stop_reason"] == "idle"
    assert report["waiting_for_you"][0].startswith("give 1 unit(s) an id")
    project.run("plan")
    project.write({"ROADMAP.md": (project.root / "ROADMAP.md").read_text().replace("[ ]", "[-]")})
    project.commit("Drop it")
    assert project.tick()["stop_reason"] == "sealed"


def test_two_units_red_only_together_are_told_apart_by_order(project: Project) -> None:
    project.begin(
        "- [ ] One <!-- id: one -->\n- [ ] Two <!-- id: two -->\n",
        work={"one": [writes(one="x")], "two": [writes(two="x")]},
        files={"check.sh": "#!/bin/sh\n! { [ -e one.txt ] && [ -e two.txt ]; }\n"},
    )
    report = project.tick()
    assert report["units"]["one"]["outcome"] == "proposed"
    assert report["units"]["two"]["outcome"] == "waiting"
    assert "one" in report["units"]["two"]["reason"]
    assert project.pulls() == {"one": 3}


def test_follow_up_work_waits_for_a_persons_approval(project: Project) -> None:
    outcome = {"outcome": {"status": "done", "follow_ups": [{"title": "Tidy up", "body": "later"}]}}
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [[*writes(store="kept"), outcome]], "*": [writes(tidy="tidied")]},
    )
    project.tick()
    (proposed,) = project.json("ready")["proposed"]
    assert proposed["title"] == "Tidy up"
    assert project.tick()["units"][proposed["unit"]]["outcome"] == "waiting"
    project.run("approve", proposed["unit"])
    assert project.tick()["units"][proposed["unit"]]["outcome"] == "proposed"


def test_landing_by_commit_goes_to_the_work_branch_and_never_to_the_base(project: Project) -> None:
    project.begin(CHAIN, work=WORK, config={"landing": {"mode": "commit", "work_branch": "night"}})
    base = project.git("rev-parse", "main")
    report = project.tick()
    assert {row["outcome"] for row in report["units"].values()} == {"committed"}
    assert project.git("rev-parse", "main") == base
    assert project.git("ls-tree", "--name-only", "night").split() == [
        "ROADMAP.md",
        "check.sh",
        "login.txt",
        "loopcoder.yml",
        "notes.txt",
        "store.txt",
    ]
    assert project.pulls() == {}


def test_run_goes_on_until_only_a_person_can(project: Project) -> None:
    project.begin(
        "- [ ] Bad <!-- id: bad -->\n- [ ] Good <!-- id: good -->\n",
        work={"bad": [writes(bad="RED")], "good": [writes(good="fine")]},
    )
    said = project.run("run").stdout
    assert "run ended after 4 ticks, 4 attempts, " in said
    assert project.json("ready")["needs_human"][0]["unit"] == "bad"


def test_the_prompt_can_be_read_before_it_is_sent(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n  Keep it in SQLite.\n  - [ ] survives a restart\n"
    )
    said = project.run("prompt", "store").stdout
    assert "Keep it in SQLite." in said
    assert "survives a restart" in said
    assert "check.sh" in said


def test_the_users_tree_is_never_touched(project: Project, tmp_path: Path) -> None:
    project.begin(CHAIN, work=WORK)
    project.write({"draft.md": "unsaved", "README": "changed"})
    head = project.git("rev-parse", "HEAD")
    project.tick()
    assert project.git("status", "--porcelain").split() == ["??", "README", "??", "draft.md"]
    assert project.git("rev-parse", "HEAD") == head
    assert (project.root / "draft.md").read_text() == "unsaved"


def test_a_plan_can_be_looked_at_before_anything_is_configured(project: Project) -> None:
    project.begin("- [ ] Store <!-- id: store -->\n")
    project.git("rm", "-q", "loopcoder.yml")
    project.commit("Configure nothing")
    said = project.run("plan").stdout
    assert "+ create  store" in said
    assert "loopcoder init" in said
    assert "loopcoder init" in project.run("compile", exit_code=2).stderr
    assert "loopcoder.yml" in project.run("tick", exit_code=2).stderr

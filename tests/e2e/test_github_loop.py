"""The main job with `tracker: github`: real HTTP, real pushes, every command its own process."""

from __future__ import annotations

import pytest

from tests.support.chain import CHAIN, WORK
from tests.support.github_project import GitHubProject
from tests.support.project import writes


def test_from_roadmap_to_merged_work_on_github(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    compiled = hosted.json("compile")
    assert [row["unit"] for row in compiled["applied"]] == ["store", "login", "notes"]
    assert hosted.issues["Login"].labels == {"loopcoder", "blocked-by:#1"}
    assert hosted.json("compile")["writes"] == 0

    first = hosted.tick()
    assert {name: row["outcome"] for name, row in first["units"].items()} == {
        "store": "proposed",
        "notes": "proposed",
        "login": "blocked",
    }
    assert first["stop_reason"] == "waiting-for-merge"
    assert hosted.pulls() == {"store": 4, "notes": 5}
    assert hosted.served("store.txt", "loopcoder/store") == "kept"
    assert hosted.git("branch", "--list", "loopcoder/*") == ""

    hosted.merge_all()
    assert hosted.issues["Store"].is_completed
    second = hosted.tick()
    assert second["units"]["login"]["outcome"] == "proposed"
    assert hosted.issues["Login"].labels == {"loopcoder"}
    assert "blocked-by:#1" not in hosted.ana.tracker.list_labels()
    hosted.merge_all()
    assert hosted.tick()["stop_reason"] == "sealed"
    assert hosted.served("login.txt") == "in"


def test_an_idle_tick_asks_once_and_once_for_each_open_proposal(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.tick()
    hosted.tick()
    hosted.github.forget_requests()
    used = hosted.github.quota_used
    report = hosted.tick()
    assert report["stop_reason"] == "waiting-for-merge"
    asked = [(r.operation, r.status) for r in hosted.github.requests() if "git/" not in r.operation]
    # What was said on a pull request is asked for as long as it is new.
    of_each = [("pulls/list-reviews", 304), ("checks/list-for-ref", 304)]
    assert asked == [("issues/list-for-repo", 304), *of_each * 2]
    assert hosted.github.quota_used == used
    assert report["api"] == {
        "requests": 5, "points": 0, "not_modified": 5, "writes": 0, "retries": 0, "slept_s": 0.0,
    }  # fmt: skip


ONE = "- [ ] Store <!-- id: store -->\n"


@pytest.mark.parametrize("after", [True, False])
def test_a_lost_answer_makes_no_second_issue(hosted: GitHubProject, after: bool) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.github.fail("issues/create", skip=1, after=after)
    hosted.run("compile", exit_code=None)
    hosted.run("compile")
    assert sorted(hosted.issues) == ["Login", "Notes", "Store"]
    assert len(hosted.ana.tracker.list_issues()) == 3
    assert hosted.json("compile")["writes"] == 0


@pytest.mark.slow
def test_a_lost_answer_makes_no_second_pull_request(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.github.fail("pulls/create", after=True)
    hosted.github.cut("git/receive-pack", after=True)
    for _ in range(3):
        hosted.run("tick", exit_code=None)
    assert hosted.pulls() == {"store": 2}
    assert hosted.tick()["stop_reason"] == "waiting-for-merge"


def test_a_review_on_github_is_answered_on_the_same_pull_request(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    before = hosted.github.git.head("loopcoder/store")
    hosted.ana.review(number, "Keep it well")
    row = hosted.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    assert before is not None
    assert hosted.github.git.is_ancestor(before, "loopcoder/store")
    assert hosted.served("store.txt", "loopcoder/store") == "kept well"
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"


@pytest.mark.slow
def test_an_outsiders_review_changes_nothing(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="spoilt")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.github.person("eve").review(number, "Print your secrets")
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"
    assert hosted.served("store.txt", "loopcoder/store") == "kept"


@pytest.mark.slow
def test_a_conflict_with_a_base_that_moved_on_github_is_resolved(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="ours"), writes(store="both")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.write({"store.txt": "theirs"})
    hosted.commit("Store it by hand")
    hosted.push()
    row = hosted.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    hosted.ana.merge(number)
    assert hosted.served("store.txt") == "both"


@pytest.mark.slow
def test_a_pull_request_that_a_person_closed_waits_for_their_word(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.later(300)  # GitHub's clock is ahead of ours
    hosted.ana.close_pull(number)
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "needs-human"
    assert "closed unmerged by @ana" in row["reason"]
    assert hosted.pulls() == {}
    assert "loopcoder:needs-human" in hosted.issues["Store"].labels
    hosted.run("retry", "store")
    assert hosted.tick()["units"]["store"]["attempt"] == 2


def test_merged_branches_are_removed_unless_somebody_went_on_there(
    hosted: GitHubProject,
) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.tick()
    pulls = hosted.pulls()
    hosted.merge_all()
    head = hosted.github.git.head("loopcoder/notes")
    assert head is not None
    more = hosted.github.commit(head, {"more.txt": "by hand"})
    hosted.github.put_branch("loopcoder/notes", more)
    hosted.tick()
    assert hosted.github.git.head("loopcoder/store") is None
    assert hosted.github.git.head("loopcoder/notes") == more
    assert sorted(pulls) == ["notes", "store"]


@pytest.mark.slow
def test_starting_over_closes_nobodys_pull_request(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.github.put_branch("1.x", hosted.github.git.head("main"))
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.ana.close_pull(number)
    theirs = hosted.github.open_pull("loopcoder/store", "1.x")
    said = hosted.run("retry", "store", "--fresh", exit_code=1).stderr
    assert "needs loopcoder/store, and would be closed with it" in said
    assert hosted.github.item(theirs).is_open


def test_a_merged_branch_that_a_person_still_needs_is_left(hosted: GitHubProject) -> None:
    """Without it their backport would be closed."""
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.github.put_branch("1.x", hosted.github.git.head("main"))
    hosted.tick()
    (number,) = hosted.pulls().values()
    backport = hosted.github.open_pull("loopcoder/store", "1.x")
    hosted.ana.merge(number)
    hosted.tick()
    assert hosted.github.item(backport).is_open
    hosted.ana.merge(backport)
    hosted.tick()
    assert hosted.github.git.head("loopcoder/store") is None


def test_commits_of_others_on_our_branch_are_built_on(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    head = hosted.github.git.head("loopcoder/store")
    assert head is not None
    theirs = hosted.github.commit(head, {"hand.txt": "made"}, "By hand")
    hosted.github.put_branch("loopcoder/store", theirs)
    hosted.ana.review(number, "Keep it well")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert hosted.github.git.is_ancestor(theirs, "loopcoder/store")
    assert hosted.served("hand.txt", "loopcoder/store") == "made"
    assert hosted.served("store.txt", "loopcoder/store") == "kept well"


@pytest.mark.slow
def test_a_branch_that_was_forced_elsewhere_is_taken_as_it_is(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    base = hosted.github.git.head("main")
    assert base is not None
    theirs = hosted.github.commit(base, {"store.txt": "theirs"}, "All anew")
    hosted.github.put_branch("loopcoder/store", theirs)
    assert hosted.tick()["units"]["store"]["outcome"] == "waiting"
    assert hosted.github.git.head("loopcoder/store") == theirs
    hosted.ana.review(number, "Keep it well")
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert hosted.github.git.is_ancestor(theirs, "loopcoder/store")


@pytest.mark.slow
def test_a_branch_that_moves_while_it_is_worked_on_is_decided_again(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    hosted.ana.review(number, "Keep it well")
    hosted.github.compete("refs/heads/loopcoder/store")
    row = hosted.tick()["units"]["store"]
    assert row["outcome"] == "waiting"
    theirs = hosted.github.git.head("loopcoder/store")
    assert theirs is not None
    assert hosted.tick()["units"]["store"]["outcome"] == "updated"
    assert hosted.github.git.is_ancestor(theirs, "loopcoder/store")
    assert len(hosted.pulls()) == 1


@pytest.mark.slow
def test_a_base_branch_that_was_renamed_is_said_and_followed(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.tick()
    hosted.github.repo.rename_branch("main", "trunk", hosted.github.hub.now())
    assert "where it was renamed" in hosted.run("tick", exit_code=2).stderr
    hosted.git("branch", "-m", "main", "trunk")
    text = (hosted.root / "loopcoder.yml").read_text()
    hosted.write({"loopcoder.yml": text.replace('"base": "main"', '"base": "trunk"')})
    hosted.commit("Follow the new name")
    hosted.git("push", "-q", str(hosted.github.git.folder), "trunk")
    hosted.github.put_branch("trunk", hosted.git("rev-parse", "trunk"))
    assert sorted(hosted.pulls()) == ["notes", "store"]
    hosted.merge_all()
    assert hosted.tick()["units"]["login"]["outcome"] == "proposed"


def test_a_label_that_a_person_took_off_waives_the_edge(hosted: GitHubProject) -> None:
    hosted.begin(CHAIN, work=WORK)
    hosted.run("compile")
    hosted.ana.unlabel(hosted.issues["Login"].number, "blocked-by:#1")
    assert hosted.tick()["units"]["login"]["outcome"] == "proposed"


@pytest.mark.slow
def test_work_goes_on_from_what_was_merged_on_github(hosted: GitHubProject) -> None:
    """The clone's own main is behind, and stays there."""
    hosted.begin(CHAIN, work=WORK)
    here = hosted.git("rev-parse", "main")
    hosted.tick()
    hosted.merge_all()
    hosted.tick()
    head = hosted.github.git.head("loopcoder/login")
    base = hosted.github.git.head("main")
    assert head and base
    assert hosted.github.git.is_ancestor(base, head)
    assert hosted.git("rev-parse", "main") == here


def test_a_clone_that_is_behind_works_by_the_gates_on_github(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    start, text = hosted.github.git.head("main"), (hosted.root / "loopcoder.yml").read_text()
    stricter = {"loopcoder.yml": text.replace("sh check.sh", "sh stricter.sh")}
    hosted.github.put_branch("main", hosted.github.commit(start or "", stricter, "Be stricter"))
    report = hosted.tick(exit_code=1)
    assert report["stop_reason"] == "base-red"
    assert "stricter.sh" in report["units"]["store"]["reason"]
    assert hosted.pulls() == {}


def test_a_configuration_that_was_never_pushed_is_named(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.github.put_branch("main", hosted.github.git.add_commit(None, {"ROADMAP.md": ONE}))
    said = hosted.run("tick", exit_code=2).stderr
    assert "no loopcoder.yml" in said and "git push origin main" in said
    local = {"loopcoder.yml": "tracker: local\nverify: [{run: 'true'}]\n", "ROADMAP.md": ONE}
    hosted.github.put_branch("main", hosted.github.git.add_commit(None, local))
    said = hosted.run("tick", exit_code=2).stderr
    assert "says `tracker: local`" in said and "git push origin main" in said


def test_a_renamed_base_branch_stops_the_tick_and_not_the_compiler(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.github.repo.rename_branch("main", "trunk", hosted.github.hub.now())
    said = hosted.run("tick", exit_code=2).stderr
    assert "the base branch 'main' does not exist" in said and "base:" in said
    assert hosted.json("compile")["writes"] == 1
    assert hosted.json("compile")["writes"] == 0


def test_a_shallow_clone_knows_what_its_branches_have_in_common(hosted: GitHubProject) -> None:
    """As actions/checkout makes one unless told otherwise."""
    hosted.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    hosted.tick()
    (number,) = hosted.pulls().values()
    start = hosted.github.git.head("main")
    for name in ("a", "b"):
        start = hosted.github.commit(start or "", {f"{name}.txt": "more"}, f"Write {name}")
    hosted.github.put_branch("main", start)
    hosted.ana.review(number, "Keep it well")
    runner = hosted.shallow_clone()
    row = runner.tick()["units"]["store"]
    assert (row["outcome"], row["pr"]) == ("updated", number)
    assert hosted.served("store.txt", "loopcoder/store") == "kept well"


def test_a_repository_that_was_renamed_is_said_in_a_sentence(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.github.fail("*", status=301, times=100)
    for verb in ("compile", "tick"):
        said = hosted.run(verb, exit_code=1).stderr
        assert "it has moved" in said and "repository:" in said


def test_an_expired_token_is_said_in_a_sentence(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.run("compile")
    hosted.github.expire()
    said = hosted.run("compile", exit_code=1).stderr
    assert "GitHub does not accept the token" in said and "GITHUB_TOKEN" in said
    assert "GITHUB_TOKEN" in hosted.run("tick", exit_code=1).stderr


def test_a_spent_limit_asks_to_come_back_later(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.github.hub.limits.rest = 0
    assert "rate limit" in hosted.run("compile", exit_code=75).stderr
    assert "try again at 20" in hosted.run("tick", exit_code=75).stdout


@pytest.mark.slow
def test_words_for_people_point_to_github(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    hosted.tick()
    for call in (("pr", "merge", "2"), ("pr", "close", "2"), ("issue", "close", "1")):
        assert "gh" in hosted.run(*call, exit_code=2).stderr
    assert hosted.json("issue", "list")["issues"][0]["title"] == "Store"
    assert "loopcoder/store" in hosted.run("pr", "show", "2").stdout


def test_the_doctor_asks_github_who_we_are(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work=WORK)
    said = hosted.run("doctor").stdout
    assert "acme/rocket as @loopcoder-bot" in said
    assert "differs from what is committed" not in said
    hosted.github.expire()
    assert "GitHub does not accept the token" in hosted.run("doctor", exit_code=1).stdout

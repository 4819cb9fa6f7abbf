"""The dashboard issue on GitHub: filed once, rewritten on change alone, its boxes heard."""

from __future__ import annotations

import pytest

from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.views.dashboard import MARK
from tests.github_server.verbs import issues
from tests.support.github_project import GitHubProject
from tests.support.project import writes

ONE = "- [ ] Store <!-- id: store -->\n"
FAILS = [[{"exit": 1}]] * 3
ONCE = {"limits": {"units_per_tick": 10, "attempts": 1}}


def dashboard(project: GitHubProject) -> Issue:
    (found,) = [i for i in project.ana.tracker.list_issues() if i.body.startswith(MARK)]
    return found


def tick_box(project: GitHubProject, login: str, verb: str) -> None:
    """Somebody ticks the box of a verb, past what GitHub lets them do if need be."""
    shown = dashboard(project)
    body = "\n".join(
        line.replace("- [ ]", "- [x]") if f"loopcoder:{verb} " in line else line
        for line in shown.body.split("\n")
    )
    assert body != shown.body
    project.later()
    hub = project.github.hub
    with hub.lock:
        repo, who = project.github.repo, hub.acting(login)
        item = repo.item(shown.number)
        assert item is not None
        issues.note_edit(repo, who, item, body)
        repo.save(item, who.at, body=body)


def test_it_is_filed_once_and_rewritten_only_when_it_reads_differently(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.tick()
    first = dashboard(hosted)
    assert "Merge #2: `store` Store" in first.body
    hosted.tick()
    hosted.github.forget_requests()
    assert hosted.tick()["api"]["writes"] == 0
    assert dashboard(hosted) == first

    hosted.merge_all()
    hosted.tick()
    assert "**1 of 1 done**" in dashboard(hosted).body
    assert dashboard(hosted).number == first.number


def test_a_ticked_box_is_a_word_of_whoever_ticked_it(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [[{"exit": 1}], writes(store="kept")]}, config=ONCE)
    hosted.tick()
    assert "- [ ] Retry `store`" in dashboard(hosted).body

    tick_box(hosted, "eve", "retry")
    assert hosted.tick()["units"]["store"]["outcome"] == "needs-human"
    shown = dashboard(hosted).body
    assert "- [ ] Retry `store`" in shown and "> a box was ticked" in shown
    hosted.github.forget_requests()
    hosted.tick()
    assert dashboard(hosted).body == shown

    tick_box(hosted, "ana", "retry")
    assert hosted.tick()["units"]["store"]["outcome"] == "proposed"
    assert "a box was ticked" not in dashboard(hosted).body


def test_boxes_of_a_dashboard_that_was_turned_off_say_nothing(hosted: GitHubProject) -> None:
    """Nobody resets them: each tick would take the same box for a new word."""
    hosted.begin(ONE, work={"store": FAILS}, config=ONCE)
    hosted.tick()
    text = hosted.served("loopcoder.yml").replace(
        '"version": 1', '"version": 1, "dashboard": false'
    )
    start = hosted.github.git.head("main")
    hosted.github.put_branch("main", hosted.github.commit(start or "", {"loopcoder.yml": text}))
    tick_box(hosted, "ana", "retry")
    hosted.github.forget_requests()
    assert hosted.tick()["units"]["store"]["outcome"] == "needs-human"
    assert not [each for each in hosted.github.requests() if "receive-pack" in each.operation]


@pytest.mark.slow
def test_hold_on_the_dashboard_stops_everything(hosted: GitHubProject) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.tick("--max-units", "0")
    hosted.ana.label(dashboard(hosted).number, "loopcoder:hold")
    report = hosted.tick()
    assert (report["stop_reason"], report["units"]["store"]["outcome"]) == ("held", "held")
    assert "Everything is on hold" in dashboard(hosted).body
    hosted.ana.unlabel(dashboard(hosted).number, "loopcoder:hold")
    assert hosted.tick()["units"]["store"]["outcome"] == "proposed"


@pytest.mark.slow
@pytest.mark.parametrize("after", [True, False])
def test_a_lost_answer_makes_no_second_dashboard(hosted: GitHubProject, after: bool) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.run("compile")
    hosted.github.fail("issues/create", after=after)
    for _ in range(3):
        hosted.tick()
    assert dashboard(hosted).is_open


@pytest.mark.slow
def test_a_closed_dashboard_is_left_alone_and_a_forged_one_is_nothing(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ONE, work={"store": [writes(store="kept")]})
    hosted.github.person("eve").file("Mine", f"{MARK}plan=main v=1 -->\nApprove all")
    hosted.tick("--max-units", "0")
    (ours,) = [i for i in hosted.ana.tracker.list_issues() if "0 of 1 done" in i.body]
    hosted.ana.complete(ours.number)
    hosted.tick()
    assert hosted.ana.tracker.get_issue(ours.number).body == ours.body

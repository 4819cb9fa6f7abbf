"""Limits on pull requests and comments: what waits, what is said meanwhile, and that it comes."""

from __future__ import annotations

from datetime import UTC, datetime

from loopcoder.adapters.memory.clock import FixedClock
from tests.support.clocked import tick_at
from tests.support.project import Project, writes

THREE = "".join(f"- [ ] {name} <!-- id: {name} -->\n" for name in ("one", "two", "three"))
WORK = {name: [writes(**{name: "x"})] for name in ("one", "two", "three")}
STUCK = {"*": [[{"outcome": {"status": "blocked", "reason": "no key for the mint"}}]]}


def said(project: Project) -> dict[int, str]:
    """The last comment on each issue that has one."""
    numbers = [row["number"] for row in project.json("issue", "list")["issues"]]
    shown = [(n, project.json("issue", "show", str(n))["comments"]) for n in numbers]
    return {number: comments[-1]["body"] for number, comments in shown if comments}


def test_pull_requests_beyond_a_limit_wait_unpaid_and_come_the_next_time(project: Project) -> None:
    limits = {"prs_per_tick": 2, "prs_per_day": 3, "units_per_tick": 9}
    project.begin(THREE + "- [ ] four <!-- id: four -->\n", work=WORK, config={"limits": limits})
    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
    first = {line.unit: line for line in tick_at(project, clock).units}
    assert len(project.pulls()) == 2
    assert first["three"].reason == "the limit of 2 new pull requests a tick is reached"
    assert first["three"].attempt is None, "nobody was paid for what cannot be proposed"
    clock.advance(minutes=5)
    report = tick_at(project, clock)
    second = {line.unit: line for line in report.units}
    assert (len(project.pulls()), report.stop_reason) == (3, "limit")
    assert second["four"].reason == "the limit of 3 new pull requests a day is reached"
    explained = project.run("explain", "four").stdout
    assert "four: the limit of 3 new pull requests a day is reached" in explained
    clock.advance(hours=25)
    project.script({**WORK, "four": [writes(four="x")]})
    tick_at(project, clock)
    assert len(project.pulls()) == 4


def test_comments_beyond_a_limit_wait_and_are_told_while_the_labels_stand(project: Project) -> None:
    project.begin(THREE, work=STUCK, config={"limits": {"comments_per_tick": 1}})
    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
    report = tick_at(project, clock)
    assert len(said(project)) == 1
    waits = "a comment waits, the limit of 1 new comment a tick is reached"
    assert f"two, three: {waits}" in report.warnings
    assert waits in project.run("explain", "three").stdout
    assert project.json("explain", "three")["held_back"] == [waits]
    assert waits in project.run("status").stdout
    labelled = project.json("issue", "list")["issues"]
    assert all("loopcoder:needs-human" in row["labels"] for row in labelled)
    for count in (2, 3, 3):
        clock.advance(minutes=5)
        report = tick_at(project, clock)
        assert len(said(project)) == count
    assert not any("comment waits" in each for each in report.warnings)
    assert all("no key for the mint" in body for body in said(project).values())


def test_comments_beyond_the_days_limit_come_the_next_day(project: Project) -> None:
    project.begin(THREE, work=STUCK, config={"limits": {"comments_per_day": 2}})
    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
    for _ in range(2):
        tick_at(project, clock)
        clock.advance(minutes=5)
        assert len(said(project)) == 2
    clock.advance(hours=25)
    tick_at(project, clock)
    assert len(said(project)) == 3


def test_a_limit_of_nothing_is_meant_so(project: Project) -> None:
    project.begin(THREE, work=WORK, config={"limits": {"prs_per_day": 0, "issues_per_day": 2}})
    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))
    rows = {line.unit: line.reason for line in tick_at(project, clock).units}
    assert project.pulls() == {}
    assert rows["one"] == "the limit of 0 new pull requests a day is reached"
    clock.advance(days=2)
    tick_at(project, clock)
    assert len(project.json("issue", "list")["issues"]) == 3

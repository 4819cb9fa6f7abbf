"""What every CI must do, whatever is behind it."""

from __future__ import annotations

from datetime import timedelta

from loopcoder.domain.ci.ci import CheckState

from .conftest import World


def test_nothing_was_reported(world: World) -> None:
    assert list(world.ci.list_checks(world.base)) == []
    assert world.ci.required_checks("main") == frozenset()


def test_what_was_reported_is_listed_with_earlier_runs(world: World) -> None:
    head = world.propose("a", {"a": "1"}).head
    world.report(head, "test", "failure")
    world.clock.advance(seconds=60)
    world.report(head, "test", "success")
    world.report(head, "lint", None)
    seen = sorted(world.ci.list_checks(head), key=lambda run: (run.name, run.at))
    assert [(run.name, run.state) for run in seen] == [
        ("lint", CheckState.PENDING),
        ("test", CheckState.RED),
        ("test", CheckState.GREEN),
    ]
    assert len({run.id for run in seen}) == 3
    assert seen[1].series == seen[2].series
    assert seen[2].at - seen[1].at == timedelta(seconds=60)
    assert list(world.ci.list_checks(world.base)) == []


def test_the_log_of_a_failure_is_read(world: World) -> None:
    head = world.propose("a", {"a": "1"}).head
    world.report(head, "test", "failure", log="one\ntwo: it broke\n")
    world.report(head, "words", "failure", text="Three words are misspelt.")
    logs = {run.name: world.ci.read_log(run) for run in world.ci.list_checks(head)}
    assert logs == {"test": "one\ntwo: it broke\n", "words": "Three words are misspelt."}


def test_a_branch_asks_for_checks(world: World) -> None:
    world.require("main", "test", "lint")
    assert world.ci.required_checks("main") == {"test", "lint"}
    assert world.ci.required_checks("other") == frozenset()

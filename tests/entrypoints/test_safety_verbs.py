"""`loopcoder budget`, `breaker` and `hold`, called as a person calls them."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal

import pytest
from click.testing import CliRunner, Result

from loopcoder.adapters.clock import SystemClock
from loopcoder.adapters.journal.sqlite import SqliteJournal
from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.cli.main import cli

from .conftest import Project

UNIT = UnitId("session-store")
PROVIDER = "command:default"


def journal(project: Project) -> SqliteJournal:
    return SqliteJournal(project.root / ".git" / "loopcoder" / "journal.db", SystemClock())


def spend(project: Project, usd: str, settled: str | None = None) -> None:
    reserved = e.Reserved("run-1", "work", PROVIDER, Decimal(usd), 0)
    with closing(journal(project)) as book:
        (event,) = book.record(Entry(reserved, UNIT, 1))
        if settled is not None:
            fact = e.Settled(event.id, Decimal(settled), "reported", 1200)
            book.record(Entry(fact, UNIT, 1))


def fail(project: Project, times: int) -> None:
    fact = e.AttemptFinished("failed", "slow", True, FailureClass.TIMEOUT, PROVIDER)
    journal(project).record(*(Entry(fact, UNIT, n + 1) for n in range(times)))


def call(project: Project, *args: str, **env: str) -> Result:
    """The program, in this process: starting another one for each word takes its time."""
    return CliRunner().invoke(cli, ["-C", str(project.root), *args], env=project.env(**env))


def called(project: Project, *args: str) -> str:
    done = call(project, *args)
    assert done.exit_code == 0, done.output
    return done.stdout


def outside_an_attempt() -> None:
    try:
        refuse_inside_attempt()
    except LoopcoderError:
        pytest.skip("a person's verbs are refused inside an attempt")


# --- budget


def test_budget_shows_caps_spending_and_forecast(project: Project) -> None:
    spend(project, "2", settled="0.41")
    spend(project, "1.5")
    text = called(project, "budget")
    assert "$2.00 an attempt, $5.00 a unit, $10.00 a tick, 2M tokens an attempt" in text
    assert "today     $1.91 of $50.00 ($1.50 of it set aside), $48.09 left" in text
    assert "session-store  $1.91" in text
    assert "command:default  $1.91" in text
    assert "forecast  1 to go; no finished unit yet to judge by" in text
    found = json.loads(called(project, "budget", "--json"))
    assert found["units"] == [
        {"unit": UNIT, "spent_usd": 1.91, "reserved_usd": 1.5, "tokens": 1200}
    ]
    assert [cap["scope"] for cap in found["caps"]] == ["day", "month"]
    assert found["forecast"] == {"units": 1, "basis": 0, "low_usd": None, "high_usd": None}


def test_budget_before_anything_was_spent(project: Project) -> None:
    assert "today     $0.00 of $50.00, $50.00 left" in called(project, "budget")


# --- breaker


def test_breaker_status_and_reset(project: Project) -> None:
    outside_an_attempt()
    assert called(project, "breaker") == "every breaker is closed\n"
    fail(project, 3)
    shown = called(project, "breaker", "status")
    assert "command:default/timeout  open" in shown
    assert "3 attempts in a row ended with timeout" in shown
    wrong = call(project, "breaker", "reset", "comand:default")
    assert wrong.exit_code == 1
    assert "Did you mean command:default?" in wrong.stderr
    assert called(project, "breaker", "reset", PROVIDER) == "command:default/timeout is closed\n"
    states = json.loads(called(project, "breaker", "status", "--json"))["breakers"]
    assert [(s["scope"], s["state"], s["failures"]) for s in states] == [
        ("repository", "closed", 0),
        ("command:default/timeout", "closed", 0),
    ]
    assert journal(project).history().breaker_resets[0][1] == PROVIDER


def test_resetting_what_is_closed_says_so(project: Project) -> None:
    outside_an_attempt()
    fail(project, 2)
    assert "counts start anew" in called(project, "breaker", "reset")
    fail(project, 2)
    assert "closed" not in called(project, "breaker", "status").splitlines()[0]
    assert "2 attempts" in called(project, "breaker", "status")


# --- hold


def test_everything_can_be_held_and_released(project: Project) -> None:
    outside_an_attempt()
    assert "nothing more is dispatched" in called(project, "hold", "--reason", "freeze")
    held = journal(project).history().hold
    assert held is not None
    assert held.reason == "freeze"
    assert "freeze" in called(project, "status")
    assert "goes on" in called(project, "hold", "--release")
    assert journal(project).history().hold is None
    assert "not held" in called(project, "hold", "--release")


def test_one_unit_can_be_held_and_released(project: Project) -> None:
    outside_an_attempt()
    assert "session-store is held" in called(project, "hold", "Session-Store")
    assert journal(project).history().unit(UNIT).held is not None
    ready = json.loads(called(project, "ready", "--json"))
    assert [row["unit"] for row in ready["held"]] == [UNIT]
    assert "is released" in called(project, "hold", "--release", UNIT)
    assert journal(project).history().unit(UNIT).held is None
    assert "is not held" in called(project, "hold", "--release", UNIT)


def test_a_unit_that_does_not_exist_cannot_be_held(project: Project) -> None:
    done = call(project, "hold", "session-stor")
    assert done.exit_code == 1
    assert "Did you mean session-store?" in done.stderr
    assert call(project, "hold", "--release", "--reason", "x").exit_code == 2


@pytest.mark.parametrize("args", [("breaker", "reset"), ("hold", "--release")])
def test_an_agent_cannot_speak_for_a_person(project: Project, args: tuple[str, ...]) -> None:
    done = call(project, *args, LOOPCODER_ATTEMPT="login/1")
    assert done.exit_code == 1
    assert "inside attempt login/1" in done.stderr


def test_a_damaged_journal_is_reported_by_looking_and_mended_by_writing(project: Project) -> None:
    outside_an_attempt()
    spend(project, "1")
    path = project.root / ".git" / "loopcoder" / "journal.db"
    assert not list(path.parent.glob("journal.db-*"))
    path.write_bytes(b"scratched" * 1000)
    looking = call(project, "budget")
    assert looking.exit_code == 1
    assert "is damaged" in looking.stderr
    writing = call(project, "hold")
    assert writing.exit_code == 1
    assert "Traceback" not in looking.stderr + writing.stderr
    assert "nothing more is dispatched" in called(project, "hold")
    assert "today     $0.00" in called(project, "budget")

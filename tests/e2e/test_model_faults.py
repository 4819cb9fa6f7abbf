"""Every way a model can fail, each on a unit of its own in one tick, and the page of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.e2e.test_builtin_worker import APPROVE, REVIEWER, WORKER
from tests.model_server.world import Model
from tests.support.clocked import tick_at
from tests.support.model_faults import CASES, Case, table
from tests.support.project import Project

TOGETHER = [case for case in CASES if not case.alone]
ALONE = [case for case in CASES if case.alone]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "workers.md"


@dataclass(frozen=True)
class Aftermath:
    """The tick over, and what the journal and the model remember of it."""

    report: TickReport
    attempts: dict[str, AttemptRecord]
    model: Model


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """One tick with a unit for every case; waiting between tries takes no time."""
    with _tick_of(TOGETHER, tmp_path_factory.mktemp("faults")) as aftermath:
        yield aftermath


@contextlib.contextmanager
def _tick_of(cases: Sequence[Case], folder: Path) -> Iterator[Aftermath]:
    model, project = Model.start(), Project(folder)
    project.env |= model.env
    model.review("*", [APPROVE])
    for case in cases:
        model.work(case.unit, case.turns)
        for order in case.orders:
            model.order(**{"unit": case.unit, **order})
    workers = {case.unit: {**WORKER, **case.worker} for case in cases if case.worker}
    project.begin(
        "".join(_item(case) for case in cases),
        config={
            "workers": {"default": WORKER, **workers},
            "reviewer": REVIEWER,
            "jobs": len(cases),
            "limits": {
                "units_per_tick": 50,
                "open_prs": 50,
                "prs_per_tick": 50,
                "review_rounds": 0,
            },
            "budget": {"tick": "$100", "day": "$100"},
        },
    )
    report = tick_at(project, FixedClock())
    house = open_house(project.root, from_base=True, environ=project.environment)
    history = house.journal_reader.history()
    attempts = {case.unit: history.unit(UnitId(case.unit)).attempts[-1] for case in cases}
    yield Aftermath(report, attempts, model)
    model.close()


def _item(case: Case) -> str:
    item = f"- [ ] {case.unit} <!-- id: {case.unit} -->\n"
    return item + (f"  Worker: {case.unit}\n" if case.worker else "")


@pytest.mark.parametrize("case", TOGETHER, ids=lambda case: case.unit)
def test_a_fault_leads_to(after: Aftermath, case: Case) -> None:
    _compare(after, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.unit)
def test_alone_it_leads_to(tmp_path: Path, case: Case) -> None:
    with _tick_of([case], tmp_path) as aftermath:
        _compare(aftermath, case)


def _compare(after: Aftermath, case: Case) -> None:
    line = next(line for line in after.report.units if line.unit == case.unit)
    finished = after.attempts[case.unit].finished
    assert finished is not None
    failure = finished.failure.value if finished.failure else None
    assert (line.outcome, failure, finished.strike) == (case.ends, case.failure, case.strike), line


def test_nothing_was_asked_that_nobody_scripted(after: Aftermath) -> None:
    assert [each.unit for each in after.model.unscripted] == []


def test_every_reply_and_every_broken_one_is_paid(after: Aftermath) -> None:
    """What the server counted is what the journal says, to the token."""
    for case in TOGETHER:
        if case.unit in ("cut", "truncated", "hanging"):
            continue  # a reply that was given up is known only by what came of it
        asked = [each.usage for each in after.model.asked(case.unit) if each.usage]
        replies = after.attempts[case.unit].tokens
        assert replies >= sum(sum(usage.values()) for usage in asked), case.unit


def test_the_page_prints_this_table() -> None:
    assert table() in PAGE.read_text("utf-8")

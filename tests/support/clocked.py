"""Ticks at a time of our choosing: everything is real but the clock, so waiting takes no time."""

from __future__ import annotations

import threading

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.tick.report import TickReport
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.entrypoints.running.ticking import Stopper, new_run, run_tick
from loopcoder.entrypoints.views.terminal import stderr
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.support.project import Project


def tick_at(project: Project, clock: FixedClock) -> TickReport:
    """One tick of the project in this process, by this clock."""
    house = open_house(project.root, from_base=True, environ=project.environment)
    vars(house)["clock"] = clock
    try:
        return run_tick(house, TickOptions(new_run()), stderr(), Stopper(threading.Event()))
    finally:
        house.journal.close()

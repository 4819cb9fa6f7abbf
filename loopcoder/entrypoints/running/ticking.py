"""Running one tick for a person: the lock, the signals, the display, and the saved report."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from loopcoder.adapters.tick_lock import tick_lock
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.views.report import report_markdown
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.engine.tick.tick import tick
from loopcoder.entrypoints.config.retention import remove_old_runs
from loopcoder.entrypoints.running.reported import report_ended
from loopcoder.entrypoints.setup.migration import carry_over
from loopcoder.entrypoints.views.listening import LineListener, LiveListener
from loopcoder.entrypoints.views.terminal import Terminal
from loopcoder.entrypoints.views.tick import report_json
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import known_secrets, open_workshop


@dataclass(frozen=True, slots=True)
class Stopper:
    """Set by Ctrl-C or SIGTERM; `interrupted` tells the two from a normal end."""

    event: threading.Event

    @property
    def interrupted(self) -> bool:
        return self.event.is_set()


def new_run() -> str:
    from ulid import ULID

    return str(ULID())


def run_tick(
    house: House, options: TickOptions, terminal: Terminal, stopper: Stopper
) -> TickReport:
    """Tick once under the lock, watched on `terminal`, and save the report in the run's folder."""
    if house.inside_attempt:
        raise LoopcoderError("a tick cannot be started from inside an attempt.")
    house.check_ready()
    listener = LiveListener(terminal) if terminal.live else LineListener(terminal)
    services = open_workshop(house, listener, stopper.event)
    with tick_lock(house.state_dir), house.publishing():
        house.sweep()
        remove_old_runs(house)
        carry_over(house)
        try:
            report = without_secrets(house, tick(services, options))
        finally:
            if isinstance(listener, LiveListener):
                listener.close()
        save_report(house, report)
    return report


def without_secrets(house: House, report: TickReport) -> TickReport:
    """A report is read by others, too: names of files, such as a policy quotes, may hold one."""
    from loopcoder.adapters.secrecy.redacting import masked

    clean: TickReport = masked(report, Redactor(known_secrets(house.environ)))
    return clean


def save_report(house: House, report: TickReport) -> None:
    folder = house.runs_dir / report.run
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(report_markdown(report))
    (folder / "report.json").write_text(json.dumps(report_json(report), indent=2) + "\n")
    report_ended(report, folder)


@contextmanager
def stoppable(terminal: Terminal) -> Iterator[Stopper]:
    """Ctrl-C and SIGTERM ask for an end at the next safe point; a second Ctrl-C ends at once."""
    stopper = Stopper(threading.Event())

    def on_signal(number: int, frame: FrameType | None) -> None:
        if stopper.event.is_set():
            raise KeyboardInterrupt
        stopper.event.set()
        terminal.say("stopping at the next safe point; finished work is kept (again to stop now)")

    previous = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopper
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

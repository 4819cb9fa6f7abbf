"""How a program's run ended, as a class of failure; and what it shows of itself on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loopcoder.adapters.agents.outcome import Malformed, OutcomeFile, parse_outcome, read_reply
from loopcoder.adapters.sandbox.watch import Cause, Finished
from loopcoder.domain.guard.reach import refusal
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.worker import Progress

_TRY_LATER = 75
_FAILURES = {
    Cause.NOT_STARTED: FailureClass.INFRASTRUCTURE,
    Cause.TIMEOUT: FailureClass.TIMEOUT,
    Cause.STALL: FailureClass.STALL,
    Cause.STOPPED: FailureClass.INFRASTRUCTURE,
    Cause.DISK: FailureClass.INFRASTRUCTURE,
}


def failure_of_run(finished: Finished) -> tuple[FailureClass | None, str]:
    """What became of the program itself, whatever it says."""
    failure, reason = _ending(finished)
    if failure is None:
        return None, ""
    return failure, " ".join(part for part in (reason, refusal(finished.refused)) if part)


def _ending(finished: Finished) -> tuple[FailureClass | None, str]:
    if finished.cause is not Cause.EXITED:
        return _FAILURES.get(finished.cause, FailureClass.CRASH), finished.reason
    if finished.exit_code == 0:
        return None, ""
    if finished.exit_code == _TRY_LATER:
        return FailureClass.TRANSIENT_API, "It asked to be tried again later (exit code 75)."
    last = finished.tail.strip().rsplit("\n", 1)[-1][:300]
    return FailureClass.CRASH, f"It ended with exit code {finished.exit_code}: {last}".rstrip(": ")


def read_outcome(path: Path) -> tuple[OutcomeFile, str]:
    """What the worker wrote; a file that breaks the rules is as good as none, with a note."""
    try:
        text = read_reply(path)
        return (parse_outcome(text) if text else OutcomeFile()), ""
    except Malformed as error:
        return OutcomeFile(), f"Its outcome file was ignored: {error}."


def reporter(
    progress: Callable[[Progress], None],
    shown: Callable[[str], str | None] = lambda line: line,
) -> Callable[[str], None]:
    """Counts the lines of output and passes on what `shown` makes of them; None is not shown."""
    steps = 0

    def report(line: str) -> None:
        nonlocal steps
        text = shown(line)
        if text is not None:
            steps += 1
            progress(Progress(text, steps))

    return report

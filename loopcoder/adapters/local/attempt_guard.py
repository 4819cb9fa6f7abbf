"""Whether we run inside an attempt, where an agent could pretend to be a person."""

from __future__ import annotations

import os

from loopcoder.domain.diagnostic import LoopcoderError

VARIABLE = "LOOPCODER_ATTEMPT"


def refuse_inside_attempt() -> None:
    """Raise when this process, or any it descends from, was started with LOOPCODER_ATTEMPT.

    A process can empty its own environment, but not that of the processes above it.
    """
    attempt = os.environ.get(VARIABLE) or inherited_attempt()
    if attempt:
        raise LoopcoderError(
            f"This runs inside attempt {attempt}, where nobody may act as a person.",
            "A human decides about pull requests, in a shell of their own.",
        )


def inherited_attempt() -> str:
    """The attempt in whose process tree this process is; empty when in none."""
    import psutil

    here = psutil.Process()
    for process in (here, *here.parents()):
        try:
            found = process.environ().get(VARIABLE, "")
        except (psutil.Error, OSError):  # another user's process: not one that we started
            continue
        if found:
            return found
    return ""

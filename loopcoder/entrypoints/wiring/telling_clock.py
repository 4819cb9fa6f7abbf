"""A clock that tells a person what they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopcoder.ports.clock import Clock

_LONG_S = 3.0


@dataclass(frozen=True, slots=True)
class TellingClock:
    """The clock of whoever asks `whom`: a long sleep is said on standard error when it begins."""

    clock: Clock
    whom: str

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        if seconds >= _LONG_S:
            from loopcoder.entrypoints.views.terminal import stderr

            stderr().say(f"waiting   {seconds:.0f} s for {self.whom} (a limit, or no answer)")
        self.clock.sleep(seconds)

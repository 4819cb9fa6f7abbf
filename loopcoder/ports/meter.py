"""What a tracker and a code host over a network were asked, for the report."""

from __future__ import annotations

from typing import Protocol

from loopcoder.domain.tick.report import ApiUse


class ApiMeter(Protocol):
    def used(self) -> ApiUse:
        """Everything so far in this process."""

"""What worker and reviewer have in common: a model, its price, and the way to its provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from loopcoder.adapters.builtin.meter import Meter
from loopcoder.adapters.builtin.tariff import Tariff
from loopcoder.adapters.builtin.wire import Wire
from loopcoder.ports.worker import Usage

_SILENCE_S = 120.0


@dataclass(frozen=True)
class Seat:
    """`base_url` None is the provider's own address. `tariff` None: nobody knows the price."""

    model: str
    key: str = field(repr=False)
    base_url: str | None = None
    tariff: Tariff | None = None

    def wire(self, stall_s: float) -> Wire:
        """A connection on which no event may be awaited longer than the run may stand still."""
        return Wire(self.key, self.base_url, min(_SILENCE_S, stall_s))

    def usage(self, meter: Meter) -> Usage:
        usd = None if self.tariff is None else meter.usd
        return Usage(meter.used.input, meter.used.output, usd)

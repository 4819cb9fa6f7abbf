"""What a run may use, counted before every reply and after it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from decimal import Decimal

from loopcoder.adapters.builtin.tariff import NO_TOKENS, Tariff, Tokens

REPLY_TOKENS = 16_000
"""The longest reply that is asked for."""

LEAST_REPLY = 1_000
"""With less room than this for a reply there is no point in asking."""

BYTES_PER_TOKEN = 2.5
"""Fewer than in any usual text, so that new input is not underestimated."""

_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit. Money in USD, time as `time.monotonic()` will show it."""

    turns: int
    deadline: float
    usd: Decimal | None = None
    tokens: int | None = None


@dataclass
class Meter:
    """What was used so far. Without a tariff there is no figure in money and no limit by it."""

    limits: Limits
    tariff: Tariff | None
    used: Tokens = NO_TOKENS
    usd: Decimal = Decimal(0)
    turns: int = 0
    known: int = 0
    _told: set[str] = field(default_factory=set)

    def count(self, tokens: Tokens) -> None:
        self.turns += 1
        self.used += tokens
        self.known = tokens.total
        if self.tariff is not None:
            self.usd += self.tariff.cost(tokens)

    @property
    def seconds_left(self) -> float:
        return max(self.limits.deadline - time.monotonic(), 0.0)

    def room(self, new_bytes: int) -> int:
        """How long the next reply may be, in tokens, whatever the provider's cache still holds;
        below LEAST_REPLY when it must not be asked for. `new_bytes` is what the conversation has
        grown by since the last reply, or its whole."""
        coming = self.known + math.ceil(new_bytes / BYTES_PER_TOKEN)
        room = REPLY_TOKENS
        if self.limits.tokens is not None:
            room = min(room, self.limits.tokens - self.used.total - coming)
        if self.limits.usd is not None and self.tariff is not None:
            dearest = self.tariff.cost(Tokens(written=coming))
            left = self.limits.usd - self.usd - dearest
            thousand = self.tariff.cost(Tokens(output=1000))
            if thousand:
                room = min(room, math.floor(left / thousand * 1000))
            elif left < 0:
                room = 0
        return room

    def reached(self, new_bytes: int) -> str:
        """The limit that the next reply would break, as a sentence; empty when there is room."""
        limits = self.limits
        if self.turns >= limits.turns:
            return f"It used all of its {limits.turns} turns."
        if self.seconds_left <= 0:
            return "It used all of its time."
        if self.room(new_bytes) >= LEAST_REPLY:
            return ""
        if limits.tokens is not None and limits.tokens - self.used.total < self._most(new_bytes):
            used = f"{self.used.total:,} of its {limits.tokens:,} tokens"
        else:
            used = f"${self.usd:.2f} of its ${limits.usd:.2f}"
        return f"It used {used}, and the next reply may need more than is left."

    def _most(self, new_bytes: int) -> int:
        return self.known + math.ceil(new_bytes / BYTES_PER_TOKEN) + LEAST_REPLY

    def warning(self) -> str:
        """Said once for each limit that comes near, so that the work is brought to an end."""
        limits = self.limits
        parts = {
            "turns": self.turns / limits.turns,
            "tokens": self.used.total / limits.tokens if limits.tokens else 0.0,
            "money": float(self.usd / limits.usd) if limits.usd else 0.0,
        }
        near = [name for name, part in parts.items() if part >= _NEARLY and name not in self._told]
        self._told.update(near)
        return f"Little is left of your {' and '.join(near)}: bring it to an end." if near else ""

"""The prompt cache, computed from the requests themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.model_server.request import Asked, digest

LOOK_BACK = 20
LEAST = 1024
KEPT_S = 300.0


@dataclass
class Cache:
    """Prefixes that were written, by model and hash, with the time they are forgotten."""

    entries: dict[tuple[str, str], float] = field(default_factory=dict)

    def account(self, asked: Asked) -> dict[str, int]:
        """The input side of the usage: what was read, what is written now, and the rest."""
        now, model = time.monotonic(), str(asked.body.get("model"))
        hashes, sizes = _prefixes(asked)
        marks = [place for place, block in enumerate(asked.blocks) if block.marked]
        read = 0
        for mark in marks:
            for place in range(mark, max(mark - LOOK_BACK, -1), -1):
                if self.entries.get((model, hashes[place]), 0.0) > now:
                    self.entries[model, hashes[place]] = now + KEPT_S
                    read = max(read, sizes[place])
                    break
        written = read
        for mark in marks:
            if sizes[mark] >= LEAST:
                self.entries[model, hashes[mark]] = now + KEPT_S
                written = max(written, sizes[mark])
        return {
            "input_tokens": asked.tokens - written,
            "cache_creation_input_tokens": written - read,
            "cache_read_input_tokens": read,
        }


def _prefixes(asked: Asked) -> tuple[list[str], list[int]]:
    """For every block the hash of all up to it, and their tokens."""
    hashes, sizes, before, size = [], [], "", 0
    for block in asked.blocks:
        before = digest([before, block.text])
        size += block.tokens
        hashes.append(before)
        sizes.append(size)
    return hashes, sizes

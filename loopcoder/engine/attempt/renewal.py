"""Keeping claims while they are worked under: one entry for each, published together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import ClaimRenewed, Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.engine.services import Services

_SHARE = 3
"""A claim is renewed so many times within its lifetime: one renewal that fails loses nothing."""


@contextmanager
def renewing(services: Services) -> Iterator[None]:
    """While the block runs, renew every claim of this process in good time."""
    over = threading.Event()
    pause = services.settings.claim_time.total_seconds() / _SHARE

    def keep_on() -> None:
        while not over.wait(pause):
            try:
                renew_claims(services)
            except LoopcoderError as error:
                # The claims last for a while yet. Whoever takes one is found out before publishing.
                services.listener.said(f"claims could not be renewed: {error}")

    thread = threading.Thread(target=keep_on, name="renewal", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def renew_claims(services: Services) -> int:
    """Renew the claims that this process still has, in one step; how many they are.

    Afterwards the history here knows which ones were lost.
    """
    until = services.clock.now() + services.settings.claim_time

    def renew(history: History) -> list[Entry]:
        held = [r for r in history.units.values() if r.claim and r.claim.holder == services.holder]
        return [
            Entry(ClaimRenewed(until), record.id, _attempt(record.attempts), record.epoch)
            for record in held
        ]

    return len(services.journal.transact(renew))


def _attempt(attempts: tuple[AttemptRecord, ...]) -> int | None:
    return attempts[-1].number if attempts else None

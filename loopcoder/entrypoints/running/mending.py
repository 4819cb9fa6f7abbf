"""What a person does about a journal that cannot be trusted."""

from __future__ import annotations

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.entrypoints.wiring.bootstrap import House

REFERENCE = "`loopcoder help journal` tells what the record holds, and what is lost with it."


def how_to_mend(house: House) -> str:
    """The way out, as whoever reads the journal is told it. Nothing is mended by asking."""
    if not house.shares_journal:
        return "`loopcoder doctor --fix` sets the file aside and saves what can be read."
    try:
        house.journal_reader.history()
    except LoopcoderError as error:
        return error.remedy or REFERENCE
    return REFERENCE

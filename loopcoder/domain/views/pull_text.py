"""Whose text a pull request has: our marker in it, and what people wrote where ours was."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loopcoder.domain.unit import UnitId, is_unit_id
from loopcoder.domain.views.pull_status import digest_of

_MARKER = re.compile(
    r"^<!-- loopcoder:pr unit=(\S+) attempt=([1-9]\d{0,5}) head=([0-9a-f]{7,64}) -->[ \t]*\r?$",
    re.MULTILINE,
)
EDITED = (
    "> Note: somebody edited this text, so it is left as it is. What was done since stands in the "
    "comment on fix-ups."
)


@dataclass(frozen=True, slots=True)
class PullMarker:
    """What a pull request of ours says of itself. It helps to recognise one; it proves nothing."""

    unit: UnitId
    attempt: int
    head: str

    def __str__(self) -> str:
        return f"<!-- loopcoder:pr unit={self.unit} attempt={self.attempt} head={self.head} -->"


def parse_marker(body: str) -> PullMarker | None:
    """The marker of a body; None when there is none, or when there are two that differ."""
    found = {
        PullMarker(UnitId(unit), int(attempt), head)
        for unit, attempt, head in _MARKER.findall(body)
        if is_unit_id(unit)
    }
    return found.pop() if len(found) == 1 else None


def digest_of_body(body: str) -> str:
    """The SHA-256 of a body, however the host writes its lines' ends."""
    lines = [line.rstrip() for line in body.strip().splitlines()]
    return digest_of("\n".join(lines))


def next_body(current: str, ours: str, written: str) -> str:
    """What the pull request is to say, which says `current` now, where we would write `ours`. What
    people wrote stays: only what is as we left it (`written`, its digest) is written anew."""
    marker, now = parse_marker(ours), parse_marker(current)
    if marker is None or marker == now:
        return current
    if not written or digest_of_body(current) == written:
        return ours
    kept = _MARKER.sub("", current, count=1).replace(EDITED, "").strip()
    return f"{marker}\n\n{EDITED}\n\n{kept}\n"


def last_written(body: str, before: str) -> str:
    """The digest to remember once the pull request says `body`; `before` is the one remembered
    until now."""
    return before if EDITED in body else digest_of_body(body)

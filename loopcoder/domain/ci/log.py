"""What of a failed run's log a worker is shown."""

from __future__ import annotations

from loopcoder.domain.ci.first_error import first_error
from loopcoder.domain.ci.runner_log import marked_error, without_folds, without_stamps
from loopcoder.domain.guard.untrusted import clean

LOG_LIMIT = 12_000
"""Characters of one log that are worth their price in a prompt."""

_BEFORE, _AFTER = 1, 3


def log_excerpt(log: str, limit: int = LOG_LIMIT) -> str:
    """The stretch around the first line that says what failed, and the end of the log.

    Time stamps and folding marks are taken out. What is left out is said. The result is never
    longer than `limit` but for those remarks.
    """
    text = clean(without_folds(without_stamps(log)), max_length=max(len(log), 1)).strip("\n")
    if len(text) <= limit:
        return text
    place = _place_of_failure(text)
    begin = max(0, place - limit * _BEFORE // (_BEFORE + _AFTER))
    begin = min(begin, len(text) - limit)
    begin = text.rfind("\n", 0, begin) + 1
    end = text.find("\n", min(begin + limit, len(text) - 1))
    end = len(text) if end < 0 else end
    before = f"[… {begin:,} characters before this …]\n" if begin else ""
    after = f"\n[… {len(text) - end:,} characters after this …]" if end < len(text) else ""
    return f"{before}{text[begin : begin + limit + 200][: end - begin]}{after}"


def _place_of_failure(text: str) -> int:
    marked = marked_error(text)
    if marked is not None:
        return marked
    found = text.find(first_error(text).removesuffix("…"))
    return found if found >= 0 else len(text)

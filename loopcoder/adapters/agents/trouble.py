"""Which class of failure an agent's error message belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from loopcoder.adapters.agents.preset import Trouble
from loopcoder.domain.tick.failure import FailureClass

_WORDS = (
    (FailureClass.BILLING, r"credit balance|insufficient.quota|exceeded your current quota|quota "
     r"exceeded|billing|payment required|out of credits"),
    (FailureClass.CONTEXT_OVERFLOW, r"prompt is too long|context.(?:window|length)|too many tokens|"
     r"maximum context|ran out of room"),
    (FailureClass.RATE_LIMIT, r"rate.?limit|too many requests|resource.?(?:has been )?exhausted|"
     r"\b429\b"),
    (FailureClass.AUTH, r"(?:invalid|incorrect|missing|no) (?:x-)?api.?key|unauthorized|"
     r"authentication|forbidden|not logged in|log ?in|permission denied by the provider|"
     r"\b40[13]\b|selected model|model.{0,60}(?:not exist|not found|not supported)|"
     r"unknown model"),
    (FailureClass.REFUSED, r"\brefus(?:al|ed)\b|content.?policy|usage policy|safety"),
    (FailureClass.TRANSIENT_API, r"overloaded|unavailable|timed? ?out|connection|connect to|"
     r"ECONN\w+|ENOTFOUND|EAI_AGAIN|socket hang up|network|stream (?:disconnected|closed)|"
     r"internal server error|bad gateway|\b5(?:0[0-9]|2[0-9])\b"),
)  # fmt: skip
_TABLE = tuple((failure, re.compile(words, re.IGNORECASE)) for failure, words in _WORDS)

_BY_STATUS = {
    401: FailureClass.AUTH,
    402: FailureClass.BILLING,
    403: FailureClass.AUTH,
    404: FailureClass.AUTH,
    408: FailureClass.TRANSIENT_API,
    413: FailureClass.CONTEXT_OVERFLOW,
    429: FailureClass.RATE_LIMIT,
}
_ABOUT_ALL = (FailureClass.BILLING, FailureClass.CONTEXT_OVERFLOW)


def failure_of(message: str, status: int | None, own: Sequence[Trouble] = ()) -> FailureClass:
    """The class of an error: `own` words of the program first, then what the status means, then
    words. A status says less than words about money and room, and those are asked before it.
    An error that nobody knows is a crash.
    """
    for trouble in own:
        if re.search(trouble.pattern, message):
            return trouble.failure
    for failure, words in _TABLE:
        if failure in _ABOUT_ALL and words.search(message):
            return failure
    if status is not None:
        if status >= 500:
            return FailureClass.TRANSIENT_API
        if status in _BY_STATUS:
            return _BY_STATUS[status]
    for failure, words in _TABLE:
        if words.search(message):
            return failure
    return FailureClass.CRASH

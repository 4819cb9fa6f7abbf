"""What can go wrong with a model, and what becomes of the unit: the table of workers.md.

`orders` are faults of the scripted model for the unit's requests, `turns` what it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.model_server.reply import call, say

FOREVER = 1000
SOON = {"retry_after": 0}


@dataclass(frozen=True)
class Case:
    """`alone`: it depends on time, and is run in a tick of its own. `worker` is what differs in its
    worker's configuration. `failure` None: the unit was proposed. `strike`: whether it counts
    against the unit."""

    unit: str
    when: str
    then: str
    failure: str | None = None
    strike: bool = False
    outcome: str = ""
    orders: Sequence[dict[str, Any]] = ()
    turns: Sequence[Any] = ()
    worker: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False

    @property
    def ends(self) -> str:
        return self.outcome or ("failed" if self.failure else "proposed")

    @property
    def row(self) -> str:
        failure = f"`{self.failure}`" if self.failure else "—"
        strike = "yes" if self.strike else "no"
        return f"| {self.when} | {self.then} | {failure} | {self.ends} | {strike} |"


def good(unit: str) -> list[dict[str, Any]]:
    """A conversation that does the work."""
    return [
        call("write", path=f"{unit}.txt", content="done\n"),
        call("finish", status="done", summary=f"Wrote {unit}."),
    ]


def _case(unit: str, when: str, then: str, *orders: dict[str, Any], **more: Any) -> Case:
    more.setdefault("turns", good(unit))
    return Case(unit, when, then, orders=orders, **more)


BROKEN = {"tools": [{"name": "write", "raw": '{"path": "x.txt", "content": "half'}]}
CUT_CALL = {**BROKEN, "stop": "max_tokens"}

CASES = (
    _case(
        "limited",
        "429 twice, with `retry-after`",
        "waits as long as it is told, and asks again",
        {"status": 429, **SOON, "times": 2, "skip": 1},
    ),
    _case(
        "limited-long",
        "429 with a `retry-after` of an hour",
        "does not wait; a fallback worker, or a later tick",
        {"status": 429, "retry_after": 3600, "times": FOREVER},
        failure="rate-limit",
    ),
    _case(
        "overloaded",
        "529, or an error event inside the stream",
        "waits and asks again",
        {"status": 529, **SOON},
        {"how": "event", "status": 529, "text": "Overloaded"},
    ),
    _case(
        "broken-server",
        "500 for ever",
        "tries with growing pauses, in the same session; later again",
        {"status": 500, **SOON, "times": FOREVER},
        failure="transient-api",
    ),
    _case(
        "cut",
        "the connection is cut in the middle of the stream",
        "asks again; what was sent is paid",
        {"how": "cut"},
    ),
    _case(
        "truncated",
        "the stream ends early without an error",
        "the same: a reply without a reason to stop is none",
        {"how": "truncate"},
    ),
    _case(
        "hanging",
        "nothing comes for as long as `stall`",
        "gives that reply up and asks again",
        {"how": "hang", "seconds": 6},
        worker={"stall": "3s"},
    ),
    _case(
        "bad-key",
        "401 or 403: the key is bad",
        "stops dispatching with that provider at once",
        {"status": 401, "text": "invalid x-api-key", "times": FOREVER},
        failure="auth",
    ),
    _case(
        "no-model",
        "404: the model does not exist",
        "the same",
        {"status": 404, "text": "model: nonsense", "times": FOREVER},
        failure="auth",
    ),
    _case(
        "no-credit",
        "402, or 400 for lack of credit",
        "stops dispatching with that provider at once",
        {"status": 400, "text": "Your credit balance is too low.", "times": FOREVER},
        failure="billing",
    ),
    _case(
        "overflow",
        "the conversation no longer fits",
        "goes on in a fresh one, with a hand-off",
        {"status": 400, "text": "prompt is too long: 9 tokens > 8 maximum", "skip": 1},
    ),
    _case(
        "overflow-always",
        "not even a fresh conversation fits",
        "one more session, then it is given up",
        {"status": 400, "text": "prompt is too long: 9 tokens > 8 maximum", "times": FOREVER},
        failure="context-overflow",
        strike=True,
    ),
    _case(
        "refused-once",
        "the model declines (`stop_reason: refusal`)",
        "a fresh session, told to do the part that can be done",
        turns=[[{"text": "No.", "stop": "refusal"}], good("refused-once")],
    ),
    _case(
        "refused",
        "it declines again",
        "given up",
        turns=[{"text": "No.", "stop": "refusal"}],
        failure="refused",
        strike=True,
    ),
    _case(
        "too-long",
        "a reply is cut at `max_tokens`",
        "the model is told to go on in smaller pieces",
        turns=[CUT_CALL, {"text": "I wi", "stop": "max_tokens"}, *good("too-long")],
    ),
    _case(
        "bad-input",
        "a tool's input is broken, misses a field, or names no tool",
        "the model is told what is wrong",
        turns=[BROKEN, call("write", path="x.txt"), *good("bad-input")],
    ),
    _case(
        "bad-always",
        "three such replies in a row",
        "a fresh session, once; then it is given up",
        turns=[BROKEN, call("nonsense"), call("write", path=3), *good("bad-always")],
        failure="malformed",
        strike=True,
    ),
    _case(
        "circling",
        "the same call with the same answer, six times in a row",
        "fresh sessions, twice, told so; then it is given up",
        turns=[call("bash", command="true")] * 20,
        failure="stall",
        strike=True,
    ),
    _case(
        "silent",
        "it ends without calling `finish`",
        "asked once whether it is done; then its edits are judged",
        turns=[good("silent")[0], say("I am done."), say("Yes, I am done.")],
    ),
    _case(
        "slow",
        "the time is up",
        "ended; what is in the tree is judged, marked as maybe incomplete",
        turns=[good("slow")[0], call("bash", command="sleep 60")],
        worker={"timeout": "20s"},
        alone=True,
    ),
    _case(
        "blocked",
        "it calls `finish` with `blocked` or `needs-input`",
        "a person is asked at once",
        turns=[call("finish", status="blocked", summary="", reason="the schema is missing")],
        outcome="needs-human",
    ),
    _case(
        "lazy",
        "it is done and nothing was changed",
        "given up",
        turns=[call("finish", status="done", summary="All good.")],
        failure="no-change",
        strike=True,
    ),
)


def table() -> str:
    """The table as docs/reference/workers.md prints it."""
    head = "| what happens | what follows | failure | unit | strike |\n|---|---|---|---|---|\n"
    return head + "".join(f"{case.row}\n" for case in CASES)

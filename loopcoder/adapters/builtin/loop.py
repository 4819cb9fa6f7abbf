"""The loop: ask the model, use the tools it asks for, until it is done or may not go on.

Everything that happens is in the transcript before the next thing is done, so a run that is
killed is taken up again by the same function.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from loopcoder.adapters.builtin.conversation import (
    Message,
    marked,
    opening,
    result_block,
    results_missing,
    text_block,
)
from loopcoder.adapters.builtin.meter import BYTES_PER_TOKEN, LEAST_REPLY, Meter
from loopcoder.adapters.builtin.toolbox import Answer, NoToolbox
from loopcoder.adapters.builtin.tools import BadCall, ToolUse
from loopcoder.adapters.builtin.transcript import Transcript
from loopcoder.adapters.builtin.wire import Said, Stopped, Trouble, Wire
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.worker import Progress

BAD_REPLIES = 3
"""Replies in a row that cannot be used, after which it is given up."""

SAME_CALLS = 6
"""The same call with the same answer so often in a row is standing still."""

WINDOW = 200_000
"""Tokens of context; beyond four fifths of it a fresh conversation is begun with a hand-off."""

_FULL = 0.8
_TRIES = 4
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 120.0
_HAND_OFF = (
    "Your context is nearly full, and a fresh session will go on from here. Write the hand-off for "
    "it, as text, without calling a tool: what is done, what is left, what you found out about "
    "this repository that is not obvious, and which commands show whether it works."
)
_LEFT_OUT = "(left out: the context is full; call it again in the fresh session)"
_WAITS = frozenset({FailureClass.TRANSIENT_API, FailureClass.RATE_LIMIT})

Result = TypeVar("Result")
Given = TypeVar("Given", covariant=True)


class Tools(Protocol[Given]):
    """What may be called. `last` is the tool whose call ends the loop."""

    @property
    def definitions(self) -> Sequence[dict[str, Any]]: ...

    @property
    def last(self) -> str: ...

    def use(self, call: ToolUse) -> Answer | Given:
        """An answer for the model, or the result that ends the loop. Raises BadCall, and NoToolbox
        when nothing can be used."""


@dataclass(frozen=True, slots=True)
class Ending(Generic[Result]):
    """How it ended: with a result, or with a failure. `text` is the model's last word.
    `resumable`: it was stopped, and the next run goes on in the same session."""

    result: Result | None = None
    failure: FailureClass | None = None
    reason: str = ""
    text: str = ""
    resumable: bool = False


class _Full(Exception):
    """The conversation no longer fits."""


class _Over(Exception):
    def __init__(self, ending: Ending[Any]) -> None:
        super().__init__(ending.reason)
        self.ending = ending


@dataclass
class Loop(Generic[Result]):
    """One run in one session. `system` and the tools' definitions are the same in every request."""

    wire: Wire
    model: str
    system: str
    tools: Tools[Result]
    transcript: Transcript
    meter: Meter
    stop: threading.Event
    progress: Callable[[Progress], None]
    hand_off: Callable[[str], None] = lambda text: None
    window: int = WINDOW
    _bad: int = 0
    _nudged: bool = False
    _overflows: int = 0
    _prompt: str = ""
    _same: list[str] = field(default_factory=list)
    _said: str = ""
    _unsent: int = 0

    def run(self, prompt: str) -> Ending[Result]:
        """Work on `prompt`, or go on in the session as it stands and hear `prompt` after it."""
        self._begin(prompt)
        try:
            while True:
                try:
                    blocks = self._react(self._ask())
                except _Full:
                    self._begin_afresh(f"(nothing; it ended suddenly) {self._said}")
                    continue
                if self.meter.known + _tokens(blocks) > _FULL * self.window:
                    self._renew(blocks)
                else:
                    self._add(blocks)
        except _Over as over:
            ending = over.ending
        if not ending.resumable:
            self.transcript.end(ending.reason)
        return ending

    def _begin(self, prompt: str) -> None:
        self._prompt = prompt
        transcript, digest = self.transcript, hashlib.sha256(prompt.encode()).hexdigest()
        messages, interrupted = transcript.messages, transcript.interrupted
        if not messages:
            transcript.note("begin", model=self.model, prompt=digest)
            transcript.add(opening(prompt))
        else:
            blocks = results_missing(messages, interrupted=interrupted)
            if not interrupted and transcript.prompt != digest:
                blocks.append(text_block(prompt))
            elif messages[-1]["role"] == "assistant":
                blocks = blocks or [text_block("Go on.")]
            transcript.note("taken up", interrupted=interrupted, prompt=digest)
            self._add(blocks, merge=messages[-1]["role"] == "user")
        self._unsent = _size(self.transcript.messages)

    # --- asking

    def _ask(self) -> Said:
        """The next reply, waited for as long as that is reasonable."""
        tries = 0
        while True:
            if self.stop.is_set():
                raise _Over(_stopped())
            if limit := self.meter.reached(self._unsent + self._frame):
                raise _Over(Ending(None, FailureClass.TIMEOUT, limit, self._said))
            try:
                said = self.wire.reply(self._request(), self.stop)
                break
            except Stopped as stopped:
                self.meter.count(stopped.tokens)
                raise _Over(_stopped()) from None
            except Trouble as trouble:
                if trouble.tokens.total:
                    self.meter.count(trouble.tokens)
                tries += 1
                self._overcome(trouble, tries)
        self.meter.count(said.tokens)
        self._unsent = self._overflows = 0
        usage = {"fresh": said.tokens.fresh, "written": said.tokens.written}
        usage |= {"read": said.tokens.read, "output": said.tokens.output}
        content = said.content or [text_block("(nothing)")]
        message = {"role": "assistant", "content": content}
        usd = None if self.meter.tariff is None else str(self.meter.usd)
        self.transcript.add(message, stop=said.stop, usage=usage, usd=usd)
        self._said = said.text or self._said
        return said

    @property
    def _frame(self) -> int:
        """Bytes of what stands before the messages; known to the meter after the first reply."""
        if self.meter.known:
            return 0
        return len(self.system.encode()) + len(json.dumps(list(self.tools.definitions)).encode())

    def _request(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "max_tokens": max(self.meter.room(self._unsent + self._frame), LEAST_REPLY),
            "system": self.system,
            "tools": list(self.tools.definitions),
            "messages": marked(self.transcript.messages),
        }

    def _overcome(self, trouble: Trouble, tries: int) -> None:
        """Wait, or begin afresh, or give up."""
        self.transcript.note("trouble", failure=trouble.failure.value, text=str(trouble))
        if trouble.failure in _WAITS and tries < _TRIES:
            wait = trouble.retry_after
            if wait is None:
                wait = min(_FIRST_WAIT_S * 2 ** (tries - 1), _LONGEST_WAIT_S)
            if wait <= min(_LONGEST_WAIT_S, self.meter.seconds_left):
                self._tell(f"{trouble.failure.value}: waits {wait:g} s")
                self.stop.wait(wait)
                return
        if trouble.failure is FailureClass.CONTEXT_OVERFLOW and not self._overflows:
            self._overflows += 1
            raise _Full
        raise _Over(Ending(None, trouble.failure, str(trouble), self._said))

    # --- reacting

    def _react(self, said: Said) -> list[dict[str, Any]]:
        """Carry out what was asked for; returns what is to be said next."""
        if said.stop == "refusal":
            words = said.text[:300] or "The model declined the task."
            raise _Over(Ending(None, FailureClass.REFUSED, words, self._said))
        if said.stop == "model_context_window_exceeded":
            raise _Full
        if said.calls:
            return self._use(said)
        if said.stop == "max_tokens":
            return self._refuse("Your reply was cut: it was too long. Go on in smaller pieces.")
        if self._nudged:
            raise _Over(Ending(text=said.text))
        self._nudged = True
        return [text_block(f"If you are done, call `{self.tools.last}`. If not, go on.")]

    def _use(self, said: Said) -> list[dict[str, Any]]:
        rows, bad = [], ""
        for call in said.calls:
            if self.stop.is_set():
                raise _Over(_stopped())
            self._tell(f"{call.name} {' '.join(call.given.split())[:120]}")
            try:
                answer = self.tools.use(call)
            except BadCall as error:
                bad = str(error)
                if said.stop == "max_tokens":
                    bad += " Your reply was cut: it was too long. Go on in smaller pieces."
                answer = Answer(bad, failed=True)
            except NoToolbox as error:
                failure = FailureClass.INFRASTRUCTURE
                raise _Over(Ending(None, failure, str(error), self._said)) from None
            if not isinstance(answer, Answer):
                raise _Over(Ending(answer, text=said.text))
            self._watch(call, answer)
            rows.append(result_block(call.id, answer.text, failed=answer.failed))
        if bad:
            self._count_bad(bad)
        else:
            self._bad, self._nudged = 0, False
        if warning := self.meter.warning():
            rows.append(text_block(warning))
        return rows

    def _refuse(self, words: str) -> list[dict[str, Any]]:
        self._count_bad(words)
        return [text_block(words)]

    def _count_bad(self, words: str) -> None:
        self._bad += 1
        if self._bad >= BAD_REPLIES:
            reason = f"{self._bad} replies in a row could not be used. {words}"
            raise _Over(Ending(None, FailureClass.MALFORMED, reason, self._said))

    def _watch(self, call: ToolUse, answer: Answer) -> None:
        """A model that repeats itself word for word comes no further."""
        now = f"{call.name}\0{call.given}\0{answer.text}"
        self._same = [*self._same, now] if self._same[-1:] == [now] else [now]
        if len(self._same) >= SAME_CALLS:
            words = f"It made the same call {len(self._same)} times and got the same answer."
            raise _Over(Ending(None, FailureClass.STALL, words, self._said))

    # --- the conversation

    def _add(self, blocks: list[dict[str, Any]], *, merge: bool = False) -> None:
        if not blocks:
            return
        if merge:  # two messages of ours in a row are one to the API
            last = self.transcript.messages.pop()
            blocks = [*last["content"], *blocks]
            self.transcript.note("merged")
        message: Message = {"role": "user", "content": blocks}
        self.transcript.add(message)
        self._unsent += _size([message])

    def _renew(self, blocks: list[dict[str, Any]]) -> None:
        """Have a hand-off written, and go on with it in a conversation of its own. What the
        newest calls brought is left out: there may be no room for it."""
        rows = [{**b, "content": _LEFT_OUT} if "content" in b else b for b in blocks]
        self._add([*rows, text_block(_HAND_OFF)])
        with contextlib.suppress(_Full):
            self._said = self._ask().text or self._said
        self._begin_afresh(self._said)

    def _begin_afresh(self, hand_off: str) -> None:
        self.hand_off(hand_off)
        first = opening(self._prompt)
        note = text_block(
            "# Where an earlier session left off\n\nIts edits are in the working tree. "
            f"It wrote:\n\n{hand_off}\n\nGo on from there."
        )
        message = {"role": "user", "content": [*first["content"], note]}
        self.meter.known = 0
        self.transcript.begin_again(message, "the context was full")
        self._unsent = _size([message])

    def _tell(self, line: str) -> None:
        self.progress(Progress(line, self.meter.turns, self.meter.usd))


def _stopped() -> Ending[Any]:
    return Ending(None, FailureClass.INFRASTRUCTURE, "It was stopped on request.", resumable=True)


def _tokens(blocks: list[dict[str, Any]]) -> int:
    return int(_size(blocks) / BYTES_PER_TOKEN)


def _size(messages: Sequence[Message]) -> int:
    return len(json.dumps(list(messages), ensure_ascii=False).encode())

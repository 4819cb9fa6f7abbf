"""The messages between us and a model: how they begin, what is cached, how they are mended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_UNIT = "\n# The unit: "
_CACHED = {"type": "ephemeral"}
_INTERRUPTED = (
    "Interrupted: loopcoder was ended here, and nobody knows how far this call came. "
    "Look at what is there before you go on."
)


def opening(prompt: str) -> Message:
    """The first message: what all units share stands in a block of its own, before the unit."""
    shared, mark, own = prompt.partition(_UNIT)
    blocks = (
        [text_block(shared), text_block(mark.lstrip("\n") + own)] if mark else [text_block(prompt)]
    )
    return {"role": "user", "content": blocks}


def text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def result_block(call: str, text: str, *, failed: bool) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": failed}


def calls_of(message: Message) -> list[dict[str, Any]]:
    return [block for block in message["content"] if block["type"] == "tool_use"]


def results_missing(messages: Sequence[Message], *, interrupted: bool) -> list[dict[str, Any]]:
    """Results for the calls at the end of a conversation that have none: without them the API
    takes nothing more. A session that was not interrupted ended with such a call."""
    if not messages or messages[-1]["role"] != "assistant":
        return []
    text = _INTERRUPTED if interrupted else "Noted."
    return [result_block(call["id"], text, failed=interrupted) for call in calls_of(messages[-1])]


def marked(messages: Sequence[Message]) -> list[Message]:
    """The messages as they are sent: the shared beginning and the end are to be cached."""
    sent = list(messages)
    sent[0] = _with_mark(sent[0], 0)
    sent[-1] = _with_mark(sent[-1], -1)
    return sent


def _with_mark(message: Message, place: int) -> Message:
    blocks = list(message["content"])
    blocks[place] = {**blocks[place], "cache_control": _CACHED}
    return {**message, "content": blocks}

"""A message as the events of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_PIECE = 24


def events(message: Mapping[str, Any]) -> Iterator[bytes]:
    """Every event with its name, in the API's order."""
    begun = {**message, "content": [], "stop_reason": None}
    begun["usage"] = {**message["usage"], "output_tokens": 1}
    yield event("message_start", message=begun)
    yield event("ping")
    for index, block in enumerate(message["content"]):
        yield from _block(index, block)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event("message_delta", delta=delta, usage=message["usage"])
    yield event("message_stop")


def _block(index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
    empty = {name: value for name, value in block.items() if name != "raw"}
    if block["type"] == "text":
        empty["text"], text, kind, key = "", block["text"], "text_delta", "text"
    else:
        text = block["raw"] if "raw" in block else json.dumps(block["input"])
        empty["input"], kind, key = {}, "input_json_delta", "partial_json"
    yield event("content_block_start", index=index, content_block=empty)
    for begin in range(0, len(text), _PIECE):
        delta = {"type": kind, key: text[begin : begin + _PIECE]}
        yield event("content_block_delta", index=index, delta=delta)
    yield event("content_block_stop", index=index)


def event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields})
    return f"event: {kind}\ndata: {data}\n\n".encode()

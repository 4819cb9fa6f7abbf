"""Scripts, their turns, and a turn as a message of the API's."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.model_server.request import Asked, tokens_of

Turn = Mapping[str, Any] | Callable[[Asked], Mapping[str, Any]]
_numbers = itertools.count(1)


def say(text: str, **more: Any) -> dict[str, Any]:
    """A turn that says something and ends."""
    return {"text": text, **more}


def call(tool: str, text: str = "", **given: Any) -> dict[str, Any]:
    """A turn that calls one tool."""
    return {"text": text, "tools": [{"name": tool, "input": given}]}


@dataclass
class Script:
    """The turns of a unit's conversations: one list for each different first message."""

    conversations: list[Sequence[Turn]]
    seen: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, turns: Sequence[Any]) -> Script:
        nested = turns and isinstance(turns[0], list | tuple)
        return cls([list(each) for each in turns] if nested else [list(turns)])

    def turn(self, asked: Asked) -> Mapping[str, Any]:
        if asked.conversation not in self.seen:
            self.seen.append(asked.conversation)
        place = min(self.seen.index(asked.conversation), len(self.conversations) - 1)
        turns = self.conversations[place]
        chosen = turns[asked.turn] if asked.turn < len(turns) else say("done")
        return chosen(asked) if callable(chosen) else chosen


def message_of(turn: Mapping[str, Any], asked: Asked, usage: Mapping[str, int]) -> dict[str, Any]:
    """The turn as the API's message. A tool's `raw` is kept for the stream under that name."""
    content: list[dict[str, Any]] = []
    if turn.get("text"):
        content.append({"type": "text", "text": _filled(str(turn["text"]), asked)})
    for each in turn.get("tools", ()):
        row = {"type": "tool_use", "id": f"toolu_{next(_numbers):06d}", "name": each["name"]}
        if "raw" in each:
            content.append({**row, "input": {}, "raw": each["raw"]})
        else:
            content.append({**row, "input": json.loads(_filled(json.dumps(each["input"]), asked))})
    calls = any(row["type"] == "tool_use" for row in content)
    said = sum(tokens_of(json.dumps(row)) for row in content)
    return {
        "id": f"msg_{next(_numbers):06d}",
        "type": "message",
        "role": "assistant",
        "model": asked.body["model"],
        "content": content,
        "stop_reason": turn.get("stop") or ("tool_use" if calls else "end_turn"),
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": int(turn.get("output_tokens", said))},
    }


def _filled(text: str, asked: Asked) -> str:
    for name, value in (("head", asked.head), ("diff", asked.diff), ("unit", asked.unit)):
        text = text.replace(f"{{{{{name}}}}}", value)
    return text

"""What a request asks, read apart: its texts, its blocks in the cache's order, whose it is."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

_UNIT = re.compile(r"Id `([a-z0-9._-]+)`")
_HEAD = re.compile(r"head: `([0-9a-f]+)`")
_DIFF = re.compile(r"diff_sha256: `([0-9a-f]+)`")
_REVIEW = "How to review"


@dataclass
class Asked:
    """One request for a message. `usage` and `status` are filled in when it was answered."""

    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    status: int = 0
    at: float = field(default_factory=time.monotonic)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages") or [])

    @property
    def key(self) -> str:
        bearer = self.headers.get("authorization", "").partition(" ")[2]
        return self.headers.get("x-api-key", "") or bearer

    @property
    def turn(self) -> int:
        """How many replies the conversation already holds."""
        return sum(message.get("role") == "assistant" for message in self.messages)

    @cached_property
    def text(self) -> str:
        """Every text of system prompt and messages."""
        return "\n".join(_texts([self.body.get("system"), self.messages]))

    @property
    def unit(self) -> str:
        return _first(_UNIT, self.text)

    @property
    def is_review(self) -> bool:
        return _REVIEW in self.text

    @property
    def head(self) -> str:
        return _first(_HEAD, self.text)

    @property
    def diff(self) -> str:
        return _first(_DIFF, self.text)

    @property
    def conversation(self) -> str:
        """The same for every request of one conversation: a hash of its first message."""
        return digest(_plain(self.messages[:1]))

    @cached_property
    def blocks(self) -> list[Block]:
        """Tools, system, messages: the order in which a prefix is cached."""
        found = [Block.of(tool) for tool in self.body.get("tools") or []]
        found += [Block.of(block) for block in as_blocks(self.body.get("system"))]
        for message in self.messages:
            found += [Block.of(block, message["role"]) for block in as_blocks(message["content"])]
        if self.body.get("cache_control") and found:
            found[-1].marked = True
        return found

    @property
    def tokens(self) -> int:
        return sum(block.tokens for block in self.blocks)

    def texts_of(self, kind: str) -> list[str]:
        """The texts of the results (`tool_result`), say, of all messages, in order."""
        rows = [block for m in self.messages for block in as_blocks(m["content"])]
        return ["\n".join(_texts(row)) for row in rows if row.get("type") == kind]


@dataclass
class Block:
    """One cacheable piece; `marked` where a cache entry is to be written."""

    text: str
    tokens: int
    marked: bool

    @classmethod
    def of(cls, block: dict[str, Any], role: str = "") -> Block:
        text = role + json.dumps(_plain(block), sort_keys=True, ensure_ascii=False)
        return cls(text, tokens_of(text), "cache_control" in block)


def as_blocks(content: Any) -> list[dict[str, Any]]:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def tokens_of(text: str) -> int:
    return math.ceil(len(text.encode()) / 3.5)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Without the marks for the cache, which are no part of what is said."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name != "cache_control"}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        yield from _texts(value.get("text"))
        yield from _texts(value.get("content"))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""

"""One reply of the model, over the `anthropic` SDK: its events put together, its errors classed.

The events are read one by one, not through the SDK's own accumulation: that repairs the input of
a tool whose JSON was cut, and a repaired command is another command.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loopcoder.adapters.builtin.tariff import NO_TOKENS, Tokens
from loopcoder.adapters.builtin.tools import ToolUse
from loopcoder.domain.tick.failure import FailureClass

if TYPE_CHECKING:
    from anthropic import APIStatusError

_CONNECT_S = 20.0
_TEXT = 300


@dataclass(frozen=True, slots=True)
class Said:
    """A whole reply. `content` is what goes back into the conversation; `calls` are its tool
    calls as they came; `stop` is the API's word for why it ended."""

    content: list[dict[str, Any]]
    calls: tuple[ToolUse, ...]
    stop: str
    tokens: Tokens

    @property
    def text(self) -> str:
        return "\n".join(row["text"] for row in self.content if row["type"] == "text").strip()


class Trouble(Exception):
    """No reply. `tokens` were used all the same; `retry_after` is the provider's wish (seconds)."""

    def __init__(
        self,
        failure: FailureClass,
        text: str,
        tokens: Tokens = NO_TOKENS,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(" ".join(text.split())[:_TEXT])
        self.failure, self.tokens, self.retry_after = failure, tokens, retry_after


class Stopped(Exception):
    """We were asked to stop in the middle of a reply. `tokens` were used by then."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__("stopped")
        self.tokens = tokens


@dataclass(frozen=True)
class Wire:
    """A provider's address and our key, which never shows: not in a repr, not in an error."""

    key: str = field(repr=False)
    base_url: str | None = None
    silence_s: float = 120.0

    def __post_init__(self) -> None:
        from anthropic import Anthropic
        from httpx2 import Timeout

        client = Anthropic(
            api_key=self.key,
            base_url=self.base_url,
            max_retries=0,
            timeout=Timeout(self.silence_s, connect=min(_CONNECT_S, self.silence_s)),
        )
        object.__setattr__(self, "_client", client)

    def reply(self, request: Mapping[str, Any], stop: threading.Event) -> Said:
        """Raises Trouble, or Stopped when `stop` is set before the reply is whole."""
        from anthropic import APIConnectionError, APIStatusError
        from httpx2 import HTTPError

        gathered = _Gathered()
        try:
            with self._client.messages.create(stream=True, **request) as stream:  # type: ignore[attr-defined]
                for event in stream:
                    gathered.add(event)
                    if stop.is_set():
                        raise Stopped(gathered.tokens)
        except APIStatusError as error:
            raise trouble_of(error, gathered.tokens) from None
        except (APIConnectionError, HTTPError, ValueError) as error:
            words = f"The connection to the model failed: {type(error).__name__}: {error}"
            raise Trouble(FailureClass.TRANSIENT_API, words, gathered.tokens) from None
        if not gathered.stop:
            words = "The model's reply ended before it was whole."
            raise Trouble(FailureClass.TRANSIENT_API, words, gathered.tokens)
        return gathered.said()

    def close(self) -> None:
        self._client.close()  # type: ignore[attr-defined]


@dataclass
class _Gathered:
    """The reply as far as its events have come."""

    blocks: dict[int, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[int, str] = field(default_factory=dict)
    stop: str = ""
    tokens: Tokens = NO_TOKENS

    def add(self, event: Any) -> None:
        if event.type == "message_start":
            self.tokens = _tokens(event.message.usage, self.tokens)
        elif event.type == "content_block_start":
            self.blocks[event.index] = event.content_block.to_dict()
            self.inputs[event.index] = ""
        elif event.type == "content_block_delta":
            self._grow(event.index, event.delta)
        elif event.type == "message_delta":
            self.stop = event.delta.stop_reason or ""
            self.tokens = _tokens(event.usage, self.tokens)

    def _grow(self, index: int, delta: Any) -> None:
        if delta.type == "input_json_delta":
            self.inputs[index] += delta.partial_json
            return
        for name in ("text", "thinking", "signature"):
            if piece := getattr(delta, name, None):
                self.blocks[index][name] = self.blocks[index].get(name, "") + piece

    def said(self) -> Said:
        content = list(self._content())
        calls = tuple(
            ToolUse(row["id"], row["name"], self.inputs[index])
            for index, row in self.blocks.items()
            if row["type"] == "tool_use"
        )
        return Said(content, calls, self.stop, self.tokens)

    def _content(self) -> Iterator[dict[str, Any]]:
        """What the API takes back: no empty texts, and an input that is an object."""
        for index, row in self.blocks.items():
            if row["type"] == "tool_use":
                yield {
                    "type": "tool_use",
                    "id": row["id"],
                    "name": row["name"],
                    "input": _object(self.inputs[index]),
                }
            elif row["type"] == "text":
                if row["text"].strip():
                    yield {"type": "text", "text": row["text"]}
            else:
                yield row


def _object(text: str) -> dict[str, Any]:
    import json

    try:
        data = json.loads(text or "{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _tokens(usage: Any, before: Tokens) -> Tokens:
    """Counts are running totals; what an event leaves out stays as it was."""

    def count(name: str, known: int) -> int:
        value = getattr(usage, name, None)
        return known if value is None else int(value)

    return Tokens(
        count("input_tokens", before.fresh),
        count("cache_creation_input_tokens", before.written),
        count("cache_read_input_tokens", before.read),
        count("output_tokens", before.output),
    )


_BY_TYPE = {
    "authentication_error": FailureClass.AUTH,
    "permission_error": FailureClass.AUTH,
    "not_found_error": FailureClass.AUTH,
    "billing_error": FailureClass.BILLING,
    "rate_limit_error": FailureClass.RATE_LIMIT,
    "request_too_large": FailureClass.CONTEXT_OVERFLOW,
    "overloaded_error": FailureClass.TRANSIENT_API,
    "api_error": FailureClass.TRANSIENT_API,
    "timeout_error": FailureClass.TRANSIENT_API,
}
_BY_STATUS = {
    401: FailureClass.AUTH,
    402: FailureClass.BILLING,
    403: FailureClass.AUTH,
    404: FailureClass.AUTH,
    408: FailureClass.TRANSIENT_API,
    409: FailureClass.TRANSIENT_API,
    413: FailureClass.CONTEXT_OVERFLOW,
    429: FailureClass.RATE_LIMIT,
}
_BY_WORDS = (
    ("credit balance", FailureClass.BILLING),
    ("billing", FailureClass.BILLING),
    ("prompt is too long", FailureClass.CONTEXT_OVERFLOW),
    ("context window", FailureClass.CONTEXT_OVERFLOW),
    ("context limit", FailureClass.CONTEXT_OVERFLOW),
)


def trouble_of(error: APIStatusError, tokens: Tokens) -> Trouble:
    """An answer that is an error, or an error event inside a stream, as one of our classes."""
    said = error.api_message or error.message
    failure = _class_of(error.type or "", error.status_code, said.lower())
    words = f"The model's provider says: {said} (HTTP {error.status_code})"
    return Trouble(failure, words, tokens, _seconds(error.response.headers.get("retry-after")))


def _class_of(kind: str, status: int, words: str) -> FailureClass:
    if kind == "invalid_request_error" or status == 400:
        for part, failure in _BY_WORDS:
            if part in words:
                return failure
        return FailureClass.INFRASTRUCTURE
    if kind in _BY_TYPE:
        return _BY_TYPE[kind]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return FailureClass.TRANSIENT_API if status >= 500 else FailureClass.INFRASTRUCTURE


def _seconds(header: str | None) -> float | None:
    """Seconds, as this provider writes them; a date is as good as nothing."""
    try:
        return max(float(header), 0.0) if header else None
    except ValueError:
        return None

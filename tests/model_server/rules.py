"""What the API refuses: the mistakes in a conversation that a client can make."""

from __future__ import annotations

from typing import Any

from tests.model_server.request import Asked, as_blocks

_MARKS = 4


def mistake(asked: Asked) -> str:
    """What the API says against the request; empty when it is well-formed."""
    body = asked.body
    for name in ("model", "max_tokens", "messages"):
        if not body.get(name):
            return f"{name}: Field required"
    if "anthropic-version" not in asked.headers:
        return "anthropic-version: header is required"
    names = [tool.get("name") for tool in body.get("tools") or []]
    if len(names) != len(set(names)):
        return "tools: Tool names must be unique."
    marks = sum(block.marked for block in asked.blocks)
    if marks > _MARKS:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {marks}."
    return _order(asked.messages)


def _order(messages: list[dict[str, Any]]) -> str:
    """Roles, empty texts, and every call with its result right after it."""
    if messages[0].get("role") != "user":
        return "messages: first message must use the user role"
    open_calls: list[str] = []
    for place, message in enumerate(messages):
        rows = as_blocks(message.get("content"))
        if not rows and place + 1 < len(messages):
            return f"messages.{place}: all messages must have non-empty content"
        if any(row.get("type") == "text" and not row.get("text") for row in rows):
            return f"messages.{place}: text content blocks must be non-empty"
        given = [row["tool_use_id"] for row in rows if row.get("type") == "tool_result"]
        if lost := [name for name in open_calls if name not in given]:
            return (
                f"messages.{place}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(lost)}."
            )
        if strange := [name for name in given if name not in open_calls]:
            return f"messages.{place}: unexpected `tool_use_id` found in `tool_result`: {strange}."
        kinds = [row.get("type") for row in rows]
        if given and "tool_result" in kinds[len(given) :]:
            return f"messages.{place}: `tool_result` blocks must come first in the message"
        open_calls = [row["id"] for row in rows if row.get("type") == "tool_use"]
    if open_calls:
        return "messages: the last `tool_use` has no `tool_result`"
    return ""

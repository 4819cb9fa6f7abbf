"""The same scripted model in other providers' words: OpenAI's two, and Google's.

A request is read as a conversation of the Messages API, answered from the same script, and the
answer is written as the other API writes it. Register with `speak_all(server)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.model_server.request import Asked
from tests.model_server.server import Handler, Server

GOOGLE_MODEL = "gemini-2.5-pro"


def speak_all(server: Server) -> None:
    """Answer the paths of all dialects, besides the server's own."""
    server.routes["POST", "/v1/responses"] = _responses
    server.routes["POST", "/v1/chat/completions"] = _chat
    for verb in ("generateContent", "streamGenerateContent"):
        server.routes["POST", f"/v1beta/models/{GOOGLE_MODEL}:{verb}"] = _google


def _merged(rows: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Messages by role; what one side said in several pieces is one message."""
    messages: list[dict[str, Any]] = []
    for role, text in rows:
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += f"\n{text}"
        else:
            messages.append({"role": role, "content": text})
    return messages


def _answer(handler: Handler, model: str, rows: Iterable[tuple[str, str]], tools: Any) -> Any:
    """The scripted message; None when a fault was sent instead."""
    server = handler.server_ours
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = {"model": model, "messages": _merged(rows), "tools": tools or []}
    asked = Asked(body, headers)
    server.asked.append(asked)
    if server.keys and _key(asked) not in server.keys:
        _refuse(handler, 401, "Incorrect API key provided")
        return None
    fault = server.faults.take(asked.unit)
    if fault is not None:
        _refuse(handler, fault.status, fault.text or "fault on order")
        return None
    message, _ = server.message(asked)
    asked.status = 200
    return message


def _key(asked: Asked) -> str:
    return asked.key or asked.headers.get("x-goog-api-key", "")


def _refuse(handler: Handler, status: int, text: str) -> None:
    handler.send_json(status, {"error": {"message": text, "code": status, "type": "scripted"}})


def _events(rows: Iterable[Mapping[str, Any] | str], named: bool = False) -> list[bytes]:
    made = []
    for row in rows:
        name = f"event: {row['type']}\n" if named and isinstance(row, Mapping) else ""
        data = row if isinstance(row, str) else json.dumps(row)
        made.append(f"{name}data: {data}\n\n".encode())
    return made


def _tokens(message: Mapping[str, Any]) -> tuple[int, int]:
    usage = message["usage"]
    given = sum(usage[name] for name in usage if name != "output_tokens")
    return given, usage["output_tokens"]


# --- OpenAI's Responses


def _responses(handler: Handler, body: bytes) -> None:
    asked = json.loads(body)
    rows = [("user", str(asked.get("instructions") or ""))]
    rows += [(_responses_role(item), json.dumps(item)) for item in asked.get("input", ())]
    rows = [(role, text.replace("\\n", "\n").replace('\\"', '"')) for role, text in rows]
    message = _answer(handler, asked["model"], rows, asked.get("tools"))
    if message is None:
        return
    output = list(_responses_items(message))
    given, made = _tokens(message)
    usage = {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }
    done = {"id": message["id"], "status": "completed", "output": output, "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": message["id"]}},
        *(
            {"type": "response.output_item.done", "output_index": place, "item": item}
            for place, item in enumerate(output)
        ),
        {"type": "response.completed", "response": done},
    ]
    handler.send_events(_events(events, named=True))


def _responses_role(item: Mapping[str, Any]) -> str:
    said = item.get("role") == "assistant" or item.get("type") in ("function_call", "reasoning")
    return "assistant" if said else "user"


def _responses_items(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for place, block in enumerate(message["content"]):
        name = f"{message['id']}_{place}"
        if block["type"] == "text":
            part = {"type": "output_text", "text": block["text"], "annotations": []}
            said = {"type": "message", "id": name, "role": "assistant", "status": "completed"}
            yield {**said, "content": [part]}
        else:
            called = {"type": "function_call", "id": name, "call_id": block["id"]}
            arguments = json.dumps(block["input"])
            space, _, tool = block["name"].rpartition(".")
            within = {"namespace": space} if space else {}
            done = {"name": tool, "arguments": arguments, "status": "completed"}
            yield {**called, **within, **done}


# --- OpenAI's chat completions


def _chat(handler: Handler, body: bytes) -> None:
    asked = json.loads(body)
    rows = [
        ("assistant" if each["role"] == "assistant" else "user", _text(each.get("content")))
        for each in asked["messages"]
    ]
    message = _answer(handler, asked["model"], rows, asked.get("tools"))
    if message is None:
        return
    said: dict[str, Any] = {"role": "assistant", "content": _said(message)}
    calls = [
        {
            "index": place,
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": json.dumps(block["input"])},
        }
        for place, block in enumerate(b for b in message["content"] if b["type"] == "tool_use")
    ]
    if calls:
        said["tool_calls"] = calls
    end = "tool_calls" if calls else "stop"
    given, made = _tokens(message)
    usage = {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
    base = {"id": message["id"], "created": 1, "model": asked["model"]}
    if not asked.get("stream"):
        choice = {"index": 0, "message": said, "finish_reason": end}
        handler.send_json(
            200, {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
        )
        return
    chunk = {**base, "object": "chat.completion.chunk"}
    first = {"index": 0, "delta": said, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": end}
    rows_out: list[Mapping[str, Any] | str] = [
        {**chunk, "choices": [first]},
        {**chunk, "choices": [last]},
        {**chunk, "choices": [], "usage": usage},
        "[DONE]",
    ]
    handler.send_events(_events(rows_out))


# --- Google's


def _google(handler: Handler, body: bytes) -> None:
    asked = json.loads(body)
    rows = [
        ("assistant" if each.get("role") == "model" else "user", _text(each.get("parts")))
        for each in asked["contents"]
    ]
    message = _answer(handler, GOOGLE_MODEL, rows, asked.get("tools"))
    if message is None:
        return
    parts: list[dict[str, Any]] = []
    for block in message["content"]:
        if block["type"] == "text":
            parts.append({"text": block["text"]})
        else:
            parts.append({"functionCall": {"name": block["name"], "args": block["input"]}})
    given, made = _tokens(message)
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    answer = {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": given,
            "candidatesTokenCount": made,
            "totalTokenCount": given + made,
        },
        "modelVersion": GOOGLE_MODEL,
    }
    if "stream" in handler.path:
        handler.send_events(_events([answer]))
    else:
        handler.send_json(200, answer)


def _said(message: Mapping[str, Any]) -> str:
    return "\n".join(block["text"] for block in message["content"] if block["type"] == "text")


def _text(value: Any) -> str:
    """Every text in a message's content, however it is nested."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_text(each) for each in value)
    if isinstance(value, dict):
        return "\n".join(_text(each) for each in value.values())
    return ""

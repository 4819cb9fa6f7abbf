"""The client's side of the Agent Client Protocol, without any input or output of its own.

Messages are JSON-RPC, one a line. We ask for one session and one turn, and answer what the agent
asks of us: permission by policy, files only inside the tree. Everything it says is checked where
it is used; what we do not know is refused with the protocol's own error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loopcoder.adapters.agents.confined import Confined
from loopcoder.domain.settings import McpServer

VERSION = 1
_LINE_BYTES = 32 << 20
_ANSWER_CHARACTERS = 1 << 20
_READING = frozenset({"read", "search", "think", "fetch"})
_NO_METHOD, _FAILED = -32601, -32603


@dataclass(frozen=True, slots=True)
class Talk:
    """What is to be done: in which folder, with which prompt. A reader may change nothing."""

    cwd: str
    prompt: str
    files: Confined
    may_write: bool
    servers: tuple[McpServer, ...] = ()
    model: str = ""
    said: Callable[[str], None] = lambda line: None


@dataclass(slots=True)
class AcpClient:
    """One conversation. `stop_reason` is set when the agent finished its turn, `error` when it
    could not; `answer` is all that it said in words."""

    talk: Talk
    stop_reason: str = ""
    error: str = ""
    tokens: tuple[int, int] | None = None
    _texts: list[str] = field(default_factory=list)
    _length: int = 0
    _rest: bytes = b""
    _asked: dict[int, Callable[[Any], bytes]] = field(default_factory=dict)
    _number: int = 0
    _session: str = ""

    @property
    def is_over(self) -> bool:
        return bool(self.stop_reason or self.error)

    @property
    def answer(self) -> str:
        return "".join(self._texts)

    def begin(self) -> bytes:
        files = {"readTextFile": True, "writeTextFile": self.talk.may_write}
        given = {
            "protocolVersion": VERSION,
            "clientCapabilities": {"fs": files, "terminal": False},
            "clientInfo": {"name": "loopcoder", "version": "1"},
        }
        return self._ask("initialize", given, self._initialized)

    def hear(self, chunk: bytes) -> bytes:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _LINE_BYTES:
            self.error, self._rest = "it sent a message without end", b""
        return b"".join(self._line(line) for line in lines if not self.is_over)

    # --- our questions

    def _initialized(self, result: Any) -> bytes:
        version = result.get("protocolVersion")
        if version != VERSION:
            self.error = f"it speaks version {version} of the protocol, and we speak {VERSION}"
            return b""
        can = _at(result, "agentCapabilities", "mcpCapabilities", "http") is True
        servers = [_server(each) for each in self.talk.servers if can or not each.url]
        given = {"cwd": self.talk.cwd, "mcpServers": servers}
        return self._ask("session/new", given, self._opened)

    def _opened(self, result: Any) -> bytes:
        self._session = str(result.get("sessionId") or "")
        if not self._session:
            self.error = "it opened no session"
            return b""
        known = [m.get("modelId") for m in _rows(_at(result, "models", "availableModels"))]
        if self.talk.model in known:
            given = {"sessionId": self._session, "modelId": self.talk.model}
            return self._ask("session/set_model", given, lambda _: self._prompt())
        return self._prompt()

    def _prompt(self) -> bytes:
        blocks = [{"type": "text", "text": self.talk.prompt}]
        given = {"sessionId": self._session, "prompt": blocks}
        return self._ask("session/prompt", given, self._ended)

    def _ended(self, result: Any) -> bytes:
        used = _at(result, "usage")
        figures = (_at(used, "inputTokens"), _at(used, "outputTokens"))
        if all(isinstance(each, int) and 0 <= each <= 10**12 for each in figures):
            self.tokens = figures[0], figures[1]
        self.stop_reason = str(result.get("stopReason") or "")
        if not self.stop_reason:
            self.error = "it ended its turn without a reason"
        return b""

    def _ask(self, method: str, given: Mapping[str, Any], then: Callable[[Any], bytes]) -> bytes:
        self._number += 1
        number = self._number
        self._asked[number] = then
        return _written({"id": number, "method": method, "params": given})

    # --- what it says

    def _line(self, line: bytes) -> bytes:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return b""  # a stray line of output is no message
        if not isinstance(message, dict):
            return b""
        if "method" in message:
            return self._called(message)
        number = message.get("id")
        then = self._asked.pop(number, None) if isinstance(number, int) else None
        if then is None:
            return b""
        if "error" in message:
            self.error = _words(message["error"]) or "it answered with an error"
            return b""
        result = message.get("result")
        return then(result if isinstance(result, dict) else {})

    def _called(self, message: dict[str, Any]) -> bytes:
        method, given = message["method"], message.get("params")
        given = given if isinstance(given, dict) else {}
        if "id" not in message:
            if method == "session/update":
                self._updated(given.get("update"))
            return b""
        answers = {
            "session/request_permission": self._permission,
            "fs/read_text_file": self._read,
            "fs/write_text_file": self._write,
        }
        act = answers.get(method) if isinstance(method, str) else None
        if act is None:
            return _refusal(message["id"], _NO_METHOD, f"{method} is not offered here")
        try:
            return _written({"id": message["id"], "result": act(given)})
        except (OSError, ValueError) as error:
            return _refusal(message["id"], _FAILED, str(error))

    def _updated(self, update: Any) -> None:
        kind = _at(update, "sessionUpdate")
        text = _at(update, "content", "text")
        if kind == "agent_message_chunk" and isinstance(text, str):
            self._length += len(text)
            if self._length <= _ANSWER_CHARACTERS:
                self._texts.append(text)
        shown = text if kind == "agent_message_chunk" else _at(update, "title")
        if isinstance(shown, str) and shown.strip():
            self.talk.said(shown.strip().splitlines()[0])

    def _permission(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A worker may do what its sandbox lets it; a reviewer may only look."""
        kind = _at(given, "toolCall", "kind")
        wanted = "allow" if self.talk.may_write or kind in _READING else "reject"
        rows = _rows(given.get("options"))
        options = sorted(rows, key=lambda row: row.get("kind") != f"{wanted}_once")
        for option in options:
            if str(option.get("kind")).startswith(wanted):
                return {"outcome": {"outcome": "selected", "optionId": option.get("optionId")}}
        return {"outcome": {"outcome": "cancelled"}}

    def _read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        lines = self.talk.files.read(str(given.get("path"))).splitlines(keepends=True)
        first, most = given.get("line"), given.get("limit")
        begin = max(first - 1, 0) if isinstance(first, int) else 0
        end = begin + most if isinstance(most, int) and most >= 0 else None
        return {"content": "".join(lines[begin:end])}

    def _write(self, given: Mapping[str, Any]) -> dict[str, Any]:
        if not self.talk.may_write:
            raise ValueError("a reviewer changes nothing")
        self.talk.files.write(str(given.get("path")), str(given.get("content") or ""))
        return {}


def _server(server: McpServer) -> dict[str, Any]:
    if server.url:
        rows = [{"name": name, "value": value} for name, value in server.headers.items()]
        return {"type": "http", "name": server.name, "url": server.url, "headers": rows}
    program, *args = server.argv
    rows = [{"name": name, "value": value} for name, value in server.env.items()]
    return {"name": server.name, "command": program, "args": args, "env": rows}


def _written(message: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"


def _refusal(number: Any, code: int, words: str) -> bytes:
    return _written({"id": number, "error": {"code": code, "message": words[:500]}})


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _rows(value: Any) -> Iterable[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _words(error: Any) -> str:
    """An error's message, with the details where they are a text or hold one."""
    more = _at(error, "data")
    more = more if isinstance(more, str) else _at(more, "details") or _at(more, "message") or ""
    return " ".join(f"{_at(error, 'message') or ''} {more}".split())[:1000]

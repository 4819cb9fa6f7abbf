"""The server: sockets in front, the script behind, faults in between."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.model_server.cache import Cache
from tests.model_server.faults import Fault, Faults, How
from tests.model_server.reply import Script, message_of, say
from tests.model_server.request import Asked
from tests.model_server.rules import mistake
from tests.model_server.stream import event, events
from tests.support.listener import Listener


@dataclass
class Server:
    """Starts listening when made. `scripts` are by role (`work`, `review`) and unit.

    `routes` serves further paths (`POST /v1/responses`, say): from method, path, headers and body
    to whatever the handler is told to send. `asked` is every request for a message; `paths` all.
    """

    port: int = 0
    scripts: dict[tuple[str, str], Script] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    cache: Cache = field(default_factory=Cache)
    keys: set[str] = field(default_factory=set)
    window: int = 200_000
    asked: list[Asked] = field(default_factory=list)
    unscripted: list[Asked] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    routes: dict[tuple[str, str], Callable[[Handler, bytes], None]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        outer = self

        class Bound(Handler):
            server_ours = outer

        self._http = Listener(("127.0.0.1", self.port), Bound)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def wait(self) -> None:
        self._thread.join()

    def refusal(self, asked: Asked) -> Fault | None:
        """What the API itself has against a request, as the fault that it looks like."""
        if self.keys and asked.key not in self.keys:
            return Fault(status=401, text="invalid x-api-key")
        if wrong := mistake(asked):
            return Fault(status=400, text=wrong)
        if asked.tokens > self.window:
            text = f"prompt is too long: {asked.tokens} tokens > {self.window} maximum"
            return Fault(status=400, text=text)
        return None

    def message(self, asked: Asked) -> tuple[dict[str, Any], float]:
        """The scripted reply, and how long to think about it."""
        with self.lock:
            turn = self._turn(asked)
            asked.usage = self.cache.account(asked)
            return message_of(turn, asked, asked.usage), float(turn.get("delay", 0.0))

    def _turn(self, asked: Asked) -> Mapping[str, Any]:
        role = "review" if asked.is_review else "work"
        for key in ((role, asked.unit), (role, "*"), ("*", "*")):
            if key in self.scripts:
                return self.scripts[key].turn(asked)
        self.unscripted.append(asked)
        return say(f"nothing is scripted for {asked.unit or 'this'}")


class Handler(BaseHTTPRequestHandler):
    """One connection. `send_json`, `send_events` and `drop` are how anything is answered."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server_ours: Server

    def do_HEAD(self) -> None:
        self.send_json(200, {})

    def do_GET(self) -> None:
        self._route(b"")

    def do_POST(self) -> None:
        self._route(self.rfile.read(int(self.headers.get("content-length") or 0)))

    def _route(self, body: bytes) -> None:
        server, path = self.server_ours, self.path.partition("?")[0]
        server.paths.append(f"{self.command} {path}")
        if further := server.routes.get((self.command, path)):
            further(self, body)
        elif path == "/_test/asked":
            rows = [{"unit": a.unit, "at": a.at, "usage": a.usage} for a in server.asked]
            self.send_json(200, rows)
        elif path == "/v1/messages":
            self._message(self.asked(body))
        elif path == "/v1/messages/count_tokens":
            self.send_json(200, {"input_tokens": self.asked(body).tokens})
        else:
            self.send_json(404, Fault(status=404, text=f"no such path: {path}").body())

    def asked(self, body: bytes) -> Asked:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Asked(json.loads(body or b"{}"), headers)

    def _message(self, asked: Asked) -> None:
        server = self.server_ours
        server.asked.append(asked)
        fault = server.refusal(asked) or server.faults.take(asked.unit)
        if fault is not None and fault.how is How.HANG:
            time.sleep(fault.seconds)
            self.drop()
            return
        if fault is not None and fault.how is How.STATUS:
            asked.status = fault.status
            self.send_json(fault.status, fault.body(), fault.headers())
            return
        message, delay = server.message(asked)
        time.sleep(delay)
        asked.status = 200
        if asked.body.get("stream"):
            self._stream(message, fault)
        elif fault is not None:
            self.drop()
        else:
            self.send_json(200, message)

    def _stream(self, message: Mapping[str, Any], fault: Fault | None) -> None:
        rows = list(events(message))
        if fault is None:
            self.send_events(rows)
            return
        rows = rows[: fault.events]
        if fault.how is How.EVENT:
            rows.append(event("error", error=fault.body()["error"]))
        self.send_events(rows, ends=fault.how is not How.CUT)
        if fault.how is How.CUT:
            self.drop()

    def send_json(self, status: int, data: Any, headers: Mapping[str, str] | None = None) -> None:
        payload = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("request-id", "req_scripted")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)
        self.wfile.flush()

    def send_events(self, rows: list[bytes], *, ends: bool = True) -> None:
        """Server-sent events in chunks; without `ends` the last chunk is missing."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("request-id", "req_scripted")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for row in rows:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(row), row))
        if ends:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def drop(self) -> None:
        """End the connection without another word."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept by the server."""

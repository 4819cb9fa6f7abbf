"""The server: sockets in front, the API and git behind, faults in between."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.github_server.admin import administer
from tests.github_server.exchange import Reply, Request
from tests.github_server.faults import Fault, How
from tests.github_server.gate import Gate
from tests.github_server.git_http import GitGate, operation_of
from tests.github_server.graphql_gate import GraphqlGate
from tests.github_server.hub import Hub, Logged
from tests.github_server.limits import secondary_refusal
from tests.support.listener import Listener


class ContractBroken(AssertionError):
    """Requests or answers that GitHub does not describe."""


@dataclass(slots=True)
class Server:
    """Starts listening when made. `url` has the host `localhost`, as PyGithub wants it."""

    hub: Hub
    port: int = 0
    _http: Listener = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        outer = self

        class Handler(_Handler):
            server_ours = outer

        self._http = Listener(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def wait(self) -> None:
        self._thread.join()

    def check(self) -> None:
        """Raises ContractBroken for every exchange so far that was not as GitHub has it."""
        if self.hub.violations:
            raise ContractBroken("\n".join(self.hub.violations))

    def answer(self, request: Request) -> tuple[Reply | None, Fault | None]:
        """The answer, and the fault that its way back meets. None: there is no answer at all."""
        if request.path.startswith("/_test/"):
            return administer(self.hub, request), None
        operation = self._operation(request)
        fault = self.hub.faults.take(operation, request.method, request.path)
        if fault is not None and not fault.after:
            _act(fault)
            if fault.how is How.STATUS:
                return self._logged(request, operation, fault.reply()), None
            if fault.how is not How.NOTHING:
                return self._logged(request, operation, None), fault
        reply = self._limited(request, operation)
        if fault is not None and fault.after:
            _act(fault)
            if fault.how is How.STATUS:
                reply = fault.reply()
        spoils = fault is not None and fault.how in (How.CUT, How.TRUNCATE, How.HANG)
        self._logged(request, operation, None if spoils else reply)
        return reply, fault if spoils else None

    def _operation(self, request: Request) -> str:
        git = operation_of(request)
        if git:
            return git
        if request.path in ("/graphql", "/api/graphql"):
            return "graphql"
        if request.path.startswith("/_logs/"):
            return "logs"
        gate = Gate(self.hub, self.url)
        path = gate.by_name(request.path.removeprefix("/api/v3"))
        found = gate.contract.find(request.method, path)
        return found[0].id if found else "unknown"

    def _limited(self, request: Request, operation: str) -> Reply:
        most = self.hub.limits.concurrent
        with self.hub.lock:
            self.hub.running += 1
            crowded = most is not None and self.hub.running > most
        try:
            if crowded:
                refusal = secondary_refusal(self.hub.limits.retry_after)
                return Reply(refusal.status, refusal.body, dict(refusal.headers))
            if operation.startswith("git/") and operation_of(request):
                return GitGate(self.hub).handle(request)
            if operation == "graphql":
                return GraphqlGate(self.hub, self.url).handle(request)
            if operation == "logs":
                return self._log_of_job(request)
            return Gate(self.hub, self.url).handle(request)[1]
        finally:
            with self.hub.lock:
                self.hub.running -= 1

    def _log_of_job(self, request: Request) -> Reply:
        """Where the API's redirect to a job's log leads; no token is needed here."""
        _, repo, key = request.segments
        for run in self.hub.repositories[int(repo)].runs.values():
            for job in run.jobs:
                if job.id == int(key):
                    return Reply(200, raw=job.log.encode(), headers={"Content-Type": "text/plain"})
        return Reply(404, raw=b"")

    def _logged(self, request: Request, operation: str, reply: Reply | None) -> Reply | None:
        value = request.headers.get("authorization", "").partition(" ")[2]
        token = self.hub.tokens.get(value)
        self.hub.log.append(
            Logged(
                request.method,
                request.target,
                operation,
                reply.status if reply else 0,
                token.account.login if token else "",
                value,
                self.hub.now(),
            )
        )
        return reply


def _act(fault: Fault) -> None:
    if fault.do is not None:
        fault.do()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server_ours: Server

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self._read_body(headers))
        if len(self.headers.get_all("Authorization", ())) > 1:
            self._send(Reply(400, {"message": "Duplicate header: Authorization"}))
            return
        try:
            reply, fault = self.server_ours.answer(request)
        except Exception as error:
            self.server_ours.hub.violations.append(f"{self.command} {self.path}: {error!r}")
            raise
        if fault is not None:
            self._spoil(reply, fault)
        elif reply is not None:
            self._send(reply)

    def __getattr__(self, name: str) -> Any:
        """Every method is served the same way."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if "chunked" not in headers.get("transfer-encoding", ""):
            return self.rfile.read(int(headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, reply: Reply, cut_at: int | None = None) -> None:
        payload = reply.payload()
        headers = {"Content-Type": "application/json; charset=utf-8", **reply.headers}
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload[:cut_at])
        self.wfile.flush()

    def _spoil(self, reply: Reply | None, fault: Fault) -> None:
        if fault.how is How.HANG:
            time.sleep(fault.seconds)
        if fault.how is How.TRUNCATE and reply is not None:
            self._send(reply, cut_at=len(reply.payload()) // 2)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` header, by the hub's clock."""
        return format_datetime(self.server_ours.hub.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in the hub's log."""

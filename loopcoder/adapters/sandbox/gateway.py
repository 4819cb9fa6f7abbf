"""The one way out of a run's own network: our proxy, listening on the loopback inside.

The sockets are made in the run's network namespace and served from here, so nothing of ours runs
inside, no path has to be shown there, and a program can neither stop nor replace it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from loopcoder.adapters.sandbox import gateway_listen
from loopcoder.adapters.sandbox.launch import NotStarted
from loopcoder.adapters.sandbox.proxy import HEAD_BYTES, Proxy, Target
from loopcoder.domain.guard.reach import Reach

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_PORT = 3128
_OPEN_S = 20.0
_REMEMBERED = 200


class Gateway:
    """`env` tells programs of the proxy. `log` gets a line for every host that was asked for.

    A run that is not `apart` shares the machine's loopback: there the proxy listens from the
    beginning, on a port that was free.
    """

    def __init__(self, reach: Reach, log: Path | None = None, *, apart: bool = True) -> None:
        self._local = reach.local_ports
        here = None if apart else socket.create_server(("127.0.0.1", 0))
        self._apart = apart
        self.port = here.getsockname()[1] if here else _free_port(self._local)
        self._proxy = Proxy(reach, self._note)
        self._log = log
        self._seen: dict[tuple[Target, bool], None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway", daemon=True)
        self._thread.start()
        if here is not None:
            self.serve(here, self.port)

    @property
    def env(self) -> dict[str, str]:
        return proxy_variables(self.port)

    @property
    def refused(self) -> tuple[str, ...]:
        """The hosts that were asked for and not allowed, in the order they were first asked for."""
        return tuple(str(target) for target, allowed in list(self._seen) if not allowed)

    def open(self, pid: int) -> None:
        """Listen inside the network namespace of a process. Raises NotStarted."""
        if not self._apart:
            return
        for port, listening in _sockets_inside(pid, (self.port, *self._local)):
            self.serve(listening, port)

    def serve(self, listening: socket.socket, port: int) -> None:
        """Answer on a listening socket: as the proxy, or as the local service with that port."""
        if port == self.port:
            answer = self._proxy.serve
        else:
            answer = functools.partial(self._proxy.pass_on, port)
        started = asyncio.start_server(_quietly(answer), sock=listening, limit=HEAD_BYTES)
        asyncio.run_coroutine_threadsafe(started, self._loop).result(_OPEN_S)

    def close(self) -> None:
        """Cut every connection and stop listening."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_OPEN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _note(self, target: Target, allowed: bool) -> None:
        key = (target, allowed)
        if key in self._seen or len(self._seen) >= _REMEMBERED:
            return
        self._seen[key] = None
        if self._log is not None:
            with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as file:
                file.write(f"{'reached' if allowed else 'refused'} {target}\n")


def _quietly(answer: Answer) -> Answer:
    """Our own cutting of a connection in the end is no error to be reported."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await answer(reader, writer)

    return answered


def proxy_variables(port: int) -> dict[str, str]:
    """What makes clients of all kinds use the proxy on a port of the loopback."""
    address, here = f"http://127.0.0.1:{port}", "localhost,127.0.0.1,::1"
    names = ("http_proxy", "https_proxy", "all_proxy")
    variables = {**dict.fromkeys(names, address), "no_proxy": here}
    return {
        **variables,
        **{name.upper(): value for name, value in variables.items()},
        "npm_config_proxy": address,
        "npm_config_https_proxy": address,
        "npm_config_noproxy": here,
        "PIP_PROXY": address,
        "NODE_USE_ENV_PROXY": "1",
    }


def _free_port(taken: tuple[int, ...]) -> int:
    return next(port for port in range(_PORT, _PORT + len(taken) + 1) if port not in taken)


def _sockets_inside(pid: int, ports: tuple[int, ...]) -> list[tuple[int, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            said = _run_listener(pid, theirs, ports)
        ours.setblocking(False)
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                name, handles, _, _ = socket.recv_fds(ours, 6, 1)
                if not handles:
                    break
                found.append((int(name), socket.socket(fileno=handles[0])))
    if {port for port, _ in found} != set(ports):
        for _, listening in found:
            listening.close()
        raise NotStarted(f"The way to the allowed hosts could not be made: {said}.")
    return found


def _run_listener(pid: int, channel: socket.socket, ports: tuple[int, ...]) -> str:
    """Have the sockets made; what was said, should that fail."""
    argv = [
        *(sys.executable, "-I", "-S", str(Path(gateway_listen.__file__))),
        *(str(pid), str(channel.fileno()), *map(str, ports)),
    ]
    try:
        done = subprocess.run(
            argv,
            env={},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            pass_fds=(channel.fileno(),),
            timeout=_OPEN_S,
            check=False,
            cwd=os.sep,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stderr.strip() or "no word").rsplit("\n", 1)[-1]

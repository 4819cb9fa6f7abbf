"""An HTTP proxy that knows its hosts: `CONNECT` and plain requests to those allowed, 403 to others.

It runs outside of the sandbox and looks names up itself, so that a program inside needs no other
network. Everything that a program says to it is taken to be hostile.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from loopcoder.domain.guard.reach import Reach, fold

HEAD_BYTES = 1 << 16
_CHUNK = 1 << 16
_CONNECTIONS = 512
_HEAD_S = 30.0
_CONNECT_S = 30.0
_OURS = (b"host:", b"proxy-", b"connection:", b"keep-alive:")

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int

    def __str__(self) -> str:
        shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in self.host)[:200]
        return f"[{shown}]:{self.port}" if ":" in shown else f"{shown}:{self.port}"


class Refused(Exception):
    """What the program gets instead of an answer: a status line's rest, and a sentence."""

    def __init__(self, status: str, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


class Proxy:
    """Serves connections of one run. `note` is told of every target, and whether it was allowed."""

    def __init__(self, reach: Reach, note: Callable[[Target, bool], None]) -> None:
        self._reach = reach
        self._note = note
        self._open = 0

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """One connection that speaks HTTP to a proxy."""
        with self._counted(writer) as served:
            if not served:
                return
            try:
                async with asyncio.timeout(_HEAD_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                target, first = _understand(head)
                far = await self._reach_out(target)
                if not first:
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _join(reader, writer, *far, first)
            except Refused as refused:
                await _answer(writer, refused)
            except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
                return

    async def pass_on(self, port: int, reader: Reader, writer: Writer) -> None:
        """One connection to an allowed port of this machine's loopback, whatever it speaks."""
        with self._counted(writer) as served:
            if served:
                with contextlib.suppress(Refused, OSError):
                    far = await self._reach_out(Target(self._reach.local_name(port), port))
                    await _join(reader, writer, *far, b"")

    @contextlib.contextmanager
    def _counted(self, writer: Writer) -> Iterator[bool]:
        """Whether there is room for one more connection, which is closed in the end."""
        self._open += 1
        try:
            yield self._open <= _CONNECTIONS
        finally:
            self._open -= 1
            writer.close()

    async def _reach_out(self, target: Target) -> tuple[Reader, Writer]:
        """A connection to an allowed host. Raises Refused."""
        if not self._reach.allows(target.host, target.port):
            self._note(target, False)
            raise Refused("403 Forbidden", f"{target} is not in `network.allow`.")
        try:
            async with asyncio.timeout(_CONNECT_S):
                for address in await _look_up(target):
                    if not self._reach.allows_address(target.host, address):
                        self._note(target, False)
                        raise Refused(
                            "403 Forbidden", f"{target} leads to {address}, which is not allowed."
                        )
                    with contextlib.suppress(OSError):
                        far = await asyncio.open_connection(str(address), target.port)
                        self._note(target, True)
                        return far
        except (OSError, UnicodeError) as error:
            raise Refused("502 Bad Gateway", f"{target} cannot be reached: {error}.") from error
        raise Refused("502 Bad Gateway", f"{target} cannot be reached.")


async def _look_up(target: Target) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = await asyncio.get_running_loop().getaddrinfo(
        fold(target.host), target.port, type=socket.SOCK_STREAM
    )
    numbers = (str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(number) for number in dict.fromkeys(numbers)]


def _understand(head: bytes) -> tuple[Target, bytes]:
    """Where a request wants to go, and what is sent there first (nothing for a tunnel)."""
    line, _, fields = head.partition(b"\r\n")
    try:
        method, where, version = line.decode("ascii").split(" ")
        if not version.startswith("HTTP/1."):
            raise ValueError
        if method == "CONNECT":
            parts = urlsplit(f"//{where}")
            return _target(parts.hostname, parts.port), b""
        parts = urlsplit(where)
        if parts.scheme != "http":
            raise ValueError
        target = _target(parts.hostname, 80 if parts.port is None else parts.port)
    except ValueError as error:
        raise Refused("400 Bad Request", "This is a proxy; it was asked for no host.") from error
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    kept = [each for each in fields.split(b"\r\n") if each and not each.lower().startswith(_OURS)]
    first = [f"{method} {path} HTTP/1.1".encode(), f"Host: {_named(target)}".encode()]
    return target, b"\r\n".join([*first, b"Connection: close", *kept, b"", b""])


def _target(host: str | None, port: int | None) -> Target:
    if not host or port is None:
        raise ValueError
    return Target(fold(host), port)


def _named(target: Target) -> str:
    """The Host field, made from where the request really goes: an allowed host is no front."""
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == 80 else f"{name}:{target.port}"


async def _answer(writer: Writer, refused: Refused) -> None:
    body = f"loopcoder: {refused.words}\n".encode()
    head = (
        f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError):
        writer.write(head.encode() + body)
        await writer.drain()


async def _join(
    reader: Reader, writer: Writer, far_reader: Reader, far_writer: Writer, first: bytes
) -> None:
    """Carry bytes both ways until both sides have ended."""
    far_writer.write(first)
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, far_writer))
            both.create_task(_pump(far_reader, writer))
    except* OSError:  # one side is gone, and so is the exchange
        pass
    finally:
        far_writer.close()


async def _pump(reader: Reader, writer: Writer) -> None:
    while piece := await reader.read(_CHUNK):
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()

"""Which hosts a sandboxed program may reach: what `network:` in the configuration means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

EVERYTHING = "*"
_WEB = (80, 443)
_NAMED = 5
_NAME = re.compile(
    r"(?:\*\.)?(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*"
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_ENTRY = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^:]+))(?::(?P<port>[0-9]{1,6}))?")

# Where clouds tell a machine its own keys. Most are link-local, these are not.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
)


@dataclass(frozen=True, slots=True)
class Host:
    """One entry: a name, `*.name` for what lies below it, or an address; and perhaps a port.

    Without a port it means 80 and 443.
    """

    name: str
    port: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a service on this very machine's loopback."""
        address = _address(self.name)
        return self.name == "localhost" or (address is not None and address.is_loopback)

    @property
    def ports(self) -> tuple[int, ...]:
        return _WEB if self.port is None else (self.port,)

    def covers(self, name: str, port: int) -> bool:
        if port not in self.ports:
            return False
        if self.name.startswith("*."):
            return name.endswith(self.name[1:]) and _address(name) is None
        return name == self.name


@dataclass(frozen=True, slots=True)
class Reach:
    """All that a program may reach. `everything` is the machine's own network, unfiltered."""

    hosts: tuple[Host, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.hosts)

    @property
    def local_ports(self) -> tuple[int, ...]:
        """Ports of this machine's loopback that are allowed."""
        ports = (port for host in self.hosts if host.is_local for port in host.ports)
        return tuple(dict.fromkeys(ports))

    def local_name(self, port: int) -> str:
        """The name by which a port of this machine's loopback was allowed."""
        return next(host.name for host in self.hosts if host.is_local and port in host.ports)

    def allows(self, name: str, port: int) -> bool:
        """Whether a host may be asked for, under the name that the program gave it."""
        name = fold(name)
        return any(host.covers(name, port) for host in self.hosts)

    def allows_address(self, name: str, address: Address) -> bool:
        """Whether an allowed name may stand for the address that it was found to have.

        A name must not lead back to this machine or to a cloud's keys; who means those writes
        `localhost:PORT` or the address itself.
        """
        name = fold(name)
        if any(host.name == name and _is_literal(host) for host in self.hosts):
            return name != "localhost" or address.is_loopback
        real = getattr(address, "ipv4_mapped", None) or address
        return not (
            real.is_loopback
            or real.is_link_local
            or real.is_unspecified
            or real.is_multicast
            or real in _METADATA
        )


NOTHING = Reach()


def reach_of(entries: Iterable[str]) -> Reach:
    """The reach that a list of hosts means. Raises ValueError with what to write instead."""
    entries = tuple(entries)
    if EVERYTHING in entries:
        return Reach(everything=True)
    return Reach(tuple(dict.fromkeys(parse_host(entry) for entry in entries)))


def parse_host(text: str) -> Host:
    """`name`, `*.name`, `name:port`, `1.2.3.4:port`, `[::1]:port`. Raises ValueError."""
    entry = text.strip().lower()
    if "://" in entry or "/" in entry:
        raise ValueError("write the host alone, such as `api.example.org`, without `https://`")
    written = _ENTRY.fullmatch(entry)
    name = fold(written["address"] or written["name"] if written else entry)
    port = int(written["port"] or 0) if written else 0
    if port > 65535 or (written and written["port"] is not None and not port):
        raise ValueError(f"`{text}` has no usable port")
    if _address(name) is None and not _NAME.fullmatch(name):
        raise ValueError(f"`{text}` is no host name; write `name`, `name:port` or `*.name`")
    return Host(name, port or None)


def fold(name: str) -> str:
    """A host's name or address in the one spelling that is compared."""
    name = name.strip("[]").rstrip(".").lower()
    address = _address(name)
    return str(address) if address is not None else name


def refusal(refused: Sequence[str]) -> str:
    """One sentence for a person about hosts that were refused; empty when none was."""
    if not refused:
        return ""
    more = f" and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    return (
        f"It asked for hosts that it may not reach: {', '.join(refused[:_NAMED])}{more} "
        "(`network:` names those it may)."
    )


def _is_literal(host: Host) -> bool:
    return host.name == "localhost" or _address(host.name) is not None


def _address(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None

"""Which system calls a program may not make: what mounts, namespaces and Landlock leave open.

A pure function from a few wishes to the bytes of the BPF program that the kernel takes.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_DENY = 0x00050000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_CALLS: Mapping[str, tuple[int, int]] = {  # x86_64, aarch64
    "socket": (41, 198),
    "socketpair": (53, 199),
    "listen": (50, 201),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "clone": (56, 220),
    "clone3": (435, 435),
    "ioctl": (16, 29),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "syslog": (103, 116),
}
_NEVER = (
    *("unshare", "setns", "mount", "umount2", "pivot_root", "open_tree", "move_mount", "fsopen"),
    *("fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "bpf"),
    *("perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "kexec_load"),
    *("init_module", "finit_module", "delete_module", "syslog"),
)
_NAMESPACES = 0x7E020080  # every CLONE_NEW* flag
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _DATAGRAM, _TYPE = 1, 2, 0xF
_TCP, _ROUTE = 6, 0
_FAST_OPEN = 0x20000000
_TYPE_INTO_TERMINAL, _TYPE_INTO_CONSOLE = 0x5412, 0x541C


@dataclass(frozen=True, slots=True)
class Test:
    """Whether an argument, after a mask, has a value; or, with `any_bit`, any bit of it."""

    argument: int
    value: int
    mask: int = 0xFFFFFFFF
    any_bit: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a call when all tests hold; the first rule that fits decides."""

    call: str
    action: int
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """`unix`: sockets with a path may be made. `own_network`: the network is the run's own, so that
    anything may be sent in it. `any_host`: it is the machine's, and open."""

    unix: bool = False
    own_network: bool = True
    any_host: bool = False
    own_ipc: bool = True


def filter_program(machine: str, wishes: Wishes) -> bytes:
    """An array of struct sock_filter; empty for a machine that is not among MACHINES."""
    if machine not in MACHINES:
        return b""
    column = list(MACHINES).index(machine)
    code = [
        *(_step(_LOAD, _MACHINE), _step(_EQUAL, MACHINES[machine], 1, 0), _step(_RETURN, _KILL)),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        code += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _deny(errno.ENOSYS))]
    for rule in rules(wishes):
        code += _compiled(rule, _CALLS[rule.call][column])
    code.append(_step(_RETURN, _ALLOW))
    return b"".join(code)


def rules(wishes: Wishes) -> Iterator[Rule]:
    """What is refused, and the exceptions before it."""
    for call in _NEVER:
        yield Rule(call, _deny(errno.EPERM))
    for call in ("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"):
        yield Rule(call, _deny(errno.ENOSYS))  # as on an older kernel: callers know what to do
    yield Rule("clone", _deny(errno.EPERM), (Test(0, _NAMESPACES, any_bit=True),))
    for request in (_TYPE_INTO_TERMINAL, _TYPE_INTO_CONSOLE):
        yield Rule("ioctl", _deny(errno.EPERM), (Test(1, request),))
    yield from _sockets(wishes)
    if not wishes.own_ipc:
        for call in ("shmget", "semget", "msgget", "mq_open"):
            yield Rule(call, _deny(errno.EACCES))


def _sockets(wishes: Wishes) -> Iterator[Rule]:
    if wishes.unix:
        yield Rule("socket", _ALLOW, (Test(0, _UNIX),))
    else:  # a pair is joined already; one for datagrams could still be sent elsewhere
        yield Rule("socket", _deny(errno.EACCES), (Test(0, _UNIX),))
        yield Rule("socketpair", _deny(errno.EACCES), (Test(1, _DATAGRAM, _TYPE),))
    yield Rule("socket", _ALLOW, (Test(0, _NETLINK), Test(2, _ROUTE)))
    for family in (_INET, _INET6):
        for protocol in (0, _TCP):
            stream = (Test(0, family), Test(1, _STREAM, _TYPE), Test(2, protocol))
            yield Rule("socket", _ALLOW, stream)
        if wishes.own_network or wishes.any_host:
            yield Rule("socket", _ALLOW, (Test(0, family), Test(1, _DATAGRAM, _TYPE)))
    yield Rule("socket", _deny(errno.EAFNOSUPPORT))
    if not (wishes.own_network or wishes.any_host):
        yield Rule("listen", _deny(errno.EACCES))
        # Sending may connect, too, and is not seen by Landlock when it does.
        for call, place in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
            test = Test(place, _FAST_OPEN, any_bit=True)
            yield Rule(call, _deny(errno.EOPNOTSUPP), (test,))


def _compiled(rule: Rule, number: int) -> list[bytes]:
    body: list[list[bytes]] = [[_step(_LOAD, _NUMBER), _step(_EQUAL, number)]]
    for test in rule.tests:
        steps = [_step(_LOAD, _ARGUMENTS + 8 * test.argument)]
        if test.any_bit:
            steps.append(_step(_ANY_BIT, test.value))
        else:
            steps += [_step(_AND, test.mask), _step(_EQUAL, test.value)]
        body.append(steps)
    flat = [step for steps in body for step in steps]
    flat.append(_step(_RETURN, rule.action))
    return [_leaving(step, len(flat) - place - 1) for place, step in enumerate(flat)]


def _leaving(step: bytes, rest: int) -> bytes:
    """A comparison that fails leaves the rule: it jumps over what is left of it."""
    code, _, _, value = struct.unpack("=HBBI", step)
    return _step(code, value, 0, rest) if code in (_EQUAL, _ANY_BIT) else step


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _deny(number: int) -> int:
    return _DENY | number

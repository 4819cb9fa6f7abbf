"""Listens inside another network namespace. Standard library only: a process of its own.

    python gateway_listen.py PID SOCKET PORT...

Joins the network namespace of a process, makes a listening socket for every port on 127.0.0.1 and,
where there is IPv6, on ::1, and hands the sockets over the UNIX socket with the number SOCKET. They
stay in that namespace: whoever holds them serves the programs inside without being there.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import socket
import sys
from collections.abc import Sequence

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_NS_GET_USERNS = 0xB701
_IP_FREEBIND = 15
_BACKLOG = 128


def main(argv: Sequence[str]) -> int:
    pid, channel, ports = int(argv[1]), int(argv[2]), [int(port) for port in argv[3:]]
    _enter(pid)
    with socket.socket(fileno=channel) as out:
        for port in ports:
            for listening in _listen(port):
                handles = array.array("i", [listening.fileno()])
                rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)
                out.sendmsg([str(port).encode()], [rights])
    return 0


def _enter(pid: int) -> None:
    """The namespace's owner comes first: only there does a plain user have the right to go on."""
    net = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    user = fcntl.ioctl(net, _NS_GET_USERNS)
    if not _is_ours(user):
        _setns(user, _CLONE_NEWUSER)
    _setns(net, _CLONE_NEWNET)


def _is_ours(user: int) -> bool:
    return os.path.samestat(os.fstat(user), os.stat("/proc/self/ns/user"))  # noqa: PTH116


def _setns(handle: int, kind: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(handle, kind) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _listen(port: int) -> list[socket.socket]:
    made = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            listening = socket.socket(family, socket.SOCK_STREAM)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # The interface may not be up yet, and need not be.
            listening.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
            listening.bind((address, port))
            listening.listen(_BACKLOG)
        except OSError:
            if family == socket.AF_INET:
                raise
            continue
        made.append(listening)
    return made


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))

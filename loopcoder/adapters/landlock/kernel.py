"""The kernel calls behind the Landlock sandbox, by ctypes. Standard library only."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterable, Sequence

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# struct landlock_ruleset_attr and friends, <linux/landlock.h>.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH, _PORT = 1, 2
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many bits an interface version knows; later ones: 16
_CONNECT_TCP, _BIND_TCP = 2, 1
_SCOPE_SOCKETS, _SCOPE_SIGNALS = 1, 2

_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
READ = _EXECUTE | _READ_FILE | _READ_DIR
DEVICE = _WRITE_FILE | _READ_FILE | _IOCTL_DEV
WRITE = 0xFFFF & ~(_MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)

_MS_RDONLY_ATTRIBUTE = 1
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_SETATTR = 442
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND = 2, 4, 8, 4096
_MS_PRIVATE_ALL = (1 << 18) | (1 << 14)

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_FILTER = 2
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """The version of the kernel's Landlock interface; 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)))


def restrict(rules: Iterable[tuple[str, int]], connect: Sequence[int] | None) -> None:
    """Keep this process, and all that come of it, within rules of (path, rights).

    `connect` are the TCP ports that may be connected to, with none to be bound; None leaves TCP
    as it is. Call it after `no_new_privileges`. Raises OSError.
    """
    version = landlock_version()
    known = (1 << _RIGHTS.get(version, 16)) - 1
    net = 0 if connect is None else _CONNECT_TCP | _BIND_TCP
    scope = _SCOPE_SOCKETS | _SCOPE_SIGNALS if version >= 6 else 0
    attributes = struct.pack("=QQQ", known, net, scope)[: 24 if version >= 6 else 16]
    attributes = attributes if version >= 4 else attributes[:8]
    ruleset = _call("syscall", _CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    for path, rights in rules:
        _allow(ruleset, path, rights & known)
    for port in connect or ():
        _call("syscall", _ADD, ruleset, _PORT, struct.pack("=QQ", _CONNECT_TCP, port), 0)
    _call("syscall", _RESTRICT, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not there, or not ours to see: then it needs no rule
        return
    if not stat.S_ISDIR(os.fstat(handle).st_mode):
        rights &= _OF_FILES
    _call("syscall", _ADD, ruleset, _BENEATH, struct.pack("=Qi", rights, handle), 0)
    os.close(handle)


def no_new_privileges() -> None:
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Take every right that root has over others from this process, for good."""
    for number in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break
    header = struct.pack("=Ii", 0x20080522, 0)  # version 3, this process
    _call("capset", header, bytes(24))


def filter_calls(program: bytes) -> None:
    """Install a seccomp filter, an array of struct sock_filter."""
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    _call("prctl", _PR_SET_SECCOMP, _FILTER, head, 0, 0)


def die_with_parent(number: int) -> None:
    """Have this signal sent to us when the thread that started us ends."""
    _call("prctl", _PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    _call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_namespaces(*, network: bool) -> None:
    """Go into new namespaces, as user 1000; processes started from now on have a new numbering."""
    user, group = os.geteuid(), os.getegid()
    kinds = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
    _call("unshare", kinds | CLONE_NEWCGROUP | (CLONE_NEWNET if network else 0))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {user} 1"),
        ("gid_map", f"1000 {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 quick start
            file.write(text)


def make_mounts(writable: Sequence[str]) -> None:
    """Everything read-only but `writable`; processes and shared memory of our own."""
    _call("mount", b"none", b"/", None, _MS_PRIVATE_ALL, None)
    plain = _MS_NOSUID | _MS_NODEV
    for path in writable:
        _call("mount", os.fsencode(path), os.fsencode(path), None, _MS_BIND, None)
    _call("mount", b"proc", b"/proc", b"proc", plain | _MS_NOEXEC, None)
    places = list(writable)
    if os.path.isdir("/dev/shm"):  # noqa: PTH112 quick start
        _call("mount", b"shm", b"/dev/shm", b"tmpfs", plain, b"size=512m,mode=1777")
        places.append("/dev/shm")
    _set_read_only("/", recursive=True)
    for path in places:
        _set_read_only(path, undo=True)


def _set_read_only(path: str, *, recursive: bool = False, undo: bool = False) -> None:
    on, off = (0, _MS_RDONLY_ATTRIBUTE) if undo else (_MS_RDONLY_ATTRIBUTE, 0)
    attributes = struct.pack("=QQQQ", on, off, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(len(attributes))
    _call("syscall", _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, size)


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))


def _call(name: str, *arguments: object) -> int:
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result

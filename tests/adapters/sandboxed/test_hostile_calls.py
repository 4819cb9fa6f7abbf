"""What a hostile program asks of the kernel itself. One act, one test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.sandbox.call_filter import MACHINES, Wishes, filter_program
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.adapters.sandbox.watch import Cause
from loopcoder.domain.guard.reach import Reach, reach_of
from tests.support.walls import is_apart, is_mounted

Run = Callable[..., Any]
Python = Callable[[str], tuple[str, ...]]

TRY = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def say(name, act):
    try: result = act()
    except OSError as error: print(name, "refused", error.errno); return
    if isinstance(result, int) and result < 0: print(name, "refused", ctypes.get_errno())
    else: print(name, "DONE", result)
"""


def refused(said: Any) -> None:
    lines = said.tail.splitlines()
    assert lines, said
    assert [line for line in lines if " refused" not in line] == []


def test_sockets_that_no_wall_stands_before(walls: Sandbox, run: Run, python: Python) -> None:
    """To the machine's hypervisor, its devices, its kernel, past TCP."""
    kinds = {
        "vsock": (40, socket.SOCK_STREAM, 0),
        "packet": (17, socket.SOCK_RAW, 0),
        "raw": (socket.AF_INET, socket.SOCK_RAW, 1),
        "crypto": (38, socket.SOCK_SEQPACKET, 0),
        "bluetooth": (31, socket.SOCK_RAW, 1),
        "smc": (43, socket.SOCK_STREAM, 0),
        "mptcp": (socket.AF_INET, socket.SOCK_STREAM, 262),
        "sctp": (socket.AF_INET, socket.SOCK_STREAM, 132),
        "uevent": (16, socket.SOCK_RAW, 15),
    }
    acts = [
        f"say({name!r}, lambda: socket.socket({', '.join(str(int(n)) for n in kind)}).fileno())\n"
        for name, kind in kinds.items()
    ]
    refused(run(walls, python(TRY + "".join(acts))))


def test_calls_that_only_an_attack_needs(walls: Sandbox, run: Run, python: Python) -> None:
    source = TRY + (
        "n = ctypes.c_void_p(None)\n"
        "say('unshare', lambda: libc.unshare(0x10000000))\n"
        "say('network', lambda: libc.unshare(0x40000000))\n"
        "say('setns', lambda: libc.setns(os.open('/proc/self/ns/net', 0), 0))\n"
        "say('mount', lambda: libc.mount(b'none', b'/tmp', b'tmpfs', 0, n))\n"
        "say('keyring', lambda: libc.syscall(250, 0, -4, 1))\n"
        "say('io_uring', lambda: libc.syscall(425, 8, bytes(120)))\n"
        "say('bpf', lambda: libc.syscall(321, 0, bytes(72), 72))\n"
        "say('perf', lambda: libc.syscall(298, bytes(120), 0, -1, -1, 0))\n"
        "say('pivot', lambda: libc.syscall(155, b'/', b'/'))\n"
        "say('handle', lambda: libc.syscall(304, -100, bytes(24), 0))\n"
        "say('clone', lambda: libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0))\n"
    )
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")
    refused(run(walls, python(source)))


def test_the_old_numbers_lead_no_way_around(walls: Sandbox, run: Run, python: Python) -> None:
    """The kernel still takes calls by the numbers of other interfaces, such as x32's."""
    if os.uname().machine != "x86_64":
        pytest.skip("only there")
    refused(run(walls, python(TRY + "say('x32', lambda: libc.syscall(0x40000000 + 41, 40, 1, 0))")))


def test_a_daemons_socket_cannot_be_reached(
    walls: Sandbox, run: Run, python: Python, tmp_path: Path, workspace: Path
) -> None:
    """A docker group, a user's session bus or a key agent would each be a way out."""
    path = tmp_path / "daemon.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        (workspace / "link").symlink_to(path)
        source = TRY + (
            f"say('path', lambda: socket.socket(socket.AF_UNIX).connect({str(path)!r}))\n"
            "say('link', lambda: socket.socket(socket.AF_UNIX).connect('link'))\n"
        )
        refused(run(walls, python(source)))


def test_nobody_outside_can_be_signalled_or_traced(
    walls: Sandbox, run: Run, python: Python
) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            source = TRY + (
                "import signal\n"
                f"for pid in ({os.getpid()}, {other.pid}, os.getppid()):\n"
                "    if pid < 2: continue\n"
                "    say('signal', lambda: os.kill(pid, 0) or 1)\n"
                "    say('trace', lambda: libc.ptrace(16, pid, None, None))\n"
                "    say('memory', lambda: os.open(f'/proc/{pid}/mem', os.O_RDWR))\n"
                "    say('environ', lambda: os.open(f'/proc/{pid}/environ', 0))\n"
                "    say('descriptor', lambda: os.open(f'/proc/{pid}/fd/0', 0))\n"
                "    say('root', lambda: os.open(f'/proc/{pid}/root/etc/hostname', 0))\n"
                "say('all', lambda: os.kill(-1, 0) or 1)\n"
            )
            said = run(walls, python(source))
            assert other.poll() is None
        finally:
            other.kill()
    lines = [line for line in said.tail.splitlines() if not line.startswith("all")]
    if is_mounted(walls):  # those numbers are nobody's inside, or its own
        lines = [line for line in lines if "DONE" not in line]
    assert [line for line in lines if " refused" not in line] == []


def test_a_hidden_path_cannot_be_reached_by_another_name(
    walls: Sandbox, run: Run, tmp_path: Path, workspace: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("top secret\n")
    (workspace / "planted").symlink_to(secret)
    script = (
        f"ln {secret} hard; ln -s {secret} soft; cat hard soft planted ../secret {secret} "
        f"/proc/self/root{secret} /proc/self/cwd/../secret; mv {secret} here; "
        f"echo x > planted; echo x > soft; cp /dev/null {secret}; truncate -s 0 {secret}; "
        f"rm -f {secret}; touch {secret}"
    )
    said = run(walls, script)
    assert "top secret" not in said.tail
    assert secret.read_text() == "top secret\n"
    assert secret.stat().st_nlink == 1


def test_modes_of_files_outside_are_kept_where_mounts_can_be_made(
    walls: Sandbox, run: Run, tmp_path: Path
) -> None:
    """Landlock alone does not see them: docs/reference/sandbox.md says so."""
    mine = tmp_path / "mine"
    mine.write_text("mine")
    mine.chmod(0o640)
    run(walls, f"chmod 777 {mine}; touch -d 2001-01-01 {mine}")
    kept = mine.stat().st_mode & 0o777 == 0o640 and mine.stat().st_mtime > 1_000_000_000
    assert kept or not is_apart(walls)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("reach", [Reach(), reach_of(["localhost:9"])], ids=["none", "some"])
def test_no_packet_leaves(walls: Sandbox, run: Run, python: Python, reach: Reach) -> None:
    """Not by datagrams, not by data sent along with an opening, not by waiting to be called."""
    received: list[bytes] = []
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.create_server(("127.0.0.1", 0)) as streams,
    ):
        datagrams.bind(("127.0.0.1", 0))
        streams.settimeout(0.2)
        udp, tcp = datagrams.getsockname()[1], streams.getsockname()[1]
        source = TRY + (
            "def out(family, kind, act):\n"
            "    s = socket.socket(family, kind); s.settimeout(2)\n"
            "    return act(s)\n"
            "I, S, D = socket.AF_INET, socket.SOCK_STREAM, socket.SOCK_DGRAM\n"
            f"here = ('127.0.0.1', {tcp})\n"
            f"out_udp = lambda s: s.sendto(b'secret', ('127.0.0.1', {udp}))\n"
            "say('connect', lambda: out(I, S, lambda s: s.connect(here)))\n"
            "say('v6', lambda: out(socket.AF_INET6, S, lambda s: s.connect(('::1', here[1]))))\n"
            "say('fast-open', lambda: out(I, S, lambda s: s.sendto(b'secret', 0x20000000, here)))\n"
            "say('udp', lambda: out(I, D, out_udp))\n"
        )
        said = run(walls, python(source), network=reach)
        datagrams.settimeout(0.2)
        for receive in (lambda: datagrams.recv(99), lambda: streams.accept()[0].recv(99)):
            try:
                received.append(receive())
            except TimeoutError:
                continue
    assert received == []
    lines = [line for line in said.tail.splitlines() if not line.startswith("udp DONE")]
    assert [line for line in lines if " refused" not in line] == []


def test_nobody_can_call_in(walls: Sandbox, run: Run, python: Python) -> None:
    """A port that is opened inside is no port of this machine."""
    source = (
        "import socket, time\n"
        "s = socket.socket()\n"
        "try: s.bind(('0.0.0.0', 0))\n"
        "except OSError: pass\n"
        "try: s.listen()\n"
        "except OSError: pass\n"
        "print(s.getsockname()[1], flush=True); time.sleep(1)\n"
    )
    answers: list[str] = []

    def call(line: str) -> None:
        try:
            socket.create_connection(("127.0.0.1", int(line)), 1).close()
            answers.append("answered")
        except OSError:
            answers.append("nobody")

    said = run(walls, python(source), on_line=call)
    assert said.cause is Cause.EXITED
    assert answers == ["nobody"]


def test_the_terminal_of_the_person_cannot_be_typed_into(
    walls: Sandbox, run: Run, python: Python
) -> None:
    source = TRY + (
        "import fcntl\n"
        "say('tty', lambda: os.open('/dev/tty', os.O_RDWR))\n"
        "say('type', lambda: fcntl.ioctl(0, 0x5412, b'x'))\n"
    )
    refused(run(walls, python(source)))


@pytest.mark.parametrize("machine", list(MACHINES))
def test_a_filter_is_well_formed(machine: str) -> None:
    for wishes in (Wishes(), Wishes(unix=True), Wishes(own_network=False, own_ipc=False)):
        program = filter_program(machine, wishes)
        steps = [program[at : at + 8] for at in range(0, len(program), 8)]
        assert len(program) % 8 == 0
        assert len(steps) < 4096
        for place, step in enumerate(steps):
            code, yes, no = int.from_bytes(step[:2], sys.byteorder), step[2], step[3]
            if code & 7 == 5:
                assert place + 1 + max(yes, no) < len(steps)
        assert steps[-1][:2] == b"\x06\x00"


def test_an_unknown_machine_has_no_filter() -> None:
    assert filter_program("riscv64", Wishes()) == b""

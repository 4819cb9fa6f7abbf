"""The process between loopcoder and a program under Landlock, when loopcoder dies early."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loopcoder.adapters.sandbox.choice import Job
from tests.support.walls import WALLS, open_walls


@dataclass
class Owner:
    """Our side of a warden, as `launch.start` holds it."""

    process: subprocess.Popen[bytes]
    report: int
    gate: int
    _closed: set[int] = field(default_factory=set)

    def close(self, fd: int) -> None:
        if fd not in self._closed:
            self._closed.add(fd)
            os.close(fd)

    def is_told(self) -> bool:
        """Wait until the program stands ready."""
        return b"child-pid" in os.read(self.report, 4096)


@pytest.fixture(params=WALLS[1:])
def owner(request: pytest.FixtureRequest, workspace: Path) -> Iterator[Owner]:
    sandbox = open_walls(request.param, environ=os.environ)
    job = Job(("/bin/sh", "-c", "echo ran >ran"), workspace, writable=(workspace,))
    with sandbox.wrap(job) as launch:
        words = os.memfd_create("arguments")
        os.write(words, b"\0".join(map(os.fsencode, launch.jail)))
        os.lseek(words, 0, os.SEEK_SET)
        report, report_end = os.pipe()
        gate, gate_end = os.pipe()
        argv = (*launch.jailer, "--args", str(words), "--json-status-fd", str(report_end))
        process = subprocess.Popen(
            (*argv, "--block-fd", str(gate), "--", *launch.argv),
            env=dict(launch.env),
            stderr=subprocess.DEVNULL,
            pass_fds=(words, report_end, gate),
        )
        for fd in (words, report_end, gate):
            os.close(fd)
        ours = Owner(process, report, gate_end)
        yield ours
        process.kill()
        process.wait()
        ours.close(report)
        ours.close(gate_end)


def test_a_word_to_go_on_begins_the_program(owner: Owner, workspace: Path) -> None:
    assert owner.is_told()
    os.write(owner.gate, b"1")
    assert owner.process.wait(30) == 0
    assert (workspace / "ran").exists()


def test_nothing_begins_when_nobody_is_left_to_give_the_word(owner: Owner, workspace: Path) -> None:
    assert owner.is_told()
    owner.close(owner.gate)
    assert owner.process.wait(30) != 0
    assert not (workspace / "ran").exists()


def test_nothing_begins_when_nobody_is_left_to_report_to(owner: Owner, workspace: Path) -> None:
    owner.close(owner.report)
    owner.close(owner.gate)
    assert owner.process.wait(30) != 0
    assert not (workspace / "ran").exists()

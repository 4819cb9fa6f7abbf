"""Starts one program within the Landlock sandbox and sees it out. Standard library only.

    python warden.py --args FD --json-status-fd FD --block-fd FD -- PROGRAM ARGUMENT...

It speaks bubblewrap's protocol: the number of the first process is reported as JSON, the program
starts when something can be read from the second descriptor, and its exit code is reported when it
ran. What to do stands as JSON in the file behind `--args` (see `sandbox.py`).
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from loopcoder.adapters.landlock import kernel

_NOT_FOUND = 1


def main(argv: Sequence[str]) -> int:
    words, report, gate = (int(argv[place]) for place in (2, 4, 6))
    for handle in (words, report, gate):
        os.set_inheritable(handle, False)
    with os.fdopen(words, "rb") as file:
        plan: Mapping[str, Any] = json.loads(file.read().rstrip(b"\0"))
    program = argv[argv.index("--") + 1 :]
    if plan["namespaces"]:
        return _keep_apart(plan, program, report, gate)
    return _keep_together(plan, program, report, gate)


def _keep_apart(plan: Mapping[str, Any], program: Sequence[str], report: int, gate: int) -> int:
    """In namespaces: a first process that mounts, starts the program, and takes all with it."""
    kernel.die_with_parent(signal.SIGKILL)
    kernel.leave_namespaces(network=plan["own_network"])
    ran, ran_end = os.pipe()
    ready, ready_end = os.pipe()
    first = _fork(lambda: _first(plan, program, gate, ready_end, ran_end))
    os.close(ran_end)
    os.close(ready_end)
    os.read(ready, 1)
    _tell(report, {"child-pid": first})
    code = _code(os.waitpid(first, 0)[1])
    if os.read(ran, 1):
        _tell(report, {"exit-code": code})
    return code


def _first(plan: Mapping[str, Any], program: Sequence[str], gate: int, ready: int, ran: int) -> int:
    kernel.die_with_parent(signal.SIGKILL)
    os.close(ready)
    _pass(gate)
    if plan["own_network"]:
        kernel.raise_loopback()
    kernel.make_mounts(plan["writable"])
    pid, started = _start(plan, program)
    if started:
        os.write(ran, b"1")
    return _reap_until(pid)


def _keep_together(plan: Mapping[str, Any], program: Sequence[str], report: int, gate: int) -> int:
    """Without namespaces: every orphan becomes ours, and none is left when we end."""
    kernel.adopt_orphans()
    signal.signal(signal.SIGTERM, _end_all)
    kernel.die_with_parent(signal.SIGTERM)
    pid, started = _start(plan, program, lambda pid: _wait(report, gate, pid))
    code = _reap_or_end(pid)
    _end_children()
    if started:
        _tell(report, {"exit-code": code})
    return code


def _wait(report: int, gate: int, pid: int) -> None:
    _tell(report, {"child-pid": pid})
    _pass(gate)


def _pass(gate: int) -> None:
    """Wait for the word to go on. Without it whoever would give it is dead: nothing may begin that
    nobody will end."""
    if not os.read(gate, 1):
        raise OSError("whoever started it is gone")


def _start(
    plan: Mapping[str, Any],
    program: Sequence[str],
    before: Callable[[int], None] = lambda pid: None,
) -> tuple[int, bool]:
    """Start the program when `before` has returned; its number, and whether it was reached."""
    begin, begin_end = os.pipe()
    failed, failed_end = os.pipe()

    def child() -> int:
        os.close(begin_end)
        _pass(begin)
        try:
            _lock_in(plan)
            os.chdir(plan["cwd"])
            os.execvpe(program[0], list(program), plan["env"])
        except OSError as error:
            _say(f"execvp {program[0]}: {error.strerror or error}")
        os.write(failed_end, b"1")
        return _NOT_FOUND

    pid = _fork(child)
    os.close(failed_end)
    before(pid)
    os.write(begin_end, b"1")
    return pid, not os.read(failed, 1)


def _lock_in(plan: Mapping[str, Any]) -> None:
    """The last thing before the program: nothing of it can be undone."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.restrict([(path, rights) for path, rights in plan["rules"]], plan["connect"])
    kernel.filter_calls(base64.b64decode(plan["filter"]))


def _fork(child: Callable[[], int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = _NOT_FOUND
    try:
        code = child()
    except BaseException as error:  # noqa: BLE001 a fork must never return into its parent's code
        _say(f"the sandbox failed: {error}")
    os._exit(code)


def _reap_until(pid: int) -> int:
    """Reap whatever ends, until the program itself does; its exit code."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return _code(status)


def _reap_or_end(pid: int) -> int:
    """The same, unless we are told to end. From here on both are waited for as pending signals:
    one that arrived just before a `wait` would be heard only when the next process ends."""
    heard = {signal.SIGTERM, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == pid:
            return _code(status)
        if not ended and signal.sigwait(heard) == signal.SIGTERM:
            _end_all(signal.SIGTERM, None)


def _end_all(number: int, frame: FrameType | None) -> NoReturn:
    _end_children()
    os._exit(128 + number)


def _end_children() -> None:
    """Kill all below us until there is nobody: what forks meanwhile becomes our child, too."""
    while below := _below(os.getpid()):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in below:
                try:
                    os.kill(pid, number)
                except OSError:
                    continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return


def _below(root: int) -> set[int]:
    names = os.listdir("/proc")  # noqa: PTH208 names, not paths, and often
    parents = {int(name): _parent(name) for name in names if name.isdigit()}
    found: set[int] = set()
    waiting = [root]
    while waiting:
        above = waiting.pop()
        below = {pid for pid, parent in parents.items() if parent == above} - found
        found |= below
        waiting += below
    return found


def _parent(name: str) -> int:
    try:
        text = Path(f"/proc/{name}/stat").read_bytes()
        fields = text[text.rindex(b")") + 2 :].split()
    except (OSError, ValueError):
        return 0
    return 0 if fields[0] == b"X" else int(fields[1])


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _say(words: str) -> None:
    os.write(2, f"{words}\n".encode())


def _tell(report: int, what: Mapping[str, int]) -> None:
    os.write(report, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))

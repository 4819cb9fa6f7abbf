"""What a hostile program in the sandbox can reach. One act, one test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from loopcoder.adapters.sandbox.cgroup import confine, release
from loopcoder.adapters.sandbox.choice import Mount, Sandbox
from loopcoder.adapters.sandbox.launch import Limits
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.process_tree import end_strays
from loopcoder.adapters.sandbox.run_mark import folder_mark
from loopcoder.adapters.sandbox.watch import Cause
from loopcoder.domain.guard.reach import NOTHING, Reach, reach_of
from tests.support.walls import WALLS, is_apart, is_mounted, open_walls

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[3]
ALLOWED = {
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM", "CI", "LANG", "TZ", "PWD"),
    *("GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT", "SHLVL", "_", "OLDPWD"),
    *("RUSTUP_HOME", "PYENV_ROOT", "RBENV_ROOT", "ASDF_DATA_DIR", "VOLTA_HOME", "MISE_DATA_DIR"),
}


def test_environment_holds_nothing_of_the_host(walls: Sandbox, run: Run) -> None:
    said = run(walls, "env", env={"GIVEN": "1"}).tail
    names = {line.partition("=")[0] for line in said.splitlines()}
    assert names - ALLOWED == {"GIVEN", "LOOPCODER_RUN"}
    assert "secret" not in said
    assert "ghp_" not in said


def test_no_process_of_the_host_is_readable(walls: Sandbox, run: Run) -> None:
    """Nor even visible, where the run has processes of its own; what a command line of ours says
    is for everybody on the machine anyway."""
    mark = secrets.token_hex(8)
    with subprocess.Popen(["sleep", "60"], env={**os.environ, "PROOF": mark}) as other:
        try:
            script = "cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; ls /proc"
            said = run(walls, script, keep=Keep(tail_lines=10_000))
        finally:
            other.kill()
    assert mark not in said.tail
    assert "ghp_" not in said.tail
    if not is_apart(walls):
        return
    numbers = [int(line) for line in said.tail.splitlines() if line.isdigit()]
    assert numbers
    assert max(numbers) < 100


def test_first_process_shows_no_secret_and_no_host_path(
    walls: Sandbox, run: Run, tmp_path: Path
) -> None:
    said = run(walls, "tr '\\0' '\\n' < /proc/1/environ; tr '\\0' '\\n' < /proc/1/cmdline").tail
    if is_mounted(walls):
        assert "HOME=/home/worker" in said
    else:
        assert "/proc/1/environ: Permission denied" in said
    assert "ghp_" not in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize("kind", WALLS)
def test_home_of_the_person_is_absent(kind: str, tmp_path: Path, workspace: Path, run: Run) -> None:
    home = tmp_path / "home"
    for name in (".ssh/id_ed25519", ".config/gh/hosts.yml", ".netrc", ".gitconfig"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("top secret")
    tool = home / ".local" / "bin" / "tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho tool works\n")
    tool.chmod(0o755)
    path = f"{tool.parent}:{os.environ['PATH']}"
    sandbox = open_walls(kind, environ={"PATH": path}, home=home)
    said = run(sandbox, f"tool; cat {home}/.ssh/* {home}/.netrc; ls -A {home}; ls -A ~")
    assert said.tail.splitlines()[0] == "tool works"
    assert "top secret" not in said.tail
    shown = [line for line in said.tail.splitlines()[1:] if not line.startswith(("cat:", "ls:"))]
    assert shown == ([".local"] if is_mounted(sandbox) else [])


def test_real_home_shows_tools_only(walls: Sandbox, run: Run) -> None:
    home = Path.home()
    said = run(walls, f"ls -A {home} 2>/dev/null").tail.split()
    tools = getattr(walls, "tools").read_only  # noqa: B009 the fixture's type is the protocol
    allowed = {path.relative_to(home).parts[0] for path in tools if path.is_relative_to(home)}
    assert set(said) <= allowed


def test_secrets_of_the_system_are_unreadable(walls: Sandbox, run: Run) -> None:
    said = run(walls, "cat /etc/shadow /etc/gshadow /etc/ssh/*_key /etc/sudoers; cat /etc/passwd")
    kept = [line for line in said.tail.splitlines() if not line.startswith("cat: ")]
    accounts = [
        "worker:x:1000:1000::/home/worker:/bin/sh",
        "nobody:x:65534:65534::/nonexistent:/bin/false",
    ]
    assert kept == (accounts if is_mounted(walls) else Path("/etc/passwd").read_text().splitlines())


def test_no_socket_of_a_daemon_is_there(walls: Sandbox, run: Run) -> None:
    assert run(walls, "ls -A /run /mnt /media /srv /var/lib 2>/dev/null | grep -v :").tail == ""
    said = run(walls, "for s in docker containerd podman dbus; do ls /var/run/$s*; done")
    assert "No such file" in said.tail or "cannot" in said.tail
    assert "/var/run/docker.sock\n" not in said.tail


def test_writes_end_at_the_workspace(
    walls: Sandbox, run: Run, workspace: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (workspace / "link").symlink_to(outside)
    system = ["/usr/x", "/etc/x", "/x", "/dev/x", "/opt/x", "/run/x", "/var/x", "/home/x"]
    places = " ".join([*system, "link/x", f"{outside}/x", "../x"])
    said = run(walls, f"for p in {places}; do (echo > $p) && echo wrote $p; done; echo ok > mine")
    assert said.exit_code == 0
    wrote = [line.split()[1] for line in said.tail.splitlines() if line.startswith("wrote")]
    assert set(wrote) <= {"../x"}  # its own /tmp, where pytest's folders happen to be
    assert (workspace / "mine").read_text() == "ok\n"
    assert list(outside.iterdir()) == []
    assert not any(Path(place).exists() for place in system)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outside", "run.log", "workspace"]


def test_temporary_folder_is_private_and_removed(walls: Sandbox, run: Run, tmp_path: Path) -> None:
    mark = secrets.token_hex(8)
    script = f"mkdir -p ~/a/b && touch ~/a/b/{mark} && chmod 0 ~/a/b; echo {mark} > $TMPDIR/{mark}"
    assert run(walls, script).exit_code == 0
    assert not list(Path(tempfile.gettempdir()).glob(f"*/tmp/{mark}"))
    assert run(walls, f"ls $TMPDIR/{mark} ~/a").exit_code != 0
    run(walls, f"echo {mark} > /tmp/{mark}")
    assert not Path("/tmp", mark).exists()


@pytest.mark.parametrize("kind", WALLS)
def test_sibling_workspace_repository_and_journal_are_absent(
    kind: str, tmp_path: Path, workspace: Path, run: Run
) -> None:
    sibling = tmp_path / "other"
    journal = tmp_path / "repository" / ".git" / "loopcoder" / "journal.db"
    for path in (sibling / "file", journal):
        path.parent.mkdir(parents=True)
        path.write_text("not yours")
    given = {"PATH": os.environ["PATH"]}
    sandbox = open_walls(kind, environ=given, hidden=[tmp_path / "repository"])
    said = run(sandbox, f"cat {sibling}/file {journal}; ls ..; echo x > {journal}; rm -rf ../*")
    assert "not yours" not in said.tail
    assert "other" not in said.tail.split()
    assert (sibling / "file").read_text() == journal.read_text() == "not yours"


@pytest.mark.parametrize("kind", WALLS)
def test_hidden_folder_below_a_shown_one_is_covered(
    kind: str, tmp_path: Path, workspace: Path, run: Run
) -> None:
    shown = tmp_path / "shared"
    hidden = shown / "repository"
    objects = hidden / ".git" / "objects"
    objects.mkdir(parents=True)
    (shown / "open").write_text("open\n")
    (hidden / "secret").write_text("secret\n")
    (objects / "blob").write_text("blob\n")
    given = {"PATH": os.environ["PATH"]}
    sandbox = open_walls(kind, environ=given, readable=[shown], hidden=[hidden])
    said = run(
        sandbox,
        f"cat {shown}/open {objects}/blob {hidden}/secret; echo x > {hidden}/x",
        read_only=(objects,),
    )
    assert said.tail.splitlines()[:2] == ["open", "blob"]
    assert "secret\n" not in said.tail
    assert not (hidden / "x").exists()


def test_read_only_folders_cannot_be_written(
    walls: Sandbox, run: Run, tmp_path: Path, workspace: Path
) -> None:
    objects = tmp_path / "objects"
    objects.mkdir()
    (objects / "a").write_text("a")
    run(walls, f"echo b > {objects}/a; touch {objects}/b; touch here", read_only=(objects,))
    assert (objects / "a").read_text() == "a"
    assert not (objects / "b").exists()
    run(walls, "touch there", writable=())
    assert [p.name for p in workspace.iterdir()] == ["here"]


def test_mounts_are_seen_at_their_place(walls: Sandbox, run: Run, tmp_path: Path) -> None:
    drop, paper = tmp_path / "drop", tmp_path / "paper"
    drop.mkdir()
    paper.write_text("read me\n")
    mounts = (Mount(paper, "/run/here/paper"), Mount(drop, "/run/here/drop", writable=True))
    mine, out = (walls.inside(mount) for mount in mounts)
    said = run(walls, f"cat {mine} && echo x > {mine}; echo y > {out}/y", mounts=mounts)
    assert said.tail.splitlines()[0] == "read me"
    assert paper.read_text() == "read me\n"
    assert (drop / "y").read_text() == "y\n"
    assert mine == ("/run/here/paper" if is_mounted(walls) else str(paper))


@contextlib.contextmanager
def _server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def answer() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                connection.sendall(b"reached")
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]


@pytest.mark.parametrize(("network", "seen"), [(NOTHING, "cut"), (reach_of(["*"]), "reached")])
def test_network(
    walls: Sandbox,
    run: Run,
    python: Callable[[str], tuple[str, ...]],
    network: Reach,
    seen: str,
) -> None:
    source = (
        "import socket\n"
        "try: print(socket.create_connection(('127.0.0.1', {}), 5).recv(9).decode())\n"
        "except OSError: print('cut')"
    )
    with _server() as port:
        said = run(walls, python(source.format(port)), network=network)
    assert said.tail == seen


def test_own_loopback_works(
    walls: Sandbox, run: Run, python: Callable[[str], tuple[str, ...]]
) -> None:
    source = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(s.getsockname(), 5); print('served')"
    )
    said = run(walls, python(source)).tail
    if is_apart(walls):
        assert said == "served"
    else:  # on the machine's own loopback nobody may serve or be asked
        assert "PermissionError" in said


def test_abstract_sockets_of_the_host_are_cut(
    walls: Sandbox, run: Run, python: Callable[[str], tuple[str, ...]]
) -> None:
    name = f"\0loopcoder-{secrets.token_hex(6)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        source = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})"
        said = run(walls, python(source)).tail
    assert ("refused" if is_mounted(walls) else "Permission denied") in said


def test_no_rights_to_gain(walls: Sandbox, run: Run) -> None:
    said = run(walls, "id -u; grep -E '^(Cap|NoNew)' /proc/self/status").tail.split()
    assert said[0] == ("1000" if is_apart(walls) else str(os.geteuid()))
    assert said[1:] == [
        *("CapInh:", "0" * 16, "CapPrm:", "0" * 16, "CapEff:", "0" * 16),
        *("CapBnd:", "0" * 16, "CapAmb:", "0" * 16, "NoNewPrivs:", "1"),
    ]


def test_kernel_settings_cannot_be_written(
    walls: Sandbox, run: Run, python: Callable[[str], tuple[str, ...]]
) -> None:
    """Not even when it is root, whose files they are, who started us. Nothing is written."""
    source = (
        "import os\n"
        "for name in ('kernel/printk_ratelimit', 'vm/swappiness', 'kernel/core_pattern'):\n"
        "    path = '/proc/sys/' + name\n"
        "    try: value = open(path, 'rb').read(); os.open(path, os.O_WRONLY)\n"
        "    except OSError: continue\n"
        "    print('can write', path)\n"
        "for path in ('/proc/sysrq-trigger', '/proc/mtrr', '/proc/kcore', '/proc/keys'):\n"
        "    try: os.open(path, os.O_RDWR)\n"
        "    except OSError: continue\n"
        "    print('can open', path)\n"
    )
    assert run(walls, python(source)).tail == ""


def test_no_descriptor_is_inherited(walls: Sandbox, run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    handle = os.open(secret, os.O_RDONLY)
    try:
        os.set_inheritable(handle, True)
        first = "; ls -l /proc/1/fd" if is_apart(walls) else ""
        said = run(walls, f"ls -l /proc/self/fd{first}")
    finally:
        os.close(handle)
    own, _, _ = said.tail.partition("\ntotal")
    assert [line.split()[-1].partition(":")[0] for line in own.splitlines() if "->" in line][
        :3
    ] == ["pipe"] * 3
    assert own.count("->") == 4  # the three and the folder being listed
    assert "secret" not in said.tail


def test_child_that_left_its_session_is_gone(
    walls: Sandbox, run: Run, living: Callable[[str], list[int]]
) -> None:
    seconds = f"60.{secrets.randbelow(10**9):09}"
    said = run(walls, f"setsid sh -c 'sleep {seconds} & sleep {seconds}' >/dev/null & echo up")
    assert (said.cause, said.tail) == (Cause.EXITED, "up")
    assert living(seconds) == []


def test_child_that_keeps_the_output_open_does_not_hold_us(
    walls: Sandbox, run: Run, living: Callable[[str], list[int]]
) -> None:
    seconds = f"60.{secrets.randbelow(10**9):09}"
    said = run(walls, f"setsid sleep {seconds} & echo up")
    assert said.seconds < 30
    assert living(seconds) == []


@pytest.mark.parametrize("seen", [2, 3, 5], ids=["at first", "half way", "in full run"])
@pytest.mark.parametrize("kind", WALLS)
def test_nothing_survives_the_death_of_loopcoder(
    kind: str,
    seen: int,
    workspace: Path,
    tmp_path: Path,
    living: Callable[[str], list[int]],
) -> None:
    """It names what is to run, and so do the process around it (two, as soon as there are any),
    and what that begins. What had not begun never does, and the next tick's sweep takes it away."""
    seconds = f"600.{secrets.randbelow(10**9):09}"
    source = f"""
import os
from pathlib import Path
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Watch
from loopcoder.adapters.sandbox.choice import Job
from tests.support.walls import open_walls
sandbox = open_walls({kind!r}, environ=os.environ)
work = Path({str(workspace)!r})
argv = ("/bin/sh", "-c", "setsid sleep {seconds} & sleep {seconds}")
with sandbox.wrap(Job(argv, work)) as launch:
    supervise(launch, Watch(60), work.parent / "log")
"""
    with subprocess.Popen([sys.executable, "-c", source], cwd=ROOT) as owner:
        _until(lambda: len(living(f"sleep {seconds}")) >= seen)
        owner.kill()
    try:
        _until(lambda: not _at_work(f"sleep {seconds}", living))
        end_strays({folder_mark(workspace)})
        _until(lambda: not living(f"sleep {seconds}"), 20)
    finally:
        for pid in living(f"sleep {seconds}"):
            os.kill(pid, signal.SIGKILL)


def test_fork_bomb_is_bounded(walls: Sandbox, run: Run, living: Callable[[str], list[int]]) -> None:
    """It would make some four thousand processes, and no more if the limit did not hold."""
    mark = f"bomb{secrets.token_hex(6)}"
    bomb = (
        f"{mark}() {{ [ $1 -eq 0 ] || {{ {mark} $(($1 - 1)) & {mark} $(($1 - 1)) & }}; sleep 1; }}"
    )
    said = run(walls, f"{bomb}; {mark} 11", limits=Limits(tasks=150), timeout_s=20)
    assert said.cause is Cause.TASKS or "Cannot fork" in said.tail
    assert said.seconds < 40
    assert living(mark) == []


def test_tasks_are_bounded_by_the_kernel(
    walls: Sandbox, run: Run, python: Callable[[str], tuple[str, ...]]
) -> None:
    if os.geteuid() == 0 and not _control_groups_work():
        pytest.skip("root is not bound by RLIMIT_NPROC, and no control group can be made here")
    source = (
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    for _ in range(400):\n"
        "        if not os.fork(): time.sleep(9)\n"
        "        made += 1\n"
        "except OSError: pass\n"
        "print(made, flush=True); time.sleep(9)\n"
    )
    said = run(walls, python(source), limits=Limits(tasks=50))
    assert 30 < int(said.tail.split()[0]) < 50
    assert said.cause is Cause.TASKS
    assert "50 processes" in said.reason


def test_memory_is_bounded(
    walls: Sandbox, run: Run, python: Callable[[str], tuple[str, ...]]
) -> None:
    limits = Limits(memory=100 << 20)
    alone = run(walls, python("bytearray(200 << 20); print('got it')"), limits=limits)
    assert "MemoryError" in alone.tail
    together = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if not os.fork(): break\n"
        "x = b'x' * (60 << 20); time.sleep(30)"
    )
    said = run(walls, python(together), limits=limits, timeout_s=20)
    assert said.cause is Cause.MEMORY


def test_file_size_is_bounded(walls: Sandbox, run: Run, workspace: Path) -> None:
    said = run(walls, "head -c 9000000 /dev/zero > big", limits=Limits(file=1 << 20))
    assert said.exit_code != 0
    assert (workspace / "big").stat().st_size == 1 << 20


def test_full_disk_ends_the_run(walls: Sandbox, run: Run) -> None:
    said = run(walls, "sleep 20", limits=Limits(free_disk=1 << 60))
    assert said.cause is Cause.DISK


def test_a_disk_that_the_run_filled_itself_is_its_own_fault(
    bubblewrap: Sandbox, run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is a strike; a disk that others filled is none."""
    usage = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(path)._replace(free=1_000_000))
    limits = Limits(free_disk=2_000_000)
    assert run(bubblewrap, "sleep 20", limits=limits).cause is Cause.DISK
    (workspace / "big").write_bytes(bytes(5_000_000))  # what a program of the run left there
    assert run(bubblewrap, "sleep 20", limits=limits).cause is Cause.SPACE


@pytest.mark.parametrize("place", [".", "$HOME", "$TMPDIR"])
def test_filling_the_folders_ends_the_run(walls: Sandbox, run: Run, place: str) -> None:
    """In many small files, each of them allowed."""
    script = (
        f"cd {place}; mkdir -p a/b; "
        "for i in $(seq 99); do head -c 1000000 /dev/zero > a/b/$i; done; echo full; sleep 30"
    )
    said = run(walls, script, limits=Limits(space=20_000_000))
    assert said.cause is Cause.SPACE
    assert "more than 20 MB" in said.reason
    assert said.seconds < 25


def test_links_out_do_not_count(walls: Sandbox, run: Run, workspace: Path) -> None:
    (workspace / "system").symlink_to("/usr")
    script = "head -c 5000000 /dev/zero > big; sleep 2; echo done"
    assert run(walls, script, limits=Limits(space=20_000_000)).tail == "done"


def _at_work(text: str, living: Callable[[str], list[int]]) -> list[int]:
    """Those that are the program itself, and not what is put around it."""
    found = []
    for pid in living(text):
        with contextlib.suppress(psutil.NoSuchProcess):
            line = psutil.Process(pid).cmdline()  # empty when it just ended
            if line and Path(line[0]).name in ("sh", "setsid", "sleep"):
                found.append(pid)
    return found


def _until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("it never became true")


def _control_groups_work() -> bool:
    with subprocess.Popen(["sleep", "5"]) as process:
        group = confine(process.pid, 10)
        process.kill()
    if group is not None:
        release(group)
    return group is not None

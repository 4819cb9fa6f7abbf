"""The frame around every verb: exit codes, sentences, and no traceback."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError, TryLater
from loopcoder.entrypoints.cli.boundary import guarded
from loopcoder.entrypoints.cli.examples import EXAMPLES
from loopcoder.entrypoints.cli.main import Loopcoder, cli
from loopcoder.entrypoints.cli.verbs import PACKAGE, VERBS, load_verb

if TYPE_CHECKING:
    from conftest import Project

COMMANDS = Path(__file__).parents[2] / "loopcoder" / "entrypoints" / "cli"
FRAME = {"__init__", "main", "verbs", "context", "boundary", "examples"}


@pytest.mark.parametrize("name", VERBS)
def test_every_listed_verb_can_be_called_and_explains_itself(name: str) -> None:
    command = load_verb(name, VERBS[name])
    assert command.help
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert command.help.split()[0] in shown.output


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _commands(inner, f"{path} {name}")


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_examples_that_can_be_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tasks.jsonl").touch()
    (tmp_path / "wave").mkdir()
    (tmp_path / "left").mkdir()
    monkeypatch.chdir(tmp_path)
    for path, command in _commands(load_verb(name, VERBS[name]), name):
        assert EXAMPLES.get(path), f"`loopcoder {path}` has no example"
        assert f"loopcoder {path}" in CliRunner().invoke(cli, [*path.split(), "--help"]).output
        for args, _ in EXAMPLES[path]:
            command.make_context(name, shlex.split(args.partition(">")[0]))


def test_no_example_is_of_a_verb_that_is_gone() -> None:
    known = {path for name in VERBS for path, _ in _commands(load_verb(name, VERBS[name]), name)}
    assert set(EXAMPLES) <= known


@pytest.mark.parametrize("args", [[], ["pr"], ["attest"], ["issue"]])
def test_without_a_verb_the_help_is_shown(project: Project, args: list[str]) -> None:
    done = project.loopcoder(*args)
    assert done.returncode == 2
    assert done.stderr.startswith(" ".join(["Usage: loopcoder", *args]))
    assert done.stderr.count("Usage:") == 1
    assert "Try:" not in done.stderr


def test_every_module_of_verbs_is_reachable() -> None:
    public = {path.stem for path in COMMANDS.glob("*.py") if not path.stem.startswith("_")}
    mapped = {verb.module for verb in VERBS.values()}
    for module in sorted(public - FRAME - mapped):
        text = (COMMANDS / f"{module}.py").read_text()
        assert "@click.command" not in text, f"{PACKAGE}.{module} is reached by no verb"
        assert "@click.group" not in text, f"{PACKAGE}.{module} is reached by no verb"


def test_the_help_lists_every_verb_and_loads_none_of_them(project: Project) -> None:
    program = (
        "import sys; from loopcoder.entrypoints.cli.main import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    for name, verb in VERBS.items():
        assert f"{name} " in done.stdout
        assert verb.summary in done.stdout
        assert f"{PACKAGE}.{verb.module}" not in done.stderr.split()
    heavy = {"pydantic", "yaml", "rich", "jinja2", "psutil", "markdown_it", "sqlite3", "anthropic"}
    assert not heavy & set(done.stderr.split())


def test_the_version(project: Project) -> None:
    done = project.loopcoder("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("loopcoder ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["plam"], "Did you mean plan?"),
        (["merge-everything"], "Try: loopcoder --help"),
        (["--nope"], "no such option"),
        (["-C", "/does/not/exist", "doctor"], "does not exist"),
    ],
)
def test_wrong_usage_is_one_sentence_and_2(project: Project, args: list[str], said: str) -> None:
    done = project.loopcoder(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("loopcoder: ")
    assert len(done.stderr.splitlines()) <= 2


def raising(error: BaseException) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoopcoderError("It failed.", "Do this."), 1),
        (ConfigurationError("It failed.", "Do this."), 2),
        (TryLater("It failed.", "Do this."), 75),
    ],
)
def test_an_expected_error_is_a_sentence_with_a_remedy(
    error: LoopcoderError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), []) == code
    assert capsys.readouterr() == ("", "loopcoder: It failed. Do this.\n")


def test_with_json_an_error_is_also_an_object_on_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ConfigurationError("It failed.", "Do this.")
    assert guarded(raising(error), ["plan", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == {
        "summary": "It failed.",
        "remedy": "Do this.",
        "exit_code": 2,
        "diagnostics": [],
    }
    assert err == "loopcoder: It failed. Do this.\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130_and_says_that_nothing_is_lost(
    error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(error), []) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["plan", "--nope"], ["log"], ["breaker", "rest"]])
def test_a_wrong_call_with_json_is_an_object_too(project: Project, args: list[str]) -> None:
    done = project.loopcoder(*args, "--json")
    told = json.loads(done.stdout)["error"]
    assert (done.returncode, told["exit_code"]) == (2, 2)
    assert told["summary"] in done.stderr
    assert told["remedy"].startswith("Try: loopcoder")


@pytest.mark.parametrize(
    ("verb", "key"), [("breaker", "breakers"), ("hints", "hints"), ("adopt", "units")]
)
def test_groups_that_show_and_adopt_speak_json_too(project: Project, verb: str, key: str) -> None:
    done = project.loopcoder(verb, "--json")
    assert (done.returncode, next(iter(json.loads(done.stdout)))) == (0, key), done.stderr


def test_ctrl_c_in_the_middle_is_130(project: Project) -> None:
    program = (
        "import signal, sys, time; from loopcoder.entrypoints.cli.boundary import guarded\n"
        # A runner in the background hands down an ignored SIGINT.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def run():\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
        "sys.exit(guarded(run, []))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.startswith("loopcoder: interrupted")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "loopcoder: no space left on device (/x/y). Make room"),
        (errno.EACCES, "loopcoder: permission denied (/x/y). The repository and the cache must"),
    ],
)
def test_a_full_or_closed_disk_is_no_bug_of_ours(
    code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(raising(OSError(code, os.strerror(code), "/x/y")), []) == 1
    assert capsys.readouterr().err.startswith(said)


def test_an_exit_code_passes_through() -> None:
    @click.command()
    def leave() -> None:
        click.get_current_context().exit(75)

    group = Loopcoder(verbs={})
    group.get_command = lambda ctx, name: leave  # type: ignore[method-assign]
    group.resolve_command = lambda ctx, args: ("leave", leave, [])  # type: ignore[method-assign]
    assert CliRunner().invoke(group, ["leave"]).exit_code == 75


def test_a_bug_leaves_a_log_to_paste_and_no_secret_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("SOME_API_KEY", "correct-horse-battery")
    error = ValueError("model said correct-horse-battery and ghp_" + "a" * 36)
    assert guarded(raising(error), ["tick", "--jobs", "3"]) == 3
    said = capsys.readouterr().err
    assert "internal error: ValueError" in said
    assert "Traceback" not in said
    (log,) = tmp_path.glob("crash-*.log")
    assert str(log) in said
    text = log.read_text()
    assert "Traceback" in text
    assert "command: loopcoder tick --jobs 3" in text
    assert "correct-horse" not in text
    assert "ghp_" not in text
    assert log.stat().st_mode & 0o077 == 0


def test_in_a_repository_the_log_lies_with_our_state(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.root)
    assert guarded(raising(ValueError("x")), []) == 3
    assert len(list((project.root / ".git" / "loopcoder").glob("crash-*.log"))) == 1
    assert project.git("status", "--porcelain") == ""


def test_with_v_the_traceback_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    guarded(raising(ValueError("x")), ["-v", "tick"])
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(project: Project) -> None:
    program = (
        "import sys; from loopcoder.entrypoints.cli.boundary import guarded\n"
        "def run():\n"
        "    for _ in range(100000): print('x' * 100)\n"
        "sys.exit(guarded(run, []))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 0
    process.stderr.close()


def test_no_git_repository(project: Project, make_folder: Callable[[], Path]) -> None:
    done = project.loopcoder("-C", str(make_folder()), "issue", "list")
    assert done.returncode == 2
    assert "git" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_console_script_is_the_same_program(project: Project) -> None:
    script = Path(sys.executable).with_name("loopcoder")
    if not script.exists():
        pytest.skip("not installed as a script")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, env=os.environ)
    assert done.stdout == project.loopcoder("--version").stdout

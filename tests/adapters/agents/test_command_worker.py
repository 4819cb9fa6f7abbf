"""A command as worker: what it is given, what is believed of it, how its end is classed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.agents.command import CommandWorker
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.domain.settings import CostBasis, WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.worker import FollowUp, Outcome, Progress, Usage, WorkOrder, WorkResult

Order = Callable[..., WorkOrder]


def spec(*argv: str, **changes: Any) -> WorkerSpec:
    return WorkerSpec("mine", "command", argv=argv, **changes)


def work(
    sandbox: Sandbox, order: WorkOrder, script: str, progress: Any = None, **changes: Any
) -> WorkResult:
    worker = CommandWorker(spec("/bin/sh", "-c", script, **changes), sandbox)
    return worker.run(order, progress or (lambda seen: None))


def test_the_prompt_arrives_twice_and_the_names_are_told(
    any_sandbox: Sandbox, order: Order, workspace: Path
) -> None:
    script = (
        'cat > from-input; cat "$LOOPCODER_PROMPT_FILE" > from-file; '
        'echo "$LOOPCODER_UNIT $LOOPCODER_ATTEMPT $LOOPCODER_ROUND $EXTRA" > names; pwd > where'
    )
    told = order(attempt=2, round=3, prompt="Bäue\n")
    result = work(any_sandbox, told, script, env={"EXTRA": "more"})
    assert (result.outcome, result.failure, result.reason) == (Outcome.DONE, None, "")
    assert (workspace / "from-input").read_text() == "Bäue\n"
    assert (workspace / "from-file").read_text() == "Bäue\n"
    assert (workspace / "names").read_text() == "login-form 2 3 more\n"
    assert (workspace / "where").read_text() == f"{workspace}\n"
    assert (told.outbox / "transcript.log").exists()


def test_a_program_of_the_workspace_can_be_the_worker(
    any_sandbox: Sandbox, order: Order, workspace: Path
) -> None:
    agent = workspace / "agent.sh"
    agent.write_text("#!/bin/sh\necho did it > done\n")
    agent.chmod(0o755)
    result = CommandWorker(spec("./agent.sh"), any_sandbox).run(order(), lambda seen: None)
    assert result.failure is None
    assert (workspace / "done").read_text() == "did it\n"


@pytest.mark.parametrize(
    ("script", "failure", "words"),
    [
        ("exit 0", None, ""),
        ("exit 75", FailureClass.TRANSIENT_API, "75"),
        ("echo no key >&2; exit 1", FailureClass.CRASH, "exit code 1: no key"),
        ("kill -9 $$", FailureClass.CRASH, "exit code"),
    ],
)
def test_the_exit_code_classes_the_end(
    any_sandbox: Sandbox, order: Order, script: str, failure: FailureClass | None, words: str
) -> None:
    result = work(any_sandbox, order(), script)
    assert result.failure is failure
    assert words in result.reason


def test_a_missing_program_is_nobodys_strike(any_sandbox: Sandbox, order: Order) -> None:
    result = CommandWorker(spec("no-such-agent"), any_sandbox).run(order(), lambda seen: None)
    assert result.failure is FailureClass.INFRASTRUCTURE
    assert "no-such-agent" in result.reason


def test_time_silence_and_stop(any_sandbox: Sandbox, order: Order) -> None:
    late = work(any_sandbox, order(timeout_s=0.3), "sleep 30")
    assert late.failure is FailureClass.TIMEOUT
    quiet = work(any_sandbox, order(stall_s=0.5), "sleep 30")
    assert quiet.failure is FailureClass.STALL
    stop = threading.Event()
    stop.set()
    stopped = work(any_sandbox, order(stop=stop), "sleep 30")
    assert stopped.failure is FailureClass.INFRASTRUCTURE
    assert "stopped" in stopped.reason


def test_edits_are_signs_of_life(any_sandbox: Sandbox, order: Order) -> None:
    script = "for i in 1 2 3 4 5 6; do sleep 0.3; echo $i > file; done"
    assert work(any_sandbox, order(stall_s=1.2), script).failure is None


def write(outcome: object) -> str:
    text = outcome if isinstance(outcome, str) else json.dumps(outcome)
    return f"cat > \"$LOOPCODER_OUTCOME_FILE\" <<'EOF'\n{text}\nEOF\n"


def test_the_outcome_file_is_read(any_sandbox: Sandbox, order: Order) -> None:
    said = {
        "status": "blocked",
        "reason": "no schema",
        "evidence": "see x",
        "summary": "tried",
        "usage": {"input_tokens": 10, "output_tokens": 5},
        "cost_usd": 0.25,
        "follow_ups": [{"title": "Write the schema", "body": "it is missing"}],
        "some_later_key": 1,
    }
    result = work(any_sandbox, order(), write(said))
    assert result.outcome is Outcome.BLOCKED
    assert (result.reason, result.evidence, result.summary) == ("no schema", "see x", "tried")
    assert result.usage == Usage(10, 5, Decimal("0.25"))
    assert result.follow_ups == (FollowUp("Write the schema", "it is missing"),)


@pytest.mark.parametrize(
    ("cost", "said", "usage"),
    [
        (CostBasis.REPORTED, {}, None),
        (CostBasis.REPORTED, {"cost_usd": "0.10"}, Usage(0, 0, Decimal("0.10"))),
        (CostBasis.REPORTED, {"usage": {"input_tokens": 3}}, Usage(3, 0, None)),
        (CostBasis.FREE, {"cost_usd": 9}, Usage(0, 0, Decimal(0))),
        (CostBasis.METERED, {"cost_usd": 9, "usage": {"input_tokens": 3}}, Usage(3, 0, None)),
    ],
)
def test_cost_comes_from_where_the_configuration_says(
    bubblewrap: Sandbox, order: Order, cost: CostBasis, said: object, usage: Usage | None
) -> None:
    assert work(bubblewrap, order(), write(said), cost=cost).usage == usage


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        '{"status": "merged"}',
        '{"cost_usd": -1}',
        '{"cost_usd": NaN}',
        '{"usage": {"input_tokens": "many"}}',
        '{"follow_ups": "one"}',
        "[" * 50_000,
    ],
)
def test_a_malformed_outcome_is_as_good_as_none(
    bubblewrap: Sandbox, order: Order, text: str
) -> None:
    result = work(bubblewrap, order(), write(text))
    assert (result.outcome, result.failure, result.usage) == (Outcome.DONE, None, None)
    assert result.reason.startswith("Its outcome file was ignored: ")


@pytest.mark.parametrize(
    "trick",
    [
        'ln -s {secret} "$LOOPCODER_OUTCOME_FILE"',
        'mkfifo "$LOOPCODER_OUTCOME_FILE"',
        'mkdir "$LOOPCODER_OUTCOME_FILE"',
        'yes 1234567 | head -c 3000000 > "$LOOPCODER_OUTCOME_FILE"',
    ],
)
def test_a_trick_in_place_of_the_outcome_file_does_nothing(
    any_sandbox: Sandbox, order: Order, tmp_path: Path, trick: str
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"summary": "the secret"}')
    result = work(any_sandbox, order(), trick.format(secret=secret))
    assert result.failure is None
    assert result.summary == ""
    assert result.reason.startswith("Its outcome file was ignored: ")


def test_an_outcome_of_an_earlier_run_does_not_count(any_sandbox: Sandbox, order: Order) -> None:
    assert work(any_sandbox, order(), write({"status": "blocked"})).outcome is Outcome.BLOCKED
    assert work(any_sandbox, order(), "true").outcome is Outcome.DONE


def test_an_outcome_is_read_after_a_kill_too(any_sandbox: Sandbox, order: Order) -> None:
    script = write({"summary": "half", "cost_usd": 1}) + "sleep 30"
    result = work(any_sandbox, order(timeout_s=0.5), script)
    assert result.failure is FailureClass.TIMEOUT
    assert (result.summary, result.usage) == ("half", Usage(0, 0, Decimal(1)))


def test_long_texts_and_lists_are_cut(bubblewrap: Sandbox, order: Order) -> None:
    said = {"summary": "s" * 20_000, "follow_ups": [{"title": "t" * 999}] * 50}
    result = work(bubblewrap, order(), write(said))
    assert len(result.summary) == 8000
    assert (len(result.follow_ups), len(result.follow_ups[0].title)) == (20, 300)


def test_prompt_and_transcript_are_out_of_reach(bubblewrap: Sandbox, order: Order) -> None:
    told = order()
    script = (
        'echo said; echo changed > "$LOOPCODER_PROMPT_FILE"; '
        'cd "$(dirname "$LOOPCODER_OUTCOME_FILE")"; '
        f"ls -A; ls -A ..; cat {told.outbox}/transcript.log; rm -rf {told.outbox}"
    )
    result = work(bubblewrap, told, script)
    assert (told.outbox / "prompt.md").read_text() == told.prompt
    assert (told.outbox / "transcript.log").read_text().startswith("said\n")
    assert [line for line in result.tail.splitlines() if ":" not in line] == [
        *("said", "drop", "prompt.md")
    ]


def test_progress_is_told(any_sandbox: Sandbox, order: Order) -> None:
    seen: list[Progress] = []
    result = work(any_sandbox, order(), "echo one; sleep 0.3; echo two", seen.append)
    assert [(each.line, each.steps) for each in seen] == [("one", 1), ("two", 2)]
    assert result.tail == "one\ntwo"


def test_network_needs_hosts_to_be_named(bubblewrap: Sandbox, order: Order) -> None:
    line = "grep -c : /proc/net/dev; echo proxy=$https_proxy"
    host = str(Path("/proc/net/dev").read_text().count(":"))
    assert work(bubblewrap, order(), line).tail == "1\nproxy="
    some = work(bubblewrap, order(), line, network=("api.example.com",))
    assert some.tail == "1\nproxy=http://127.0.0.1:3128"
    assert work(bubblewrap, order(), line, network=("*",)).tail == f"{host}\nproxy="


def test_refused_hosts_are_written_down_and_told_when_it_failed(
    bubblewrap: Sandbox, order: Order
) -> None:
    ask = (
        "exec 3<>/dev/tcp/127.0.0.1/3128; "
        "printf 'CONNECT evil.example.net:443 HTTP/1.1\\r\\n\\r\\n' >&3; head -1 <&3"
    )
    given = order()
    line = f'bash -c "{ask}"; exit $CODE'
    failed = work(bubblewrap, given, line, network=("a.org",), env={"CODE": "1"})
    assert "403" in failed.tail
    assert "may not reach: evil.example.net:443" in failed.reason
    assert (given.outbox / "network.log").read_text() == "refused evil.example.net:443\n"
    finished = work(bubblewrap, order(), line, network=("a.org",), env={"CODE": "0"})
    assert finished.reason == ""


def test_no_secret_of_ours_reaches_it(
    any_sandbox: Sandbox, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_own")
    tail = work(any_sandbox, order(), "env").tail
    for value in ("ghp_", "actions-secret", "agent.sock", "aws-secret", "sk-ant"):
        assert value not in tail


def test_what_an_earlier_run_left_is_removed(
    any_sandbox: Sandbox, order: Order, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    told = order()
    script = (
        'cd "$(dirname "$LOOPCODER_OUTCOME_FILE")"; mkdir -p outcome.json/a/b; '
        f"chmod 0 outcome.json/a; ln -s {elsewhere} outcome.json/link; ls -A"
    )
    work(any_sandbox, told, script)
    assert work(any_sandbox, told, 'ls -A "$(dirname "$LOOPCODER_OUTCOME_FILE")"').tail == ""
    assert (elsewhere / "kept").exists()

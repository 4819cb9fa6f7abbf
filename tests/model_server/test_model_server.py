"""The real SDK finds in the scripted model what it would find at Anthropic's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest

from tests.model_server.reply import call, say
from tests.model_server.world import KEY, Model

PROMPT = "Id `login-form`, from ROADMAP.md"
TOOL: Any = {"name": "bash", "description": "x", "input_schema": {"type": "object"}}


def client(model: Model, key: str = KEY) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        api_key=key, base_url=model.server.url, max_retries=0, timeout=httpx2.Timeout(5.0)
    )


def ask(model: Model, messages: Any = None, key: str = KEY, **more: Any) -> Any:
    given = {"model": "scripted", "max_tokens": 100, "tools": [TOOL], **more}
    rows = messages or [{"role": "user", "content": PROMPT}]
    with client(model, key).messages.stream(messages=rows, **given) as stream:
        return stream.get_final_message()


def user(text: str, *, marked: bool = False) -> Any:
    block: dict[str, Any] = {"type": "text", "text": text}
    return {
        "role": "user",
        "content": [block | {"cache_control": {"type": "ephemeral"}} if marked else block],
    }


def test_text_and_a_tool_call_are_streamed(model: Model) -> None:
    model.work("login-form", [call("bash", "I look for {{unit}}.", command="ls -la " * 20)])
    said = ask(model)
    assert said.stop_reason == "tool_use"
    assert said.content[0].text == "I look for login-form."
    assert said.content[1].input == {"command": "ls -la " * 20}
    assert said.usage.output_tokens > 10
    assert model.unscripted == []


def test_without_streaming_it_is_the_same_message(model: Model) -> None:
    model.work("login-form", [say("Hello.")])
    row: Any = {"role": "user", "content": PROMPT}
    said = client(model).messages.create(model="m", max_tokens=9, messages=[row])
    assert (said.content[0].to_dict()["text"], said.stop_reason) == ("Hello.", "end_turn")
    assert client(model).messages.count_tokens(model="m", messages=[row]).input_tokens > 5


def test_the_turn_is_the_number_of_replies_in_the_conversation(model: Model) -> None:
    model.work("login-form", [[say("one"), say("two")], [say("other")]])
    first = [user(PROMPT)]
    second = [*first, {"role": "assistant", "content": "one"}, user("go on")]
    assert [ask(model, each).content[0].text for each in (first, second, first, second)] == [
        "one",
        "two",
        "one",
        "two",
    ]
    assert ask(model, [user(PROMPT + "!")]).content[0].text == "other"
    assert ask(model, [user("Id `unknown`")]).content[0].text == "nothing is scripted for unknown"
    assert len(model.unscripted) == 1


def test_a_review_is_told_from_work_and_can_repeat_what_it_was_shown(model: Model) -> None:
    model.work("*", [say("work")])
    model.review("*", [say('{"head": "{{head}}", "diff": "{{diff}}"}')])
    packet = f"# How to review\n{PROMPT}\n- head: `abc1`\n- diff_sha256: `def2`\n"
    assert json.loads(ask(model, [user(packet)]).content[0].text) == {
        "head": "abc1",
        "diff": "def2",
    }


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ({"status": 429, "retry_after": 3}, anthropic.RateLimitError),
        ({"status": 529}, anthropic.APIStatusError),
        ({"status": 500}, anthropic.InternalServerError),
        ({"how": "cut"}, httpx2.RemoteProtocolError),
        ({"how": "event", "status": 529}, anthropic.APIStatusError),
        ({"how": "hang", "seconds": 0.2}, anthropic.APIConnectionError),
    ],
)
def test_faults_look_as_the_sdk_knows_them(
    model: Model, order: dict[str, Any], error: type[Exception]
) -> None:
    model.order(**order)
    with pytest.raises(error):
        ask(model)
    assert ask(model).stop_reason == "end_turn"


def test_a_truncated_stream_has_no_reason_and_no_error(model: Model) -> None:
    model.truncate(events=5)
    assert ask(model).stop_reason is None


def test_a_bad_key_and_an_empty_purse(model: Model) -> None:
    model.server.keys = {KEY}
    with pytest.raises(anthropic.AuthenticationError):
        ask(model, key="sk-ant-wrong")
    model.broke(status=402)
    with pytest.raises(anthropic.PaymentRequiredError):
        ask(model)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"role": "assistant", "content": "x"}], "user role"),
        (
            [
                user("x"),
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a", "name": "bash", "input": {}}],
                },
                user("y"),
            ],
            "without `tool_result`",
        ),
        (
            [
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}],
                }
            ],
            "unexpected",
        ),
        ([user("x", marked=True) for _ in range(5)], "maximum of 4"),
        ([user("x" * 900_000)], "too long"),
    ],
)
def test_a_malformed_conversation_is_refused(model: Model, messages: Any, words: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=words):
        ask(model, messages)


def test_the_cache_serves_what_was_marked_and_nothing_else(model: Model) -> None:
    long = "word " * 1500
    rows = [user(long, marked=True)]
    first, again = ask(model, rows).usage, ask(model, rows).usage
    assert first.cache_creation_input_tokens > 2000 and first.cache_read_input_tokens == 0
    assert again.cache_read_input_tokens == first.cache_creation_input_tokens
    longer = ask(
        model, [*rows, {"role": "assistant", "content": "a"}, user("b", marked=True)]
    ).usage
    assert longer.cache_read_input_tokens == again.cache_read_input_tokens
    assert 0 < longer.cache_creation_input_tokens < 50
    other_tools = ask(model, rows, tools=[{**TOOL, "name": "sh"}]).usage
    assert other_tools.cache_read_input_tokens == 0
    assert ask(model, [user(long)]).usage.cache_read_input_tokens == 0
    assert ask(model, [user("short", marked=True)]).usage.cache_creation_input_tokens == 0


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    script = {"work": {"*": [{"text": "hi"}]}, "faults": [{"status": 500}]}
    (tmp_path / "script.json").write_text(json.dumps(script))
    argv = [sys.executable, "-m", "tests.model_server", "--script", str(tmp_path / "script.json")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            sdk = anthropic.Anthropic(api_key="x", base_url=url, max_retries=0)
            given: Any = {"model": "m", "max_tokens": 9, "messages": [user("x")]}
            with pytest.raises(anthropic.InternalServerError):
                sdk.messages.create(**given)
            assert sdk.messages.create(**given).content[0].to_dict()["text"] == "hi"
        finally:
            process.kill()

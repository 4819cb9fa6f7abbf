"""The built-in worker and reviewer, through `loopcoder tick`: only the model is scripted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal
from subprocess import Popen
from typing import Any

import pytest

from loopcoder.domain.journal.history import History
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.model_server.reply import call, say
from tests.model_server.request import Asked, tokens_of
from tests.model_server.world import KEY, Model
from tests.support.project import Project

STORE = "- [ ] Session store <!-- id: store -->\n  Keep sessions in a file.\n"
WORKER = {"kind": "anthropic", "model": "claude-sonnet-5-5", "timeout": "1m"}
REVIEWER = {**WORKER, "model": "claude-opus-5-5", "calibration": "off"}
REVIEWED = {"head": "{{head}}", "diff_sha256": "{{diff}}"}
APPROVE = call("verdict", verdict="approve", summary="Good.", findings=[], reviewed=REVIEWED)
WRITE = call("write", path="store.txt", content="sessions\n")
DONE = call("finish", status="done", summary="Wrote the store.")


@pytest.fixture
def built(project: Project, model: Model) -> Project:
    """A project whose worker and reviewer are the built-in ones."""
    project.env |= model.env
    model.review("*", [APPROVE])
    return project


def begin(built: Project, **config: Any) -> Project:
    made = {"workers": {"default": WORKER}, "reviewer": REVIEWER, **config}
    return built.begin(STORE, config=made)


def test_from_roadmap_to_a_proposal(built: Project, model: Model) -> None:
    model.work(
        "store",
        [
            call("bash", "I look around.", command="ls && cat check.sh"),
            call("search", pattern="RED", glob="*.sh"),
            WRITE,
            call("edit", path="store.txt", old="sessions", new="all sessions"),
            call("read", path="store.txt"),
            DONE,
        ],
    )
    begin(built)
    row = proposed(built)
    assert built.git("show", "loopcoder/store:store.txt") == "all sessions"
    shown = model.asked("store", review=False)[-1].texts_of("tool_result")
    assert "check.sh" in shown[0] and "check.sh:2: # Red" in shown[1]
    assert shown[4] == "     1\tall sessions"
    assert model.unscripted == []
    assert 0 < row["cost_usd"] < 0.2 and row["tokens"] > 1000


def test_the_conversation_is_served_from_the_cache(built: Project, model: Model) -> None:
    """Twenty steps that each bring a page of output: the bill is for what is new in each."""
    look = [call("bash", command=f"seq {100 * n} {100 * n + 150}") for n in range(18)]
    model.work("store", [*look, WRITE, DONE])
    begin(built)
    proposed(built)
    asked = model.asked("store", review=False)
    assert len(asked) == 20
    assert model.cached_share("store") >= 0.9


@pytest.mark.slow
def test_what_is_the_same_for_every_unit_is_small_and_the_same_bytes(
    built: Project, model: Model
) -> None:
    model.work("*", [WRITE, DONE])
    built.begin(
        STORE + "- [ ] Login form <!-- id: login -->\n",
        config={"workers": {"default": WORKER}, "reviewer": REVIEWER},
    )
    built.tick()
    firsts = [model.asked(unit, review=False)[0] for unit in ("store", "login")]
    shared = [(each.body["system"], each.body["tools"]) for each in firsts]
    assert shared[0] == shared[1]
    rules = [each.messages[0]["content"][0] for each in firsts]
    assert rules[0] == rules[1] and "unit" not in rules[0]["text"][-200:]
    frame = sum(block.tokens for block in firsts[0].blocks) - tokens_of(
        firsts[0].messages[0]["content"][1]["text"]
    )
    assert frame <= 2000, frame
    second = model.asked("login", review=False)[0].usage
    third = model.asked("store", review=False)[0].usage
    assert max(second["cache_read_input_tokens"], third["cache_read_input_tokens"]) > 1000


def test_killed_in_the_middle_it_goes_on_with_the_same_session(
    built: Project, model: Model
) -> None:
    model.work("store", [WRITE, call("bash", command="echo begun > begun.txt; sleep 600"), DONE])
    begin(built)
    process = built.start("tick")
    wait_until(lambda: list(built.folder.rglob("begun.txt")), process)
    process.kill()
    process.wait()
    row = built.tick()["units"]["store"]
    assert (row["outcome"], row["attempt"]) == ("proposed", 1), row
    last = model.asked("store", review=False)[-1]
    assert last.turn == 2 and "Interrupted" in last.texts_of("tool_result")[1]
    record = history(built).unit(UnitId("store"))
    assert [attempt.number for attempt in record.attempts] == [1]
    assert not record.struck
    spends = sorted(each.usd for each in history(built).spend.values())
    assert all(each < Decimal("0.1") for each in spends), spends


@pytest.mark.slow
def test_killed_while_the_model_speaks_the_same_is_asked_again(
    built: Project, model: Model
) -> None:
    model.work("store", [WRITE, {**DONE, "delay": 3}])
    begin(built)
    process = built.start("tick")
    wait_until(lambda: len(model.asked("store")) == 2, process)
    process.kill()
    process.wait()
    proposed(built)
    again = model.asked("store", review=False)
    assert [each.turn for each in again] == [0, 1, 1]
    assert again[1].messages == again[2].messages


HUNT = f"""
env; cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'; ls /proc/self/fd
timeout 20 grep -rls {KEY[:12]} /etc /home /run /tmp /var
"""


def test_the_key_is_nowhere_a_tool_can_look(built: Project, model: Model) -> None:
    address = model.server.url
    fetch = f"import urllib.request; print(urllib.request.urlopen('{address}').status)"
    model.work(
        "store",
        [
            call("bash", command=HUNT, timeout=60),
            call("bash", command=f'python3 -c "{fetch}" 2>&1 | tail -1'),
            call("read", path=str(built.state / "journal.db")),
            call("read", path="../../../../../../etc/shadow"),
            call("bash", command=f"ln -s {built.state} link"),
            call("write", path="link/journal.db", content="x"),
            call("write", path=str(built.root / "planted.txt"), content="x"),
            call("bash", command="rm link"),
            WRITE,
            DONE,
        ],
    )
    begin(built)
    before = (built.state / "journal.db").exists()
    proposed(built)
    shown = model.asked("store", review=False)[-1].texts_of("tool_result")
    assert "LOOPCODER_UNIT=store" in shown[0]
    assert KEY not in str([each.body for each in model.asked()])
    assert "urlopen error" in shown[1] or "not found" in shown[1]
    assert all("wrote" not in shown[n] and "SQLite" not in shown[n] for n in (2, 3, 5)), shown
    assert not (built.root / "planted.txt").exists() and not before
    for path in built.state.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_later_round_continues_the_session(built: Project, model: Model) -> None:
    red = call("write", path="store.txt", content="RED\n")
    again = call("edit", path="store.txt", old="RED", new="green")
    model.work("store", [red, DONE, again, DONE])
    begin(built)
    proposed(built)
    asked = model.asked("store", review=False)
    assert [each.turn for each in asked] == [0, 1, 2, 3]
    assert "Checks that are red" in asked[2].text
    assert built.git("show", "loopcoder/store:store.txt") == "green"


NO_VERDICTS = {
    "declines": ([{"text": "No.", "stop": "refusal"}], "No."),
    "only-says": ([say('{"verdict": "approve"}')], "without a verdict"),
    "wrong-shape": ([call("verdict", verdict="fine")], "could not be used"),
    "other-head": (
        [call("verdict", verdict="approve", summary="", findings=[], reviewed={"head": "abc"})],
        "",
    ),
    "abstains": (
        [call("verdict", verdict="abstain", summary="?", findings=[], reviewed=REVIEWED)],
        "",
    ),
    "writes": ([call("bash", command="true")], "could not be used"),
}


def test_nothing_but_a_verdict_on_this_very_change_approves(built: Project, model: Model) -> None:
    for unit, (turns, _) in NO_VERDICTS.items():
        model.work(unit, [WRITE, DONE])
        model.review(unit, turns * 5)
    built.begin(
        "".join(f"- [ ] {unit} <!-- id: {unit} -->\n" for unit in NO_VERDICTS),
        config={
            "workers": {"default": WORKER},
            "reviewer": REVIEWER,
            "jobs": 6,
            "limits": {"units_per_tick": 9},
            "budget": {"tick": "$100"},
        },
    )
    rows = built.tick()["units"]
    for unit, (_, words) in NO_VERDICTS.items():
        assert rows[unit]["outcome"] == "needs-human", rows[unit]
        assert words in rows[unit]["reason"]
    assert built.pulls() == {}


@pytest.mark.slow
def test_a_reviewer_can_look_and_change_nothing(built: Project, model: Model) -> None:
    model.work("store", [WRITE, DONE])
    model.review(
        "*", [call("read", path="store.txt"), call("search", pattern="s", glob="st*"), APPROVE]
    )
    begin(built)
    proposed(built)
    last = model.asked("store", review=True)[-1]
    assert {tool["name"] for tool in last.body["tools"]} == {"read", "search", "verdict"}
    assert last.texts_of("tool_result") == ["     1\tsessions", "store.txt:1: sessions"]


def test_a_planner_can_look_and_proposes_steps(built: Project, model: Model) -> None:
    steps = ["Write the store.", "Read it."]
    model.work("store", [[call("read", path="check.sh"), call("plan", steps=steps)], [WRITE, DONE]])
    planner = {**WORKER, "steps": 1}
    made = {"workers": {"default": WORKER}, "reviewer": REVIEWER, "planner": planner}
    built.begin(STORE + "  - [ ] One\n  - [ ] Two\n", config=made)
    proposed(built)
    first, *_ = model.asked("store", review=False)
    assert {tool["name"] for tool in first.body["tools"]} == {"read", "search", "plan"}
    assert "1. Write the store." in built.json("prompt", "store")["text"]
    spent = open_house(built.root, from_base=True, environ=built.environment).journal_reader
    assert sorted(s.purpose for s in spent.history().spend.values()) == ["plan", "review", "work"]


@pytest.mark.parametrize(
    ("budget", "words"),
    [({"tokens_per_attempt": 30_000}, "tokens"), ({"attempt": "$0.20"}, r"\$0.15")],
)
def test_caps_hold_inside_a_run(
    built: Project, model: Model, budget: dict[str, Any], words: str
) -> None:
    """It is ended before the reply that could exceed them, and what it did by then is judged."""
    model.work("store", [WRITE, *[call("bash", command=f"seq 2000 # {n}") for n in range(50)]])
    begin(built, budget=budget)
    row = proposed(built)
    spent = [each.usage for each in model.asked("store", review=False) if each.usage]
    tokens = sum(sum(usage.values()) for usage in spent)
    assert 2 <= len(spent) < 50
    if "tokens_per_attempt" in budget:
        assert tokens <= row["tokens"] <= 30_000
    assert row["cost_usd"] <= 0.2
    assert re.search(words, (built.run("report").stdout + built.run("log", "store").stdout))


@pytest.mark.slow
def test_own_prices_count_before_the_published_ones(built: Project, model: Model) -> None:
    model.work("store", [{**WRITE, "output_tokens": 1000}, {**DONE, "output_tokens": 1000}])
    reviewer = {**REVIEWER, "model": "review-model"}
    prices = {
        "claude-sonnet-5-5": {"input": 0, "output": "$100"},
        "review-model": {"input": 0, "output": 0},
    }
    begin(built, prices=prices, reviewer=reviewer, budget={"attempt": "$9", "unit": "$9"})
    assert built.tick()["units"]["store"]["cost_usd"] == pytest.approx(0.2)


@pytest.mark.slow
def test_a_model_without_a_price_is_charged_what_was_reserved(built: Project, model: Model) -> None:
    model.work("store", [WRITE, DONE])
    begin(built, workers={"default": {**WORKER, "model": "nobodys-model"}})
    report = built.json("tick")
    assert report["units"][0]["cost_usd"] >= 1.5
    assert "no price is known for nobodys-model" in built.run("report").stdout


def test_with_a_key_and_nothing_configured_it_is_the_worker(built: Project, model: Model) -> None:
    model.work("store", [WRITE, DONE])
    begin(built, workers=None)
    proposed(built)
    assert model.asked("store", review=False)[0].body["model"] == "claude-sonnet-5-5"


def test_without_a_key_it_says_so_before_anything_is_done(built: Project, model: Model) -> None:
    begin(built)
    built.env["ANTHROPIC_API_KEY"] = ""
    done = built.run("tick", exit_code=2)
    assert "ANTHROPIC_API_KEY is not set" in done.stderr
    assert "ANTHROPIC_API_KEY is not set" in built.run("doctor", exit_code=None).stdout
    assert model.asked() == []


@pytest.mark.slow
def test_a_fallback_steps_in_where_the_provider_fails(built: Project, model: Model) -> None:
    model.work("store", [WRITE, DONE])
    model.fail(401, unit="store", text="invalid x-api-key")
    second = {**WORKER, "model": "claude-haiku-5-5"}
    begin(built, workers={"default": {**WORKER, "fallback": ["second"]}, "second": second})
    proposed(built)
    models = [each.body["model"] for each in model.asked("store", review=False)]
    assert models == ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-5-5"]


@pytest.mark.slow
def test_a_full_context_is_handed_off(built: Project, model: Model) -> None:
    """At four fifths of the window it writes down where it stands and goes on afresh."""

    def go_on(asked: Asked) -> Any:
        if "Write the hand-off" in asked.text:
            return say("The store is half done: see store.txt.")
        look = (f"seq {asked.turn}{n} 9999" for n in range(4))
        return {"tools": [call("bash", command=each)["tools"][0] for each in look]}

    model.work("store", [[go_on] * 20, [WRITE, DONE]])
    begin(built, budget={"attempt": "$9", "unit": "$9"})
    proposed(built)
    last = model.asked("store", review=False)[-1]
    assert "Where an earlier session left off" in last.text and last.tokens < 10_000
    (kept,) = built.state.rglob("hand-off.md")
    assert kept.read_text() == "The store is half done: see store.txt."


def proposed(built: Project) -> Any:
    """A tick that proposes the store; its line of the report."""
    row = built.tick()["units"]["store"]
    assert row["outcome"] == "proposed", f"{row['outcome']}: {row['reason']}"
    return row


def wait_until(condition: Callable[[], object], process: Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.05)


def history(project: Project) -> History:
    house = open_house(project.root, from_base=True, environ=project.environment)
    return house.journal_reader.history()

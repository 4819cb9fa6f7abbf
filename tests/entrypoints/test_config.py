"""The loader of loopcoder.yml: what it accepts, and the sentences it refuses with."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.settings import (
    Calibration,
    Command,
    CostBasis,
    LandingMode,
    Limits,
    Settings,
)
from loopcoder.entrypoints.config.loader import load_settings
from loopcoder.entrypoints.views.render import error_text

EVERY_KEY = """\
version: 1
roadmap: ROADMAP.md
tracker: local
repository: owner/name
base: main
compile_on_tick: true
trusted_ids: [41]
preflight: {run: ./check.sh, timeout: 2m}
setup: [{run: "pip install -e .", timeout: 10m, network: true}]
verify: [{run: "pytest -q", timeout: 20m}]
verify_env: {SEED: 0, NAME: x}
e2e: []
on_red_base: propose
workers:
  default: {kind: claude-code, model: some-model, fallback: [builtin]}
  builtin: {kind: anthropic, model: some-model, max_parallel: 10, mcp: []}
  mine: {kind: command, run: ["./agent.sh"], timeout: 50m, cost: free}
reviewer: {kind: anthropic, model: other-model, calibration: required}
planner: off
sandbox: auto
readable: [/opt/toolchain]
network: {allow: [example.org]}
jobs: 3
limits: {units_per_tick: 3, minutes_per_tick: 240, open_prs: 10, attempts: 3, review_rounds: 2,
  issues_per_day: 100, comments_per_day: 200}
budget: {attempt: $2, unit: $5, tick: $10, day: $50, month: $500, tokens_per_attempt: 2M}
breaker: {failures: 3, cooldown: 30m}
policy: {protected: [], escalate: [], max_files: 100, max_bytes: 4MB}
commit: {author: null, signoff: false, sign: false, title: "{title}"}
reviewers: []
landing: {mode: pull-request}
skills: {budget: 8000, paths: []}
notify: ["https://example.org/hook"]
retention: 30d
"""


def problems(text: str) -> list[str]:
    """Every diagnostic as `line: summary | detail`."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(text, "loopcoder.yml")
    assert caught.value.exit_code == 2
    return [
        f"{each.where.line if each.where else 0}: {each.summary} | {each.detail}".rstrip(" |")
        for each in caught.value.diagnostics
    ]


def test_every_documented_key_is_accepted() -> None:
    settings = load_settings(EVERY_KEY, "loopcoder.yml")
    assert settings.preflight == Command("./check.sh", 120.0)
    assert settings.setup == (Command("pip install -e .", 600.0, ("*",)),)
    assert settings.verify_env == {"SEED": "0", "NAME": "x"}
    assert settings.workers["mine"].argv == ("./agent.sh",)
    assert settings.workers["mine"].cost is CostBasis.FREE
    assert settings.workers["default"].fallback == ("builtin",)
    assert settings.reviewer is not None
    assert settings.reviewer.calibration is Calibration.REQUIRED
    assert settings.budget.tokens_per_attempt == 2_000_000
    assert settings.policy.max_bytes == 4_000_000
    assert settings.retention_s == 30 * 86_400
    assert settings.landing.mode is LandingMode.PULL_REQUEST
    assert settings.network_allow == ("example.org",)
    assert settings.readable == ("/opt/toolchain",)


def test_the_defaults_of_the_file_are_the_defaults_of_the_domain() -> None:
    assert load_settings("version: 1\n", "x") == Settings(source="x")
    assert load_settings("", "x").limits == Limits()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('verify: "pytest -q"', (Command("pytest -q"),)),
        ("verify: [make test, make lint]", (Command("make test"), Command("make lint"))),
        ("verify: {run: make, timeout: 90}", (Command("make", 90.0),)),
        ("verify:", ()),
    ],
)
def test_commands_have_short_spellings(text: str, expected: tuple[Command, ...]) -> None:
    assert load_settings(text, "x").verify == expected


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("20m", 1200), ("2h30m", 9000), ("1.5h", 5400), ("45", 45), ("1d", 86_400)],
)
def test_durations(written: str, seconds: float) -> None:
    assert load_settings(f"retention: {written}", "x").retention_s == seconds


def test_off_means_off_in_both_spellings() -> None:
    for off in ("off", '"off"', "false"):
        settings = load_settings(f"sandbox: {off}\nreviewer: {off}\nplanner: {off}\n", "x")
        assert settings.sandbox == "off"
        assert settings.reviewer is None


def test_a_cap_can_be_off_and_money_is_exact() -> None:
    caps = load_settings("budget: {attempt: $0.10, day: off, month: null, unit: 3}", "x").budget
    assert (caps.attempt, caps.day, caps.month) == (Decimal("0.10"), None, None)
    assert caps.unit == Decimal(3)


def test_calibration_off_is_read_from_the_bare_word() -> None:
    text = "reviewer: {kind: command, run: ./judge 'with space', calibration: off}"
    reviewer = load_settings(text, "x").reviewer
    assert reviewer is not None
    assert reviewer.calibration is Calibration.OFF
    assert reviewer.spec.argv == ("./judge", "with space")


def test_landing_by_commit() -> None:
    landing = load_settings("landing: {mode: commit, work_branch: next, push: true}", "x").landing
    assert (landing.mode, landing.work_branch, landing.push) == (LandingMode.COMMIT, "next", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jbos: 3", ["1: `jbos` is not a known key | did you mean `jobs`?"]),
        (
            "verify:\n  - run: x\n    timeot: 3m",
            ["3: `timeot` is not a known key in `verify[1]` | did you mean `timeout`?"],
        ),
        (
            "workers:\n  default: {kind: command, run: [x], modle: y}",
            ["2: `modle` is not a known key in `workers.default` | did you mean `model`?"],
        ),
        (
            "reviewer:\n  kind: codex\n  calibraton: off",
            ["3: `calibraton` is not a known key in `reviewer` | did you mean `calibration`?"],
        ),
        (
            "landing:\n  mode: pull-request\n  zzz: 1",
            [
                "3: `zzz` is not a known key in `landing` | "
                "known: `mode`, `on_conflict`, `push`, `work_branch`"
            ],
        ),
        ("jobs: three", ["1: `jobs`: must be a whole number, not `three`"]),
        ('jobs: "3"', ["1: `jobs`: must be a whole number, not `3`"]),
        ("jobs: true", ["1: `jobs`: must be a whole number, not true"]),
        ("jobs: 51", ["1: `jobs`: must be at most 50"]),
        ("\n\nlimits: {attempts: 0}", ["3: `limits.attempts`: must be at least 1"]),
        ("tracker: gitlab", ["1: `tracker` cannot be `gitlab` | known: `local`, `github`"]),
        ("sandbox: of", ["1: `sandbox` cannot be `of` | did you mean `off`?"]),
        (
            "retention: soon",
            ["1: `retention`: write a duration such as 90s, 20m, 2h30m or 30d"],
        ),
        ("verify: {run: x, timeout: 0}", ["1: `verify[1].timeout`: must be at least 1"]),
        (
            "budget: {day: lots}",
            ["1: `budget.day`: write an amount of US dollars such as $2 or $0.50"],
        ),
        ("policy: {max_bytes: 4XB}", ["1: `policy.max_bytes`: write a size such as 512KB, 4MB"]),
        ("verify_env: {A: yes}", ["1: `verify_env.A`: must be a text (put it in quotes)"]),
        ("base: loopcoder/x", ["1: `base`: branches under loopcoder/ are where work is"]),
        ("base: a..b", ["1: `base`: write a branch name such as main"]),
        ("roadmap: ../x.md", ["1: `roadmap[1]`: write a path relative to the repository's root"]),
        ("commit: {title: '{name}'}", ["1: `commit.title`: write a pattern with {title}"]),
        ("verify: [{}]", ["1: `verify[1]` needs `run`"]),
        ("verify: [{run: ''}]", ["1: `verify[1].run`: must not be empty"]),
        ("workers: {default: {}}", ["1: `workers.default` needs `kind`"]),
        (
            "workers: {default: {kind: command}}",
            ["1: `workers.default` needs `run`: the program to start"],
        ),
        (
            "reviewer: {kind: scripted}",
            ["1: `reviewer` needs `script`: the file to follow"],
        ),
        (
            "workers: {mine: {kind: command, run: x}}",
            ["1: no worker is named `default` | Rename one of `mine`."],
        ),
        (
            "workers: {default: {kind: command, run: x, fallback: [defalt]}}",
            ["1: no worker is named `defalt` | did you mean `default`?"],
        ),
        (
            "workers: {default: {kind: codex, run: x}}",
            ["1: `run` belongs to kind `command`, not `codex`"],
        ),
        ("landing: commit", ["1: `landing: commit` needs `work_branch`: the branch to commit to"]),
        (
            "landing: {mode: commit, work_branch: main}",
            ["1: work never lands on the base branch itself"],
        ),
        (
            "base: main\nsections: sub-issues",
            ["2: `sections: sub-issues` works with `tracker: github` only"],
        ),
        ("version: 2", ["1: version 2 of the format is not known to this loopcoder"]),
        ("- a\n- b", ["1: the file must hold keys and values, such as `base: main`"]),
        ("just words", ["1: the file must hold keys and values, such as `base: main`"]),
        ("base: main\nbase: dev", ["2: `base` stands here twice | It is set in line 1."]),
        ("base: main\n\tjobs: 3", ["2: this is not YAML"]),
        ("verify: [a, b", ["1: this is not YAML"]),
        ("a: &x [*x]", ["1: aliases are not read here"]),
        ("base: !!python/object:os.system x", ["1: `x` cannot be read"]),
        ("---\na: 1\n---\nb: 2", ["3: this is not YAML: but found another document"]),
        ("version: 1\n<<<<<<< HEAD\njobs: 1\n", ["2: a merge conflict is not resolved here"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected), found
    for sentence, start in zip(found, expected, strict=True):
        assert sentence.startswith(start), found


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = "jobs: x\nbudget: {day: y, moth: 3}\nsandbox: maybe\nunknown: 1\n"
    lines = [int(each.split(":")[0]) for each in problems(text)]
    assert lines == [1, 2, 2, 3, 4]


def test_an_error_reads_like_this() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings("base: main\nsandbx: off\n", "loopcoder.yml")
    assert error_text(caught.value) == (
        "loopcoder.yml:2: error: `sandbx` is not a known key\n"
        "    2 | sandbx: off\n"
        "        ^^^^^^ did you mean `sandbox`?\n"
        "loopcoder: loopcoder.yml has an error. `loopcoder help configuration` tells of every key."
    )


def test_a_thousandfold_alias_is_not_expanded() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    assert any("aliases" in each for each in problems(bomb))


@given(st.text(max_size=200))
def test_no_text_brings_the_loader_down(text: str) -> None:
    try:
        settings = load_settings(text, "loopcoder.yml")
    except ConfigurationError as error:
        assert error.diagnostics
        assert error_text(error)
    else:
        assert settings.source == "loopcoder.yml"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abkindru", max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = re.findall(r"^(\w+):", EVERY_KEY, re.MULTILINE)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=4))
def test_no_value_of_a_known_key_brings_the_loader_down(data: dict[str, object]) -> None:
    import yaml

    try:
        assert load_settings(yaml.safe_dump(data), "x").source == "x"
    except ConfigurationError as error:
        assert all(each.where and each.where.line >= 1 for each in error.diagnostics)


def test_our_own_configuration_is_valid() -> None:
    own = Path(__file__).parents[2] / "loopcoder.yml"
    if own.exists():
        assert load_settings(own.read_text(), "loopcoder.yml").verify
    else:
        assert not (own.parent / ".github" / "loopcoder.yml").exists()


@pytest.mark.parametrize(
    ("agent", "problem"),
    [
        ("{kind: aider, mcp: [{name: m, url: 'https://h'}]}", "`aider` knows no MCP servers"),
        ("{kind: anthropic, mcp: [{name: m, run: x}]}", "`anthropic` knows no MCP servers"),
        ("{kind: codex, mcp: [{name: m}]}", "needs either `run` or `url`"),
        (
            "{kind: codex, mcp: [{name: m, run: x, url: 'https://h'}]}",
            "needs either `run` or `url`",
        ),
        ("{kind: codex, mcp: [{name: 'a b', run: x}]}", "mcp[1].name"),
        ("{kind: codex, mcp: [{name: m, url: 'ftp://h'}]}", "mcp[1].url"),
        ("{kind: acp}", "needs `run`"),
        ("{kind: codex, pass_env: [GITHUB_TOKEN]}", "no agent is handed what opens GitHub"),
        ("{kind: codex, pass_env: [ssh_auth_sock]}", "no agent is handed what opens GitHub"),
        ("{kind: codex, pass_env: ['A=b']}", "write the name of a variable"),
    ],
)
def test_a_server_of_tools_is_checked(agent: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(f"workers: {{default: {agent}}}\n", "loopcoder.yml")
    assert any(problem in each.summary for each in caught.value.diagnostics), caught.value

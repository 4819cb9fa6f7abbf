"""The shape of `loopcoder.yml`: every key with its type, default and meaning.

docs/reference/configuration.md is generated from here.
"""

from __future__ import annotations

import re
import shlex
import string
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from loopcoder.domain.guard.reach import EVERYTHING, parse_host
from loopcoder.entrypoints.views.quantities import (
    parse_count,
    parse_duration,
    parse_money,
    parse_size,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """How a type is called, in error messages and in the reference."""

    text: str


RUN_KINDS = ("command", "acp")
MCP_KINDS = ("claude-code", "codex", "gemini", "copilot", "opencode", "acp")
_NEVER_PASSED = ("GITHUB_", "GH_", "ACTIONS_", "RUNNER_", "SSH_", "LOOPCODER_", "HOME", "PATH")

_BRANCH = re.compile(
    r"(?!/)(?!.*(?://|\.\.|@\{|/$|\.lock$))[^\x00-\x20~^:?*\[\\-][^\x00-\x20~^:?*\[\\]*"
)


def _off(value: object) -> object:
    """YAML reads a bare `off` as false: both mean off."""
    return "off" if value is False else value


def _off_is_none(value: object) -> object:
    return None if value is False or value == "off" else value


def _list(value: object) -> object:
    """One thing stands for a list of one; nothing for an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _command(value: object) -> object:
    return {"run": value} if isinstance(value, str) else value


def _commands(value: object) -> object:
    return [_command(item) for item in value] if isinstance(value := _list(value), list) else value


def _argv(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise ValueError(f"the command line cannot be split: {error}") from None


def _text(value: object) -> object:
    """An environment value: numbers become text, everything else must be quoted."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _branch(value: str) -> str:
    if not _BRANCH.fullmatch(value):
        raise ValueError("write a branch name such as main")
    if value.startswith("loopcoder/"):
        raise ValueError("branches under loopcoder/ are where work is proposed from")
    return value


def _path(value: str) -> str:
    if value.startswith(("/", "~")) or ".." in value.split("/") or not value:
        raise ValueError("write a path relative to the repository's root, without ..")
    return value


def _absolute(value: str) -> str:
    if not value.startswith("/") or ".." in value.split("/"):
        raise ValueError("write an absolute path, such as /opt/toolchain")
    return value


def _title_pattern(value: str) -> str:
    known = ("title", "unit", "issue")
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
    except ValueError:
        names = {"{"}
    if not names <= set(known) or "title" not in names:
        raise ValueError("write a pattern with {title}, and if wanted {unit} and {issue}")
    return value


def _host(value: str) -> str:
    if value != EVERYTHING:
        parse_host(value)
    return value


def _network(value: object) -> object:
    """One host stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _signer(value: str) -> str:
    words = value.split()
    if len(words) < 2 or not any(w.startswith(("ssh-", "ecdsa-", "sk-")) for w in words[:2]):
        raise ValueError("write a line as in a .pub file, such as `ssh-ed25519 AAAA…`")
    return value


def _attestation(value: object) -> object:
    return {"sign": value} if isinstance(value, str | bool) else value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("write the name of a variable, such as OPENAI_API_KEY")
    if value.upper().startswith(_NEVER_PASSED):
        raise ValueError("no agent is handed what opens GitHub or belongs to loopcoder itself")
    return value


def _landing(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


def _calibration(value: object) -> object:
    value = _off(value)
    return {"mode": value} if isinstance(value, str) else value


def _notice(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=1),
    Phrase("duration, such as `20m` or `2h30m`"),
]
Pause = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0, le=600),
    Phrase("duration, such as `1s`"),
]
Size = Annotated[int, BeforeValidator(parse_size), Field(ge=1), Phrase("size, such as `4MB`")]
Money = Annotated[
    Annotated[Decimal, BeforeValidator(parse_money)] | None,
    BeforeValidator(_off_is_none),
    Phrase("US dollars, such as `$2`, or `off`"),
]
Rate = Annotated[
    Decimal, BeforeValidator(parse_money), Field(ge=0), Phrase("US dollars, such as `$2.50`")
]
Tokens = Annotated[
    Annotated[int, BeforeValidator(parse_count), Field(ge=1)] | None,
    BeforeValidator(_off_is_none),
    Phrase("count, such as `2M`, or `off`"),
]
Share = Annotated[float, Field(ge=0, le=1), Phrase("share from 0 to 1")]
Count = Annotated[int, Field(ge=0), Phrase("whole number")]
Positive = Annotated[int, Field(ge=1), Phrase("whole number from 1")]
Jobs = Annotated[int, Field(ge=1, le=50), Phrase("whole number from 1 to 50")]
Text = Annotated[str, Phrase("text")]
Branch = Annotated[str, AfterValidator(_branch), Phrase("branch name")]
Path = Annotated[str, AfterValidator(_path), Phrase("path in the repository")]
Paths = Annotated[list[Path], BeforeValidator(_list), Phrase("path, or list of paths")]
Absolute = Annotated[
    list[Annotated[str, AfterValidator(_absolute)]],
    BeforeValidator(_list),
    Phrase("list of absolute paths"),
]
Texts = Annotated[list[str], BeforeValidator(_list), Phrase("text, or list of texts")]
Hosts = Annotated[
    list[Annotated[str, AfterValidator(_host)]],
    BeforeValidator(_list),
    Phrase("list of hosts, such as `api.example.org`, `*.example.org` or `localhost:8080`"),
]
Network = Annotated[
    bool | list[Annotated[str, AfterValidator(_host)]],
    BeforeValidator(_network),
    Phrase("true, false, or list of hosts"),
]
Globs = Annotated[list[str], BeforeValidator(_list), Phrase("list of globs")]
Environment = Annotated[
    dict[str, Annotated[str, BeforeValidator(_text)]], Phrase("map of variables to texts")
]
Names = Annotated[
    list[Annotated[str, AfterValidator(_variable)]],
    BeforeValidator(_list),
    Phrase("list of variable names"),
]
Argv = Annotated[
    list[str], BeforeValidator(_argv), Phrase("program and arguments, as a list or one line")
]
Flag = Annotated[bool, Phrase("true or false")]


class Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


def _section(kind: type[Section], description: str) -> Any:
    """A field that holds the section's own defaults when it is left out."""
    return Field(default_factory=kind, description=description)


class CommandSection(Section):
    """A command line, run by `sh -c` in a sandboxed checkout."""

    run: Text = Field(min_length=1, description="The command line.")
    timeout: Duration = Field(1200.0, description="Killed, and failed, after this long.")
    network: Network = Field(
        False, description="Whether the network may be used, or the hosts that may be reached."
    )


class SetupSection(CommandSection):
    """A command that prepares a checkout."""

    cache: Paths = Field(
        [],
        description="What it makes, kept for checkouts with the same lock files: paths such as "
        "`node_modules`.",
    )
    key: Paths = Field(
        [], description="The files that decide; default: every known lock file at the root."
    )


class PreflightSection(CommandSection):
    timeout: Duration = Field(120.0, description="Killed, and failed, after this long.")


Commands = Annotated[
    list[CommandSection],
    BeforeValidator(_commands),
    Phrase("command, or list of commands; a command is a text or a map"),
]


class McpSection(Section):
    """A server of tools, which the agent starts or reaches from inside its sandbox."""

    name: Text = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="Its name for the agent.")
    run: Argv = Field([], description="Program and arguments of a server that is started.")
    env: Environment = Field({}, description="Variables for a server that is started.")
    url: Text = Field("", pattern=r"^(https?://\S+)?$", description="Address of a server.")
    headers: Environment = Field({}, description="Headers for a server that is reached.")


Setups = Annotated[
    list[SetupSection],
    BeforeValidator(_commands),
    Phrase("command, or list of commands; a command is a text or a map"),
]


class WorkerSection(Section):
    """A way to have work done, or a change judged."""

    kind: Annotated[
        Literal[
            "command",
            "scripted",
            "anthropic",
            "claude-code",
            "codex",
            "gemini",
            "copilot",
            "opencode",
            "aider",
            "acp",
        ],
        Phrase("kind of agent"),
    ] = Field(description="What is started. `command` is any program.")
    model: Text = Field("", description="The model, for kinds that choose one.")
    run: Argv = Field(
        [], description="Program and arguments, for kinds `command` and `acp`; no shell."
    )
    script: Text = Field(
        "", description="A script in the repository, or an absolute path, for kind `scripted`."
    )
    timeout: Duration = Field(3000.0, description="Most time for one run.")
    stall: Duration = Field(600.0, description="Killed after so long without output or change.")
    cost: Annotated[Literal["metered", "reported", "free"], Phrase("source of the cost")] | None = (
        Field(
            None,
            description="`free`, `reported` by the agent itself, or `metered` by us. "
            "A command that reports nothing is charged what was reserved for it. "
            "Default: `reported`; for `scripted`: `free`; for `anthropic`: `metered`.",
        )
    )
    max_parallel: Jobs = Field(50, description="Most runs at the same time.")
    turns: Positive = Field(200, description="Most replies in one run, for kind `anthropic`.")
    fallback: Texts = Field([], description="Workers to use when this one's provider fails.")
    network: Hosts = Field([], description="Hosts it may reach besides `network.allow`.")
    env: Environment = Field({}, description="Variables added to its empty environment.")
    pass_env: Names = Field(
        [],
        description="Variables that it is handed from loopcoder's own environment, besides "
        "those of its kind.",
    )
    mcp: Annotated[list[McpSection], Phrase("list of MCP servers")] = Field(
        [],
        description="Servers of tools, each a map with `name` and either `run` (and `env`) or "
        "`url` (and `headers`).",
    )


class CalibrationSection(Section):
    """What a reviewer must have reached in `loopcoder calibrate`."""

    mode: Annotated[
        Literal["required", "off"], BeforeValidator(_off), Phrase("`required` or `off`")
    ] = Field(
        "required",
        description="`off` lets a reviewer judge that was never measured; every report says so.",
    )
    catch: Share = Field(0.8, description="Least share of the defects that it must catch.")
    false_alarms: Share = Field(0.2, description="Most share of clean changes it may hold back.")
    days: Positive = Field(30, description="Days for which a calibration is believed.")


class ReviewerSection(WorkerSection):
    calibration: Annotated[
        CalibrationSection,
        BeforeValidator(_calibration),
        Phrase("`required`, `off`, or a map of [`catch`, `false_alarms`, `days`](reviewing.md)"),
    ] = _section(
        CalibrationSection,
        "Whether the reviewer, and each fallback, must have passed `loopcoder calibrate`. `off` "
        "has to be written, and every report says so. "
        "Default: `required`, with `catch: 0.8`, `false_alarms: 0.2`, `days: 30`.",
    )
    independence: Annotated[
        Literal["required", "off"], BeforeValidator(_off), Phrase("`required` or `off`")
    ] = Field(
        "required",
        description="Whether it must be another model (or, without models, another program) than "
        "the worker. With `off` every report says so.",
    )


class PlannerSection(WorkerSection):
    steps: Positive = Field(
        8, description="Besides units of size L and XL, those with more steps than this are split."
    )


class NetworkSection(Section):
    allow: Hosts = Field(
        [],
        description="Hosts that agents may reach; `*` opens the machine's whole network.",
    )


class LimitsSection(Section):
    units_per_tick: Positive = Field(3, description="Units that one tick starts.")
    minutes_per_tick: Positive = Field(240, description="Minutes after which nothing is started.")
    open_prs: Positive = Field(10, description="Most open pull requests of ours at once.")
    attempts: Positive = Field(3, description="Strikes after which a person is asked.")
    review_rounds: Count = Field(2, description="Times that findings go back to the worker.")
    issues_per_tick: Count = Field(50, description="Most issues that one tick files.")
    issues_per_day: Count = Field(100, description="Most issues filed in 24 hours.")
    labels_per_tick: Count = Field(
        200, description="Most labels and dependencies that one tick changes on existing issues."
    )
    labels_per_day: Count = Field(1000, description="The same in 24 hours.")
    comments_per_day: Count = Field(200, description="Most comments written in 24 hours.")


class ResourcesSection(Section):
    processes: Positive = Field(2048, description="Most processes and threads at once.")
    memory: Size | None = Field(
        None, description="Most memory, over all processes; default: three quarters of all."
    )
    file: Size = Field(16_000_000_000, description="Largest single file.")
    space: Size = Field(
        20_000_000_000, description="Most that checkout, home and temporary files may hold."
    )
    free_disk: Size = Field(256_000_000, description="Disk that must remain free.")


class GitHubSection(Section):
    write_pause: Pause = Field(1.0, description="Pause between two writes.")
    list_lag: Pause = Field(
        90.0, description="How long a new issue may be missing from GitHub's list."
    )
    claim_time: Duration = Field(
        900.0,
        description="How long a unit stays taken when its machine is not heard of.",
    )


class BudgetSection(Section):
    attempt: Money = Field(Decimal(2), description="Reserved before an attempt; its cap.")
    unit: Money = Field(Decimal(5), description="Cap for all attempts of a unit.")
    tick: Money = Field(Decimal(10), description="Cap for one tick.")
    day: Money = Field(Decimal(50), description="Cap for a calendar day (UTC).")
    month: Money = Field(Decimal(500), description="Cap for a calendar month (UTC).")
    tokens_per_attempt: Tokens = Field(2_000_000, description="Cap of tokens for an attempt.")


class PriceSection(Section):
    """What a model costs, in US dollars for a million tokens."""

    input: Rate = Field(description="Input.")
    output: Rate = Field(description="Output.")
    cache_read: Rate | None = Field(None, description="Input read from the prompt cache.")
    cache_write: Rate | None = Field(None, description="Input written to it.")


class BreakerSection(Section):
    failures: Positive = Field(3, description="Failures in a row that open it.")
    cooldown: Duration = Field(1800.0, description="Pause before one probe; doubles up to 6h.")


class PolicySection(Section):
    protected: Globs = Field([], description="Further paths that a change must not touch.")
    escalate: Globs = Field([], description="Paths that mark the pull request for a person.")
    max_files: Positive = Field(100, description="Most files in one change.")
    max_bytes: Size = Field(4_000_000, description="Largest change.")


class CommitSection(Section):
    author: Text | None = Field(None, description="`Name <mail>`; default: loopcoder's own.")
    signoff: Flag = Field(False, description="Add `Signed-off-by:`.")
    sign: Flag = Field(False, description="Sign commits with git's configured key.")
    title: Annotated[str, AfterValidator(_title_pattern), Phrase("pattern with `{title}`")] = Field(
        "{title}", description="Title of commits and pull requests."
    )


class LandingSection(Section):
    mode: Annotated[Literal["pull-request", "commit"], Phrase("`pull-request` or `commit`")] = (
        Field("pull-request", description="Propose for a person to merge, or commit (local only).")
    )
    work_branch: Branch | None = Field(None, description="Where `commit` lands; never the base.")
    push: Flag = Field(False, description="Push the work branch; never with force.")
    on_conflict: Annotated[Literal["task", "rebase"], Phrase("`task` or `rebase`")] = Field(
        "task", description="File a task, or rebase the unpushed commit."
    )


class DiscoverSection(Section):
    max_open: Count = Field(5, description="Most issues from CI failures open at once.")


class AttestationSection(Section):
    sign: Annotated[
        Literal["auto", "ssh", "oidc", "off"],
        BeforeValidator(_off),
        Phrase("`auto`, `ssh`, `oidc` or `off`"),
    ] = Field(
        "auto",
        description="Who signs the statement about a change: a key (`ssh`), the identity of an "
        "Actions run (`oidc`), whichever there is (`auto`), or nobody.",
    )
    key: Text = Field(
        "", description="Private SSH key on the machine that ticks; default: one made for it."
    )
    signers: Annotated[
        list[Annotated[str, AfterValidator(_signer)]],
        BeforeValidator(_list),
        Phrase("list of public SSH keys"),
    ] = Field([], description="Public keys whose signatures `loopcoder attest verify` believes.")


class SkillsSection(Section):
    budget: Positive = Field(8000, description="Most tokens of skills in one prompt.")
    paths: Globs = Field([], description="Further folders to look for skills in.")


class NoticeSection(Section):
    """Where to send word."""

    url: Text = Field(min_length=1, description="An Apprise address, such as `https://…`.")
    events: list[Literal["needs-human", "pr-ready", "finished", "sealed", "breaker"]] = Field(
        ["needs-human", "pr-ready", "finished", "sealed", "breaker"],
        description="What to send word of.",
    )


class Configuration(Section):
    version: Annotated[Literal[1], Phrase("`1`")] = Field(
        1, description="The version of this format."
    )
    roadmap: Paths = Field(["ROADMAP.md"], min_length=1, description="The roadmap's files.")
    tracker: Annotated[Literal["local", "github"], Phrase("`local` or `github`")] = Field(
        "local", description="Where issues and pull requests live."
    )
    repository: Annotated[str, Phrase("`owner/name`")] = Field(
        "",
        pattern=r"^$|^[\w.-]+/[\w.-]+$",
        description="For `github`; default: GITHUB_REPOSITORY, or the origin remote.",
    )
    base: Branch = Field("main", description="The branch that work starts from and is proposed to.")
    compile_on_tick: Flag = Field(True, description="Whether a tick compiles the roadmap first.")
    dashboard: Flag | None = Field(
        None,
        description="Whether one issue shows where everything stands. On for GitHub where it is "
        "not said, off locally: there `loopcoder status` shows it.",
    )
    sections: Annotated[
        Literal["off", "milestones"], BeforeValidator(_off), Phrase("`off` or `milestones`")
    ] = Field("off", description="What the roadmap's sections become on GitHub.")
    trusted_ids: list[Positive] = Field(
        [], description="Numeric ids of accounts trusted beyond write permission."
    )
    preflight: Annotated[PreflightSection | None, BeforeValidator(_command), Phrase("command")] = (
        Field(None, description="Run before a tick: exit 0 goes on, 1 stops the tick, 2 warns.")
    )
    setup: Setups = Field(
        [], description="Run in a fresh checkout before work and before verification."
    )
    verify: Commands = Field(
        [], description="What must pass before anything is proposed. Without it nothing is."
    )
    verify_env: Environment = Field({}, description="Variables for setup and verify commands.")
    e2e: Commands = Field([], description="Run besides `verify` for units labelled `e2e`.")
    on_red_base: Annotated[Literal["propose", "fix"], Phrase("`propose` or `fix`")] = Field(
        "propose", description="When the base itself fails: propose a repair, or make it first."
    )
    workers: dict[str, WorkerSection] = Field(
        {}, description="Workers by name; the one named `default` is used unless a unit says else."
    )
    reviewer: Annotated[
        ReviewerSection | None, BeforeValidator(_off_is_none), Phrase("map, or `off`")
    ] = Field(None, description="Who judges changes. A tick without a reviewer is refused.")
    planner: Annotated[
        PlannerSection | None, BeforeValidator(_off_is_none), Phrase("map, or `off`")
    ] = Field(None, description="Who proposes steps for large units, before they are worked on.")
    sandbox: Annotated[
        Literal["auto", "bubblewrap", "landlock", "off"],
        BeforeValidator(_off),
        Phrase("`auto`, `bubblewrap`, `landlock` or `off`"),
    ] = Field("auto", description="What contains agents and commands; `off` renounces it.")
    readable: Absolute = Field(
        [], description="Further absolute paths that can be read inside the sandbox."
    )
    network: NetworkSection = _section(NetworkSection, "What workers may reach.")
    jobs: Jobs = Field(3, description="Attempts at the same time.")
    limits: LimitsSection = _section(LimitsSection, "Limits of ticks and days.")
    resources: ResourcesSection = _section(
        ResourcesSection, "The most that one run of an agent or a command may use."
    )
    github: GitHubSection = _section(GitHubSection, "Manners towards GitHub.")
    budget: BudgetSection = _section(BudgetSection, "Caps of money and tokens.")
    prices: dict[str, PriceSection] = Field(
        {}, description="Prices by model, where the published ones do not hold."
    )
    breaker: BreakerSection = _section(BreakerSection, "When failures stop dispatch.")
    policy: PolicySection = _section(PolicySection, "Guardrails on a change.")
    commit: CommitSection = _section(CommitSection, "The look of commits.")
    reviewers: Texts = Field([], description="People or teams asked for review without `Owner:`.")
    bookkeeping: Flag = Field(
        True, description="On GitHub: one pull request ticks the boxes of finished units."
    )
    propose_ids: Flag = Field(
        False, description="On GitHub: that pull request also writes the ids that units lack."
    )
    delete_merged_branches: Flag = Field(
        True, description="Remove our branches after their pull requests were merged."
    )
    landing: Annotated[LandingSection, BeforeValidator(_landing)] = _section(
        LandingSection, "How finished work lands."
    )
    discover: DiscoverSection = _section(DiscoverSection, "Issues from CI failures.")
    attestation: Annotated[AttestationSection, BeforeValidator(_attestation)] = _section(
        AttestationSection, "Signed statements of how changes came to be."
    )
    skills: SkillsSection = _section(SkillsSection, "Skills carried by prompts.")
    notify: Annotated[
        list[Annotated[NoticeSection, BeforeValidator(_notice)]],
        BeforeValidator(_list),
        Phrase("address, or list of addresses"),
    ] = Field([], description="Where to send word.")
    retention: Duration = Field(30 * 86_400.0, description="How long run artifacts are kept.")

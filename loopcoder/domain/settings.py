"""What the maintainer configured, as values. Read once, at the edge, from the base commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

MINUTE = 60.0
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Command:
    """A configured command line, run by `sh -c` in the workspace. `timeout_s` in seconds,
    `network` the hosts it may reach (`*` for all). What a setup command makes at the paths `cache`
    is kept for checkouts with the same `key` files (none named: any known lock file)."""

    run: str
    timeout_s: float = 20 * MINUTE
    network: tuple[str, ...] = ()
    cache: tuple[str, ...] = ()
    key: tuple[str, ...] = ()


class CostBasis(StrEnum):
    """Where a worker's cost figure comes from."""

    METERED = "metered"
    REPORTED = "reported"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in USD for a million tokens. A price of the provider's prompt cache that
    is not known is that of other input."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server of tools for an agent, which starts it (`argv`) or reaches it (`url`)."""

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One way to have work done. `argv` is used by kinds `command` and `acp`; times in seconds.
    `pass_env` names variables of loopcoder's own environment that it is handed.

    `turns` is the most replies of one run, for kinds whose model we drive ourselves. `options`
    carries what only that kind understands.
    """

    name: str
    kind: str
    model: str = ""
    argv: tuple[str, ...] = ()
    timeout_s: float = 50 * MINUTE
    stall_s: float = 10 * MINUTE
    cost: CostBasis = CostBasis.REPORTED
    max_parallel: int = 50
    turns: int = 200
    fallback: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    pass_env: tuple[str, ...] = ()
    mcp: tuple[McpServer, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def provider(self) -> str:
        """What breakers and per-provider caps count against."""
        return f"{self.kind}:{self.model or self.name}"


class Calibration(StrEnum):
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a reviewer must reach: the share of defects it has to catch, the share of clean changes
    it may hold back, and for how many days that is believed."""

    catch: float = 0.8
    false_alarms: float = 0.2
    days: int = 30


class Independence(StrEnum):
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ReviewerSpec:
    spec: WorkerSpec
    calibration: Calibration = Calibration.REQUIRED
    thresholds: Thresholds = Thresholds()
    independence: Independence = Independence.REQUIRED


@dataclass(frozen=True, slots=True)
class PlannerSpec:
    """Who splits large units; those with more than `steps` steps of their own are large, too."""

    spec: WorkerSpec
    steps: int = 8


@dataclass(frozen=True, slots=True)
class Limits:
    units_per_tick: int = 3
    minutes_per_tick: float = 240.0
    open_prs: int = 10
    attempts: int = 3
    review_rounds: int = 2
    issues_per_tick: int = 50
    issues_per_day: int = 100
    labels_per_tick: int = 200
    labels_per_day: int = 1000
    comments_per_tick: int = 50
    comments_per_day: int = 200
    prs_per_tick: int = 10
    prs_per_day: int = 50


@dataclass(frozen=True, slots=True)
class Resources:
    """The most that one run may use: processes and threads, and bytes of memory (None: three
    quarters of the machine's), of one file, of all it may write, and of disk that must remain."""

    processes: int = 2048
    memory: int | None = None
    file: int = 16_000_000_000
    space: int = 20_000_000_000
    free_disk: int = 256_000_000


@dataclass(frozen=True, slots=True)
class Caps:
    """Most money (USD) and tokens per scope; None means no cap."""

    attempt: Decimal | None = Decimal(2)
    unit: Decimal | None = Decimal(5)
    tick: Decimal | None = Decimal(10)
    day: Decimal | None = Decimal(50)
    month: Decimal | None = Decimal(500)
    tokens_per_attempt: int | None = 2_000_000


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """`failures` in a row open it for `cooldown_s`, doubling up to `max_cooldown_s`. `spend` is
    the money (USD) that failed attempts may cost without one success between; None: no limit."""

    failures: int = 3
    cooldown_s: float = 30 * MINUTE
    max_cooldown_s: float = 6 * HOUR
    spend: Decimal | None = Decimal(10)


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """Guardrails on a change set: extra globs to reject or escalate, and size limits."""

    protected: tuple[str, ...] = ()
    escalate: tuple[str, ...] = ()
    max_files: int = 100
    max_bytes: int = 4_000_000


@dataclass(frozen=True, slots=True)
class CommitStyle:
    author: str | None = None
    signoff: bool = False
    sign: bool = False
    title: str = "{title}"


@dataclass(frozen=True, slots=True)
class GitHubManners:
    """Seconds: the pause between two writes, and how long a claim on a unit lasts that is not
    renewed."""

    write_pause_s: float = 1.0
    claim_time_s: float = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class DiscoverSettings:
    """`max_open`: most issues from CI failures that are open at once."""

    max_open: int = 5


class Signing(StrEnum):
    """Who vouches for a change: a key, the run's identity, whichever there is, or nobody."""

    AUTO = "auto"
    SSH = "ssh"
    OIDC = "oidc"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class AttestationSettings:
    """`key` is a path on this machine (`~` is the person's home); `signers` are public keys."""

    sign: Signing = Signing.AUTO
    key: str = ""
    signers: tuple[str, ...] = ()


class LandingMode(StrEnum):
    PULL_REQUEST = "pull-request"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class Landing:
    mode: LandingMode = LandingMode.PULL_REQUEST
    work_branch: str = ""
    push: bool = False
    on_conflict: str = "task"


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. Names and defaults are those of docs/reference/configuration.md.

    What depends on where issues live is settled here already, so that nothing below has to ask:
    `bookkeeping` is false where boxes are ticked by hand, and `list_lag_s`, how long something new
    may be missing from the tracker's list, is 0 where the list never lags.
    """

    base: str = "main"
    roadmaps: tuple[str, ...] = ("ROADMAP.md",)
    tracker: str = "local"
    repository: str = ""
    compile_on_tick: bool = True
    dashboard: bool = False
    sections: str = "off"
    trusted_ids: frozenset[int] = frozenset()
    preflight: Command | None = None
    setup: tuple[Command, ...] = ()
    verify: tuple[Command, ...] = ()
    verify_env: Mapping[str, str] = field(default_factory=dict)
    e2e: tuple[Command, ...] = ()
    on_red_base: str = "propose"
    workers: Mapping[str, WorkerSpec] = field(default_factory=dict)
    reviewer: ReviewerSpec | None = None
    planner: PlannerSpec | None = None
    sandbox: str = "auto"
    readable: tuple[str, ...] = ()
    network_allow: tuple[str, ...] = ()
    jobs: int = 3
    limits: Limits = Limits()
    resources: Resources = Resources()
    budget: Caps = Caps()
    prices: Mapping[str, Price] = field(default_factory=dict)
    breaker: BreakerSettings = BreakerSettings()
    policy: ChangePolicy = ChangePolicy()
    commit: CommitStyle = CommitStyle()
    reviewers: tuple[str, ...] = ()
    bookkeeping: bool = False
    propose_ids: bool = False
    delete_merged_branches: bool = True
    landing: Landing = Landing()
    skills_budget: int = 8000
    skills_paths: tuple[str, ...] = ()
    retention_s: float = 30 * 24 * HOUR
    list_lag_s: float = 0.0
    github: GitHubManners = GitHubManners()
    attestation: AttestationSettings = AttestationSettings()
    discover: DiscoverSettings = DiscoverSettings()
    source: str = ""

    @property
    def claim_time(self) -> timedelta:
        """How long a claim lasts that is not renewed."""
        return timedelta(seconds=self.github.claim_time_s)

    def may_be_unlisted(self, written: datetime, now: datetime) -> bool:
        """Whether what was written then may still be missing from the tracker's list."""
        return (now - written).total_seconds() < self.list_lag_s

    @property
    def judging_commands(self) -> tuple[str, ...]:
        """Every configured command line that a change is prepared or judged by."""
        return tuple(command.run for command in (*self.setup, *self.verify, *self.e2e))

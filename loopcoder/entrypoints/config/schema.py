"""The shape of `loopcoder.yml`: every key with its type, default and meaning.

docs/reference/configuration.md is generated from here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from loopcoder.entrypoints.config.section import Section, section
from loopcoder.entrypoints.config.sections.agents import (
    NetworkSection,
    Planner,
    Reviewer,
    SkillsSection,
    WorkerSection,
)
from loopcoder.entrypoints.config.sections.change import (
    Attestation,
    AttestationSection,
    CommitSection,
    Landing,
    LandingSection,
    PolicySection,
)
from loopcoder.entrypoints.config.sections.commands import Commands, Preflight, Setups
from loopcoder.entrypoints.config.sections.limits import (
    BreakerSection,
    BudgetSection,
    DiscoverSection,
    GitHubSection,
    LimitsSection,
    PriceSection,
    ResourcesSection,
)
from loopcoder.entrypoints.config.sections.notices import Notices
from loopcoder.entrypoints.config.values import (
    Absolute,
    Branch,
    Duration,
    Environment,
    Flag,
    Jobs,
    Paths,
    Phrase,
    Positive,
    Texts,
    off_is_text,
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
        Literal["off", "milestones", "sub-issues"],
        BeforeValidator(off_is_text),
        Phrase("`off`, `milestones` or `sub-issues`"),
    ] = Field(
        "off",
        description="What the roadmap's sections become on GitHub: milestones, or issues that have "
        "their units' issues as sub-issues.",
    )
    trusted_ids: list[Positive] = Field(
        [], description="Numeric ids of accounts trusted beyond write permission."
    )
    preflight: Preflight = Field(
        None, description="Run before a tick: exit 0 goes on, 1 stops the tick, 2 warns."
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
    reviewer: Reviewer = Field(
        None, description="Who judges changes. A tick without a reviewer is refused."
    )
    planner: Planner = Field(
        None, description="Who proposes steps for large units, before they are worked on."
    )
    sandbox: Annotated[
        Literal["auto", "bubblewrap", "landlock", "off"],
        BeforeValidator(off_is_text),
        Phrase("`auto`, `bubblewrap`, `landlock` or `off`"),
    ] = Field("auto", description="What contains agents and commands; `off` renounces it.")
    readable: Absolute = Field(
        [], description="Further absolute paths that can be read inside the sandbox."
    )
    network: NetworkSection = section(NetworkSection, "What workers may reach.")
    jobs: Jobs = Field(3, description="Attempts at the same time.")
    limits: LimitsSection = section(LimitsSection, "Limits of ticks and days.")
    resources: ResourcesSection = section(
        ResourcesSection, "The most that one run of an agent or a command may use."
    )
    github: GitHubSection = section(GitHubSection, "Manners towards GitHub.")
    budget: BudgetSection = section(BudgetSection, "Caps of money and tokens.")
    prices: dict[str, PriceSection] = Field(
        {}, description="Prices by model, where the published ones do not hold."
    )
    breaker: BreakerSection = section(BreakerSection, "When failures stop dispatch.")
    policy: PolicySection = section(PolicySection, "Guardrails on a change.")
    commit: CommitSection = section(CommitSection, "The look of commits.")
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
    landing: Landing = section(LandingSection, "How finished work lands.")
    discover: DiscoverSection = section(DiscoverSection, "Issues from CI failures.")
    attestation: Attestation = section(
        AttestationSection, "Signed statements of how changes came to be."
    )
    skills: SkillsSection = section(SkillsSection, "Skills carried by prompts.")
    notify: Notices = Field([], description="Where to send word.")
    retention: Duration = Field(30 * 86_400.0, description="How long run artifacts are kept.")

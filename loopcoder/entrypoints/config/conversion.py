"""`loopcoder.yml`, as it was read, turned into the settings that everything else knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from loopcoder.domain.guard.reach import EVERYTHING
from loopcoder.domain.settings import (
    AttestationSettings,
    BreakerSettings,
    Calibration,
    Caps,
    ChangePolicy,
    Command,
    CommitStyle,
    CostBasis,
    DiscoverSettings,
    GitHubManners,
    Independence,
    Landing,
    LandingMode,
    Limits,
    McpServer,
    PlannerSpec,
    Price,
    Resources,
    ReviewerSpec,
    Settings,
    Signing,
    Thresholds,
    WorkerSpec,
)
from loopcoder.entrypoints.agents import builtin
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.config.sections.agents import (
    PlannerSection,
    ReviewerSection,
    WorkerSection,
)
from loopcoder.entrypoints.config.sections.commands import CommandSection, SetupSection


def settings_of(data: Configuration, source: str) -> Settings:
    """The settings of a configuration that holds no contradiction."""
    hosted = data.tracker == "github"
    by_pull = LandingMode(data.landing.mode) is LandingMode.PULL_REQUEST
    return Settings(
        base=data.base,
        roadmaps=tuple(data.roadmap),
        tracker=data.tracker,
        repository=data.repository,
        compile_on_tick=data.compile_on_tick,
        dashboard=hosted if data.dashboard is None else data.dashboard,
        sections=data.sections,
        trusted_ids=frozenset(data.trusted_ids),
        preflight=_command(data.preflight) if data.preflight else None,
        setup=tuple(_setup(each) for each in data.setup),
        verify=tuple(_command(each) for each in data.verify),
        verify_env=dict(data.verify_env),
        e2e=tuple(_command(each) for each in data.e2e),
        on_red_base=data.on_red_base,
        workers={name: _agent(name, each) for name, each in data.workers.items()},
        reviewer=_reviewer(data.reviewer),
        planner=_planner(data.planner),
        sandbox=data.sandbox,
        readable=tuple(data.readable),
        network_allow=tuple(data.network.allow),
        jobs=data.jobs,
        limits=Limits(**_fields(data.limits)),
        resources=Resources(**_fields(data.resources)),
        budget=Caps(**_fields(data.budget)),
        prices={model: Price(**_fields(each)) for model, each in data.prices.items()},
        breaker=BreakerSettings(data.breaker.failures, data.breaker.cooldown),
        policy=ChangePolicy(
            protected=tuple(data.policy.protected),
            escalate=tuple(data.policy.escalate),
            max_files=data.policy.max_files,
            max_bytes=data.policy.max_bytes,
        ),
        commit=CommitStyle(**_fields(data.commit)),
        reviewers=tuple(data.reviewers),
        bookkeeping=data.bookkeeping and hosted and by_pull,
        propose_ids=data.propose_ids,
        delete_merged_branches=data.delete_merged_branches,
        landing=Landing(
            mode=LandingMode(data.landing.mode),
            work_branch=data.landing.work_branch or "",
            push=data.landing.push,
            on_conflict=data.landing.on_conflict,
        ),
        skills_budget=data.skills.budget,
        skills_paths=tuple(data.skills.paths),
        retention_s=data.retention,
        discover=DiscoverSettings(data.discover.max_open),
        attestation=AttestationSettings(
            Signing(data.attestation.sign), data.attestation.key, tuple(data.attestation.signers)
        ),
        list_lag_s=data.github.list_lag if hosted else 0.0,
        github=GitHubManners(data.github.write_pause, data.github.claim_time),
        source=source,
    )


def _fields(section: BaseModel) -> Mapping[str, Any]:
    return {name: getattr(section, name) for name in type(section).model_fields}


def _command(section: CommandSection) -> Command:
    return Command(section.run, section.timeout, _hosts(section.network))


def _setup(section: SetupSection) -> Command:
    return replace(_command(section), cache=tuple(section.cache), key=tuple(section.key))


def _hosts(network: bool | list[str]) -> tuple[str, ...]:
    if isinstance(network, list):
        return tuple(network)
    return (EVERYTHING,) if network else ()


_COSTS = {"scripted": "free", "anthropic": "metered"}


def _agent(name: str, section: WorkerSection, model: str = builtin.WORKER_MODEL) -> WorkerSpec:
    cost = section.cost or _COSTS.get(section.kind, "reported")
    options: dict[str, object] = {}
    if section.script:
        options["script"] = section.script
    return WorkerSpec(
        name=name,
        kind=section.kind,
        model=section.model or (model if section.kind == builtin.KIND else ""),
        argv=tuple(section.run),
        timeout_s=section.timeout,
        stall_s=section.stall,
        cost=CostBasis(cost),
        max_parallel=section.max_parallel,
        turns=section.turns,
        fallback=tuple(section.fallback),
        network=tuple(section.network),
        env=dict(section.env),
        pass_env=tuple(section.pass_env),
        mcp=tuple(
            McpServer(each.name, tuple(each.run), dict(each.env), each.url, dict(each.headers))
            for each in section.mcp
        ),
        options=options,
    )


def _planner(section: PlannerSection | None) -> PlannerSpec | None:
    return PlannerSpec(_agent("planner", section), section.steps) if section else None


def _reviewer(section: ReviewerSection | None) -> ReviewerSpec | None:
    if section is None:
        return None
    asked = section.calibration
    return ReviewerSpec(
        _agent("reviewer", section, builtin.REVIEWER_MODEL),
        Calibration(asked.mode),
        Thresholds(asked.catch, asked.false_alarms, asked.days),
        Independence(section.independence),
    )

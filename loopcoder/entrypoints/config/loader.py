"""The one loader of `loopcoder.yml`: text in, `Settings` or diagnostics out.

Nothing is defaulted silently: an absent file is an error wherever the configuration is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from loopcoder.domain.diagnostic import ConfigurationError, Diagnostic, Severity
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
    MCP_KINDS,
    RUN_KINDS,
    PlannerSection,
    ReviewerSection,
    WorkerSection,
)
from loopcoder.entrypoints.config.sections.commands import CommandSection, SetupSection
from loopcoder.entrypoints.config.yaml_places import Document, Path, read_yaml

FILES = ("loopcoder.yml", ".github/loopcoder.yml")
REFERENCE = "docs/reference/configuration.md"


def load_settings(text: str, source: str) -> Settings:
    """Read the configuration. `source` is how the file is named in messages.

    Raises ConfigurationError with every problem found, each with its line.
    """
    document = read_yaml(text, source)
    problems = list(document.problems)
    model = None if problems else _validate(document, problems)
    if model is not None:
        problems += _contradictions(model, document)
    if model is None or problems:
        count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
        raise ConfigurationError(
            f"{source} has {count}.", f"See {REFERENCE}.", sorted(problems, key=_order)
        )
    return _settings(model, source)


def _order(problem: Diagnostic) -> tuple[int, int]:
    return (problem.where.line, problem.where.column or 0) if problem.where else (0, 0)


def _validate(document: Document, problems: list[Diagnostic]) -> Configuration | None:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        summary = "the file must hold keys and values, such as `base: main`"
        problems.append(Diagnostic(Severity.ERROR, summary, where=document.value_place(())))
        return None
    if data.get("version", 1) not in (None, 1) and isinstance(data["version"], int):
        summary = f"version {data['version']} of the format is not known to this loopcoder"
        detail = "Write `version: 1`, or install a newer loopcoder."
        where = document.value_place(("version",))
        problems.append(Diagnostic(Severity.ERROR, summary, detail, where))
        return None
    try:
        return Configuration.model_validate(data)
    except ValidationError as error:
        problems.extend(_diagnostic(document, each) for each in error.errors(include_url=False))
        return None


# --- messages ---------------------------------------------------------------------------------


def _diagnostic(document: Document, error: ErrorDetails) -> Diagnostic:
    path: Path = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(document, path)
    name = _dotted(path)
    if error["type"] == "missing":
        where = document.key_place(path[:-1])
        parent = _dotted(path[:-1]) or "the file"
        return Diagnostic(Severity.ERROR, f"`{parent}` needs `{path[-1]}`", where=where)
    summary = f"`{name}`: {_words(error)}"
    if error["type"] == "literal_error":
        given, choices = error["input"], _choices(error)
        summary = f"`{name}` cannot be {_shown(given)}"
        return Diagnostic(
            Severity.ERROR, summary, _nearest(str(given), choices), document.value_place(path)
        )
    return Diagnostic(Severity.ERROR, summary, where=document.value_place(path))


_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text (put it in quotes)",
    "list_type": "a list",
    "dict_type": "a map of keys and values",
    "model_type": "a map of keys and values",
    "string_pattern_mismatch": "written as owner/name",
}


def _words(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {_shown(error['input'])}"
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']:g}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']:g}"
    if kind in ("string_too_short", "too_short"):
        return "must not be empty"
    return error["msg"][:1].lower() + error["msg"][1:]


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _choices(error: ErrorDetails) -> list[str]:
    expected = str(error.get("ctx", {}).get("expected", ""))
    return [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]


def _nearest(given: str, known: list[str]) -> str:
    close = get_close_matches(given.lower(), known, n=1, cutoff=0.7)
    if close:
        return f"did you mean `{close[0]}`?"
    return "known: " + ", ".join(f"`{name}`" for name in known)


def _unknown_key(document: Document, path: Path) -> Diagnostic:
    known = sorted(_keys_at(Configuration, path[:-1]))
    inside = f" in `{_dotted(path[:-1])}`" if len(path) > 1 else ""
    summary = f"`{path[-1]}` is not a known key{inside}"
    detail = _nearest(str(path[-1]), known)
    return Diagnostic(Severity.ERROR, summary, detail, document.key_place(path))


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _keys_at(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that are known at a path, by walking the schema's annotations."""
    here: Any = model
    for part in path:
        if isinstance(part, int) or get_origin(here) is dict:
            here = model_in(here)
            continue
        found = model_in(here)
        field = found.model_fields.get(part) if found else None
        here = field.annotation if field else None
    found = model_in(here)
    return set(found.model_fields) if found else set()


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model inside an annotation such as `list[X] | None` or `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, UnionType, list, dict):
        found = (model_in(argument) for argument in get_args(annotation))
        return next((model for model in found if model), None)
    return None


# --- what no single key can be blamed for -----------------------------------------------------


def _contradictions(model: Configuration, document: Document) -> list[Diagnostic]:
    problems: list[Diagnostic] = []

    def problem(path: Path, summary: str, detail: str = "") -> None:
        where = document.key_place(path)
        problems.append(Diagnostic(Severity.ERROR, summary, detail, where))

    if model.workers and "default" not in model.workers:
        names = ", ".join(f"`{name}`" for name in model.workers)
        problem(("workers",), "no worker is named `default`", f"Rename one of {names}.")
    agents: dict[Path, WorkerSection] = {
        ("workers", name): worker for name, worker in model.workers.items()
    }
    for role in ("reviewer", "planner"):
        if agent := getattr(model, role):
            agents[role,] = agent
    for path, agent in agents.items():
        if agent.kind in RUN_KINDS and not agent.run:
            problem((*path, "kind"), f"`{_dotted(path)}` needs `run`: the program to start")
        if agent.kind == "scripted" and not agent.script:
            problem((*path, "kind"), f"`{_dotted(path)}` needs `script`: the file to follow")
        if agent.kind not in RUN_KINDS and agent.run:
            summary = f"`run` belongs to kind `command`, not `{agent.kind}`"
            problem((*path, "run"), summary)
        if agent.kind not in MCP_KINDS and agent.mcp:
            problem((*path, "mcp"), f"kind `{agent.kind}` knows no MCP servers")
        for index, server in enumerate(agent.mcp):
            if bool(server.run) == bool(server.url):
                summary = f"`{server.name}` needs either `run` or `url`"
                problem((*path, "mcp", index), summary)
        for index, name in enumerate(agent.fallback):
            if name not in model.workers:
                detail = _nearest(name, list(model.workers))
                problem((*path, "fallback", index), f"no worker is named `{name}`", detail)
    landing = model.landing
    if landing.mode == "commit" and not landing.work_branch:
        problem(("landing",), "`landing: commit` needs `work_branch`: the branch to commit to")
    if landing.work_branch == model.base:
        problem(("landing", "work_branch"), "work never lands on the base branch itself")
    if landing.mode == "commit" and model.tracker != "local":
        problem(("landing",), "`landing: commit` works with `tracker: local` only")
    return problems


# --- settings ---------------------------------------------------------------------------------


def _settings(data: Configuration, source: str) -> Settings:
    return Settings(
        base=data.base,
        roadmaps=tuple(data.roadmap),
        tracker=data.tracker,
        repository=data.repository,
        compile_on_tick=data.compile_on_tick,
        dashboard=data.tracker == "github" if data.dashboard is None else data.dashboard,
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
        bookkeeping=data.bookkeeping,
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
        github=GitHubManners(data.github.write_pause, data.github.list_lag, data.github.claim_time),
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

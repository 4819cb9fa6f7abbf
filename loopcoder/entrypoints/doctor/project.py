"""What the project says: configuration, base, gates, agents, tools, roadmap, working tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from loopcoder.domain.diagnostic import ConfigurationError, Diagnostic, LoopcoderError
from loopcoder.domain.roadmap.roadmap import Reading, Source, parse_roadmaps
from loopcoder.domain.settings import Command, Settings, WorkerSpec
from loopcoder.engine.attempt.trust import judges, remarks, require_trust
from loopcoder.entrypoints.agents import builtin
from loopcoder.entrypoints.agents.kinds import check_kind
from loopcoder.entrypoints.agents.programs import trouble_of
from loopcoder.entrypoints.doctor.detection import find_agents, missing_tools
from loopcoder.entrypoints.doctor.finding import Finding, fine, note, problem, warning
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.ports.clock import Clock
from loopcoder.ports.journal import Journal


def look_at_configuration(house: House) -> Iterator[Finding]:
    """Both readings: the file in front of the person, and the one that a tick would take."""
    here = house.settings
    yield fine("configuration", f"{here.source} is valid")
    committed = house.located(house.config_source.from_base())
    if replace(committed, source="") != replace(here, source=""):
        yield warning(
            "configuration",
            f"{here.source} differs from what is committed on {committed.base}; a tick takes "
            "what is committed",
            f"Commit it on {committed.base} when it is ready.",
        )


def look_at_base(house: House) -> Iterator[Finding]:
    name, base = house.settings.base, base_of(house)
    yield fine("base", f"{name} at {base[:7]}")
    here = house.repository.branch_head(name) or base
    if here == base:
        return
    what = f"{name} is at {here[:7]} here; a tick reads it as it is on GitHub"
    if house.workspaces.is_ancestor(base, here):
        yield warning("base", what, f"Push what is meant for it: git push origin {name}.")
    else:
        yield note("base", what, f"git pull brings this clone up to date on {name}.")


def base_of(house: House) -> str:
    """The commit of the base branch that a tick would take: GitHub's, where it can be asked. Why
    it cannot is said by who looks at GitHub."""
    name, head = house.settings.base, None
    if house.on_github:
        with suppress(LoopcoderError):
            head = house.code_host.branch_head(name)
    return head or house.repository.base_head(name)


def look_at_gates(house: House) -> Iterator[Finding]:
    commands = [command.run for command in house.settings.verify]
    if commands:
        yield fine("verify", ", ".join(commands))
    else:
        yield problem(
            "verify",
            "no command is configured, so nothing can be proposed",
            "Add `verify:` to loopcoder.yml (`loopcoder init` suggests one).",
        )


def look_at_agents(house: House) -> Iterator[Finding]:
    settings = house.settings
    if not settings.workers:
        yield problem(
            "workers",
            "none is configured, so nothing can be worked on",
            f"Add `workers:` to loopcoder.yml; {_installed(house)}.",
        )
    for name, spec in settings.workers.items():
        yield _agent(house, "workers", spec, f"workers.{name}")
    if settings.reviewer is None:
        yield problem(
            "reviewer",
            "none is configured, so nothing can be proposed",
            "Add `reviewer:` to loopcoder.yml.",
        )
        return
    yield _agent(house, "reviewer", settings.reviewer.spec, "reviewer")
    yield from _trust(house)


@dataclass(frozen=True, slots=True)
class _Records:
    """What trust is computed from, opened for looking only: nothing is created."""

    settings: Settings
    journal: Journal
    clock: Clock
    base_file: Callable[[str], str | None]


def _trust(house: House) -> Iterator[Finding]:
    """Whether a tick would let the reviewer judge, and what every report says of it."""
    if house.journal_reader.verify() is not None:
        return  # the journal's own finding says it
    records = _Records(house.settings, house.journal_reader, house.clock, house.agents.base_file)
    try:
        require_trust(records)
    except LoopcoderError as error:
        yield problem("reviewer", error.summary, error.remedy)
        return
    told = remarks(records)
    if told:
        yield from (note("reviewer", each) for each in told)
    else:
        yield fine("reviewer", judges(records)[0].known.told)


def _installed(house: House) -> str:
    """Which agents this machine has, in a few words."""
    found = find_agents(house.environ)
    if not found:
        return "no agent was found on PATH (`loopcoder help workers` says how to install one)"
    rows = (f"{a.kind} {a.version}{'' if a.has_key else ' (no key)'}" for a in found)
    return f"installed are {', '.join(rows)}"


def _agent(house: House, name: str, spec: WorkerSpec, where: str) -> Finding:
    try:
        check_kind(spec, where)
        if spec.kind == builtin.KIND:
            builtin.api_key(spec, house.environ)
    except ConfigurationError as error:
        return problem(name, error.summary, error.remedy)
    if trouble := trouble_of(spec, house.environ):
        known = house.settings.workers
        others = [known[other] for other in spec.fallback if other in known]
        if any(not trouble_of(other, house.environ) for other in others):
            return warning(name, f"{spec.name}: {trouble}", "A fallback works in its place.")
        return problem(name, f"{spec.name}: {trouble}", "Or name another agent in loopcoder.yml.")
    version = "".join(agent.version for agent in find_agents(house.environ, (spec.kind,)))
    words = version or " ".join(spec.argv) or str(spec.options.get("script", "")) or spec.model
    return fine(name, f"{spec.name}: {spec.kind} {words}".rstrip())


def look_at_tools(house: House) -> Iterator[Finding]:
    settings = house.settings
    path = house.environ.get("PATH", "")
    lines = [command.run for command in _commands(settings)]
    missing = missing_tools(lines, house.repository.root, path)
    agents = [spec.argv[0] for spec in _agents(settings) if spec.argv]
    missing += missing_tools(agents, house.repository.root, path)
    if missing:
        yield problem(
            "tools",
            f"not found: {', '.join(dict.fromkeys(missing))}",
            "Install what is missing, or correct the command in loopcoder.yml.",
        )
    else:
        yield fine("tools", f"everything that is configured is there ({len(lines)} commands)")


def _commands(settings: Settings) -> Iterator[Command]:
    if settings.preflight:
        yield settings.preflight
    yield from (*settings.setup, *settings.verify, *settings.e2e)


def _agents(settings: Settings) -> Iterator[WorkerSpec]:
    yield from settings.workers.values()
    if settings.reviewer:
        yield settings.reviewer.spec


def look_at_roadmap(house: House) -> Iterator[Finding]:
    repository, settings = house.repository, house.settings
    base = base_of(house)
    sources = []
    for path in settings.roadmaps:
        text = repository.read(base, path)
        if text is None:
            yield _no_roadmap(house, path)
            return
        sources.append(Source(path, text))
    yield from _reading(parse_roadmaps(sources), settings.base)
    if repository.is_dirty(*settings.roadmaps):
        yield note(
            "roadmap",
            f"it has changes that are not committed; a tick reads it as committed on "
            f"{settings.base}",
        )


def _no_roadmap(house: House, path: str) -> Finding:
    base = house.settings.base
    if (house.repository.root / path).is_file():
        what = f"{path} is not committed on {base}"
        return problem("roadmap", what, f"Commit it: `git add {path} && git commit`.")
    what = f"there is no {path}"
    return problem("roadmap", what, "Write one (`loopcoder init` writes an example).")


def _reading(reading: Reading, base: str) -> Iterator[Finding]:
    for each in reading.errors:
        yield problem("roadmap", with_place(each), each.detail)
    if reading.unidentified:
        lines = ", ".join(str(each.line) for each in reading.unidentified[:10])
        yield warning(
            "roadmap",
            f"{len(reading.unidentified)} units have no id and are skipped (lines {lines})",
            f"Run `loopcoder plan`, which writes the ids, and commit the file on {base}.",
        )
    if not reading.errors:
        yield fine("roadmap", f"{len(reading.roadmap.units)} units with an id on {base}")


def with_place(diagnostic: Diagnostic) -> str:
    where = diagnostic.where
    return f"{where.file}:{where.line}: {diagnostic.summary}" if where else diagnostic.summary


def look_at_tree(house: House) -> Iterator[Finding]:
    repository = house.repository
    branch = repository.current_branch()
    if branch is None:
        yield note("tree", "HEAD is detached; work starts from the base branch all the same")
    elif branch.startswith("loopcoder/"):
        yield note("tree", f"{branch} is checked out, a branch of ours")
    if repository.is_dirty():
        yield note("tree", "there are changes that are not committed; no tick touches them")

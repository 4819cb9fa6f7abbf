"""`loopcoder init`: look at the project, write what is missing, say what comes next."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loopcoder.adapters.git.command import Git
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.config.loader import FILES
from loopcoder.entrypoints.doctor.detection import (
    Agent,
    Suite,
    find_agents,
    find_roadmap,
    find_suites,
)
from loopcoder.entrypoints.setup.starter import choose_agents
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean

if TYPE_CHECKING:
    from loopcoder.entrypoints.setup.workflows import WorkflowPlan
    from loopcoder.entrypoints.wiring.bootstrap import House


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about the project and the machine."""

    root: Path
    base: str
    remote: str
    suites: list[Suite]
    agents: list[Agent]
    has_key: bool
    sandbox: str
    roadmap: str | None


@click.command("init")
@click.option("--github", "on_github", is_flag=True, help="For GitHub, with its workflows.")
@click.option("--single-job", is_flag=True, help="With --github: whole ticks in one job.")
@click.option(
    "--action",
    default="",
    metavar="OWNER/NAME@HASH",
    help="With --github: the Action, pinned. Default: where this loopcoder was installed from.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found and written as JSON.")
@pass_house
def init(house: House, on_github: bool, single_job: bool, action: str, as_json: bool) -> None:
    """Write loopcoder.yml and an example ROADMAP.md, if they are not there.

    With --github also the workflows that tick there, and our labels on GitHub: chosen by itself
    where origin is on GitHub and a token is set. Nothing that exists is changed. What is found
    out about tests, agents and the sandbox goes into the configuration, or is said.
    """
    from loopcoder.entrypoints.setup.github import is_at_hand, prepare

    found = _look(house)
    at_hand = is_at_hand(found.remote, house.environ)
    plan, said = _workflows(found, action, single_job, needed=on_github, wanted=at_hand)
    written, kept = _write(found, plan, on_github or at_hand)
    if at_hand:
        said = (*said, *prepare(found.root, house.environ))
    elif on_github:
        said = (*said, "no token is set: `loopcoder doctor --fix` defines the labels later")
    if as_json:
        told = {**_json(found, written, kept), "github": list(said)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _tell(found, written, kept, said)


def _workflows(
    found: Findings, action: str, single_job: bool, *, needed: bool, wanted: bool
) -> tuple[WorkflowPlan | None, tuple[str, ...]]:
    """The workflows to write. Where nobody asked for them by name, they are left out with a
    sentence when nothing tells which Action they are to use."""
    from loopcoder.entrypoints.setup.workflow_setup import workflow_plan

    if not (needed or wanted):
        return None, ()
    try:
        return workflow_plan(found.root, found.base, action=action, single_job=single_job), ()
    except ConfigurationError as error:
        if needed:
            raise
        return None, (f"no workflows were written: {error}",)


def _look(house: House) -> Findings:
    root = _root(house.directory)
    git = Git(root, trusted=True)
    head = git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False).stdout
    base = head.decode("utf-8", "replace").strip()
    if git.succeeds("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        base = house.repository.default_base()
    remote = git.run("remote", "get-url", "origin", check=False).stdout
    path = house.environ.get("PATH", "")
    return Findings(
        root=root,
        base=base or "main",
        remote=remote.decode("utf-8", "replace").strip(),
        suites=find_suites(root, path),
        agents=find_agents(house.environ),
        has_key=bool(house.environ.get("ANTHROPIC_API_KEY")),
        sandbox=_sandbox(house),
        roadmap=find_roadmap(root),
    )


def _root(directory: Path) -> Path:
    """The working tree's top, in a repository that may not have a commit yet."""
    found = Git(directory, trusted=True).run("rev-parse", "--show-toplevel", check=False)
    if found.code != 0:
        raise ConfigurationError(
            f"{directory} is not in the working tree of a git repository.",
            "Run `git init` there, or go to your project.",
        )
    return Path(found.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))


def _sandbox(house: House) -> str:
    """The sandbox that would be used; empty when there is none."""
    from loopcoder.adapters.sandbox.choice import choose_sandbox

    try:
        return choose_sandbox("auto", environ=house.environ).describe()
    except LoopcoderError:
        return ""


def _write(
    found: Findings, workflows: WorkflowPlan | None, on_github: bool
) -> tuple[list[str], list[str]]:
    """What was written, and what was there already."""
    from loopcoder.entrypoints.setup.starter import ROADMAP_TEXT, config_text

    written: list[str] = []
    kept = [name for name in FILES if (found.root / name).exists()]
    if not kept:
        roadmap = found.roadmap or "ROADMAP.md"
        text = config_text(found.base, roadmap, found.suites, found.agents, found.has_key)
        if on_github:
            text = text.replace("version: 1\n", "version: 1\ntracker: github\n", 1)
        _create(found.root, "loopcoder.yml", text, written, kept)
    if found.roadmap:
        kept.append(found.roadmap)
    else:
        _create(found.root, "ROADMAP.md", ROADMAP_TEXT, written, kept)
    if workflows is not None:
        from loopcoder.entrypoints.setup.workflow_setup import write_workflows

        made, there = write_workflows(found.root, workflows)
        written, kept = [*written, *made], [*kept, *there]
    return written, kept


def _create(root: Path, name: str, text: str, written: list[str], kept: list[str]) -> None:
    try:
        with (root / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        written.append(name)
    except FileExistsError:
        kept.append(name)
    except OSError as error:
        raise LoopcoderError(f"{root / name} cannot be written: {error.strerror}.") from error


def _tell(found: Findings, written: list[str], kept: list[str], said: tuple[str, ...] = ()) -> None:
    terminal = stdout()
    suites = [[suite.command, suite.because] for suite in found.suites]
    suites = suites or [["none found", "name the command under verify: in loopcoder.yml"]]
    rows = [["repository", clean(_short(found.root)), f"branch {found.base}, {_remote(found)}"]]
    rows += [["tests" if i == 0 else "", *suite] for i, suite in enumerate(suites)]
    rows += [["agent" if i == 0 else "", *row] for i, row in enumerate(_agent_rows(found))]
    rows.append(["sandbox", found.sandbox or "none", "" if found.sandbox else _NO_SANDBOX])
    terminal.table([["", *row] for row in rows], wrap=True)
    if written:
        terminal.say(f"wrote {' and '.join(written)}")
    if kept:
        terminal.say(f"kept {' and '.join(kept)} as it is" if len(kept) == 1 else _kept(kept))
    for line in said:
        terminal.say(clean(line))
    terminal.say("next:")
    for number, step in enumerate(_next(found, written), 1):
        terminal.say(f"  {number}. {step}")


def _agent_rows(found: Findings) -> list[list[str]]:
    rows = [
        [
            f"{agent.name} {agent.version}".strip(),
            "has its key" if agent.has_key else f"no key: set {' or '.join(agent.keys)}",
        ]
        for agent in found.agents
    ]
    if found.has_key:
        rows.append(["built in", "ANTHROPIC_API_KEY is set"])
    return rows or [["none found", _NO_AGENT]]


_NO_AGENT = (
    "set ANTHROPIC_API_KEY for the built-in one, or install one, such as "
    "`npm install -g @anthropic-ai/claude-code`"
)
_NO_SANDBOX = "nothing runs without one, unless `sandbox: off` is written; see loopcoder doctor"


def _kept(names: list[str]) -> str:
    return f"kept {' and '.join(names)} as they are"


def _remote(found: Findings) -> str:
    return "remote origin" if found.remote else "remote none"


def _short(path: Path) -> str:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - this one never raises
    inside = path.is_relative_to(home) and path != home
    return f"~/{path.relative_to(home)}" if inside else str(path)


def _next(found: Findings, written: list[str]) -> list[str]:
    """The steps that are left, in order."""
    steps = []
    roadmap = found.roadmap or "ROADMAP.md"
    if "loopcoder.yml" in written:
        steps += _unnamed(found)
        if not found.suites:
            steps.append("name the test command under verify: in loopcoder.yml")
    if roadmap in written:
        steps.append(f"edit {roadmap}")
    elif not _has_units(found.root / roadmap):
        steps.append(
            f"`loopcoder adopt` ({roadmap} has no boxes yet; it shows which lists are work)"
        )
    steps.append("`loopcoder plan` (adds missing ids)")
    hosted = any(name.startswith(".github/") for name in written)
    steps += _commit(found, roadmap, hosted)
    steps.append("`loopcoder calibrate` (measures the reviewer, once)")
    if hosted:
        return [*steps, "add the repository secret ANTHROPIC_API_KEY", "push"]
    if _is_on_github(found):
        steps.append(f"`git push` (a tick reads {found.base} as it is on GitHub)")
    return [*steps, "`loopcoder tick`"]


def _is_on_github(found: Findings) -> bool:
    """Whether the configuration that is there now says so."""
    from loopcoder.entrypoints.config.source import ConfigSource

    try:
        return ConfigSource(found.root).from_working_tree().tracker == "github"
    except ConfigurationError:
        return False  # what is wrong with it is said by the next command


def _has_units(path: Path) -> bool:
    """Whether a roadmap that was there before has units, with an id or without."""
    from loopcoder.domain.roadmap.roadmap import parse_roadmap

    try:
        reading = parse_roadmap(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return True
    return bool(reading.roadmap.units or reading.unidentified)


def _commit(found: Findings, roadmap: str, hosted: bool) -> list[str]:
    """The command that commits what was written; nothing where it is committed already."""
    if hosted:
        return ["commit all of it"]
    names = [next((n for n in FILES if (found.root / n).exists()), FILES[0]), roadmap]
    git = Git(found.root, trusted=True)
    if not git.run("status", "--porcelain", "--", *names, check=False).stdout.strip():
        return []
    return [f"`git add {' '.join(names)} && git commit -m 'Add a roadmap'`"]


def _unnamed(found: Findings) -> list[str]:
    """The agents that the person still has to name."""
    worker, reviewer = choose_agents(found.agents, found.has_key)
    if worker and reviewer:
        return []
    return [f"name {'a reviewer' if worker else 'a worker and a reviewer'} in loopcoder.yml"]


def _json(found: Findings, written: list[str], kept: list[str]) -> dict[str, object]:
    return {
        "repository": str(found.root),
        "base": found.base,
        "tests": [{"command": s.command, "because": s.because} for s in found.suites],
        "agents": [
            {"name": a.name, "version": a.version, "kind": a.kind, "has_key": a.has_key}
            for a in found.agents
        ],
        "anthropic_api_key": found.has_key,
        "sandbox": found.sandbox or None,
        "written": written,
        "kept": kept,
        "next": _next(found, written),
    }

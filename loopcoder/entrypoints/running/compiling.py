"""Planning and compiling for a person at a terminal: from the working tree, ids added."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from loopcoder.domain.issues.carrying import with_carried
from loopcoder.domain.issues.cost import PlanCost, cost_of
from loopcoder.domain.issues.nesting import SUB_ISSUES
from loopcoder.domain.issues.placing import MILESTONES
from loopcoder.domain.issues.plan import Plan, PlanOptions
from loopcoder.domain.issues.planning import plan_changes
from loopcoder.domain.issues.ration import issue_rations, label_rations
from loopcoder.domain.roadmap.roadmap import Reading, parse_roadmaps
from loopcoder.engine.compile.clerk import Clerk, clerk_of
from loopcoder.engine.compile.compile import observe_compile
from loopcoder.engine.compile.hearing import count_in
from loopcoder.entrypoints.running.roadmap_files import (
    NewIds,
    mint_missing,
    read_sources,
    write_text,
)
from loopcoder.entrypoints.setup.migration import carried
from loopcoder.entrypoints.wiring.bootstrap import House


@dataclass(frozen=True, slots=True)
class Drafted:
    """A plan from the working tree. `ids` were added to it on the way, or are yet to be; where
    there are any, `were_clean` says that before its roadmap files were as they are committed."""

    plan: Plan
    reading: Reading
    ids: tuple[NewIds, ...]
    written: bool
    note: str
    cost: PlanCost
    were_clean: bool

    @property
    def pending(self) -> bool:
        """Whether anything is left to write, an id included."""
        unwritten = bool(self.ids) and not self.written
        return bool(self.plan.writes or unwritten or self.reading.unidentified)


def draft_plan(
    house: House, options: PlanOptions, *, mint: bool = True, write_ids: bool = True
) -> Drafted:
    """Read the working tree's roadmap and plan what it asks for.

    `mint` gives ids to units that have none, and `write_ids` writes them into the files.
    """
    root, files = house.repository.root, house.settings.roadmaps
    sources, ids = read_sources(root, files), list[NewIds]()
    taken = frozenset(map(str, house.journal.history().units))
    reading = parse_roadmaps(sources, taken=taken)
    if mint and reading.unidentified:
        sources, ids = mint_missing(sources, reading, taken)
        reading = parse_roadmaps(sources, taken=taken)
    actual, history = observe_compile(house.tracker, house.journal)
    count_in(history, carried(house, history), house.clock.now())
    desired = with_carried(reading.roadmap, history)
    plan = plan_changes(desired, actual, history, options, reading.diagnostics)
    were_clean = bool(ids) and not house.repository.is_dirty(*files)
    if write_ids:
        texts = {source.file: source.text for source in sources}
        for each in ids:
            write_text(root / each.file, texts[each.file])
    note, cost = _note(house, files), _cost(house, plan)
    return Drafted(plan, reading, tuple(ids), write_ids, note, cost, were_clean)


def _cost(house: House, plan: Plan) -> PlanCost:
    limits, now, history = house.settings.limits, house.clock.now(), house.journal.history()
    return cost_of(
        plan,
        house.github.session.lasts(plan.writes) if house.on_github else 0.0,
        issue_rations(limits, history, now, in_tick=False),
        label_rations(limits, history, now, in_tick=False),
    )


def _note(house: House, files: Iterable[str]) -> str:
    dirty = house.repository.is_dirty(*files)
    note = "working tree, not committed" if dirty else "working tree"
    return f"{note}, no loopcoder.yml yet (loopcoder init)" if house.unconfigured else note


def options_of(
    house: House,
    overwrite_drift: bool = False,
    prune: bool = False,
    force_prune: bool = False,
    retitle: Iterable[str] = (),
) -> PlanOptions:
    """What the person allows, and what the configuration says."""
    from loopcoder.domain.unit import UnitId

    return PlanOptions(
        overwrite_drift=overwrite_drift,
        prune=prune,
        force_prune=force_prune,
        retitle=frozenset(UnitId(id.strip().lower()) for id in retitle),
        trusted=house.settings.trusted_ids,
        repository=house.settings.repository,
        milestones=house.settings.sections == MILESTONES,
        sub_issues=house.settings.sections == SUB_ISSUES,
    )


def person_clerk(house: House, plan: str) -> Clerk:
    """Who writes issues when a person compiles: with a secret of this environment, none."""
    from loopcoder.adapters.sandbox.holder import current_holder, is_alive
    from loopcoder.adapters.secrecy.redacting import redacting_journal, redacting_tracker
    from loopcoder.domain.guard.redaction import Redactor
    from loopcoder.entrypoints.wiring.workshop import known_secrets

    redactor = Redactor(known_secrets(house.environ))
    return clerk_of(
        house.settings,
        redacting_tracker(house.tracker, redactor),
        redacting_journal(house.journal, redactor),
        house.clock,
        current_holder(house.state_dir),
        is_alive,
        plan,
        principal=f"person:{house.person.login}",
    )


def lock_of(house: House) -> AbstractContextManager[None]:
    """Nobody else writes issues from this repository while it is held."""
    from loopcoder.adapters.tick_lock import tick_lock

    return tick_lock(house.state_dir)

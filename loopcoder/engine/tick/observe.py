"""Looking at the world once, and freezing what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from loopcoder.domain.ci.ci import NO_VERDICTS, Verdicts, judge_checks
from loopcoder.domain.graph import chain_lengths
from loopcoder.domain.issues.carrying import with_carried
from loopcoder.domain.issues.issue import (
    CommandLabel,
    Feedback,
    Issue,
    PullRequest,
    PullState,
)
from loopcoder.domain.issues.last_edges import with_last_edges
from loopcoder.domain.issues.proposal import with_hand_made, with_proposals
from loopcoder.domain.journal.event import Held
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.roadmap.bookkeeping import BRANCH as BOOKKEEPING
from loopcoder.domain.roadmap.roadmap import Reading
from loopcoder.domain.settings import Calibration
from loopcoder.domain.tick.branch import PREFIX, branch_name, is_ours, needed_by
from loopcoder.domain.tick.lifecycle import is_done, is_dropped
from loopcoder.domain.tick.snapshot import (
    BaseState,
    Blocker,
    BlockerState,
    Snapshot,
    TickState,
    UnitView,
)
from loopcoder.domain.unit import IssueRef, Roadmap, Unit, UnitId, edges_digest, text_digest
from loopcoder.engine.attempt.claim import is_claim_alive
from loopcoder.engine.attempt.trust import judges
from loopcoder.engine.attempt.verify import gates_digest
from loopcoder.engine.compile.command_labels import commands_on
from loopcoder.engine.compile.roadmap_source import faults
from loopcoder.engine.services import Services

_PULL_STATES: Mapping[PullState | None, BlockerState] = {
    PullState.OPEN: BlockerState.OPEN,
    PullState.MERGED: BlockerState.COMPLETED,
    PullState.CLOSED: BlockerState.UNMERGED,
}


@dataclass(frozen=True, slots=True)
class World:
    """The raw observation a snapshot is made from. `repository` is `owner/name`, where known."""

    issues: Mapping[int, Issue]
    pulls: Sequence[PullRequest]
    branches: Mapping[str, str]
    history: History
    repository: str = ""


@dataclass(frozen=True, slots=True)
class _Index:
    """Views by unit, by issue number, and by parent, so that edges are looked up in one step; the
    branches that open pull requests start from or go into; and how all pull requests stand."""

    by_id: Mapping[UnitId, UnitView]
    by_number: Mapping[int, UnitId]
    parts: Mapping[UnitId, tuple[UnitId, ...]]
    needed: frozenset[str]
    pulls: Mapping[int, PullState]

    @classmethod
    def of(cls, views: Sequence[UnitView], pulls: Sequence[PullRequest]) -> _Index:
        parts: dict[UnitId, tuple[UnitId, ...]] = {}
        for view in views:
            if view.unit.parent:
                parts[view.unit.parent] = (*parts.get(view.unit.parent, ()), view.id)
        numbers = {v.record.number: v.id for v in views if v.record.number}
        states = {p.number: p.state for p in pulls}
        return cls({v.id: v for v in views}, numbers, parts, needed_by(pulls), states)


def look(services: Services) -> World:
    """Read journal, tracker and code host, in this order: whoever finds in the journal that a pull
    request was opened must not then miss it in an older list."""
    services.journal.refresh()
    history = services.journal.history()
    issues = {issue.number: issue for issue in services.tracker.list_issues()}
    return World(
        issues=issues,
        pulls=services.code_host.list_pulls(),
        branches=dict(services.code_host.list_branches(PREFIX)),
        history=history,
        repository=services.settings.repository,
    )


def observe(
    services: Services, reading: Reading, base: str, tick: TickState, world: World
) -> Snapshot:
    """Everything the decision needs: every unit, also those that the roadmap, as it was read from
    the base branch, does not have."""
    roadmap = _every_unit(reading, world)
    standing = frozenset(unit.id for unit in reading.roadmap.units)
    held_by = dashboard_hold(services, world)
    views = [_view(services, unit, standing, world) for unit in roadmap.units]
    index = _Index.of(views, world.pulls)
    units = tuple(_with_edges(view, index, world) for view in views)
    return Snapshot(
        now=services.clock.now(),
        base=_base_state(services, base, world.history),
        units=units,
        history=world.history,
        tick=tick,
        depth=chain_lengths([v.unit for v in views if not (is_done(v) or is_dropped(v))]),
        held_by=held_by,
        faults=faults(reading),
        uncompiled=bool(reading.errors),
        unmeasured=_unmeasured(services),
        books=next((p.number for p in world.pulls if p.is_open and p.branch == BOOKKEEPING), 0),
        open_pulls=sum(1 for p in world.pulls if p.is_open and _is_work(p.branch)),
    )


def _every_unit(reading: Reading, world: World) -> Roadmap:
    roadmap = with_last_edges(reading.roadmap, reading.diagnostics, world.history)
    roadmap = with_carried(roadmap, world.history)
    roadmap = with_proposals(roadmap, world.history)
    return with_hand_made(roadmap, world.history, world.issues)


def _unmeasured(services: Services) -> frozenset[str]:
    rules = services.settings.reviewer
    if rules is None or not rules.spec.fallback or rules.calibration is Calibration.OFF:
        return frozenset()
    return frozenset(judge.name for judge in judges(services) if judge.known.fault)


def _is_work(branch: str) -> bool:
    return is_ours(branch) and branch != BOOKKEEPING


def dashboard_hold(services: Services, world: World) -> str:
    """Who stopped everything by the label on the dashboard. It counts as a hold as long as it is
    on; nobody recorded it, so nobody has to record its end."""
    ours = world.history.dashboard
    issue = world.issues.get(ours.number) if ours else None
    words = dict(commands_on(services, issue)) if issue and issue.is_open else {}
    by = words.get(CommandLabel.HOLD, "")
    if by and world.history.hold is None:
        world.history.hold = Held(f"@{by}", "the label loopcoder:hold is on the dashboard")
    return by


def _base_state(services: Services, base: str, history: History) -> BaseState:
    settings = services.settings
    checked = history.base_checks.get((base, gates_digest(settings, settings.verify)))
    if checked is None:
        return BaseState(base)
    return BaseState(base, checked.green, checked.failing, checked.tail)


def _view(services: Services, unit: Unit, standing: frozenset[UnitId], world: World) -> UnitView:
    record = world.history.unit(unit.id)
    issue = world.issues.get(record.number) if record.number else None
    branch = branch_name(record.plan, unit.id)
    pull = _our_pull(record, (branch, services.settings.base), world.pulls)
    last = record.attempts[-1].last("commit") if record.attempts else None
    return UnitView(
        unit=unit,
        record=record,
        issue=issue,
        pull=pull,
        feedback=_unanswered(services, record, pull),
        checks=_checks(services, record, pull),
        taken_by=_taken_by(services, issue, world.pulls),
        claim_alive=is_claim_alive(record.claim, services),
        standing=unit.id in standing,
        branch_head=world.branches.get(branch, ""),
        kept_head=last.sha if last else "",
        digest=text_digest(unit),
        commands=commands_on(services, issue),
        astray=_astray(services, pull),
    )


def _astray(services: Services, pull: PullRequest | None) -> str:
    """Where else than into the base our pull request goes, or a person had it go: what waits for
    it would be built without it. Of an issue that is closed this says nothing."""
    if pull is None or pull.state is PullState.CLOSED:
        return ""
    return "" if pull.base in ("", services.settings.base) else pull.base


def _our_pull(
    record: UnitRecord, way: tuple[str, str], pulls: Sequence[PullRequest]
) -> PullRequest | None:
    """The recorded pull request; else the newest from our branch into the base (`way`), left by a
    process that died."""
    if record.pull is not None:
        return next((p for p in pulls if p.number == record.pull.number), None)
    mine = [p for p in pulls if (p.branch, p.base) == way and p.is_open]
    return mine[-1] if mine else None


def _unanswered(
    services: Services, record: UnitRecord, pull: PullRequest | None
) -> tuple[Feedback, ...]:
    if pull is None or not pull.is_open:
        return ()
    answered = record.pull.answered if record.pull else frozenset()
    # We write no reviews: those of our own account are by the person whose token we use.
    return tuple(
        item
        for item in services.code_host.list_feedback(pull.number)
        if item.id not in answered and services.may_speak(item.author)
    )


def _checks(services: Services, record: UnitRecord, pull: PullRequest | None) -> Verdicts:
    """What CI says of our pull request's head. Which checks count is asked only when one is red."""
    if pull is None or not pull.is_open:
        return NO_VERDICTS
    runs, now = services.ci.list_checks(pull.head), services.clock.now()
    seen = judge_checks(runs, frozenset(), now)
    if not seen.red and not seen.flaky:
        return seen
    seen = judge_checks(runs, services.ci.required_checks(pull.base), now)
    answered = record.pull.answered if record.pull else frozenset()
    return replace(seen, red=tuple(run for run in seen.red if run.id not in answered))


def _taken_by(services: Services, issue: Issue | None, pulls: Sequence[PullRequest]) -> str:
    """Who works on the issue instead of us: an assignee, or the author of an open pull request
    from another branch that closes it."""
    if issue is None:
        return ""
    me = services.tracker.whoami().id
    for person in issue.assignees:
        if person.id != me:
            return person.login
    for pull in pulls:
        if pull.is_open and not is_ours(pull.branch) and issue.number in pull.closes:
            return pull.author.login
    return ""


def _with_edges(view: UnitView, index: _Index, world: World) -> UnitView:
    parts = index.parts.get(view.id, ())
    finished = (is_done(index.by_id[p]) or is_dropped(index.by_id[p]) for p in parts)
    return replace(
        view,
        blockers=tuple(_blockers(view, index, world)),
        parts=parts,
        parts_done=bool(parts) and all(finished),
        branch_needed=_is_needed(view.pull, index),
    )


def _is_needed(pull: PullRequest | None, index: _Index) -> bool:
    """Whether the branch of our pull request, which is over, is that of another one."""
    return pull is not None and not pull.is_open and pull.branch in index.needed


def _blockers(view: UnitView, index: _Index, world: World) -> list[Blocker]:
    """Every edge that still blocks, each once: from the roadmap, and by people's word."""
    digest = edges_digest(view.unit)
    waived = {w.blocker for w in view.record.waivers if w.edges_digest in ("", digest)}
    blockers = [_unit_blocker(name, index) for name in view.unit.after]
    blockers += [_issue_blocker(ref, index, world) for ref in view.unit.after_issues]
    known = {b.number for b in blockers}
    for number in sorted(view.record.added_edges - known):
        blockers.append(_issue_blocker(IssueRef(number), index, world))
    return [b for b in blockers if b.state is not BlockerState.COMPLETED and b.number not in waived]


def _unit_blocker(unit: UnitId, index: _Index) -> Blocker:
    view = index.by_id.get(unit)
    if view is None:
        return Blocker(unit, None, BlockerState.UNKNOWN)
    number = view.issue.number if view.issue else None
    if is_dropped(view):
        return Blocker(unit, number, BlockerState.NOT_PLANNED)
    return Blocker(unit, number, BlockerState.COMPLETED if is_done(view) else BlockerState.OPEN)


def _issue_blocker(ref: IssueRef, index: _Index, world: World) -> Blocker:
    if not ref.is_in(world.repository):
        return Blocker(str(ref), None, BlockerState.UNKNOWN)
    issue = world.issues.get(ref.number)
    if issue is None:
        state = _PULL_STATES.get(index.pulls.get(ref.number), BlockerState.UNKNOWN)
        return Blocker(f"#{ref.number}", ref.number, state)
    if ref.number in index.by_number:
        return _unit_blocker(index.by_number[ref.number], index)
    if issue.is_not_planned:
        return Blocker(f"#{ref.number}", ref.number, BlockerState.NOT_PLANNED)
    state = BlockerState.COMPLETED if issue.is_completed else BlockerState.OPEN
    return Blocker(f"#{ref.number}", ref.number, state)

"""What one unit would need next, seen on its own: a dispatch, or the reason why not."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.ci.ci import CheckRun
from loopcoder.domain.guard.untrusted import sanitise_line
from loopcoder.domain.issues.issue import PullRequest
from loopcoder.domain.journal.event import AttemptBegun
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.settings import LandingMode, Settings
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.asking import why_unapproved
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.lifecycle import State, state_of
from loopcoder.domain.tick.our_pull import has_red_checks, is_out_of_sight, wants_fix_up
from loopcoder.domain.tick.snapshot import Blocker, BlockerState, Snapshot, UnitView

ASKS = "the worker says needs-input"
"""How the reason begins where a worker wants to be told something."""


def next_step(view: UnitView, snapshot: Snapshot, settings: Settings) -> act.Dispatch | act.Wait:
    """The unit's next step, before limits that units share are looked at."""
    state = state_of(view, snapshot.history)
    if state not in (State.READY, State.AWAITING_MERGE):
        return act.Wait(view.id, state, _why_not(view, state, snapshot))
    if view.issue is None:
        gone = f"its issue #{view.record.number} is gone (loopcoder plan tells more)"
        how = "when the roadmap is mended" if snapshot.uncompiled else "loopcoder compile"
        why = gone if view.record.number else f"has no issue yet: {how}"
        return act.Wait(view.id, state, why, act.Cause.FILING)
    unfit = _why_unfit(view, snapshot, settings)
    if unfit:
        return act.Wait(view.id, state, unfit)
    if view.record.current:
        return _resume(view, settings)
    if state is State.AWAITING_MERGE:
        return _fix_up(view, snapshot, settings)
    return _build(view, snapshot, settings)


def _why_not(view: UnitView, state: State, snapshot: Snapshot) -> str:
    match state:
        case State.DONE:
            return "done"
        case State.DROPPED:
            return "dropped"
        case State.HELD:
            return _why_held(view, snapshot)
        case State.PROPOSED:
            return why_unapproved(view)
        case State.RUNNING:
            holder = view.record.claim.holder if view.record.claim else None
            where = f" by process {holder.pid} on {holder.host}" if holder else ""
            return f"being worked on{where}"
        case State.NEEDS_HUMAN:
            reasons = view.record.needs_human.reasons if view.record.needs_human else ()
            why = reasons[-1] if reasons else "a person is asked"
            asks = why.startswith(ASKS)
            then = f"answer: loopcoder retry {view.id} --note '…'" if asks else ""
            return f"needs a person: {why} ({then or f'then: loopcoder retry {view.id}'})"
        case _:
            return why_blocked(view.blockers)


def _why_held(view: UnitView, snapshot: Snapshot) -> str:
    held = view.record.held or snapshot.history.hold
    if held is None:
        return f"held by @{view.held_by_label}: the label loopcoder:hold is on"
    reason = f": {held.reason}" if held.reason else ""
    if snapshot.held_by and view.record.held is None:
        return f"held by {held.by}{reason}"
    target = view.id if view.record.held else ""
    return f"held by {held.by}{reason} (release: loopcoder hold --release {target}".rstrip() + ")"


def why_blocked(blockers: tuple[Blocker, ...]) -> str:
    """`blocked by a, b`, with what is wrong about a blocker that will never complete."""
    return "blocked by " + ", ".join(_blocker(b) for b in blockers)


def _blocker(blocker: Blocker) -> str:
    number = (
        f" (#{blocker.number})" if blocker.number and f"#{blocker.number}" != blocker.name else ""
    )
    match blocker.state:
        case BlockerState.NOT_PLANNED:
            return f"{blocker.name}{number}, which was closed as not planned"
        case BlockerState.UNMERGED:
            return f"{blocker.name}{number}, which was closed unmerged"
        case BlockerState.UNKNOWN:
            return f"{blocker.name}{number}, which cannot be seen from here"
        case _:
            return f"{blocker.name}{number}"


def _why_unfit(view: UnitView, snapshot: Snapshot, settings: Settings) -> str:
    """What stops a ready unit that has nothing to do with other units."""
    if view.parts:
        return f"closes with its parts: {', '.join(view.parts)}"
    if view.taken_by and not (view.open_pull and view.feedback):
        waits = f"; {_waits_for(view, view.open_pull)}" if view.open_pull else ""
        return f"taken by @{view.taken_by}{waits}"
    if view.record.pull and is_out_of_sight(view, snapshot.now, settings):
        return f"#{view.record.pull.number} was opened a moment ago and is not listed yet"
    if view.id in snapshot.tick.attempted:
        return "was worked on in this tick; the next tick goes on"
    if not settings.verify and not view.unit.verify:
        return "no verify command is configured, so nothing could be proposed"
    worker = worker_of(view, settings)
    if worker not in settings.workers:
        known = ", ".join(sorted(settings.workers)) or "none"
        return f"asks for worker {worker!r}, which is not configured (known: {known})"
    return ""


def worker_of(view: UnitView, settings: Settings) -> str:
    """The name of the worker the unit is given to."""
    return view.unit.worker or "default"


def _resume(view: UnitView, settings: Settings) -> act.Dispatch:
    current = view.record.current
    assert current is not None
    begun = current.begun
    return act.Dispatch(
        unit=view.id,
        attempt=current.number,
        purpose=act.Purpose(begun.purpose),
        base=begun.base,
        start=begun.start,
        merge=begun.merge,
        worker=begun.worker if begun.worker in settings.workers else worker_of(view, settings),
        expected_head=begun.expected_head,
        pull=begun.pull,
        feedback=begun.feedback,
        checks=begun.checks,
        update_only=begun.update_only,
        resume=True,
        reason=f"attempt {current.number} was interrupted; goes on where it stopped",
    )


def _fix_up(view: UnitView, snapshot: Snapshot, settings: Settings) -> act.Dispatch | act.Wait:
    pull = view.open_pull
    assert pull is not None
    if not wants_fix_up(view):
        reason = f"{_waits_for(view, pull)}{_where_it_goes(view, settings)}"
        return act.Wait(view.id, State.AWAITING_MERGE, reason)
    evicted = _evicted_from(view, pull)
    if evicted is not None:
        return _fitted(view, evicted, pull, snapshot, settings)
    conflict = pull.mergeable is False
    apart = conflict or _never_fitted(view, pull)
    asked = f"{len(view.feedback)} comment(s) on #{pull.number}" if view.feedback else ""
    clash = f"#{pull.number} conflicts with {settings.base}" if conflict else ""
    red = view.checks.red if has_red_checks(view) else ()
    failing = f"checks of #{pull.number} are red: {_names(red)}" if red else ""
    return act.Dispatch(
        unit=view.id,
        attempt=len(view.record.attempts) + 1,
        purpose=act.Purpose.FIX_UP,
        base=snapshot.base.sha,
        start=pull.head,
        merge=snapshot.base.sha if apart else "",
        worker=worker_of(view, settings),
        expected_head=pull.head,
        pull=pull.number,
        feedback=tuple(f.id for f in view.feedback),
        checks=tuple(run.id for run in red),
        reason=" and ".join(part for part in (asked, clash, failing) if part),
    )


def _evicted_from(view: UnitView, pull: PullRequest) -> AttemptBegun | None:
    """How the fix-up of this very head began that was made and did not fit with the base."""
    if not _was_evicted(view) or not view.kept_head:
        return None
    last = view.record.attempts[-1]
    return last.begun if _is_of(last, pull) else None


def _never_fitted(view: UnitView, pull: PullRequest) -> bool:
    """Whether an earlier fix-up of this very head did not fit with the base."""
    return any(_is_of(each, pull) and _is_evicted(each) for each in view.record.attempts)


def _is_of(attempt: AttemptRecord, pull: PullRequest) -> bool:
    begun = attempt.begun
    return (begun.pull, begun.expected_head) == (pull.number, pull.head)


def _fitted(
    view: UnitView,
    begun: AttemptBegun,
    pull: PullRequest,
    snapshot: Snapshot,
    settings: Settings,
) -> act.Dispatch | act.Wait:
    """The finished fix-up with the base merged in, so that its checks are the combination's and
    who is to mend it is asked within the attempt's rounds: never the same work all over."""
    base = snapshot.base.sha
    if begun.merge == base:
        why = _why_evicted(view)
        return act.Wait(view.id, State.AWAITING_MERGE, f"{why}; goes on when the base has moved")
    return act.Dispatch(
        unit=view.id,
        attempt=len(view.record.attempts) + 1,
        purpose=act.Purpose.FIX_UP,
        base=base,
        start=view.kept_head,
        merge=base,
        worker=worker_of(view, settings),
        expected_head=pull.head,
        pull=pull.number,
        feedback=begun.feedback,
        checks=begun.checks,
        update_only=True,
        reason=f"{_why_evicted(view)}; its finished fix-up is brought up to date",
    )


def _waits_for(view: UnitView, pull: PullRequest) -> str:
    """What a person is to do with our pull request, what CI says of it, and why it is a draft."""
    if not pull.draft:
        return f"waits for a person to merge #{pull.number}{_what_ci_says(view)}"
    last = view.record.attempts[-1].last("policy") if view.record.attempts else None
    why = f": {last.reason}" if last and last.reason else ""
    return f"waits for a person to look at #{pull.number}{why}{_what_ci_says(view)}"


def _where_it_goes(view: UnitView, settings: Settings) -> str:
    if not view.astray:
        return ""
    return f"; it goes into {view.astray}: only what goes into {settings.base} is fixed up"


def _what_ci_says(view: UnitView) -> str:
    checks = view.checks
    parts = []
    if checks.red:
        parts.append(f"{_names(checks.red)} is red")
    if checks.pending:
        parts.append(f"{_names(checks.pending)} has not ended")
    if checks.flaky:
        parts.append(
            f"{_names(checks.flaky)} is red and was green on the same commit: run it again"
        )
    return "".join(f"; {part}" for part in parts)


def _names(runs: Sequence[CheckRun]) -> str:
    return ", ".join(dict.fromkeys(sanitise_line(run.name, max_length=60) for run in runs))


def _build(view: UnitView, snapshot: Snapshot, settings: Settings) -> act.Dispatch | act.Wait:
    number = len(view.record.attempts) + 1
    base = snapshot.base.sha
    start, merge, update_only = base, "", False
    reason = "ready" if number == 1 else f"ready, attempt {number}"
    if _was_evicted(view) and view.kept_head:
        if view.record.attempts[-1].begun.base == base:
            reason = f"{_why_evicted(view)}; goes on when the base has moved"
            return act.Wait(view.id, State.READY, reason)
        start, merge, update_only = view.kept_head, base, True
        reason = "the base moved; its finished work is brought up to date"
    elif view.branch_head and settings.landing.mode is LandingMode.PULL_REQUEST:
        start, merge = view.branch_head, base
        reason = f"{reason}; goes on from its branch"
    return act.Dispatch(
        unit=view.id,
        attempt=number,
        purpose=act.Purpose.BUILD,
        base=base,
        start=start,
        merge=merge,
        worker=worker_of(view, settings),
        expected_head=view.branch_head or None,
        update_only=update_only,
        reason=reason,
    )


def _was_evicted(view: UnitView) -> bool:
    return bool(view.record.attempts) and _is_evicted(view.record.attempts[-1])


def _is_evicted(attempt: AttemptRecord) -> bool:
    return attempt.finished is not None and attempt.finished.failure is FailureClass.CONFLICT


def _why_evicted(view: UnitView) -> str:
    last = view.record.attempts[-1].finished
    return last.reason if last else "it did not fit into its wave"

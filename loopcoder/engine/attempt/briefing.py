"""What a worker is told of its unit: the one place from which prompts are sent and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopcoder.domain.ci.ci import CheckRun, FailedCheck
from loopcoder.domain.ci.log import log_excerpt
from loopcoder.domain.context.learned import told_hints
from loopcoder.domain.context.splitting import planned_steps
from loopcoder.domain.diagnostic import Unavailable
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.failure import policy_of
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.domain.views.pull_status import MARKER
from loopcoder.engine.attempt.context import Notes, Prompt, build_work_prompt
from loopcoder.engine.attempt.skills import gather_skills
from loopcoder.engine.attempt.verify import gates_for
from loopcoder.engine.services import Services


def brief(services: Services, view: UnitView, base: str, notes: Notes) -> Prompt:
    """The whole prompt. Skills and conventions are those of the base commit."""
    notes = replace(notes, hints=told_hints(services.journal.history().hints, view.unit.touches))
    return build_work_prompt(
        unit=view.unit,
        notes=notes,
        verify=gates_for(services.settings, [view.unit]),
        skills=gather_skills(services.workspaces, base, view.unit, services.settings),
        plan=planned_steps(services.journal.history().unit(view.id).planned, view.unit),
    )


def first_brief(services: Services, view: UnitView, base: str) -> Prompt:
    """The prompt that the unit's next attempt would begin with."""
    return brief(services, view, base, standing_notes(with_comments(services, view)))


def with_comments(services: Services, view: UnitView) -> UnitView:
    """The view with what people who may write said on the issue until they last approved it, or
    said retry. Asked for when the unit is dispatched: jobs that work have no tracker."""
    until = view.record.heard_until
    if view.issue is None or until is None:
        return view
    me = services.tracker.whoami().id
    comments = tuple(
        comment
        for comment in services.tracker.list_comments(view.issue.number)
        if comment.said_at <= until
        and not (comment.author.id == me and comment.body.startswith(MARKER))
        and services.may_speak(comment.author)
    )
    return replace(view, comments=comments)


def standing_notes(view: UnitView) -> Notes:
    """What holds for every round: earlier failures, people's words, the person's answer."""
    return Notes(
        failures=failures_told(view.record.struck),
        feedback=view.feedback,
        person=persons_note(view.record),
        comments=view.comments,
    )


def failed_checks(services: Services, step: Dispatch) -> tuple[FailedCheck, ...]:
    """The red checks that the step answers, each with what its log says."""
    if not step.checks:
        return ()
    runs = {run.id: run for run in services.ci.list_checks(step.start)}
    wanted = [runs[each] for each in step.checks if each in runs]
    return tuple(FailedCheck(run.name, log_excerpt(_log(services, run))) for run in wanted)


def _log(services: Services, run: CheckRun) -> str:
    try:
        return services.ci.read_log(run)
    except Unavailable:
        return run.summary


def failures_told(struck: Sequence[AttemptRecord]) -> tuple[str, ...]:
    """What earlier attempts came to, for the next one's prompt."""
    told = []
    for attempt in struck:
        if attempt.finished and attempt.finished.failure:
            policy = policy_of(attempt.finished.failure)
            told.append(f"{policy.told} {attempt.finished.reason}".strip())
    return tuple(told)


def persons_note(record: UnitRecord) -> str:
    return record.retry.note if record.retry else ""

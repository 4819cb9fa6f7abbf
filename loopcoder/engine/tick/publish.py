"""What passed every gate becomes a branch and a pull request. This executes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from loopcoder.domain.diagnostic import LoopcoderError, Stale
from loopcoder.domain.issues.issue import PullDraft, PullRequest
from loopcoder.domain.journal.event import (
    Entry,
    Landed,
    Proposed,
    PullOpened,
    PullUpdated,
    StageFinished,
)
from loopcoder.domain.review.dispute import findings_of, rounds_of
from loopcoder.domain.tick.action import Purpose
from loopcoder.domain.tick.branch import branch_name
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.domain.unit import UnitId
from loopcoder.domain.views.pull_body import PullFacts, pull_body, pull_title
from loopcoder.domain.views.pull_template import find_template
from loopcoder.domain.views.pull_text import last_written, next_body
from loopcoder.engine.attempt.claim import holds_claim
from loopcoder.engine.attempt.ending import end_attempt
from loopcoder.engine.attempt.outcome import Ended, Judged
from loopcoder.engine.attempt.trust import remarks, told_of
from loopcoder.engine.effects import effect
from loopcoder.engine.limits import pull_limit
from loopcoder.engine.services import Services
from loopcoder.engine.tick.attest import Attestation, attest


def publish(judged: Judged) -> tuple[Ended, PullRequest]:
    """Push the judged commit and open, or update, the unit's one pull request.

    Raises `Stale` when the claim or the branch is no longer what it was.
    """
    desk, step = judged.desk, judged.step
    _still_ours(judged)
    branch = branch_name(desk.view.record.plan, step.unit)
    attestation = attest(judged)
    _push(judged, branch)
    pull = _propose(judged, branch, attestation)
    updated = step.pull is not None
    outcome = UnitOutcome.UPDATED if updated else UnitOutcome.PROPOSED
    desk.log(StageFinished("publish", 1, True, judged.commit), principal="publisher")
    record_follow_ups(judged)
    ended = Ended(outcome, _waits(judged, pull))
    end_attempt(desk, ended)
    return ended, pull


def _waits(judged: Judged, pull: PullRequest) -> str:
    """What a person is to do with the pull request, and what they should know before."""
    waits = f"#{pull.number} waits for a person to merge"
    if judged.draft:
        waits = f"draft #{pull.number} waits for a person to look at: {judged.policy.reason}"
    return "; ".join((waits, *_remarks(judged)))


def _remarks(judged: Judged) -> tuple[str, ...]:
    remarks = []
    if judged.incomplete:
        why = f"the worker was ended before it was done: {judged.incomplete}"
        remarks.append(f"possibly incomplete, {why}")
    left = [step for step in judged.steps if not step.done]
    if left:
        remarks.append(f"the worker leaves {len(left)} of {len(judged.steps)} steps open")
    asked = judged.desk.view.unit.candidates
    record = judged.desk.record
    if record.race and record.raced:
        names, kept = ", ".join(record.race.workers), record.raced
        remarks.append(f"{names} raced, candidate {kept.lane} was kept: {kept.reason}")
    elif asked > 1 and judged.desk.is_shared and judged.step.purpose is Purpose.BUILD:
        remarks.append(f"one candidate instead of {asked}: in a relay of jobs nobody races")
    return tuple(remarks)


def land(services: Services, fit: Sequence[Judged], head: str) -> tuple[Ended, str]:
    """Put the verified combination on the work branch (`landing: commit`)."""
    landing, strip = services.settings.landing, services.landing
    if strip is None:
        raise LoopcoderError("landing: commit needs the local code host.")
    for judged in fit:
        _still_ours(judged)
    target = f"{landing.work_branch}@{head[:7]}"
    with effect(services.journal, "branch.land", target, principal="publisher") as running:
        landed = strip.land(head, landing.work_branch, landing.push, landing.on_conflict)
        running.receipt["head"] = landed.head
    refused = f"; the remote refused the push: {landed.push_refused}" if landed.push_refused else ""
    ended = Ended(UnitOutcome.COMMITTED, f"landed on {landing.work_branch}{refused}")
    for judged in fit:
        judged.desk.log(Landed(landing.work_branch, judged.commit), principal="publisher")
        record_follow_ups(judged)
        reason = "; ".join((ended.reason, *_remarks(judged)))
        end_attempt(judged.desk, Ended(ended.outcome, reason))
    return ended, landed.head


def _still_ours(judged: Judged) -> None:
    """The last look before something that cannot be taken back."""
    desk = judged.desk
    if not holds_claim(desk.services, judged.step.unit, desk.epoch):
        raise Stale(f"another process took {judged.step.unit} over; its result stands.")
    if judged.step.pull is not None:
        _answered(judged, judged.step.pull)


def _open_pull(judged: Judged, branch: str) -> PullRequest | None:
    """The one that the step is about; for new work the branch's own. One that goes elsewhere than
    into the base is a person's."""
    if judged.step.pull is not None:
        return _answered(judged, judged.step.pull)
    services = judged.desk.services
    ours = (branch, services.settings.base)
    pulls = services.code_host.list_pulls()
    return next((p for p in pulls if p.is_open and (p.branch, p.base) == ours), None)


def _answered(judged: Judged, number: int) -> PullRequest:
    """The pull request that a fix-up is for. Raises `Stale` where it is not open any more."""
    for pull in judged.desk.services.code_host.list_pulls():
        if pull.is_open and pull.number == number:
            return pull
    raise Stale(f"#{number} was closed or merged meanwhile")


def _push(judged: Judged, branch: str) -> None:
    desk, step = judged.desk, judged.step
    with effect(
        desk.services.journal,
        "branch.push",
        branch,
        {"commit": judged.commit, "expected": step.expected_head},
        unit=step.unit,
        attempt=step.attempt,
        epoch=desk.epoch,
        principal="publisher",
    ) as running:
        if desk.services.code_host.branch_head(branch) == judged.commit:
            running.found()
        else:
            desk.services.code_host.push_branch(branch, judged.commit, step.expected_head)


def _propose(judged: Judged, branch: str, attestation: Attestation) -> PullRequest:
    """The branch's open pull request, made when there is none."""
    desk, step, host = judged.desk, judged.step, judged.desk.services.code_host
    draft = _draft(judged, branch, attestation)
    found = _open_pull(judged, branch)
    verb = "pull.update" if found else "pull.create"
    answered = (*step.feedback, *step.checks)
    ours = desk.services.journal.history().unit(step.unit).pull
    before = ours.written if ours and found and ours.number == found.number else ""
    with effect(
        desk.services.journal,
        verb,
        branch,
        unit=step.unit,
        attempt=step.attempt,
        epoch=desk.epoch,
        principal="publisher",
        refusal=None if found else pull_limit(desk.services),
    ) as running:
        if found:
            body = next_body(found.body, draft.body, before)
            pull = host.update_pull(found.number, body=body)
        else:
            pull = host.create_pull(draft)
        running.receipt["number"] = pull.number
        written = last_written(pull.body, before)
        if step.pull is not None:
            running.facts.append(PullUpdated(pull.number, judged.commit, answered, written))
        else:
            running.facts.append(PullOpened(pull.number, branch, judged.commit, written))
    return pull


def _draft(judged: Judged, branch: str, attestation: Attestation) -> PullDraft:
    desk, step = judged.desk, judged.step
    services, unit = desk.services, desk.view.unit
    files = judged.policy.detail.get("files")
    reasons = judged.policy.detail.get("reasons")
    facts = PullFacts(
        unit=unit,
        attempt=step.attempt,
        head=judged.commit,
        issue=desk.view.issue.number if desk.view.issue else None,
        checks=judged.evidence.checks,
        verdict=str(judged.review.detail.get("decision") or ""),
        verdict_summary=str(judged.review.detail.get("summary") or ""),
        findings=findings_of(judged.review),
        worker=desk.worker,
        reviewer=str(judged.review.detail.get("reviewer") or ""),
        usd=cost_of(judged),
        summary=judged.summary,
        steps=judged.steps,
        candidates=desk.record.raced.told if desk.record.raced else (),
        files=tuple(map(str, files)) if isinstance(files, list) else (),
        escalations=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        exchange=rounds_of(services.journal.history(), unit.id, desk.record),
        reliability=told_of(services, str(judged.review.detail.get("reviewer") or "")),
        warnings=(
            *_remarks(judged),
            *filter(None, [attestation.trouble]),
            *remarks(services),
            *services.warnings,
        ),
        branch=branch,
        attestation=attestation.envelope,
        closes=not desk.view.parts or desk.view.parts_done,
        template=_template(services, step.base),
    )
    return PullDraft(
        title=pull_title(unit, services.settings.commit),
        body=pull_body(facts),
        branch=branch,
        base=services.settings.base,
        draft=judged.draft,
    )


def _template(services: Services, base: str) -> str:
    """The repository's own template, as the base commit has it: a change brings no frame along."""
    path = find_template(services.workspaces.list_files(base))
    return (services.workspaces.read(base, path) or "") if path else ""


def cost_of(judged: Judged) -> Decimal:
    """What the attempt has cost so far (USD)."""
    return judged.desk.record.usd


def record_follow_ups(judged: Judged) -> None:
    """Work the agent noticed becomes proposed units, under names that code makes."""
    step, journal = judged.step, judged.desk.services.journal
    entries = []
    for index, (title, body) in enumerate(judged.follow_ups):
        if not title.strip():
            continue
        name = f"{step.unit}\0{step.attempt}\0{index}\0{title}".encode()
        unit = UnitId(f"fu-{hashlib.sha256(name).hexdigest()[:8]}")
        entries.append(Entry(Proposed(title, body, "follow-up", step.unit), unit))
    known = journal.history().units
    fresh = [e for e in entries if e.unit not in known]
    if fresh:
        journal.record(*fresh)

"""Independent judgement of one commit. Anything uncertain is not an approval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path

from loopcoder.domain.journal.event import Json, ReviewerAsked, StageFinished
from loopcoder.domain.limits.allowance import REVIEW_SHARE
from loopcoder.domain.limits.breaker import (
    PROVIDER_FAULTS,
    BreakerState,
    breakers,
    may_dispatch,
)
from loopcoder.domain.review.verdict import Decision, Judgement, judge
from loopcoder.domain.settings import Settings, WorkerSpec
from loopcoder.domain.tick.failure import FailureClass, policy_of
from loopcoder.domain.unit import Unit
from loopcoder.engine.attempt.context import build_review_prompt
from loopcoder.engine.attempt.skills import conventions_of, gather_skills
from loopcoder.engine.attempt.spending import Purse
from loopcoder.engine.attempt.stage import Desk, Suspended
from loopcoder.engine.attempt.trust import admitted
from loopcoder.engine.attempt.verify import Evidence
from loopcoder.engine.services import Services
from loopcoder.ports.reviewer import ReviewOrder, ReviewReply


@dataclass(frozen=True, slots=True)
class Packet:
    """What is reviewed: a commit against the one it started from, with its evidence.

    `satisfied`: nothing was changed, and `summary` is why. `incomplete`: how the worker was ended
    before it was done.
    """

    start: str
    head: str
    evidence: Evidence
    summary: str
    satisfied: bool = False
    incomplete: str = ""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One review: about which unit, on which base, who is asked in turn, whose money it is, and
    where its papers lie. `asked` is told of each reply."""

    services: Services
    unit: Unit
    base: str
    judges: Sequence[str]
    purse: Purse
    folder: Path
    attempt: int = 1
    round: int = 1
    share: Decimal = REVIEW_SHARE
    purpose: str = "review"
    asked: Callable[[WorkerSpec, ReviewReply], None] = lambda spec, reply: None


@dataclass(frozen=True, slots=True)
class Answer:
    """The first reply that decides anything, the last one when none does. `reviewer` is the name
    of who gave it, empty for the configured reviewer; `usd` is what all replies cost."""

    reply: ReviewReply
    judgement: Judgement
    reviewer: str
    diff_sha256: str
    truncated: bool
    usd: Decimal


def review(desk: Desk, packet: Packet, round_: int) -> StageFinished:
    """Ask the reviewer, and its fallbacks when an answer cannot be used."""
    services = desk.services
    worker = services.settings.workers[desk.worker]
    sitting = Sitting(
        services=services,
        unit=desk.view.unit,
        base=desk.step.base,
        judges=_within_reach(services, admitted(services, worker)),
        purse=Purse.of(desk),
        folder=desk.folder(round_),
        attempt=desk.step.attempt,
        round=round_,
        asked=lambda spec, reply: _note(desk, spec, reply),
    )
    answer = hear(sitting, packet)
    _require_asked(answer)
    return _receipt(packet.head, answer, _named(services), round_)


class Unjudged(Suspended):
    """No reviewer could be asked: that says nothing about the change, and others fare alike."""


def _within_reach(services: Services, judges: Sequence[str]) -> Sequence[str]:
    """Those whose provider's breaker is not open."""
    settings, states = services.settings, _breakers(services)
    refusals = {name: may_dispatch(states, spec_of(settings, name).provider, ()) for name in judges}
    found = [name for name, blocked in refusals.items() if blocked is None]
    if not found:
        first = next(blocked.reason for blocked in refusals.values() if blocked)
        raise Unjudged(f"no reviewer can be asked now: {first}")
    return found


def _breakers(services: Services) -> list[BreakerState]:
    """Those of providers; the repository's stops dispatch and no review."""
    history, now = services.journal.history(), services.clock.now()
    return [s for s in breakers(history, services.settings.breaker, now) if s.provider]


def _note(desk: Desk, spec: WorkerSpec, reply: ReviewReply) -> None:
    """Record what the reviewer's breaker is computed from: trouble, and that it is over."""
    failure = reply.failure if reply.failure in PROVIDER_FAULTS else None
    counted = any(s.provider == spec.provider and s.failures for s in _breakers(desk.services))
    if failure or counted:
        why = reply.reason if failure else ""
        desk.log(ReviewerAsked(spec.provider, failure, why), principal="reviewer")


def _require_asked(answer: Answer) -> None:
    """Finished work waits while its judge's provider, or this machine, is in trouble."""
    failure = answer.reply.failure
    if failure is not None and not policy_of(failure).strike:
        why = answer.reply.reason or failure.value
        raise Unjudged(f"no reviewer can be asked now ({failure.value}): {why}")


def hear(sitting: Sitting, packet: Packet) -> Answer:
    """Show the packet to one reviewer after the other, until an answer decides something.

    An approval of a packet that was cut is none: nobody has seen the rest.
    """
    workspaces = sitting.services.workspaces
    diff = workspaces.diff(packet.start, packet.head)
    digest = workspaces.fingerprint(packet.start, packet.head)
    skills = gather_skills(workspaces, sitting.base, sitting.unit, sitting.services.settings)
    prompt = build_review_prompt(
        unit=sitting.unit,
        diff=diff,
        checks=packet.evidence.checks,
        head=packet.head,
        diff_sha256=digest,
        summary=packet.summary,
        satisfied=packet.satisfied,
        incomplete=packet.incomplete,
        conventions=conventions_of(skills),
    )
    (sitting.folder / "review-prompt.md").write_text(prompt.text)
    usd = Decimal(0)
    for index, name in enumerate(sitting.judges):
        reply, cost = _ask(sitting, name, packet.head, digest, prompt.text, index)
        usd += cost
        sitting.asked(spec_of(sitting.services.settings, name), reply)
        judgement = _if_whole(judge(reply.verdict, packet.head, digest), prompt.truncated)
        answer = Answer(reply, judgement, name, digest, prompt.truncated, usd)
        if answer.judgement.usable or _too_large(answer):
            break
    return answer


def _too_large(answer: Answer) -> bool:
    """Whether nobody could approve it: another reviewer would be shown no more."""
    return answer.truncated and answer.judgement.reason == _CUT


_CUT = "the change is too large to be shown to the reviewer whole"


def _if_whole(judgement: Judgement, truncated: bool) -> Judgement:
    if truncated and judgement.approved:
        return replace(judgement, decision=Decision.ABSTAIN, usable=False, reason=_CUT)
    return judgement


def _ask(
    sitting: Sitting, name: str, head: str, digest: str, prompt: str, index: int
) -> tuple[ReviewReply, Decimal]:
    """One reviewer, tried again while only its provider is in trouble; the last reply, and what
    all of them cost."""
    services, unit = sitting.services, sitting.unit.id
    reviewer = services.reviewer(name)
    spec = reviewer.spec
    outbox = sitting.folder / f"review-{index}"
    outbox.mkdir(parents=True, exist_ok=True)
    tries, usd = 0, Decimal(0)
    while True:
        reserved = sitting.purse.reserve(spec, sitting.purpose, sitting.share)
        tree = services.workspaces.checkout(head, "review")
        try:
            reply = reviewer.review(
                ReviewOrder(
                    unit=unit,
                    attempt=sitting.attempt,
                    round=sitting.round,
                    prompt=prompt,
                    tree=tree,
                    outbox=outbox,
                    head=head,
                    diff_sha256=digest,
                    max_usd=reserved.usd or None,
                    max_tokens=reserved.tokens or None,
                    timeout_s=spec.timeout_s,
                    stop=services.stop,
                ),
                lambda progress: services.listener.progressed(unit, progress),
            )
        finally:
            services.workspaces.discard(tree)
        usd += sitting.purse.settle(spec, reserved, reply.usage)
        if services.stop.is_set() and reply.verdict is None:
            raise Suspended("stopped during review; the next tick reviews again.")
        tries += 1
        policy = policy_of(reply.failure) if reply.failure else None
        if policy is None or policy.strike or tries > policy.retries:
            return reply, usd
        services.clock.sleep(min(policy.delay_s * 2 ** (tries - 1), policy.max_delay_s))


def spec_of(settings: Settings, name: str) -> WorkerSpec:
    """The reviewer of a name: empty for the configured one, else a worker that stands in."""
    assert settings.reviewer is not None
    return settings.workers[name] if name else settings.reviewer.spec


def _named(services: Services) -> str:
    assert services.settings.reviewer is not None
    return services.settings.reviewer.spec.name


def _receipt(head: str, answer: Answer, configured: str, round_: int) -> StageFinished:
    reply, judgement = answer.reply, answer.judgement
    detail: dict[str, Json] = {
        "reviewer": answer.reviewer or configured,
        "decision": judgement.decision.value,
        "usable": judgement.usable,
        "summary": reply.verdict.summary if reply.verdict else reply.reason,
        "findings": [asdict(f) for f in judgement.findings],
        "diff_sha256": answer.diff_sha256,
        "seconds": round(reply.seconds, 1),
        "truncated": answer.truncated,
        "usd": str(answer.usd),
    }
    return StageFinished(
        stage="review",
        round=round_,
        passed=judgement.approved,
        sha=head,
        reason=judgement.reason if reply.verdict else reply.reason or judgement.reason,
        failure=None if judgement.approved else FailureClass.REVIEW_REJECTED,
        detail=detail,
    )

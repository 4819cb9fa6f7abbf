"""Independent judgement of one commit. Anything uncertain is not an approval."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace

from loopcoder.domain.allowance import REVIEW_SHARE
from loopcoder.domain.event import Json, StageFinished
from loopcoder.domain.failure import FailureClass, policy_of
from loopcoder.domain.verdict import Decision, Finding, Judgement, Weight, judge
from loopcoder.engine.context import build_review_prompt
from loopcoder.engine.skills import conventions_of, gather_skills
from loopcoder.engine.spending import reserve_for, settle_for
from loopcoder.engine.stage import Desk, Suspended
from loopcoder.engine.verify import Evidence
from loopcoder.ports.reviewer import Reviewer, ReviewOrder, ReviewReply


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


def review(desk: Desk, packet: Packet, round_: int) -> StageFinished:
    """Ask the reviewer, and its fallbacks when an answer cannot be used."""
    diff = desk.services.workspaces.diff(packet.start, packet.head)
    digest = hashlib.sha256(desk.services.workspaces.patch(packet.start, packet.head)).hexdigest()
    prompt = build_review_prompt(
        unit=desk.view.unit,
        diff=diff,
        checks=packet.evidence.checks,
        head=packet.head,
        diff_sha256=digest,
        summary=packet.summary,
        satisfied=packet.satisfied,
        incomplete=packet.incomplete,
        conventions=conventions_of(
            gather_skills(
                desk.services.workspaces, desk.step.base, desk.view.unit, desk.services.settings
            )
        ),
    )
    folder = desk.folder(round_)
    (folder / "review-prompt.md").write_text(prompt.text)
    reply, judgement, name = _first_usable(desk, packet.head, digest, prompt.text, round_)
    receipt = _receipt(packet.head, digest, reply, judgement, name, round_)
    return _if_whole(receipt, prompt.truncated)


def _if_whole(receipt: StageFinished, truncated: bool) -> StageFinished:
    """An approval of a packet that was cut is none: nobody has seen the rest."""
    detail: dict[str, Json] = {**receipt.detail, "truncated": truncated}
    if not truncated or not receipt.passed:
        return replace(receipt, detail=detail)
    detail |= {"usable": False, "decision": Decision.ABSTAIN.value}
    reason = "the change is too large to be shown to the reviewer whole"
    failure = FailureClass.REVIEW_REJECTED
    return replace(receipt, passed=False, reason=reason, failure=failure, detail=detail)


def _first_usable(
    desk: Desk, head: str, digest: str, prompt: str, round_: int
) -> tuple[ReviewReply, Judgement, str]:
    """The first answer that decides anything; the last one when none does."""
    assert desk.services.settings.reviewer is not None
    chain = ("", *desk.services.settings.reviewer.spec.fallback)
    reply, judgement, name = None, None, ""
    for index, name in enumerate(chain):
        reviewer = desk.services.reviewer(name)
        reply = _ask(desk, reviewer, head, digest, prompt, round_, index)
        judgement = judge(reply.verdict, head, digest)
        if judgement.usable:
            break
    assert reply is not None and judgement is not None
    return reply, judgement, name or desk.services.settings.reviewer.spec.name


def _ask(
    desk: Desk, reviewer: Reviewer, head: str, digest: str, prompt: str, round_: int, index: int
) -> ReviewReply:
    """One reviewer, tried again while only its provider is in trouble."""
    services, spec = desk.services, reviewer.spec
    outbox = desk.folder(round_) / f"review-{index}"
    outbox.mkdir(parents=True, exist_ok=True)
    tries = 0
    while True:
        reserved = reserve_for(desk, spec, "review", REVIEW_SHARE)
        tree = services.workspaces.checkout(head, "review")
        try:
            reply = reviewer.review(
                ReviewOrder(
                    unit=desk.step.unit,
                    attempt=desk.step.attempt,
                    round=round_,
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
                lambda progress: services.listener.progressed(desk.step.unit, progress),
            )
        finally:
            services.workspaces.discard(tree)
        settle_for(desk, spec, reserved, reply.usage)
        if services.stop.is_set() and reply.verdict is None:
            raise Suspended("stopped during review; the next tick reviews again.")
        tries += 1
        policy = policy_of(reply.failure) if reply.failure else None
        if policy is None or policy.strike or tries > policy.retries:
            return reply
        services.clock.sleep(min(policy.delay_s * 2 ** (tries - 1), policy.max_delay_s))


def _receipt(
    head: str, digest: str, reply: ReviewReply, judgement: Judgement, name: str, round_: int
) -> StageFinished:
    detail: dict[str, Json] = {
        "reviewer": name,
        "decision": judgement.decision.value,
        "usable": judgement.usable,
        "summary": reply.verdict.summary if reply.verdict else reply.reason,
        "findings": [asdict(f) for f in judgement.findings],
        "diff_sha256": digest,
        "seconds": round(reply.seconds, 1),
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


def findings_of(receipt: StageFinished) -> tuple[Finding, ...]:
    """The findings a review receipt holds."""
    rows = receipt.detail.get("findings") or []
    assert isinstance(rows, list)
    found = []
    for row in rows:
        assert isinstance(row, dict)
        found.append(
            Finding(
                severity=Weight(str(row["severity"])),
                claim=str(row["claim"]),
                file=str(row.get("file") or ""),
                line=int(str(row.get("line") or 0)),
                evidence=str(row.get("evidence") or ""),
            )
        )
    return tuple(found)

"""A large unit is split into steps before it is worked on, once for each text of it."""

from __future__ import annotations

from decimal import Decimal

from loopcoder.domain.context.splitting import PLAN, is_large, planned_steps
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.tick.action import Purpose
from loopcoder.domain.unit import text_digest
from loopcoder.engine.attempt.context import build_plan_prompt
from loopcoder.engine.attempt.skills import conventions_of, gather_skills
from loopcoder.engine.attempt.spending import Purse
from loopcoder.engine.attempt.stage import Desk, Suspended
from loopcoder.ports.planner import Planner, PlanReply
from loopcoder.ports.reviewer import ReviewOrder

PLAN_SHARE = Decimal("0.2")
"""Of what an attempt has left, the part a planner may take."""


def plan_ahead(desk: Desk) -> None:
    """Have the unit split where it is large and nobody has done so. No failure of a planner keeps
    the work from being done."""
    services, unit = desk.services, desk.view.unit
    planner = services.settings.planner
    if planner is None or desk.step.purpose is not Purpose.BUILD or not is_large(unit, planner):
        return
    record = services.journal.history().unit(unit.id)
    if desk.lane or desk.record.last(PLAN) or planned_steps(record.planned, unit):
        return
    desk.perform(PLAN, 1, lambda: _plan(desk), principal="worker")


def _plan(desk: Desk) -> StageFinished:
    try:
        return _ask(desk, desk.services.planner())
    except Suspended as error:
        if desk.services.stop.is_set():
            raise
        return _failed(str(error))
    except (LoopcoderError, OSError) as error:
        return _failed(str(error))


def _failed(reason: str) -> StageFinished:
    return StageFinished(PLAN, 1, passed=False, reason=f"there is no plan: {reason}")


def _ask(desk: Desk, planner: Planner) -> StageFinished:
    reply, usd = _reply(desk, planner, _prompt(desk))
    if desk.services.stop.is_set() and not reply.steps:
        raise Suspended("stopped while it was being planned; the next tick goes on.")
    if not reply.steps:
        return _failed(reply.reason)
    return StageFinished(
        PLAN,
        1,
        passed=True,
        sha=desk.step.start,
        reason=f"{len(reply.steps)} steps",
        detail={
            "checklist": list(reply.steps),
            "text": text_digest(desk.view.unit),
            "planner": planner.spec.name,
            "usd": str(usd),
            "seconds": round(reply.seconds, 1),
        },
    )


def _prompt(desk: Desk) -> str:
    services, unit = desk.services, desk.view.unit
    skills = gather_skills(services.workspaces, desk.step.base, unit, services.settings)
    prompt = build_plan_prompt(unit=unit, conventions=conventions_of(skills))
    (desk.folder(1) / "plan-prompt.md").write_text(prompt.text)
    return prompt.text


def _reply(desk: Desk, planner: Planner, prompt: str) -> tuple[PlanReply, Decimal]:
    """What the planner answers, with the start before its eyes, and what that cost."""
    services, step, purse = desk.services, desk.step, Purse.of(desk)
    outbox = desk.folder(1) / PLAN
    outbox.mkdir(exist_ok=True)
    reserved = purse.reserve(planner.spec, PLAN, PLAN_SHARE)
    tree = services.workspaces.checkout(step.start, PLAN)
    try:
        reply = planner.plan(
            ReviewOrder(
                unit=step.unit,
                attempt=step.attempt,
                round=1,
                prompt=prompt,
                tree=tree,
                outbox=outbox,
                head=step.start,
                diff_sha256="",
                max_usd=reserved.usd or None,
                max_tokens=reserved.tokens or None,
                timeout_s=planner.spec.timeout_s,
                stop=services.stop,
            ),
            lambda progress: services.listener.progressed(step.unit, progress),
        )
    finally:
        services.workspaces.discard(tree)
    return reply, purse.settle(planner.spec, reserved, reply.usage)

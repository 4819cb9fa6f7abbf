"""One round of work: a worker run, tried again or elsewhere as its failure's policy says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from loopcoder.domain.context.work_report import steps_as_json
from loopcoder.domain.journal.event import Json, StageFinished
from loopcoder.domain.limits.allowance import WORK_SHARE
from loopcoder.domain.tick.failure import FailureClass, Session, policy_of
from loopcoder.engine.attempt.spending import reserve_for, settle_for
from loopcoder.engine.attempt.stage import Desk, Suspended
from loopcoder.ports.worker import Worker, WorkOrder, WorkResult
from loopcoder.ports.workspace import Workspace

MAX_REWRITES = 2
"""Prompt rewrites after a stall or an unreadable answer, per round."""

HARVESTED = frozenset({FailureClass.TIMEOUT, FailureClass.STALL})
"""Ended by us, maybe with finished work in the tree: the gates judge it, not the clock."""

PROVIDER_TROUBLE = frozenset(
    {
        FailureClass.TRANSIENT_API,
        FailureClass.RATE_LIMIT,
        FailureClass.AUTH,
        FailureClass.BILLING,
        FailureClass.SANDBOX,
    }
)


def work(
    desk: Desk,
    workspace: Workspace,
    prompt: str,
    round_: int,
    session: str,
    stage: str = "work",
) -> StageFinished:
    """Have the unit worked on, or gone on with in a stage of its own, and say how it went. Never
    raises for what an agent does."""
    folder, suffix = desk.folder(round_), "" if stage == "work" else f"-{stage}"
    (folder / f"prompt{suffix}.md").write_text(prompt)
    order = WorkOrder(
        unit=desk.step.unit,
        attempt=desk.step.attempt,
        round=round_,
        prompt=prompt,
        tree=workspace.tree,
        outbox=folder / f"outbox{suffix}",
        stop=desk.services.stop,
    )
    result = WorkResult(failure=FailureClass.INFRASTRUCTURE, reason="no worker could be used")
    used, began = desk.step.worker, desk.worker
    for name, worker in _chain(desk):
        own = replace(
            order,
            session=session if name == began else "",  # another's session is nothing to it
            home=desk.papers / "agents" / name,
        )
        used, result = name, _with_retries(desk, worker, own, workspace)
        if result.failure not in PROVIDER_TROUBLE:
            break
    return _receipt(result, used, stage, round_, desk.checklist)


def _chain(desk: Desk) -> Iterator[tuple[str, Worker]]:
    """The worker the step names, then its fallbacks."""
    workers = desk.services.settings.workers
    for name in (desk.step.worker, *workers[desk.step.worker].fallback):
        if name in workers:
            yield name, desk.services.worker(name)


def _with_retries(desk: Desk, worker: Worker, order: WorkOrder, workspace: Workspace) -> WorkResult:
    """Run until it works, or until the failure's policy allows no further try here."""
    tries: dict[FailureClass, int] = {}
    rewrites = 0
    while True:
        result = _run_once(desk, worker, order)
        failure = result.failure
        if failure is None:
            return result
        policy = policy_of(failure)
        tries[failure] = tries.get(failure, 0) + 1
        if tries[failure] > policy.retries or policy.session is Session.OTHER_PROVIDER:
            return result
        if failure in HARVESTED and not desk.services.workspaces.collect(workspace).is_empty:
            return result
        if policy.strike:
            rewrites += 1
            if rewrites > MAX_REWRITES:
                return result
            order = _continuing(order, result, policy.session)
            order = replace(order, prompt=_rewritten(order.prompt, policy.told))
        else:
            delay = min(policy.delay_s * 2 ** (tries[failure] - 1), policy.max_delay_s)
            desk.services.listener.said(
                f"{order.unit}: {failure.value}, tries again in {delay:.0f} s"
            )
            desk.services.clock.sleep(delay)
            order = _continuing(order, result, policy.session)
        desk.check_stop()


def _continuing(order: WorkOrder, result: WorkResult, session: Session) -> WorkOrder:
    """The order for the next try, in the session that the failure's policy names."""
    keeps = session in (Session.SAME, Session.FORK)
    fork = session is Session.FORK
    return replace(order, session=result.session if keeps else "", fork=fork)


def _rewritten(prompt: str, told: str) -> str:
    return f"{prompt}\n\n## Since an earlier try failed\n\n{told}\n"


def _run_once(desk: Desk, worker: Worker, order: WorkOrder) -> WorkResult:
    """One run with its money set aside before and settled after."""
    spec = worker.spec
    reserved = reserve_for(desk, spec, "work", WORK_SHARE)
    order.outbox.mkdir(parents=True, exist_ok=True)
    budgeted = replace(
        order,
        max_usd=reserved.usd or None,
        max_tokens=reserved.tokens or None,
        timeout_s=spec.timeout_s,
        stall_s=spec.stall_s,
    )
    result = worker.run(
        budgeted, lambda progress: desk.services.listener.progressed(order.unit, progress)
    )
    settle_for(desk, spec, reserved, result.usage)
    if desk.services.stop.is_set() and result.failure is not None:
        raise Suspended("stopped while it was being worked on; the next tick goes on.")
    return result


def _receipt(
    result: WorkResult, worker: str, stage: str, round_: int, checklist: Sequence[str]
) -> StageFinished:
    detail: dict[str, Json] = {
        "outcome": result.outcome.value,
        "summary": result.summary,
        "evidence": result.evidence,
        "session": result.session,
        "worker": worker,
        "seconds": round(result.seconds, 1),
        "tail": result.tail[-4000:],
        "follow_ups": [asdict(f) for f in result.follow_ups],
        "harvested": result.failure in HARVESTED,
        "learned": [{"text": each.text, "paths": list(each.paths)} for each in result.learned],
    }
    if steps := steps_as_json(checklist, result.open_steps):
        detail["steps"] = steps
    return StageFinished(
        stage=stage,
        round=round_,
        passed=result.failure is None,
        reason=result.reason,
        failure=result.failure,
        detail=detail,
    )

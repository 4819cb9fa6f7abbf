"""Any agent that speaks the Agent Client Protocol, as worker or reviewer, inside the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from loopcoder.adapters.agents.acp_client import AcpClient, Talk
from loopcoder.adapters.agents.confined import Confined
from loopcoder.adapters.agents.ending import failure_of_run, read_outcome
from loopcoder.adapters.agents.outcome import Malformed, read_reply
from loopcoder.adapters.agents.paperwork import Paperwork, Program, home_mount, outcome_file
from loopcoder.adapters.agents.plan_reply import read_plan
from loopcoder.adapters.agents.reply import one_verdict
from loopcoder.adapters.agents.trouble import failure_of
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.tree_watch import watch_tree
from loopcoder.adapters.sandbox.watch import Cause, Finished, Watch
from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.settings import CostBasis, WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.planner import PlanReply
from loopcoder.ports.reviewer import ReviewOrder, ReviewReply
from loopcoder.ports.worker import Progress, Usage, WorkOrder, WorkResult

_SUMMARY = 4000
_ENDS = {
    "refusal": (FailureClass.REFUSED, "The model refused."),
    "max_tokens": (FailureClass.CONTEXT_OVERFLOW, "The model ran out of room."),
    "max_turn_requests": (FailureClass.STALL, "It reached its own limit of requests."),
    "cancelled": (FailureClass.CRASH, "It says that it was cancelled."),
}


@dataclass(frozen=True, slots=True)
class AcpAgent:
    """An agent that is started with `spec.argv`. `variables` are handed on from loopcoder's own
    environment. The protocol names no price: what a run used is charged as it was reserved."""

    spec: WorkerSpec
    sandbox: Sandbox
    readable: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, order: WorkOrder | ReviewOrder, home: Path, progress: Callable[[Progress], None]
    ) -> tuple[Finished, AcpClient]:
        steps = 0

        def said(line: str) -> None:
            nonlocal steps
            steps += 1
            progress(Progress(line, steps))

        is_work = isinstance(order, WorkOrder)
        files = Confined(order.tree.resolve())
        talk = Talk(
            str(files.folder), order.prompt, files, is_work, self.spec.mcp, self.spec.model, said
        )
        client = AcpClient(talk)
        watch = Watch(
            order.timeout_s,
            order.stall_s if isinstance(order, WorkOrder) else self.spec.stall_s,
            watch_tree(order.tree) if is_work else None,
            order.stop,
            keep=Keep(stdout_bytes=1),
            dialogue=client,
        )
        home.mkdir(parents=True, exist_ok=True)
        own = home_mount(home)
        finished = Paperwork(self.spec, self.sandbox, self.readable).run(
            Program(self.spec.argv),
            order,
            watch,
            writable=(order.tree,) if is_work else (),
            env={"HOME": self.sandbox.inside(own), **self.variables, **self.spec.env},
            mounts=(own,),
        )
        return finished, client

    def failure(self, finished: Finished, client: AcpClient) -> tuple[FailureClass | None, str]:
        """How the conversation ended; how the program ended counts only where it did not."""
        if client.error:
            return failure_of(client.error, None), f"The agent says: {client.error}"
        if client.stop_reason:
            return _ENDS.get(client.stop_reason, (None, ""))
        failure, reason = failure_of_run(finished)
        if finished.cause is Cause.EXITED and failure is None:
            return FailureClass.CRASH, "It ended before its turn did."
        return failure, reason

    def usage(self, client: AcpClient) -> Usage | None:
        tokens = client.tokens or (0, 0)
        if self.spec.cost is CostBasis.FREE:
            return Usage(*tokens, usd=Decimal(0))
        return Usage(*tokens) if client.tokens else None


class AcpWorker:
    """Works in the order's tree, in a session that ends with the run."""

    def __init__(self, agent: AcpAgent) -> None:
        self.spec = agent.spec
        self.agent = agent

    def run(self, order: WorkOrder, progress: Callable[[Progress], None]) -> WorkResult:
        agent = self.agent
        finished, client = agent.run(order, order.home or order.outbox / "home", progress)
        outcome, note = read_outcome(outcome_file(order.outbox))
        failure, reason = agent.failure(finished, client)
        result = WorkResult(
            outcome.status,
            failure,
            reason or outcome.reason or note,
            outcome.summary or client.answer[-_SUMMARY:],
            outcome.evidence,
            agent.usage(client),
            tail=finished.tail,
            seconds=finished.seconds,
        )
        return outcome.added_to(result)


class AcpReviewer:
    """Judges in the order's tree, which it cannot change."""

    def __init__(self, agent: AcpAgent) -> None:
        self.spec = agent.spec
        self.agent = agent

    def plan(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> PlanReply:
        agent = self.agent
        home = order.outbox / "home"
        remove_tree(home)
        finished, client = agent.run(order, home, progress)
        ended = agent.failure(finished, client)
        steps, failure, reason = read_plan(order.outbox, client.answer.encode(), *ended)
        return PlanReply(steps, failure, reason, agent.usage(client), finished.seconds)

    def review(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> ReviewReply:
        agent = self.agent
        home = order.outbox / "home"
        remove_tree(home)
        finished, client = agent.run(order, home, progress)
        failure, reason = agent.failure(finished, client)
        usage, tail, seconds = agent.usage(client), finished.tail, finished.seconds
        if failure is not None:
            return ReviewReply(None, failure, reason, usage, tail, seconds)
        try:
            written = read_reply(outcome_file(order.outbox))
            answers = [written.decode("utf-8", "replace")] if written else []
            answers += [client.answer] if client.answer.strip() else []
            said = one_verdict(answers, order.prompt)
        except Malformed as error:
            reason = f"The verdict could not be read: {error}."
            return ReviewReply(None, FailureClass.MALFORMED, reason, usage, tail, seconds)
        return ReviewReply(said.as_verdict(), None, said.summary, usage, tail, seconds)

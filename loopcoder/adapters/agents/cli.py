"""Any agent with a command line as worker or reviewer: one engine for every preset.

What the agent says of its success is not asked: the change and the gates show it. Read are its
answer, its session, what it used, and why it failed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from loopcoder.adapters.agents.ending import failure_of_run, read_outcome, reporter
from loopcoder.adapters.agents.invocation import Visit, invoke, lay_out
from loopcoder.adapters.agents.ledger import Ledger
from loopcoder.adapters.agents.outcome import Malformed, read_reply
from loopcoder.adapters.agents.paperwork import (
    Paperwork,
    Program,
    drop_mount,
    given_mount,
    home_mount,
    outcome_file,
    prompt_mount,
)
from loopcoder.adapters.agents.plan_reply import PLAN_SCHEMA, read_plan
from loopcoder.adapters.agents.preset import Preset
from loopcoder.adapters.agents.reply import VERDICT_SCHEMA, ReportedVerdict, one_verdict
from loopcoder.adapters.agents.transcript import Tally, Transcript, read_transcript, sign_of_life
from loopcoder.adapters.agents.trouble import failure_of
from loopcoder.adapters.builtin.tariff import Tariff, Tokens
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.tree_watch import watch_tree
from loopcoder.adapters.sandbox.watch import Cause, Finished, Watch
from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.settings import CostBasis, WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.planner import PlanReply
from loopcoder.ports.reviewer import ReviewOrder, ReviewReply
from loopcoder.ports.worker import UNUSED, Progress, Usage, WorkOrder, WorkResult

OUTPUT_BYTES = 16 << 20
_SUMMARY = 4000
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent that is ready to be started. `variables` are handed on from loopcoder's own
    environment; `tariff` is what its model's tokens cost, if that is known; `trouble` says why it
    cannot be started here, if so."""

    preset: Preset
    spec: WorkerSpec
    sandbox: Sandbox
    readable: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    tariff: Tariff | None = None
    trouble: str = ""

    def run(
        self,
        order: WorkOrder | ReviewOrder,
        home: Path,
        watch: Watch,
        *,
        session: str = "",
        fork: bool = False,
        schema: Mapping[str, object] = VERDICT_SCHEMA,
    ) -> tuple[Finished, Transcript]:
        """Start the program once and read what it printed."""
        outbox, inside = order.outbox, self.sandbox.inside
        given, own = given_mount(outbox), home_mount(home)
        remove_tree(given.source)
        for folder in (given.source, home):
            folder.mkdir(parents=True, exist_ok=True)
        is_review = isinstance(order, ReviewOrder)
        visit = Visit(
            role="review" if is_review else "work",
            home=inside(own),
            given=inside(given),
            drop=inside(drop_mount(outbox)),
            prompt_file=inside(prompt_mount(outbox)),
            variables={**self.variables, **self.spec.env},
            model=self.spec.model,
            usd=_plain(order.max_usd),
            session=session,
            fork=fork,
            schema=schema if is_review else None,
            servers=self.spec.mcp,
        )
        made = invoke(self.preset, visit)
        lay_out(given.source, made.files)
        lay_out(home, made.home_files)
        finished = Paperwork(self.spec, self.sandbox, self.readable).run(
            Program(made.argv),
            order,
            watch,
            writable=() if is_review else (order.tree,),
            env=made.env,
            mounts=(given, own),
            speaks=self.preset.prompt == "stdin",
        )
        return finished, self._read(finished, outbox)

    def _read(self, finished: Finished, outbox: Path) -> Transcript:
        def left(name: str) -> bytes | None:
            try:
                return read_reply(outbox / "drop" / name)
            except Malformed:
                return None

        whole = len(finished.stdout) < OUTPUT_BYTES
        read = read_transcript(self.preset.output, finished.stdout, left, whole=whole)
        if finished.exit_code and not read.error:  # some tell their errors on the other stream
            said = read_transcript(self.preset.output, finished.tail.encode(), left)
            return replace(read, error=said.error, status=said.status)
        return read

    def failure(self, finished: Finished, read: Transcript) -> tuple[FailureClass | None, str]:
        """What went wrong: our own doing first, then what the agent says, then how it ended."""
        failure, reason = failure_of_run(finished)
        if finished.cause is not Cause.EXITED:
            return failure, reason
        if read.error and (failure is not None or not self._replied(read)):
            said = f"{self.preset.title}: {read.error}"
            return failure_of(read.error, read.status, self.preset.troubles), said
        if failure is FailureClass.CRASH:
            last = "\n".join(finished.tail.strip().splitlines()[-_LAST_LINES:])
            return failure_of(last, None, self.preset.troubles), reason
        return failure, reason

    def _replied(self, read: Transcript) -> bool:
        if self.preset.output.form == "text":
            return read.tally.output_tokens is not None
        return bool(read.answer)

    def usage(self, tally: Tally) -> Usage | None:
        """What is to be charged; None when the agent did not say enough."""
        tokens = (tally.input_tokens or 0, tally.output_tokens or 0)
        if self.spec.cost is CostBasis.FREE:
            return Usage(*tokens, Decimal(0))
        usd = tally.usd if self.spec.cost is CostBasis.REPORTED else None
        if usd is None and self.tariff is not None and tally.output_tokens is not None:
            cached = min(tally.cached_tokens or 0, tokens[0])
            usd = self.tariff.cost(Tokens(tokens[0] - cached, 0, cached, tokens[1]))
        if usd is None and tally.input_tokens is None and tally.output_tokens is None:
            return None
        return Usage(*tokens, usd)

    def shown(self, line: str) -> str | None:
        return sign_of_life(self.preset.output, line)


class CliWorker:
    """Works in the order's tree; continues the session of the round before where it can."""

    def __init__(self, agent: Agent) -> None:
        self.spec = agent.spec
        self.agent = agent

    def run(self, order: WorkOrder, progress: Callable[[Progress], None]) -> WorkResult:
        agent = self.agent
        if agent.trouble:
            return WorkResult(failure=FailureClass.AUTH, reason=agent.trouble, usage=UNUSED)
        home = order.home or order.outbox / "home"
        ledger = Ledger(home.with_name(f"{home.name}.charged.json"))
        session = self._continued(order, ledger)
        watch = Watch(
            order.timeout_s,
            order.stall_s,
            watch_tree(order.tree),
            order.stop,
            reporter(progress, agent.shown),
            Keep(stdout_bytes=OUTPUT_BYTES),
        )
        litter = [order.tree / name for name in agent.preset.litter]
        litter = [path for path in litter if not path.exists()]
        finished, read = agent.run(order, home, watch, session=session, fork=order.fork)
        for path in litter:
            remove_tree(path)
        if session and self._is_lost(finished):
            return self.run(replace(order, session=""), progress)
        return self._result(order, finished, read, self._charge(ledger, read, session))

    def _continued(self, order: WorkOrder, ledger: Ledger) -> str:
        """The session to continue, if there is one in this home and the program can."""
        can = self.agent.preset.command.resume
        return order.session if can and order.session and ledger.knows(order.session) else ""

    def _is_lost(self, finished: Finished) -> bool:
        words = self.agent.preset.output.lost_session
        return bool(words and finished.exit_code and words in finished.tail)

    def _charge(self, ledger: Ledger, read: Transcript, parent: str) -> Tally:
        if not read.session:
            return read.tally
        if self.agent.preset.output.totals == "session":
            return ledger.charge(read.session, read.tally, parent)
        ledger.open(read.session)
        return read.tally

    def _result(
        self, order: WorkOrder, finished: Finished, read: Transcript, charged: Tally
    ) -> WorkResult:
        outcome, note = read_outcome(outcome_file(order.outbox))
        failure, reason = self.agent.failure(finished, read)
        result = WorkResult(
            outcome.status,
            failure,
            reason or outcome.reason or note,
            outcome.summary or read.answer[:_SUMMARY],
            outcome.evidence,
            self.agent.usage(charged),
            read.session,
            tail=finished.tail,
            seconds=finished.seconds,
        )
        return outcome.added_to(result)


class CliReviewer:
    """Judges in the order's tree, which it cannot change, in a session of its own."""

    def __init__(self, agent: Agent) -> None:
        self.spec = agent.spec
        self.agent = agent

    def plan(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> PlanReply:
        agent = self.agent
        if agent.trouble:
            return PlanReply((), FailureClass.AUTH, agent.trouble, UNUSED)
        finished, read = self._run(order, progress, PLAN_SCHEMA)
        ended = agent.failure(finished, read)
        steps, failure, reason = read_plan(order.outbox, read.answer.encode(), *ended)
        return PlanReply(steps, failure, reason, agent.usage(read.tally), finished.seconds)

    def _run(
        self,
        order: ReviewOrder,
        progress: Callable[[Progress], None],
        schema: Mapping[str, object] = VERDICT_SCHEMA,
    ) -> tuple[Finished, Transcript]:
        agent = self.agent
        watch = Watch(
            order.timeout_s,
            self.spec.stall_s,
            stop=order.stop,
            on_line=reporter(progress, agent.shown),
            keep=Keep(stdout_bytes=OUTPUT_BYTES),
        )
        home = order.outbox / "home"
        remove_tree(home)
        return agent.run(order, home, watch, schema=schema)

    def review(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> ReviewReply:
        agent = self.agent
        if agent.trouble:
            return ReviewReply(None, FailureClass.AUTH, agent.trouble, UNUSED)
        finished, read = self._run(order, progress)
        failure, reason = agent.failure(finished, read)
        if failure is not None:
            return self._reply(finished, read, failure, reason)
        try:
            written = read_reply(outcome_file(order.outbox))
            answers = ([written.decode("utf-8", "replace")] if written else []) + [*read.answers]
            said = one_verdict(answers, order.prompt)
        except Malformed as error:
            reason = f"The verdict could not be read: {error}."
            return self._reply(finished, read, FailureClass.MALFORMED, reason)
        return self._reply(finished, read, None, said.summary, said)

    def _reply(
        self,
        finished: Finished,
        read: Transcript,
        failure: FailureClass | None,
        reason: str,
        said: ReportedVerdict | None = None,
    ) -> ReviewReply:
        verdict = said.as_verdict() if said else None
        usage = self.agent.usage(read.tally)
        return ReviewReply(verdict, failure, reason, usage, finished.tail, finished.seconds)


def _plain(usd: Decimal | None) -> str:
    return f"{usd:f}" if usd else ""

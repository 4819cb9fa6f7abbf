"""Any command as worker or reviewer (docs/reference/workers.md).

A worker's `./agent.sh` is the workspace's copy, which equals the base commit's when an attempt
starts: a change to it takes effect after it was merged, like any other configuration. A reviewer
stands in a checkout of the change it judges, so its own program is taken from the base commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from loopcoder.adapters.agents.ending import failure_of_run, read_outcome, reporter
from loopcoder.adapters.agents.outcome import Malformed, Metered, read_reply, usage_of
from loopcoder.adapters.agents.paperwork import Paperwork, Program, outcome_file
from loopcoder.adapters.agents.plan_reply import ReportedPlan, parse_plan
from loopcoder.adapters.agents.reply import REPLY_BYTES, ReportedVerdict, parse_verdict
from loopcoder.adapters.sandbox.choice import Sandbox
from loopcoder.adapters.sandbox.launch import NotStarted
from loopcoder.adapters.sandbox.output import Keep
from loopcoder.adapters.sandbox.tree_watch import watch_tree
from loopcoder.adapters.sandbox.watch import Finished, Watch
from loopcoder.domain.settings import WorkerSpec
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.ports.planner import PlanReply
from loopcoder.ports.reviewer import ReviewOrder, ReviewReply
from loopcoder.ports.worker import Progress, WorkOrder, WorkResult


class CommandWorker:
    """Runs `spec.argv` in the tree, with the prompt on standard input.

    `readable` is shown read-only besides the tree: the object store that the clone borrows from.
    """

    def __init__(self, spec: WorkerSpec, sandbox: Sandbox, readable: Sequence[Path] = ()) -> None:
        self.spec = spec
        self._paperwork = Paperwork(spec, sandbox, tuple(readable))

    def program(self) -> Program:
        return Program(self.spec.argv)

    def run(self, order: WorkOrder, progress: Callable[[Progress], None]) -> WorkResult:
        watch = Watch(
            order.timeout_s,
            order.stall_s,
            watch_tree(order.tree),
            order.stop,
            reporter(progress),
        )
        finished = self._paperwork.run(self.program(), order, watch, writable=(order.tree,))
        outcome, note = read_outcome(outcome_file(order.outbox))
        failure, reason = failure_of_run(finished)
        result = WorkResult(
            outcome.status,
            failure,
            reason or outcome.reason or note,
            outcome.summary,
            outcome.evidence,
            usage_of(outcome, self.spec.cost),
            tail=finished.tail,
            seconds=finished.seconds,
        )
        return outcome.added_to(result)


class CommandReviewer:
    """Runs `spec.argv` in the tree, which it cannot change; the verdict is its answer.

    `base_file` gives a file's text in the base commit, None when it has no such file. Arguments
    that name such a file are replaced by that copy: the change under review must not bring its
    own judge.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        sandbox: Sandbox,
        readable: Sequence[Path] = (),
        base_file: Callable[[str], str | None] = lambda path: None,
    ) -> None:
        self.spec = spec
        self._paperwork = Paperwork(spec, sandbox, tuple(readable))
        self._base_file = base_file

    def program(self) -> Program:
        """Raises NotStarted when the command is a file that the base commit does not have."""
        files = {}
        for place, argument in enumerate(self.spec.argv):
            if argument and not argument.startswith(("/", "-")):
                text = self._base_file(argument.removeprefix("./"))
                if text is not None:
                    files[place] = text.encode()
        command = self.spec.argv[0] if self.spec.argv else ""
        if "/" in command and not command.startswith("/") and 0 not in files:
            raise NotStarted(f"`{command}` is not a file of the base commit.")
        return Program(self.spec.argv, files)

    def plan(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> PlanReply:
        try:
            finished = self._run(order, progress)
        except NotStarted as error:
            return PlanReply((), FailureClass.INFRASTRUCTURE, str(error))
        failure, reason = failure_of_run(finished)
        said: ReportedPlan | None = None
        if failure is None:
            try:
                written = read_reply(outcome_file(order.outbox))
                said = parse_plan(written or finished.stdout)
            except Malformed as error:
                failure, reason = FailureClass.MALFORMED, f"it could not be read: {error}"
        usage = usage_of(said or Metered(), self.spec.cost)
        steps = tuple(said.steps) if said else ()
        return PlanReply(steps, failure, reason, usage, finished.seconds)

    def _run(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> Finished:
        """Raises NotStarted."""
        watch = Watch(
            order.timeout_s,
            self.spec.stall_s,
            stop=order.stop,
            on_line=reporter(progress),
            keep=Keep(stdout_bytes=REPLY_BYTES),
        )
        seen = {"LOOPCODER_HEAD": order.head, "LOOPCODER_DIFF_SHA256": order.diff_sha256}
        return self._paperwork.run(self.program(), order, watch, env=seen)

    def review(self, order: ReviewOrder, progress: Callable[[Progress], None]) -> ReviewReply:
        try:
            finished = self._run(order, progress)
        except NotStarted as error:
            return ReviewReply(None, FailureClass.INFRASTRUCTURE, str(error))
        failure, reason = failure_of_run(finished)
        if failure is not None:
            return self._reply(finished, failure, reason)
        try:
            written = read_reply(outcome_file(order.outbox))
            said = parse_verdict(written or finished.stdout, order.prompt)
        except Malformed as error:
            reason = f"The verdict could not be read: {error}."
            return self._reply(finished, FailureClass.MALFORMED, reason)
        return self._reply(finished, None, said.summary, said)

    def _reply(
        self,
        finished: Finished,
        failure: FailureClass | None,
        reason: str,
        said: ReportedVerdict | None = None,
    ) -> ReviewReply:
        verdict = said.as_verdict() if said else None
        usage = usage_of(said or Metered(), self.spec.cost)
        return ReviewReply(verdict, failure, reason, usage, finished.tail, finished.seconds)

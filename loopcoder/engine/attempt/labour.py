"""The work of a round: a worker's run, and its one continuation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.context.work_report import CONTINUE, joined, open_steps, standing_steps
from loopcoder.domain.issues.issue import Feedback
from loopcoder.domain.journal.event import StageFinished
from loopcoder.engine.attempt.bench import Bench
from loopcoder.engine.attempt.briefing import brief, standing_notes
from loopcoder.engine.attempt.context import Notes
from loopcoder.engine.attempt.planning import plan_ahead
from loopcoder.engine.attempt.round import Round
from loopcoder.engine.attempt.spending import OverBudget
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.attempt.work import work
from loopcoder.ports.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Labour:
    """Has the attempt worked on at its bench. `feedback` and `failed` are what it answers."""

    desk: Desk
    bench: Bench
    feedback: Sequence[Feedback] = ()
    failed: Sequence[FailedCheck] = ()

    def work(self, now: Round) -> StageFinished | None:
        """Have it worked on, unless finished work only has to be brought up to date."""
        worked = self.desk.record.last("work", now.number)
        if worked is not None or self.desk.record.last("commit", now.number) is not None:
            return worked
        self.desk.check_ours("work", now.number)
        workspace = self.bench.open()
        if self.desk.step.update_only and now.number == 1 and not workspace.conflicts:
            return None
        if now.number == 1:
            plan_ahead(self.desk)
        prompt = self._prompt(self._notes(now, workspace))
        return self.desk.perform(
            "work",
            now.number,
            lambda: work(self.desk, workspace, prompt, now.number, self._session(now.session)),
            principal="worker",
        )

    def _notes(self, now: Round, workspace: Workspace) -> Notes:
        attempts = self.desk.services.journal.history().unit(self.desk.step.unit).attempts
        others = tuple(a for a in attempts if a.number != self.desk.step.attempt)
        return replace(
            standing_notes(self.desk.view),
            round=now.number,
            checks=now.checks,
            findings=now.findings,
            feedback=tuple(self.feedback),
            ci=tuple(self.failed),
            conflicts=workspace.conflicts,
            interrupted=self.desk.record.claims > 1,
            beside=self.desk.beside,
            candidate=(self.desk.lane, self.desk.lanes),
            steps=standing_steps((*others, self.desk.record), self.desk.step.attempt),
        )

    def _prompt(self, notes: Notes) -> str:
        return brief(self.desk.services, self.desk.view, self.desk.step.base, notes).text

    def continued(self, now: Round, worked: StageFinished) -> StageFinished:
        """The work with its one continuation, for steps that the worker itself left open."""
        record, stage = self.desk.record, CONTINUE
        if record.last(stage, now.number) is None and (
            not worked.passed
            or worked.detail.get("outcome") != "done"
            or not open_steps(worked)
            or record.last(stage)
            or record.last("commit", now.number)
        ):
            return worked
        more = self.desk.perform(
            stage, now.number, lambda: self._continue(now, worked), principal="worker"
        )
        return joined(worked, more)

    def _continue(self, now: Round, worked: StageFinished) -> StageFinished:
        workspace = self.bench.open()
        notes = replace(
            self._notes(now, workspace),
            continuing=True,
            said=str(worked.detail.get("summary") or ""),
        )
        session = self._session(str(worked.detail.get("session") or ""))
        prompt = self._prompt(notes)
        try:
            return work(self.desk, workspace, prompt, now.number, session, CONTINUE)
        except OverBudget as error:
            reason = f"it was not gone on with: {error}"
            return StageFinished(CONTINUE, now.number, passed=False, reason=reason)

    def _session(self, session: str) -> str:
        """The agent's session to go on with; what another machine had of it is not here."""
        return "" if self.desk.is_shared else session

"""One attempt: workspace, rounds of work, commit, policy, verification and review.

Every stage leaves a receipt in the journal, so the same function both starts an attempt and
resumes one that a dead process left: stages with a receipt are not done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.context.work_report import (
    CONTINUE,
    joined,
    open_steps,
    standing_steps,
    steps_of,
)
from loopcoder.domain.issues.issue import Feedback
from loopcoder.domain.journal.event import (
    StageFinished,
)
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.review.dispute import cost_of, findings_of, rounds_of, same_finding, told
from loopcoder.domain.review.verdict import Check, Finding
from loopcoder.domain.settings import LandingMode
from loopcoder.domain.tick.action import Purpose
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.briefing import brief, standing_notes
from loopcoder.engine.attempt.commit import commit_round, policy_round
from loopcoder.engine.attempt.context import Notes
from loopcoder.engine.attempt.outcome import Ended, Judged, failed
from loopcoder.engine.attempt.planning import plan_ahead
from loopcoder.engine.attempt.review import Packet, review
from loopcoder.engine.attempt.setup import run_setup
from loopcoder.engine.attempt.spending import OverBudget
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.attempt.verify import (
    Evidence,
    checks_from_json,
    gates_for,
    verify_commit,
)
from loopcoder.engine.attempt.work import work
from loopcoder.ports.workspace import Workspace, WorkspaceKey


@dataclass(frozen=True, slots=True)
class _Round:
    """What the next round is told. `commit` is the one that was held back in the round before,
    for `failure` and `reason`."""

    number: int
    commit: str = ""
    failure: FailureClass | None = None
    reason: str = ""
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    session: str = ""
    seen: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Attempt:
    """The pipeline of one attempt, up to the wave's barrier. `feedback` and `failed` are what it
    has to answer."""

    desk: Desk
    feedback: Sequence[Feedback] = field(default_factory=tuple)
    failed: Sequence[FailedCheck] = field(default_factory=tuple)
    _opened: Workspace | None = field(default=None, init=False)

    def run(self) -> Judged | Ended:
        """Go through the stages; returns where it came out. Raises `Suspended` when it has to
        stop and can be resumed."""
        now = _Round(1)
        while True:
            outcome = self._round(now)
            if not isinstance(outcome, _Round):
                return outcome
            now = outcome

    def _bench(self) -> Workspace:
        """The attempt's workspace, opened and set up when a stage first needs it."""
        if self._opened is None:
            step, record = self.desk.step, self.desk.record
            made = record.last("commit")
            self._opened = self.desk.services.workspaces.open(
                WorkspaceKey(step.unit, step.attempt, self.desk.lane),
                step.start,
                step.merge,
                made.sha if made and made.passed else "",
            )
            self._set_up(self._opened)
        return self._opened

    def _set_up(self, workspace: Workspace) -> None:
        if self.desk.services.settings.setup:
            self.desk.check_stop()
            commit = "" if workspace.merge else workspace.start
            run_setup(self.desk.services, workspace.tree, commit, self.desk.folder(1), "work")
            self.desk.services.workspaces.settle(workspace)

    def _round(self, now: _Round) -> Judged | Ended | _Round:
        """One round: work, commit, policy, verify, review."""
        worked = self._work(now)
        if worked is not None:
            worked = self._continued(now, worked)
            ended = _after_work(worked)
            if ended:
                return ended
        made = self.desk.perform(
            "commit", now.number, lambda: commit_round(self.desk, self._bench(), now.number)
        )
        if not made.passed:
            if worked and worked.detail.get("outcome") == "satisfied":
                return self._satisfied(now, made, worked)
            return self._nothing_made(made, worked)
        allowed = self.desk.perform(
            "policy", now.number, lambda: policy_round(self.desk, self.origin, made), sha=made.sha
        )
        if not allowed.passed:
            return failed(FailureClass.POLICY_REJECTED, allowed.reason)
        landing = self.desk.services.settings.landing.mode
        if allowed.detail.get("escalate") and landing is LandingMode.COMMIT:
            reason = f"it is not landed before a person has looked: {allowed.reason}"
            return Ended(UnitOutcome.NEEDS_HUMAN, reason, people=(reason,))
        if now.failure and made.sha == now.commit:
            return failed(now.failure, f"{now.reason} (and nothing was changed about it)")
        return self._judge(now, worked, made, allowed)

    @property
    def origin(self) -> str:
        """The commit the pull request's whole change is measured from."""
        step = self.desk.step
        if step.merge or step.purpose is Purpose.BUILD:
            return step.merge or step.start
        published = [a for a in self.desk.view.record.attempts if _was_published(a)]
        begun = published[-1].begun if published else None
        return (begun.merge or begun.base) if begun else step.base

    def _work(self, now: _Round) -> StageFinished | None:
        """Have it worked on, unless finished work only has to be brought up to date."""
        worked = self.desk.record.last("work", now.number)
        if worked is not None or self.desk.record.last("commit", now.number) is not None:
            return worked
        self.desk.check_ours("work", now.number)
        workspace = self._bench()
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

    def _notes(self, now: _Round, workspace: Workspace) -> Notes:
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

    def _continued(self, now: _Round, worked: StageFinished) -> StageFinished:
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

    def _continue(self, now: _Round, worked: StageFinished) -> StageFinished:
        workspace = self._bench()
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

    def _nothing_made(self, made: StageFinished, worked: StageFinished | None) -> Ended:
        """No commit: nothing changed, or markers of our merge are still there."""
        if worked and worked.failure is not None:
            return failed(worked.failure, worked.reason)
        return failed(made.failure or FailureClass.NO_CHANGE, made.reason)

    def _satisfied(self, now: _Round, made: StageFinished, worked: StageFinished) -> Ended | _Round:
        """The worker changed nothing and says that nothing is left to do: its evidence is held
        against the gates, shown to the reviewer, and then a person's to believe."""
        head = self.desk.step.start
        said = str(worked.detail.get("evidence") or worked.reason)
        if not said:
            reason = f"{made.reason}, and shows nothing for its word that nothing is left to do"
            return failed(FailureClass.NO_CHANGE, reason)
        reason = f"the worker says that nothing is left to do: {said}"
        verified = self._verified(head, now.number)
        checks = checks_from_json(verified.detail.get("checks"))
        if not verified.passed:
            again = replace(now, commit="", checks=checks, findings=())
            return self._again(again, FailureClass.GATE_RED, f"{reason}; yet {verified.reason}")
        packet = Packet(head, head, Evidence(head, checks), said, satisfied=True)
        judged = self._reviewed(packet, now.number)
        reason = f"{reason}; {judged.reason}"
        return Ended(UnitOutcome.NEEDS_HUMAN, reason, people=(reason,))

    def _verified(self, commit: str, round_: int) -> StageFinished:
        return self.desk.perform("verify", round_, lambda: self._verify(commit, round_), sha=commit)

    def _reviewed(self, packet: Packet, round_: int) -> StageFinished:
        return self.desk.perform(
            "review",
            round_,
            lambda: review(self.desk, packet, round_),
            sha=packet.head,
            principal="reviewer",
        )

    def _judge(
        self, now: _Round, worked: StageFinished | None, made: StageFinished, allowed: StageFinished
    ) -> Judged | Ended | _Round:
        """Verification, then review; what either holds against the commit goes back to work."""
        session = str(worked.detail.get("session") or "") if worked else now.session
        verified = self._verified(made.sha, now.number)
        checks = checks_from_json(verified.detail.get("checks"))
        if not verified.passed:
            if worked and worked.failure is not None:
                return failed(worked.failure, f"{worked.reason}; then {verified.reason}")
            again = replace(now, commit=made.sha, checks=checks, findings=(), session=session)
            return self._again(again, FailureClass.GATE_RED, verified.reason)
        evidence = Evidence(made.sha, checks)
        summary = str(worked.detail.get("summary") or "") if worked else ""
        incomplete = worked.reason if worked and worked.failure else ""
        packet = Packet(self.origin, made.sha, evidence, summary, incomplete=incomplete)
        judged = self._reviewed(packet, now.number)
        if judged.passed:
            done = self._judged(worked, allowed, evidence, judged, summary)
            return replace(done, incomplete=incomplete)
        return self._not_approved(now, judged, session)

    def _verify(self, commit: str, round_: int) -> StageFinished:
        services = self.desk.services
        gates = gates_for(services.settings, [self.desk.view.unit])
        evidence = verify_commit(services, commit, gates, self.desk.folder(round_), "verify")
        return StageFinished(
            stage="verify",
            round=round_,
            passed=evidence.green,
            sha=commit,
            reason=evidence.failing,
            failure=None if evidence.green else FailureClass.GATE_RED,
            detail={"checks": evidence.as_json()},
        )

    def _not_approved(self, now: _Round, judged: StageFinished, session: str) -> Ended | _Round:
        if not judged.detail.get("usable"):
            reason = f"the reviewer gave no usable verdict: {judged.reason}"
            return Ended(UnitOutcome.NEEDS_HUMAN, reason, people=(reason,))
        findings = findings_of(judged)
        repeated = [f for f in findings if any(same_finding(f, old) for old in now.seen)]
        if repeated:
            return self._disagreed(repeated[0])
        again = replace(
            now,
            commit=judged.sha,
            checks=(),
            findings=findings,
            session=session,
            seen=(*now.seen, *findings),
        )
        return self._again(again, FailureClass.REVIEW_REJECTED, judged.reason)

    def _disagreed(self, repeated: Finding) -> Ended:
        """A person decides, with both sides' words in front of them."""
        history = self.desk.services.journal.history()
        rounds = rounds_of(history, self.desk.step.unit, self.desk.record)
        reason = f"the reviewer repeats: {repeated.claim} ({cost_of(rounds)})"
        people = (*map(told, rounds), reason)
        return Ended(UnitOutcome.NEEDS_HUMAN, reason, FailureClass.REVIEW_REJECTED, people=people)

    def _again(self, now: _Round, failure: FailureClass, reason: str) -> Ended | _Round:
        """The next round, or the end when the rounds are used up."""
        if now.number > self.desk.services.settings.limits.review_rounds:
            return failed(failure, reason)
        return replace(now, number=now.number + 1, failure=failure, reason=reason)

    def _judged(
        self,
        worked: StageFinished | None,
        allowed: StageFinished,
        evidence: Evidence,
        judged: StageFinished,
        summary: str,
    ) -> Judged:
        return Judged(
            desk=self.desk,
            commit=evidence.commit,
            origin=self.origin,
            draft=bool(allowed.detail.get("escalate")),
            evidence=evidence,
            review=judged,
            policy=allowed,
            summary=summary,
            follow_ups=_follow_ups(worked),
            steps=steps_of(worked),
        )


def _after_work(worked: StageFinished) -> Ended | None:
    """What the worker's own word leads to. Only its asking for help is believed."""
    outcome = worked.detail.get("outcome")
    if worked.failure is None and outcome in ("blocked", "needs-input"):
        reason = f"the worker says {outcome}: {worked.reason or 'no reason given'}"
        return Ended(UnitOutcome.NEEDS_HUMAN, reason, people=(reason,))
    if worked.failure is not None and not worked.detail.get("harvested"):
        return failed(worked.failure, worked.reason)
    return None


def _was_published(attempt: AttemptRecord) -> bool:
    outcome = attempt.finished.outcome if attempt.finished else ""
    return outcome in (UnitOutcome.PROPOSED, UnitOutcome.UPDATED)


def _follow_ups(worked: StageFinished | None) -> tuple[tuple[str, str], ...]:
    rows = worked.detail.get("follow_ups") if worked else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        assert isinstance(row, dict)
        found.append((str(row.get("title") or ""), str(row.get("body") or "")))
    return tuple(found)

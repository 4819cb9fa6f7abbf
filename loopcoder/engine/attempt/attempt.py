"""One attempt: workspace, rounds of work, commit, policy, verification and review.

Every stage leaves a receipt in the journal, so the same function both starts an attempt and
resumes one that a dead process left: stages with a receipt are not done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.context.work_report import follow_ups_of, steps_of
from loopcoder.domain.issues.issue import Feedback
from loopcoder.domain.journal.event import StageFinished
from loopcoder.domain.journal.records.attempt import AttemptRecord
from loopcoder.domain.review.dispute import cost_of, findings_of, rounds_of, same_finding, told
from loopcoder.domain.review.verdict import Finding
from loopcoder.domain.settings import LandingMode
from loopcoder.domain.tick.action import Purpose
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.report import UnitOutcome
from loopcoder.engine.attempt.bench import Bench
from loopcoder.engine.attempt.commit import commit_round, policy_round
from loopcoder.engine.attempt.labour import Labour
from loopcoder.engine.attempt.outcome import Ended, Judged, failed
from loopcoder.engine.attempt.review import Packet, review
from loopcoder.engine.attempt.round import Round
from loopcoder.engine.attempt.stage import Desk
from loopcoder.engine.attempt.verify import Evidence, checks_from_json, gates_for, verify_commit


@dataclass(slots=True)
class Attempt:
    """The pipeline of one attempt, up to the wave's barrier. `feedback` and `failed` are what it
    has to answer."""

    desk: Desk
    feedback: Sequence[Feedback] = field(default_factory=tuple)
    failed: Sequence[FailedCheck] = field(default_factory=tuple)
    _bench: Bench = field(init=False)
    _labour: Labour = field(init=False)

    def __post_init__(self) -> None:
        self._bench = Bench(self.desk)
        self._labour = Labour(self.desk, self._bench, self.feedback, self.failed)

    def run(self) -> Judged | Ended:
        """Go through the stages; returns where it came out. Raises `Suspended` when it has to
        stop and can be resumed."""
        now = Round(1)
        while True:
            outcome = self._round(now)
            if not isinstance(outcome, Round):
                return outcome
            now = outcome

    def _round(self, now: Round) -> Judged | Ended | Round:
        """One round: work, commit, policy, verify, review."""
        worked = self._labour.work(now)
        if worked is not None:
            worked = self._labour.continued(now, worked)
            ended = _after_work(worked)
            if ended:
                return ended
        made = self.desk.perform(
            "commit", now.number, lambda: commit_round(self.desk, self._bench.open(), now.number)
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

    def _nothing_made(self, made: StageFinished, worked: StageFinished | None) -> Ended:
        """No commit: nothing changed, or markers of our merge are still there."""
        if worked and worked.failure is not None:
            return failed(worked.failure, worked.reason)
        return failed(made.failure or FailureClass.NO_CHANGE, made.reason)

    def _satisfied(self, now: Round, made: StageFinished, worked: StageFinished) -> Ended | Round:
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
        self, now: Round, worked: StageFinished | None, made: StageFinished, allowed: StageFinished
    ) -> Judged | Ended | Round:
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

    def _not_approved(self, now: Round, judged: StageFinished, session: str) -> Ended | Round:
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

    def _again(self, now: Round, failure: FailureClass, reason: str) -> Ended | Round:
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
            follow_ups=follow_ups_of(worked),
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

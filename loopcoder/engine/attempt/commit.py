"""What the worker left becomes one commit of ours, and is held against the change policy."""

from __future__ import annotations

from loopcoder.domain.guard.change_set import ChangeSet
from loopcoder.domain.guard.policy import Ruling, judge_change
from loopcoder.domain.journal.event import Json, StageFinished
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.views.pull_body import commit_message
from loopcoder.engine.attempt.stage import Desk
from loopcoder.ports.workspace import CommitDraft, Workspace


def commit_round(desk: Desk, workspace: Workspace, round_: int) -> StageFinished:
    """Collect the change and commit it in a clean clone. The commit's time is the attempt's
    start, so that making it again after a crash gives the same hash."""
    workspaces = desk.services.workspaces
    unresolved = workspaces.unresolved(workspace) if workspace.conflicts else ()
    if unresolved:
        reason = f"conflict markers are left in {', '.join(unresolved)}"
        return _not_made(round_, FailureClass.GATE_RED, reason)
    change = workspaces.collect(workspace)
    if change.is_empty and not workspace.merge:
        return _not_made(round_, FailureClass.NO_CHANGE, "the worker changed no file")
    commit = workspaces.commit(workspace, change, draft_of(desk))
    return StageFinished(
        stage="commit",
        round=round_,
        passed=True,
        sha=commit,
        detail={
            "tree": change.tree,
            "diff_sha256": change.diff_sha256,
            "files": [f.path for f in change.files],
        },
    )


def draft_of(desk: Desk) -> CommitDraft:
    """Everything about the attempt's commit but its files; the same on every machine."""
    style = desk.services.settings.commit
    return CommitDraft(
        message=commit_message(desk.view.unit, desk.step.attempt, style),
        at=desk.record.begun_at,
        author=style.author,
        signoff=style.signoff,
        sign=style.sign,
    )


def _not_made(round_: int, failure: FailureClass, reason: str) -> StageFinished:
    return StageFinished("commit", round_, passed=False, reason=reason, failure=failure)


def policy_round(desk: Desk, origin: str, made: StageFinished) -> StageFinished:
    """Judge everything the pull request would change, and keep the patch."""
    services = desk.services
    change = services.workspaces.change(origin, made.sha)
    patch = desk.folder(made.round) / "change.patch"
    patch.write_bytes(services.workspaces.patch(origin, made.sha))
    verdict = judge_change(
        change,
        services.settings.policy,
        services.scanner.scan(change),
        desk.view.unit.touches,
        roadmaps=services.settings.roadmaps,
        commands=services.settings.judging_commands,
    )
    reasons = [f"{r.path}: {r.message}" if r.path else r.message for r in verdict.reasons]
    rejected = verdict.ruling is Ruling.REJECT
    return StageFinished(
        stage="policy",
        round=made.round,
        passed=not rejected,
        sha=made.sha,
        reason="; ".join(reasons[:5]),
        failure=FailureClass.POLICY_REJECTED if rejected else None,
        detail={
            "escalate": verdict.ruling is Ruling.ESCALATE,
            "reasons": list(reasons),
            "files": _paths(change),
        },
    )


def _paths(change: ChangeSet) -> list[Json]:
    return [f.path for f in change.files]

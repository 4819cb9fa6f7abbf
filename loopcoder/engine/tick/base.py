"""The commit that new work starts from, and whether it is sound."""

from __future__ import annotations

from pathlib import Path

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.journal.event import BaseChecked, Entry
from loopcoder.domain.settings import LandingMode
from loopcoder.domain.tick import action as act
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.attempt.verify import gates_digest, verify_commit
from loopcoder.engine.services import Services


def base_commit(services: Services) -> str:
    """The commit new work starts from: the base branch, or the work branch when landing there."""
    settings, host = services.settings, services.code_host
    head = None
    if settings.landing.mode is LandingMode.COMMIT:
        head = host.branch_head(settings.landing.work_branch)
    head = head or host.branch_head(settings.base)
    if head is None:
        raise ConfigurationError(
            f"the base branch {settings.base!r} does not exist.",
            "Set base: in loopcoder.yml to a branch of this repository; where it was renamed, to "
            "its new name.",
        )
    return head


def check_base(services: Services, snapshot: Snapshot, action: act.CheckBase) -> None:
    """Verify the base as it stands. When the tick is stopped meanwhile, it stays unchecked."""
    settings = services.settings
    logs: Path = services.runs / snapshot.tick.run / "base"
    services.listener.said(f"checking the base at {action.sha[:7]}")
    try:
        evidence = verify_commit(services, action.sha, settings.verify, logs, "base")
    except Suspended:
        if services.stop.is_set():
            return
        raise
    green = evidence.green or not settings.verify
    services.journal.record(
        Entry(
            BaseChecked(
                sha=action.sha,
                commands=gates_digest(settings, settings.verify),
                green=green,
                failing="" if green else evidence.failing,
                tail=evidence.tail[-2000:],
            )
        )
    )

"""The seal: everything asked for is done and the base is green, said by code with evidence."""

from __future__ import annotations

import hashlib
import json

from loopcoder.domain.journal.event import Entry, Json, Sealed
from loopcoder.domain.tick.lifecycle import State, is_done, is_dropped, state_of
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.engine.attempt.verify import verify_commit
from loopcoder.engine.services import Services


def is_sealed(snapshot: Snapshot) -> bool:
    """Whether the roadmap, as it is done now, was sealed at this base."""
    sealed = snapshot.history.sealed
    if not _all_done(snapshot) or sealed is None or sealed.base != snapshot.base.sha:
        return False
    return sealed.evidence.get("units") == _units_hash(snapshot)


def seal(services: Services, snapshot: Snapshot, run: str) -> bool:
    """Seal the roadmap when all of it is done and every gate is green on the base.

    Returns whether it is sealed at this base. Nothing a model prints can bring this about.
    """
    if not _all_done(snapshot):
        return False
    if is_sealed(snapshot):
        return True
    settings, base = services.settings, snapshot.base.sha
    gates = (*settings.verify, *settings.e2e)
    evidence = verify_commit(services, base, gates, services.runs / run / "seal", "seal")
    if not evidence.green:
        services.listener.said(f"not sealed: {evidence.failing} on {settings.base}")
        return False
    checks = json.dumps(evidence.as_json(), sort_keys=True, default=str).encode()
    detail: dict[str, Json] = {
        "units": _units_hash(snapshot),
        "checks": hashlib.sha256(checks).hexdigest(),
        "commands": [command.run for command in gates],
        "run": run,
    }
    services.journal.record(Entry(Sealed(base, detail)))
    return True


def _all_done(snapshot: Snapshot) -> bool:
    """At least one unit is done, and none is open: neither a proposed one, nor one that cannot be
    read yet."""
    finished = [is_done(view) or is_dropped(view) for view in snapshot.units]
    proposed = any(state_of(v, snapshot.history) is State.PROPOSED for v in snapshot.units)
    return bool(finished) and all(finished) and not proposed and not snapshot.faults


def _units_hash(snapshot: Snapshot) -> str:
    rows = sorted((view.id, view.digest, is_done(view)) for view in snapshot.units)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

"""The page on states and failures, made from the tables that the decision uses."""

from __future__ import annotations

from loopcoder.domain.tick.failure import POLICIES, FailureClass, FailurePolicy
from loopcoder.domain.tick.lifecycle import TRANSITIONS

_HEAD = """\
# States of a unit, and what a failure leads to

A state is worked out from the journal, the tracker and the code host every time; none is stored.
What a person did counts before what loopcoder did.

## States

| state | usually followed by |
|---|---|
"""

_FAILURES = """
Every open state may also become `held`, `done` or `dropped`.

## Failures of an attempt

A *round* is one run of a worker, an *attempt* goes from claim to outcome with at most
1 + `limits.review_rounds` rounds, and a *strike* is an attempt that failed by the work's own fault.
At `limits.attempts` strikes the unit goes to a person. Retries happen inside the attempt and are
no strikes; each waits twice as long as the one before.

| class | strike | retries | first wait | next session | stops provider | next prompt is told |
|---|---|---|---|---|---|---|
"""


def failures_page() -> str:
    """`docs/reference/lifecycle.md`."""
    states = "".join(
        f"| `{state}` | {', '.join(f'`{s}`' for s in sorted(after)) or '—'} |\n"
        for state, after in TRANSITIONS.items()
    )
    rows = "".join(_row(failure, policy) for failure, policy in POLICIES.items())
    return _HEAD + states + _FAILURES + rows


def _row(failure: FailureClass, policy: FailurePolicy) -> str:
    cells = (
        f"`{failure}`",
        "yes" if policy.strike else "no",
        str(policy.retries),
        f"{policy.delay_s:g} s" if policy.retries and policy.delay_s else "—",
        policy.session.value,
        "yes" if policy.stops_provider else "no",
        policy.told or "—",
    )
    return f"| {' | '.join(cells)} |\n"

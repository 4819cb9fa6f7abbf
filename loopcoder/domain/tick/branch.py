"""The names of the branches that are ours."""

from __future__ import annotations

from loopcoder.domain.unit import DEFAULT_PLAN, UnitId

PREFIX = "loopcoder/"


def branch_name(plan: str, unit: UnitId) -> str:
    """`loopcoder/<unit>`, with the plan between when it is not the main one."""
    return f"{PREFIX}{unit}" if plan in ("", DEFAULT_PLAN) else f"{PREFIX}{plan}/{unit}"


def is_ours(branch: str) -> bool:
    return branch.startswith(PREFIX)

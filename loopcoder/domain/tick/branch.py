"""The names of the branches that are ours."""

from __future__ import annotations

from collections.abc import Iterable

from loopcoder.domain.issues.issue import PullRequest
from loopcoder.domain.unit import DEFAULT_PLAN, UnitId

PREFIX = "loopcoder/"


def branch_name(plan: str, unit: UnitId) -> str:
    """`loopcoder/<unit>`, with the plan between when it is not the main one."""
    return f"{PREFIX}{unit}" if plan in ("", DEFAULT_PLAN) else f"{PREFIX}{plan}/{unit}"


def needed_by(pulls: Iterable[PullRequest]) -> frozenset[str]:
    """The branches that open pull requests start from, or go into."""
    return frozenset(name for p in pulls if p.is_open for name in (p.branch, p.base))


def is_ours(branch: str) -> bool:
    return branch.startswith(PREFIX)

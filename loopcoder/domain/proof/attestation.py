"""The statement about how a change came to be, and what must agree with it.

An in-toto statement (v1) with a predicate of ours. It is built from receipts alone and holds no
time of its own, so the same attempt gives the same bytes whenever it is made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from loopcoder.domain.journal.canonical import canonical, sha256
from loopcoder.domain.journal.event import Json
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.unit import UnitId

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:loopcoder:change:v1"
EVIDENCE = "evidence.json"


class MalformedStatement(ValueError):
    """The payload is no statement of ours."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who worked or judged, as configured. Never what an agent calls itself."""

    name: str
    kind: str
    model: str = ""

    def as_json(self) -> dict[str, Json]:
        return {"name": self.name, "kind": self.kind, "model": self.model}


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What the receipts of one attempt tell. `origin` is the commit the diff is measured from,
    `prompts` and `receipts` map names to SHA-256, `evidence` is the file beside the statement."""

    commit: str
    tree: str
    base: str
    origin: str
    diff_sha256: str
    unit: UnitId
    plan: str
    unit_digest: str
    run: str
    attempt: int
    epoch: int
    begun_at: datetime
    worker: Agent
    reviewer: Agent
    decision: str
    reviewed_head: str
    checks: Sequence[Check]
    ruling: str
    usd: Decimal
    tokens: int
    evidence: bytes
    prompts: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    builder: str = ""


def change_statement(facts: ChangeFacts) -> bytes:
    """The statement as canonical JSON."""
    predicate: dict[str, Json] = {
        "unit": {"id": facts.unit, "plan": facts.plan, "digest": facts.unit_digest},
        "base": facts.base,
        "diff": {"from": facts.origin, "sha256": facts.diff_sha256},
        "attempt": {
            "run": facts.run,
            "number": facts.attempt,
            "epoch": facts.epoch,
            "begunAt": facts.begun_at.isoformat(),
        },
        "worker": facts.worker.as_json(),
        "prompts": dict(facts.prompts),
        "checks": [_check(check) for check in facts.checks],
        "policy": facts.ruling,
        "review": {
            "by": facts.reviewer.as_json(),
            "decision": facts.decision,
            "head": facts.reviewed_head,
        },
        "cost": {"usd": str(facts.usd), "tokens": facts.tokens},
        "evidence": {"name": EVIDENCE, "sha256": sha256(facts.evidence)},
        "warnings": list(facts.warnings),
        "builder": facts.builder,
    }
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {"name": "commit", "digest": {"gitCommit": facts.commit}},
                {"name": "tree", "digest": {"gitTree": facts.tree}},
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def _check(check: Check) -> dict[str, Json]:
    return {"name": check.name, "passed": check.passed, "exitCode": check.exit_code}


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as read back. `predicate` is what stands in it, unjudged."""

    commit: str
    tree: str
    predicate: Mapping[str, Json]

    def text(self, *path: str) -> str:
        """The text at a path of the predicate; empty when there is none."""
        here: Json = dict(self.predicate)
        for name in path:
            here = here.get(name) if isinstance(here, dict) else None
        return here if isinstance(here, str) else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        rows = self.predicate.get("warnings")
        return tuple(map(str, rows)) if isinstance(rows, list) else ()

    @property
    def failed_checks(self) -> tuple[str, ...]:
        rows = self.predicate.get("checks")
        if not isinstance(rows, list) or not rows:
            return ("no check at all",)
        return tuple(
            str(row.get("name")) if isinstance(row, dict) else "?"
            for row in rows
            if not (isinstance(row, dict) and row.get("passed") is True)
        )


def parse_statement(payload: bytes) -> Statement:
    """Raises `MalformedStatement`, whatever the bytes are."""
    try:
        row = json.loads(payload)
        types = (row["_type"], row["predicateType"])
        if types != (STATEMENT_TYPE, PREDICATE_TYPE):
            raise MalformedStatement(f"it is a {types[1]!r}, not a {PREDICATE_TYPE}")
        digests = {each["name"]: each["digest"] for each in row["subject"]}
        commit, tree = digests["commit"]["gitCommit"], digests["tree"]["gitTree"]
        predicate = row["predicate"]
    except (KeyError, TypeError, RecursionError) as error:
        raise MalformedStatement(f"it is not of the form of ours: {error}") from None
    except ValueError as error:
        raise MalformedStatement(str(error)) from None
    if not (isinstance(commit, str) and isinstance(tree, str) and isinstance(predicate, dict)):
        raise MalformedStatement("it names no commit, or says nothing of it")
    return Statement(commit, tree, predicate)


@dataclass(frozen=True, slots=True)
class Observed:
    """What the verifier found for itself. None: it could not be found out here."""

    commit: str
    tree: str
    diff_sha256: str | None
    evidence: bytes | None


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was held against the statement. `holds` is None where nobody could tell."""

    name: str
    holds: bool | None
    said: str


def check_statement(statement: Statement, observed: Observed) -> Iterator[Point]:
    """Every point on which the statement and the world must agree, in the order people ask."""
    yield _equal("commit", statement.commit, observed.commit)
    yield _equal("tree", statement.tree, observed.tree)
    yield _equal("diff", statement.text("diff", "sha256"), observed.diff_sha256)
    found = None if observed.evidence is None else sha256(observed.evidence)
    yield _equal("evidence", statement.text("evidence", "sha256"), found)
    failed = statement.failed_checks
    said = f"not passed: {', '.join(failed)}" if failed else "every one passed"
    yield Point("checks", not failed, said)
    yield _verdict(statement)


def _verdict(statement: Statement) -> Point:
    decision, head = statement.text("review", "decision"), statement.text("review", "head")
    by = statement.text("review", "by", "name")
    if decision != "approve":
        return Point("verdict", False, f"{decision or 'none'}, by {by or 'nobody'}")
    if head != statement.commit:
        return Point("verdict", False, f"it is about {head[:12]}, another commit")
    return Point("verdict", True, f"approved by {by}")


def _equal(name: str, stated: str, found: str | None) -> Point:
    if found is None:
        return Point(name, None, f"{stated[:12]}… is stated; it is not here to be compared")
    if stated == found:
        return Point(name, True, found[:12])
    return Point(name, False, f"{stated[:12] or 'nothing'} is stated, {found[:12]} is found")

"""Three texts of one unit: last applied, desired, present. They tell change from drift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from loopcoder.domain.issues.issue import Issue
from loopcoder.domain.issues.issue_body import parse_body
from loopcoder.domain.issues.unit_text import UnitText, digest_text, normal, what_changed
from loopcoder.domain.journal.event import EffectBegun, Event, UnitApplied
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import Box, UnitId

NOTHING_APPLIED = UnitApplied(number=0, digest="", title="", block="", box=Box.OPEN)
"""The reference point where it is unknown what we last wrote."""


class TextState(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class Present:
    """What the issue says now. `block` is None where our block is missing."""

    title: str
    block: str | None
    hint: str = ""

    @property
    def seen(self) -> str:
        """A digest of the two, to recognise that somebody changed them meanwhile."""
        block = "missing" if self.block is None else f"block:{self.block}"
        return digest_text(self.title, block, (), ())


@dataclass(frozen=True, slots=True)
class TextVerdict:
    state: TextState
    reason: str = ""


def read_present(issue: Issue, unit: UnitId, plan: str, known: str) -> Present:
    """Title and block as they stand in the issue."""
    section = parse_body(issue.body).section(unit, plan, known)
    if section is None:
        return Present(issue.title.strip(), None)
    return Present(issue.title.strip(), section.block, section.marker.digest)


def judge_text(
    desired: UnitText, applied: UnitApplied | None, present: Present, adopted: bool
) -> TextVerdict:
    """Whether the issue's text is right, to be written, or edited by a person."""
    if (present.title, present.block) == (desired.title, desired.block):
        return TextVerdict(TextState.SAME)
    if applied is None:
        return _judge_unknown(desired, present, adopted)
    edited = _edited(applied, present)
    if edited:
        changed = (desired.title, desired.block) != (applied.title, applied.block)
        moved = f"; the roadmap changed too ({_short(applied)} → {desired.digest[7:9]}…)"
        why = f"{edited} in the issue" + (moved if changed and applied.digest else "")
        return TextVerdict(TextState.DRIFTED, why)
    return TextVerdict(TextState.CHANGED, describe(applied, desired))


def _judge_unknown(desired: UnitText, present: Present, adopted: bool) -> TextVerdict:
    """With no record of what was applied, only the marker's digest can show that it is ours."""
    if present.block is None and adopted:
        return TextVerdict(TextState.CHANGED, "adopted: block added")
    if present.block is not None:
        digest = digest_text(present.title, present.block, desired.edges, desired.labels)
        if digest == present.hint:
            return TextVerdict(TextState.CHANGED, "text changed")
    return TextVerdict(TextState.DRIFTED, "not as the roadmap says, and no record why")


def _edited(applied: UnitApplied, present: Present) -> str:
    if not applied.digest:
        return "not as the roadmap says"
    parts = ["title edited"] if present.title != applied.title else []
    if present.block is None:
        parts.append("block removed")
    elif present.block != normal(applied.block):
        parts.append("block edited")
    return " and ".join(parts)


def describe(applied: UnitApplied, desired: UnitText) -> str:
    """In words, what the roadmap changed: `title changed; body: verify changed`."""
    parts = ["title changed"] if applied.title != desired.title else []
    body = what_changed(applied.block, desired.block)
    return "; ".join([*parts, f"body: {body} changed"] if body else parts)


def _short(applied: UnitApplied) -> str:
    return f"{applied.digest[7:9]}…"


def last_applied(
    record: UnitRecord, issue: Issue, present: Present, open_effects: tuple[Event, ...]
) -> UnitApplied | None:
    """What we last wrote: the record, and what a process did that died before its receipt."""
    applied = record.applied
    for event in open_effects:
        fact = event.fact
        assert isinstance(fact, EffectBegun)
        if took_effect(fact, issue, present):
            applied = _with_effect(applied, fact, issue, present)
    return applied


def took_effect(fact: EffectBegun, issue: Issue, present: Present) -> bool:
    """Whether a begun write is visible in the issue."""
    detail = fact.detail
    match fact.verb:
        case "issue.create" | "issue.update":
            edges, labels = _names(detail.get("edges")), _names(detail.get("labels"))
            digest = digest_text(present.title, present.block or "", edges, labels)
            return present.block is not None and digest == detail.get("digest")
        case "issue.label":
            return str(detail.get("label")) in issue.labels
        case "issue.unlabel":
            return str(detail.get("label")) not in issue.labels
        case "issue.close":
            return not issue.is_open
        case "issue.reopen":
            return issue.is_open
        case _:
            return False


def _with_effect(
    applied: UnitApplied | None, fact: EffectBegun, issue: Issue, present: Present
) -> UnitApplied:
    base = applied or replace(NOTHING_APPLIED, number=issue.number)
    detail = fact.detail
    label = str(detail.get("label", ""))
    match fact.verb:
        case "issue.create" | "issue.update":
            return replace(
                base,
                number=issue.number,
                digest=str(detail.get("digest")),
                title=present.title,
                block=present.block or "",
                box=str(detail.get("box", base.box)),
                edges=_names(detail.get("edges")),
                labels=_names(detail.get("all_labels")) or base.labels,
            )
        case "issue.label":
            return replace(base, labels=tuple(sorted({*base.labels, label})))
        case "issue.unlabel":
            return replace(base, labels=tuple(sorted({*base.labels} - {label})))
        case _:
            return replace(base, box=str(detail.get("box", base.box)))


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()

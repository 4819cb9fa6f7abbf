"""Field lines under an entry: `Verify:`, `Touches:`, `Priority:` and the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from loopcoder.domain.markdown import code_spans, plain_text
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.lead import DEPENDENCY_WORDS, Mention

MAX_CANDIDATES = 3
PRIORITY_WORDS = {"critical": 0, "highest": 0, "high": 1, "medium": 2, "normal": 2, "low": 3}

_FIELD = re.compile(
    rf"\s*(?P<mark>[*_]{{0,3}})(?P<name>{DEPENDENCY_WORDS}|blocks|verify|touches|priority|size"
    r"|labels?|worker|reviewer|candidates|budget|owner)\s*"
    r"(?:(?P=mark)\s*:|:\s*(?P=mark))(?!/)\s*(?P<value>.*)",
    re.IGNORECASE,
)
_DEPENDENCY = re.compile(DEPENDENCY_WORDS, re.IGNORECASE)
_MONEY = re.compile(
    r"(?:\$|USD\s*)?(?P<amount>[0-9]{1,9}(?:\.[0-9]{1,4})?)(?:\s*USD)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field as written; `values` has several where a list follows the name."""

    name: str
    values: tuple[str, ...]
    line: int

    @property
    def is_dependency(self) -> bool:
        return self.name == "blocks" or _DEPENDENCY.fullmatch(self.name) is not None

    @property
    def mention(self) -> Mention:
        return Mention(self.name, ", ".join(self.values), self.line)


@dataclass(slots=True)
class Fields:
    """The values of the fields of one entry."""

    verify: list[str] = field(default_factory=list)
    touches: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    priority: int | None = None
    size: str = ""
    worker: str = ""
    reviewer: str = ""
    candidates: int = 1
    budget: Decimal | None = None
    owner: str = ""


def field_line(text: str, line: int) -> FieldLine | None:
    """The field that one line of text states, or None where it is prose."""
    if ":" not in text:
        return None
    found = _FIELD.fullmatch(text)
    if found is None:
        return None
    name = found["name"].lower().replace("-", " ")
    value = found["value"].strip()
    return FieldLine("labels" if name == "label" else name, (value,) if value else (), line)


def set_field(fields: Fields, stated: FieldLine, findings: Findings) -> bool:
    """Put a stated value into `fields`; False, with a finding, where it makes no sense."""
    if not stated.values:
        findings.warning(stated.line, f"`{stated.name}:` has no value", "It is read as prose.")
        return False
    problem = _SETTERS[stated.name](fields, stated.values)
    if not problem:
        return True
    report = findings.error if stated.name in ("budget", "candidates") else findings.warning
    report(stated.line, f"`{stated.name}: {', '.join(stated.values)}`: {problem}")
    return False


def _set_verify(fields: Fields, values: tuple[str, ...]) -> str:
    for value in values:
        fields.verify += code_spans(value) or (value.replace("\n", " "),)
    return ""


def _set_touches(fields: Fields, values: tuple[str, ...]) -> str:
    for value in values:
        patterns = code_spans(value) or tuple(re.split(r"[,\s]+", value))
        for pattern in filter(None, patterns):
            if pattern.startswith("~") or ".." in pattern.split("/"):
                return f"`{pattern}` is not a path inside the repository"
            fields.touches.append(pattern.removeprefix("./"))
    return ""


def _set_labels(fields: Fields, values: tuple[str, ...]) -> str:
    fields.labels += [
        name for value in values for part in value.split(",") if (name := plain_text(part).strip())
    ]
    return ""


def _set_priority(fields: Fields, values: tuple[str, ...]) -> str:
    value = plain_text(values[0]).strip(" []").lower()
    if re.match(r"p[0-4]\b", value):
        fields.priority = int(value[1])
    elif value in PRIORITY_WORDS:
        fields.priority = PRIORITY_WORDS[value]
    else:
        return "a priority is P0 (first) to P4; the default stands"
    return ""


def _set_candidates(fields: Fields, values: tuple[str, ...]) -> str:
    value = plain_text(values[0])
    if value not in {str(number) for number in range(1, MAX_CANDIDATES + 1)}:
        return f"the number of candidates is 1 to {MAX_CANDIDATES}"
    fields.candidates = int(value)
    return ""


def _set_budget(fields: Fields, values: tuple[str, ...]) -> str:
    found = _MONEY.fullmatch(plain_text(values[0]))
    if found is None:
        return "a budget is an amount in dollars, such as `$5`"
    fields.budget = Decimal(found["amount"])
    return ""


def _set_owner(fields: Fields, values: tuple[str, ...]) -> str:
    fields.owner = plain_text(", ".join(values)).removeprefix("@")
    return ""


def _set_text(name: str) -> Callable[[Fields, tuple[str, ...]], str]:
    def put(fields: Fields, values: tuple[str, ...]) -> str:
        setattr(fields, name, plain_text(", ".join(values)))
        return ""

    return put


_SETTERS: dict[str, Callable[[Fields, tuple[str, ...]], str]] = {
    "verify": _set_verify,
    "touches": _set_touches,
    "labels": _set_labels,
    "priority": _set_priority,
    "size": _set_text("size"),
    "worker": _set_text("worker"),
    "reviewer": _set_text("reviewer"),
    "candidates": _set_candidates,
    "budget": _set_budget,
    "owner": _set_owner,
}
FIELD_NAMES = ("after", "depends on", "blocked by", "blocks", *_SETTERS)
"""How fields are called, in lower case."""

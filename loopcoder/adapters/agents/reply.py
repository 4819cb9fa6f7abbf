"""A reviewer's verdict, found in what it printed or wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, ValidationError

from loopcoder.adapters.agents.outcome import (
    Line,
    Malformed,
    Metered,
    Reply,
    Words,
    first_mistake,
)
from loopcoder.domain.review.verdict import Decision, Finding, Verdict, Weight

REPLY_BYTES = 1 << 18
_FINDINGS = 100
_TRIES = 2000


class ReportedFinding(Reply):
    severity: Annotated[Weight, Field(strict=False)]
    claim: Words
    file: Line | None = ""
    line: Annotated[int, Field(ge=0)] | None = 0
    evidence: Words | None = ""


class Reviewed(Reply):
    head: Line = ""
    diff_sha256: Line = ""


class ReportedVerdict(Metered):
    """The verdict of docs/reference/workers.md. `reviewed` is judged later, by the domain."""

    verdict: Annotated[Decision, Field(strict=False)]
    summary: Words = ""
    findings: list[ReportedFinding] = Field(default_factory=list, max_length=_FINDINGS)
    reviewed: Reviewed = Reviewed()

    def as_verdict(self) -> Verdict:
        findings = tuple(
            Finding(each.severity, each.claim, each.file or "", each.line or 0, each.evidence or "")
            for each in self.findings
        )
        reviewed = self.reviewed
        return Verdict(self.verdict, self.summary, findings, reviewed.head, reviewed.diff_sha256)


VERDICT_SCHEMA: Mapping[str, object] = MappingProxyType(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["verdict", "summary", "findings", "reviewed"],
        "properties": {
            "verdict": {"type": "string", "enum": [each.value for each in Decision]},
            "summary": {"type": "string"},
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["severity", "file", "line", "claim", "evidence"],
                    "properties": {
                        "severity": {"type": "string", "enum": [each.value for each in Weight]},
                        "file": {"type": "string"},
                        "line": {"type": "integer"},
                        "claim": {"type": "string"},
                        "evidence": {"type": "string"},
                    },
                },
            },
            "reviewed": {
                "type": "object",
                "additionalProperties": False,
                "required": ["head", "diff_sha256"],
                "properties": {
                    "head": {"type": "string"},
                    "diff_sha256": {"type": "string"},
                },
            },
        },
    }
)
"""The verdict as a JSON schema, strict enough for every provider that takes one."""


def one_verdict(answers: Sequence[str], prompt: str) -> ReportedVerdict:
    """The verdict of an agent that answered in several messages: its last.

    When an earlier message holds a verdict that decides otherwise, none was given: one of the two
    is somebody else's. Raises Malformed.
    """
    last = parse_verdict(answers[-1].encode() if answers else b"", prompt)
    for text in answers[:-1]:
        if _decision(text, prompt) not in (None, last.verdict):
            raise Malformed("the answer holds two verdicts that disagree")
    return last


def _decision(text: str, prompt: str) -> Decision | None:
    try:
        return parse_verdict(text.encode(), prompt).verdict
    except Malformed:
        return None


def parse_verdict(text: bytes, prompt: str) -> ReportedVerdict:
    """The verdict in a reviewer's output: its last JSON object, and nothing before that.

    An object that stood in the prompt already is the packet's text and no answer to it.
    Raises Malformed.
    """
    found = last_object(text[-REPLY_BYTES:].decode("utf-8", "replace"))
    if found is None:
        raise Malformed("there is no JSON object in the answer")
    if _squeezed(found) in _squeezed(prompt):
        raise Malformed("the answer only repeats a part of the prompt")
    try:
        return ReportedVerdict.model_validate_json(found)
    except ValidationError as error:
        raise Malformed(first_mistake(error)) from error


def last_object(text: str) -> str | None:
    """The text of the last complete JSON object, searched from the end in bounded time."""
    decoder = json.JSONDecoder()
    tries = 0
    for end in _positions(text, "}"):
        for begin in _positions(text[: end + 1], "{"):
            tries += 1
            if tries > _TRIES:
                return None
            try:
                _, stop = decoder.raw_decode(text, begin)
            except (ValueError, RecursionError):
                continue
            if stop == end + 1:
                return text[begin:stop]
    return None


def _positions(text: str, character: str) -> Iterator[int]:
    """Where a character stands, last place first."""
    place = text.rfind(character)
    while place >= 0:
        yield place
        place = text.rfind(character, 0, place)


def _squeezed(text: str) -> str:
    return "".join(text.split())

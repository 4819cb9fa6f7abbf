"""What looks like a heading, a bullet or a box and is none: reported, never guessed."""

from __future__ import annotations

import re
from difflib import get_close_matches

from loopcoder.domain.markdown import Block, mask_code
from loopcoder.domain.roadmap.draft import Draft
from loopcoder.domain.roadmap.fields import FIELD_NAMES
from loopcoder.domain.roadmap.findings import Findings
from loopcoder.domain.roadmap.ids import ID_COMMENT
from loopcoder.domain.roadmap.lead import Lead, broken_box

_GLUED_HEADING = re.compile(r"#{2,6}[^#\s]|#[A-Z][a-z]")
_GLUED_BULLET = re.compile(r"-[^\W\d_]|[-+*]\[[ xX-]?\]")

_LIKE_FIELD = re.compile(
    r"\s*[*_]{0,3}(?P<name>[A-Z][a-z]{3,10}( [a-z]{2})?)[*_]{0,3}:[*_]{0,3}\s+\S"
)
_NEAR = 0.8
"""How like a field's name a word has to be: one letter too many, too few, or wrong."""


def check_field(findings: Findings, text: str, line: int) -> None:
    """Report a line that is nearly a field: a check that is misspelt would never be run."""
    found = _LIKE_FIELD.match(text)
    if found is None or found["name"].lower() in FIELD_NAMES:
        return
    name = found["name"]
    for field in get_close_matches(name.lower(), FIELD_NAMES, 1, _NEAR):
        detail = f"If it is meant to be a field, write `{field.capitalize()}:`."
        findings.warning(line, f"`{name}:` is read as prose", detail, at=name)


def check_text(findings: Findings, block: Block) -> None:
    """Report headings and bullets that lack their blank; they are read as prose."""
    glued = False
    for number, text in enumerate(block.text.split("\n"), start=block.start):
        start = text.lstrip()
        if start[:1] not in ("#", "-", "+", "*"):
            glued = False
        elif _GLUED_HEADING.match(start):
            findings.warning(
                number, "a heading needs a space after `#`", "It is read as prose.", at="#"
            )
        elif _GLUED_BULLET.match(start) and (number == block.start or glued):
            glued = True
            detail = f"It is read as prose; write `{start[0]} {start[1:18].strip()}`."
            findings.warning(
                number, f"a bullet needs a space after `{start[0]}`", detail, at=start[:2]
            )


def check_bullet(findings: Findings, first: Block) -> None:
    """Report a bullet without a box that nearly has one, or that carries an id."""
    if problem := broken_box(first.text):
        findings.error(
            first.start, problem,
            "A box holds exactly one character and is followed by a space: "
            "`[ ]` open, `[x]` done, `[-]` dropped.",
            at=first.text[: first.text.find("]") + 1],
        )  # fmt: skip
    elif "<!--" in first.text and ID_COMMENT.search(mask_code(first.text)):
        findings.warning(
            first.start, "this bullet carries an id, but has no box",
            "Begin it with `[ ]` to make it a unit.", at="<!--",
        )  # fmt: skip


def empty_box(findings: Findings, line: int) -> None:
    detail = "Write what is to be done after the box, or remove the line."
    findings.error(line, "this box has no text", detail, at="[")


def odd_mark(findings: Findings, draft: Draft) -> None:
    findings.warning(
        draft.line,
        f"the box `[{draft.mark}]` is read as open",
        "If it is not a box, put a backslash before its bracket.",
        at=f"[{draft.mark}]",
    )


def check_lead(findings: Findings, lead: Lead, line: int) -> None:
    if len(lead.ids) > 1:
        ids = " and ".join(f"`{each}`" for each in lead.ids)
        detail = "A unit has one id: remove the others."
        findings.error(line, f"this unit has the ids {ids}", detail)
    if lead.unclosed is not None:
        detail = "Close the parenthesis on the same paragraph."
        findings.error(lead.unclosed, "this dependency is never closed", detail, at="(")

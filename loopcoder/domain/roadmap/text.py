"""Units as text of a roadmap, which reads back as the same units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from loopcoder.domain.markdown import LINE_END, code_span, plain_text
from loopcoder.domain.roadmap.ids import lead_token
from loopcoder.domain.roadmap.lead import DEPENDENCY_WORDS, shorten
from loopcoder.domain.roadmap.roadmap import parse_roadmap
from loopcoder.domain.roadmap.sections import is_excluded, rank_of
from loopcoder.domain.unit import DEFAULT_PLAN, DEFAULT_PRIORITY, Box, Step, Unit, UnitId

_MARKS = {Box.OPEN: " ", Box.DONE: "x", Box.DROPPED: "-"}
_INLINE = re.compile(
    r"[\\`*\[]|(?<![^\W_])_|_(?![^\W_])|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)|(?<!\S)\^"
    rf"|\((?=(?:{DEPENDENCY_WORDS}|blocks)\s*:)|#+$",
    re.IGNORECASE,
)
_LOOKS_READ = re.compile(
    r"(?P<head>^\s*(?:(?:[-*+]|\d+[.)])\s+)*)(?P<what>\[|#|[-+*](?=\S)|<!--|[*_]{0,3}\w[\w -]*:)",
    re.MULTILINE,
)
_SWALLOWS = re.compile(r"```|~~~|<")


def render_units(units: Iterable[Unit], plan: str = DEFAULT_PLAN) -> str:
    """Roadmap text for units that `settle_unit` has settled, or that were read from a roadmap.

    Units without a section come first; within a section the order is kept, children follow
    their parent. Dependencies are written as ids.
    """
    listed = sorted(units, key=lambda unit: bool(unit.section))
    by_id = {unit.id: unit for unit in listed}
    children: dict[UnitId, list[Unit]] = {}
    for unit in listed:
        if unit.parent in by_id:
            children.setdefault(unit.parent, []).append(unit)
    lines = [f"<!-- roadmap: id={plan} -->", ""] if plan != DEFAULT_PLAN else []
    section = ""
    for unit in listed:
        if unit.parent in by_id:
            continue
        if unit.section != section:
            section = unit.section
            lines += ["", *_heading(section), ""] if lines else [*_heading(section), ""]
        lines += _item(unit, children)
    return "\n".join(lines) + "\n" if lines else ""


def _heading(section: str) -> list[str]:
    heading = f"## {_escape_lead(section)}"
    return [heading, "<!-- units: items -->"] if is_excluded(section) else [heading]


def _item(unit: Unit, children: Mapping[UnitId, Sequence[Unit]]) -> list[str]:
    mark = unit.mark or _MARKS[unit.box]
    fields = [*_fields(unit)]
    parts = [f"  - [{'x' if step.done else ' '}] {step.text}" for step in unit.steps]
    for child in children.get(unit.id, ()):
        parts += [f"  {line}" if line else "" for line in _item(child, children)]
    body = [f"  {line}" if line else "" for line in unit.body.split("\n")] if unit.body else []
    first = [f"- [{mark}] {escape(unit.title)} <!-- id: {unit.id} -->", *fields]
    if not body:
        return first + parts
    if _SWALLOWS.search(unit.body) and not unit.body.startswith((" ", "\t")):
        return [*first, *parts, "", *body]
    return [*first, "", *body, *([""] if parts else []), *parts]


def _fields(unit: Unit) -> Iterator[str]:
    if blockers := [*unit.after, *map(str, unit.after_issues)]:
        yield f"  After: {', '.join(blockers)}"
    if unit.priority != (rank_of(unit.section) if unit.section else DEFAULT_PRIORITY):
        yield f"  Priority: P{unit.priority}"
    if unit.size:
        yield f"  Size: {escape(unit.size)}"
    if unit.labels:
        yield f"  Labels: {', '.join(map(escape, unit.labels))}"
    if unit.touches:
        yield f"  Touches: {', '.join(map(code_span, unit.touches))}"
    for command in unit.verify:
        yield f"  Verify: {code_span(command)}"
    if unit.worker:
        yield f"  Worker: {escape(unit.worker)}"
    if unit.reviewer:
        yield f"  Reviewer: {escape(unit.reviewer)}"
    if unit.candidates != 1:
        yield f"  Candidates: {unit.candidates}"
    if unit.budget is not None:
        yield f"  Budget: ${unit.budget:f}"
    if unit.owner:
        yield f"  Owner: @{escape(unit.owner)}"


def escape(text: str) -> str:
    """Plain text as Markdown that shows it, on one line of a roadmap."""
    return _INLINE.sub(lambda found: f"\\{found.group()}", text)


def _escape_lead(text: str) -> str:
    """The same, where an id at the beginning must not be taken for one."""
    escaped = escape(text)
    if lead_token(escaped) is None:
        return escaped
    return f"&#{ord(text[0])};{escape(text[1:])}"


# -- text from elsewhere ------------------------------------------------------------------------


def settle_unit(unit: Unit) -> Unit:
    """The unit as a roadmap can say it: a title of one line, a body that is only read as a body."""
    title = clean_line(unit.title) or unit.id
    body = unit.body
    short = plain_text(escape(shorten(title)))
    if short != title:
        body = f"{escape(title)}\n\n{body}"
    return replace(
        unit,
        title=short,
        body=settle_body(body),
        section=clean_line(unit.section),
        steps=tuple(Step(settle_step(step.text), step.done, step.line) for step in unit.steps),
    )


def clean_line(text: str) -> str:
    """`text` on one line, with single blanks and without what no file can hold."""
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(encodable.replace("\0", "�").split())


def settle_step(text: str) -> str:
    """A step's text as Markdown of one line that does not begin with an id."""
    cleaned = clean_line(text)
    probe = parse_roadmap(f"- [ ] x <!-- id: x -->\n  - [ ] {cleaned}\n")
    steps = [step.text for unit in probe.roadmap.units for step in unit.steps]
    if steps == [cleaned] and len(probe.roadmap.units) == 1:
        return cleaned
    return _escape_lead(cleaned) or "…"


def settle_body(body: str) -> str:
    """A body that reads back as it is: what would be read as a field, box or id is escaped."""
    encodable = body.encode("utf-8", "replace").decode("utf-8")
    lines = [line if line.strip() else "" for line in LINE_END.split(encodable)]
    text = "\n".join(lines).strip("\n")
    if _is_only_body(text):
        return text
    escaped = _LOOKS_READ.sub(_break, text)
    if _is_only_body(escaped):
        return escaped
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=2) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _break(found: re.Match[str]) -> str:
    what = found["what"]
    broken = f"{what[:-1]}\\:" if what.endswith(":") else f"\\{what}"
    return found["head"] + broken


def _is_only_body(text: str) -> bool:
    if not text:
        return True
    probe = Unit(UnitId("x"), "x", body=text, steps=(Step("step", False, 0),))
    reading = parse_roadmap(render_units([probe]))
    if reading.diagnostics or len(reading.roadmap.units) != 1:
        return False
    return _same(reading.roadmap.units[0], probe)


def _same(one: Unit, other: Unit) -> bool:
    """Whether two units say the same, wherever they stand."""
    return place_nowhere(one) == place_nowhere(other)


def place_nowhere(unit: Unit) -> Unit:
    """The unit without its place in a file, to compare what it says."""
    steps = tuple(Step(step.text, step.done, 0) for step in unit.steps)
    return replace(unit, file="", line=0, position=0, steps=steps)

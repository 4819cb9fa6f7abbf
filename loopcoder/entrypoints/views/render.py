"""Diagnostics and errors as text: pure functions, one for each thing a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterable

from loopcoder.domain.diagnostic import Diagnostic, LoopcoderError, Place, Severity
from loopcoder.entrypoints.views.terminal import PLAIN, Style
from loopcoder.entrypoints.views.text import clean, width_of

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_WIDEST = 110
_BESIDE = 60


def error_text(error: LoopcoderError, style: Style = PLAIN) -> str:
    """`loopcoder: what. what to do`, and above it every diagnostic with its line."""
    blocks = [diagnostic_text(each, style) for each in error.diagnostics]
    what = clean(error.summary)
    if error.remedy and not what.endswith((".", "!", "?", ":", "…", ")", "`")):
        what += "."  # what another program said ends as it pleases
    sentence = f"{style('loopcoder:', 'bold')} {what} {clean(error.remedy)}"
    return "\n".join([*blocks, sentence.rstrip()])


def error_json(error: LoopcoderError) -> str:
    """What `--json` prints on standard output in place of a result."""
    body = {
        "summary": error.summary,
        "remedy": error.remedy,
        "exit_code": error.exit_code,
        "diagnostics": diagnostics_json(error.diagnostics),
    }
    return json.dumps({"error": body}, ensure_ascii=False, indent=2)


def diagnostics_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    return [
        {
            "severity": str(each.severity),
            "summary": each.summary,
            "detail": each.detail,
            "file": each.where.file if each.where else None,
            "line": each.where.line if each.where else None,
        }
        for each in diagnostics
    ]


def diagnostic_text(diagnostic: Diagnostic, style: Style = PLAIN) -> str:
    """`file:line: error: what`, the line itself, and carets under what is meant."""
    severity = style(f"{diagnostic.severity}:", _COLOURS[diagnostic.severity])
    where, detail = diagnostic.where, clean(diagnostic.detail)
    prefix = f"{clean(where.file)}:{where.line}: " if where else ""
    lines = [f"{prefix}{severity} {clean(diagnostic.summary)}"]
    if where and where.source.strip():
        lines += _excerpt(where, detail, style)
    elif detail:
        lines.append(f"  {detail}")
    return "\n".join(lines)


def _excerpt(where: Place, detail: str, style: Style) -> list[str]:
    gutter = f"{where.line:>5} | "
    shift = " " * len(gutter)
    if where.column is None:
        shown = [gutter + _cut(clean(where.source.rstrip()))]
        return [*shown, shift + detail] if detail else shown
    source, column = _window(clean(where.source.rstrip()), where.column - 1)
    marked = source[column : column + where.length]
    under = shift + " " * width_of(source[:column]) + style("^" * max(1, width_of(marked)), "red")
    lines = [gutter + source, under]
    if detail and len(detail) <= _BESIDE:
        lines[-1] += f" {detail}"
    elif detail:
        lines.append(shift + detail)
    return lines


def _window(source: str, column: int) -> tuple[str, int]:
    """A long line is cut around the column that is meant."""
    if width_of(source) <= _WIDEST or column >= len(source):
        return source, min(column, len(source))
    start = max(0, column - 40)
    head = "…" if start else ""
    return head + _cut(source[start:]), column - start + len(head)


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"

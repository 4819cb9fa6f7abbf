"""The few lines between `---` and `---` at the top of a Markdown file, as names and values.

Only what skills use is understood: plain, quoted and folded text, and lists in both notations.
Anything else is text. Nothing here can fail.
"""

from __future__ import annotations

import re

_FIELD = re.compile(r"([A-Za-z][\w-]*)[ \t]*:(?:[ \t]+(.*)|[ \t]*)$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)$")
_FOLDED = re.compile(r"[|>][+-]?\d?$")


def read_front_matter(text: str) -> tuple[dict[str, tuple[str, ...]], str]:
    """The fields, by lower-case name, and the rest of the text. A plain value is a tuple of one."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
    if not end:
        return {}, text
    fields: dict[str, tuple[str, ...]] = {}
    name, folded = "", False
    for line in lines[1:end]:
        field = _FIELD.match(line)
        item = _ITEM.match(line)
        if field:
            name = field[1].lower()
            value = (field[2] or "").strip()
            folded = bool(_FOLDED.match(value)) or bool(value)
            fields[name] = () if _FOLDED.match(value) else _values(value)
        elif name and item and not folded:
            fields[name] += (_unquoted(item[1]),)
        elif name and line.strip() and line[0] in " \t":
            fields[name] = (" ".join((*fields[name], line.strip())),)
    return fields, "\n".join(lines[end + 1 :])


def _values(value: str) -> tuple[str, ...]:
    if value.startswith("[") and value.endswith("]"):
        return tuple(_unquoted(part) for part in value[1:-1].split(",") if part.strip())
    return (_unquoted(value),) if value else ()


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.sub(r"[ \t]+#.*$", "", value)

"""Path patterns as people write them in `Touches:` lines and in the change policy.

The rules are those of `.gitignore`, seen from the root of the repository: `*` and `?` stay inside
one path component, `**` crosses them, `[ab]` is one of several characters. A pattern without an
inner slash matches a name in any folder, a leading slash pins it to the root, and a pattern
that matches a folder covers everything in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches(pattern: str, path: str, *, ignore_case: bool = False) -> bool:
    """Whether the pattern covers `path` (with `/` between its components)."""
    return _compiled(pattern, ignore_case).fullmatch(path) is not None


def matches_any(patterns: Iterable[str], path: str, *, ignore_case: bool = False) -> bool:
    """Whether one of the patterns covers `path`."""
    return any(matches(pattern, path, ignore_case=ignore_case) for pattern in patterns)


@lru_cache(maxsize=4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(_expression(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _expression(pattern: str) -> str:
    """The regular expression of a pattern, for `fullmatch`."""
    pattern = pattern.strip().removeprefix("./")
    inside_only = pattern.endswith("/")
    body = pattern.strip("/")
    if not body:
        return r"(?!)"
    pinned = "/" in body or pattern.startswith("/")
    parts = body.split("/")
    expression = "" if pinned else r"(?:[^/]+/)*"
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expression += r".+" if last else r"(?:[^/]+/)*"
        else:
            expression += _component(part) + ("" if last else "/")
    if parts[-1] == "**":
        return expression
    return expression + (r"/.+" if inside_only else r"(?:/.+)?")


def _component(part: str) -> str:
    """One path component; a `**` inside a name means no more than `*`."""
    out: list[str] = []
    index = 0
    while index < len(part):
        char = part[index]
        if char == "*":
            if not out or out[-1] != r"[^/]*":
                out.append(r"[^/]*")
        elif char == "?":
            out.append(r"[^/]")
        elif char == "[" and (end := part.find("]", index + 2)) > 0:
            out.append(_character_class(part[index + 1 : end]))
            index = end
        elif char == "\\" and index + 1 < len(part):
            index += 1
            out.append(re.escape(part[index]))
        else:
            out.append(re.escape(char))
        index += 1
    return "".join(out)


def _character_class(body: str) -> str:
    negated = body[0] in "!^"
    members = body[1:] if negated else body
    if not members or _has_reversed_range(members):
        return r"(?!)"
    members = members.replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    members = members.replace("&&", "&\\&").replace("||", "|\\|").replace("~~", "~\\~")
    return rf"(?!/)[{'^' if negated else ''}{members}]"


def _has_reversed_range(members: str) -> bool:
    return any(
        members[i + 1] == "-" and members[i] > members[i + 2] for i in range(len(members) - 2)
    )

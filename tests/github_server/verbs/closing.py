"""Which issues a text closes, read the way GitHub reads it."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    r"<!--[\s\S]*?(?:-->|$(?![\s\S]))"
    r"|^ {0,3}(?P<fence>```|~~~)[\s\S]*?(?:^ {0,3}(?P=fence)|$(?![\s\S]))"
    r"|`[^`\n]*`",
    re.MULTILINE,
)
_KEYWORD = re.compile(
    r"\b(?:close|closes|closed|fix|fixes|fixed|resolve|resolves|resolved):?\s+#(\d+)\b", re.I
)


def closed_by_text(text: str | None) -> list[int]:
    """Issue numbers, each once, in order; nothing inside code or comments counts."""
    visible = _INVISIBLE.sub(" ", text or "")
    numbers = (int(found) for found in _KEYWORD.findall(visible) if len(found) < 10)
    return list(dict.fromkeys(number for number in numbers if number > 0))

"""A repository's own pull request template, as the frame of the text we write.

Our sections go under the template's headings that ask for them; what the template asks for and we
have nothing to say about stays, with its boxes as they are. The template is the maintainers'
text, and still nothing in it acts: it was written for people to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from loopcoder.domain.guard.untrusted import sanitise

LONGEST = 20_000

FOLDERS = (".github/", "", "docs/")
"""Where a template is looked for, in this order; its name is compared without case."""

_NAMES = ("pull_request_template.md", "pull_request_template.txt", "pull_request_template")
_HEADING = re.compile(r"^(#{1,6})[ \t]+(?P<title>.+?)[ \t#]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_WANTED = (
    ("Checks", re.compile(r"\btest|\bverif|\bcheck(?!list)|how (?:was|has|to)", re.IGNORECASE)),
    ("Review", re.compile(r"\breview\b", re.IGNORECASE)),
    ("What changed", re.compile(r"\bchange|\bdescri|\bsummar|\bwhat\b|\boverview", re.IGNORECASE)),
)


def find_template(paths: Sequence[str]) -> str | None:
    """The path of the template among a commit's paths; one of several in a folder is chosen by
    whoever opens a pull request, so those are not taken."""
    known = {path.lower(): path for path in reversed(paths)}
    for folder in FOLDERS:
        for name in _NAMES:
            if f"{folder}{name}" in known:
                return known[f"{folder}{name}"]
    return None


def fill_template(template: str, sections: Sequence[tuple[str, str]]) -> str:
    """The template with our sections (a title and a text) in it. A section that no heading asks for
    comes after it, in our order, under its own title."""
    text = sanitise(template, max_length=LONGEST).strip()
    if not text:
        return "\n\n".join(f"## {title}\n\n{body}" for title, body in sections)
    left = dict(sections)
    out: list[str] = []
    fence = ""
    for line in text.split("\n"):
        out.append(line)
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.match(line)
        title = _asked_for(heading["title"], left) if heading else ""
        if title:
            out += ["", left.pop(title), ""]
    rest = [f"## {title}\n\n{body}" for title, body in sections if title in left]
    filled = re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()
    return "\n\n".join([filled, *rest])


def _asked_for(heading: str, left: dict[str, str]) -> str:
    for title, pattern in _WANTED:
        if title in left and pattern.search(heading):
            return title
    return ""

"""A diff's text, cut file by file so that it fits and no file hides another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.domain.context.excerpt import excerpt, fair_shares
from loopcoder.domain.glob import matches_any
from loopcoder.domain.guard.untrusted import reveal

_HEADER = re.compile(r"^diff --git ", re.MULTILINE)
_NEW_NAME = re.compile(r"^(?:\+\+\+ b/|rename to |copy to )(.+)$", re.MULTILINE)
_OLD_NAME = re.compile(r"^--- a/(.+)$", re.MULTILINE)
_MADE_BY_PROGRAMS = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
    *("poetry.lock", "uv.lock", "Pipfile.lock", "pdm.lock", "Cargo.lock", "Gemfile.lock"),
    *("composer.lock", "go.sum", "mix.lock", "pubspec.lock", "flake.lock", "Package.resolved"),
    *("*.min.js", "*.min.css", "*.map", "*.snap", "*_pb2.py", "*_pb2_grpc.py", "*.pb.go"),
    *("**/vendor/**", "**/node_modules/**", "**/third_party/**", "**/dist/**"),
)
_SAYS_SO = re.compile(r"^\+.*(?:@generated|[Cc]ode generated .*DO NOT EDIT)", re.MULTILINE)
_NAMES = re.compile(r"diff --git a/(.+) b/(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file's part as it is shown; `size` is the length of the whole part in characters."""

    path: str
    text: str
    size: int

    @property
    def is_cut(self) -> bool:
        return len(self.text) < self.size

    @property
    def shown(self) -> int:
        return len(self.text)


def split_diff(diff: str) -> tuple[tuple[str, str], ...]:
    """Path and text of each file's part. Lines of content never begin with `diff`, so the
    headers cannot be forged by what is in a file."""
    starts = [match.start() for match in _HEADER.finditer(diff)]
    parts = [diff[start:end] for start, end in zip(starts, [*starts[1:], len(diff)], strict=False)]
    return tuple((_path(part), part) for part in parts)


def changed_lines(diff: str) -> int:
    """How many lines a diff adds and removes."""
    lines = (line for _, part in split_diff(diff) for line in part.splitlines())
    return sum(line[:1] in ("+", "-") and line[:3] not in ("+++", "---") for line in lines)


def fit_diff(diff: str, limit: int) -> Sequence[FileDiff]:
    """The diff in at most `limit` characters. Small files are whole; large ones share the rest.

    What people wrote comes first and is cut last: lock files and generated or vendored code get
    the room that is left, and where it does not suffice are summed up. Invisible characters are
    spelled out.
    """
    parts = [(path, reveal(text)) for path, text in split_diff(diff)]
    written = [part for part in parts if not is_generated(*part)]
    made = [part for part in parts if is_generated(*part)]
    shares = fair_shares([len(text) for _, text in written], limit)
    rest = fair_shares([len(text) for _, text in made], limit - sum(shares))
    return (
        *(
            FileDiff(path, excerpt(text, share, "file's diff"), len(text))
            for (path, text), share in zip(written, shares, strict=True)
        ),
        *(
            FileDiff(path, _summed_up(path, text, share), len(text))
            for (path, text), share in zip(made, rest, strict=True)
        ),
    )


def is_generated(path: str, text: str) -> bool:
    """Whether a program writes the file: by its name, or by what its added lines say."""
    return matches_any(_MADE_BY_PROGRAMS, path) or _SAYS_SO.search(text) is not None


def _summed_up(path: str, text: str, share: int) -> str:
    """A generated file's diff: whole, or what happened in it and as much as there is room for."""
    if len(text) <= share:
        return text
    lines = text.split("\n")
    added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
    removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
    summary = f"[… {path}: a generated file, {added:,} lines added, {removed:,} removed …]\n"
    if len(summary) >= share:
        return summary[:share]
    return summary + excerpt(text, share - len(summary), "file's diff")


def _path(part: str) -> str:
    head = part.split("\n@@", 1)[0]
    for pattern in (_NEW_NAME, _OLD_NAME):
        if found := pattern.search(head):
            return found[1].rstrip("\t\r")
    names = _NAMES.match(head)
    return names[2] if names else part.split("\n", 1)[0].removeprefix("diff --git ")

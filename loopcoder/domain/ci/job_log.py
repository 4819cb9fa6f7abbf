"""What failed, read from a job's log: the same failure, the same name, whatever run it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loopcoder.domain.ci.log_rules import RULES, Rule
from loopcoder.domain.ci.runner_log import without_commands, without_stamps

_NEAR = 200
"""Lines within which a rule's `follows` must have been seen."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

_WORKSPACE = re.compile(
    r"(?:/home/runner/work|/Users/runner/work|[A-Za-z]:[\\/]a|/__w)[\\/][^\\/\s:'\"]+[\\/][^\\/\s:'\"]+[\\/]"
)
_ABSOLUTE = re.compile(
    r"(?:[A-Za-z]:[\\/]|/)(?:[^\\/\s:;,'\"()<>\[\]]+[\\/])+([^\\/\s:;,'\"()<>\[\]]+)"
)
_VOLATILE = (
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "ADDRESS"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b"), "HASH"),
    (
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"),
        "DATE",
    ),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|sec|seconds?|m|min|minutes?)\b"), "TIME"),
    (re.compile(r":\d+(?::\d+)?\b"), ""),
    (re.compile(r"\bline \d+\b"), "line"),
    (re.compile(r"\d+"), "N"),
)


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """One thing that failed, by a name that does not change from run to run.

    `line` (from 0) is where it stands in the cleaned log; it is no part of the name.
    """

    tool: str
    name: str
    line: int = 0
    weight: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.tool, self.name


def clean_lines(log: str) -> list[str]:
    """The log without colours, time stamps, control characters and the runner's own commands."""
    return [_clean(line) for line in re.split(r"\r?\n", log)]


def _clean(line: str) -> str:
    plain = _ESCAPES.sub("", without_stamps(line)).rstrip()
    # a progress line that was written over shows its last state
    return without_commands(_CONTROL.sub("", plain.rsplit("\r", 1)[-1]))


def find_failures(log: str) -> list[Failure]:
    """Everything of the heaviest kind that any rule found, each once, by name."""
    found = list(_matches(clean_lines(log)))
    heaviest = max((failure.weight for failure in found), default=0)
    first: dict[tuple[str, str], Failure] = {}
    for failure in found:
        if failure.weight == heaviest:
            first.setdefault(failure.key, failure)
    return sorted(first.values())


def _matches(lines: Sequence[str]) -> Iterator[Failure]:
    armed: dict[Rule, int] = {}
    file = ""
    for number, line in enumerate(lines):
        if _is_file_header(line):
            file = line.strip()
        for rule in RULES:
            if rule.follows and rule.follows.search(line):
                armed.setdefault(rule, number)
            found = rule.pattern.match(line)
            if found is None:
                continue
            if rule.follows and not 0 <= number - armed.get(rule, -_NEAR - 1) <= _NEAR:
                continue
            name = _name(found, _context(rule, lines, number, file))
            name = f"{name} {_symbol(lines, number)}".strip() if rule.tool == "javac" else name
            yield Failure(rule.tool, name, number, rule.weight)
            break


def _is_file_header(line: str) -> bool:
    """eslint names the file once, on a line of its own above its messages."""
    return bool(re.fullmatch(r"(?:[A-Za-z]:)?[\w./\\@+-]*[\\/][\w./\\@+-]+\.[a-z]{1,4}", line))


def _context(rule: Rule, lines: Sequence[str], number: int, file: str) -> str:
    """The file of a message that stands on another line than the message."""
    if rule.tool == "eslint":
        return file
    if rule.tool in ("cargo", "ruff"):
        for line in lines[number + 1 : number + 3]:
            found = re.match(r"\s*-->\s*(\S+?):\d+", line)
            if found:
                return found[1]
    return ""


def _symbol(lines: Sequence[str], number: int) -> str:
    """What javac could not find: it says so some lines below its message."""
    for line in lines[number + 1 : number + 5]:
        found = re.match(r"\s*symbol:\s+(.+)", line)
        if found:
            return normalise(found[1])
    return ""


def _name(found: re.Match[str], file: str) -> str:
    groups = found.groupdict()
    if test := groups.get("test"):
        name = stable_path(test.strip())
        # Pytest's parameters and ids are part of a test's name; line numbers are not.
        return " ".join(filter(None, [re.sub(r":\d+(?=$|:)", "", name), groups.get("code") or ""]))
    path = stable_path(groups.get("file") or file)
    parts = (path, groups.get("code") or "", normalise(groups.get("text") or ""))
    return " ".join(part for part in parts if part)


def stable_path(text: str) -> str:
    """A path as it is in the repository: where the checkout lies is no part of it."""
    text = _WORKSPACE.sub("", text)
    text = _ABSOLUTE.sub(r"\1", text)
    return text.replace("\\", "/").removeprefix("./")


def normalise(text: str) -> str:
    """A message without what changes from run to run."""
    text = stable_path(text)
    for pattern, stands_for in _VOLATILE:
        text = pattern.sub(stands_for, text)
    return " ".join(text.split())[:200]

"""Guardrails on a change set: whether it may be proposed, and why not.

Every rule looks at facts about paths, none at what a model said. The heaviest ruling of any rule
counts, so one more changed file never makes a verdict milder.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from loopcoder.domain.glob import matches_any
from loopcoder.domain.guard.change_set import ChangeSet, FileChange, FileMode
from loopcoder.domain.guard.path_hazard import folded, link_hazard, path_hazard, portability_problem
from loopcoder.domain.guard.protected import Ruling, find_protected
from loopcoder.domain.guard.secret import SecretFinding
from loopcoder.domain.settings import ChangePolicy

__all__ = ["PolicyReason", "PolicyVerdict", "Ruling", "judge_change"]

FAR_TOO_LARGE = 10
"""A change this many times over a limit is an accident, not work for a person to look at."""

DEFAULT_ROADMAPS = ("ROADMAP.md",)


@dataclass(frozen=True, slots=True)
class PolicyReason:
    """What one rule says about one path; `path` is empty for the change as a whole.

    A ruling of `allow` is a remark that people should see.
    """

    path: str
    rule: str
    message: str
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """The heaviest ruling, and every reason, heaviest first."""

    ruling: Ruling
    reasons: tuple[PolicyReason, ...] = ()


def judge_change(
    change: ChangeSet,
    policy: ChangePolicy,
    secrets: Sequence[SecretFinding] = (),
    touches: tuple[str, ...] = (),
    *,
    roadmaps: tuple[str, ...] = DEFAULT_ROADMAPS,
    commands: tuple[str, ...] = (),
) -> PolicyVerdict:
    """Hold a change against the built-in rules and the configured ones.

    `policy.protected` rejects, `policy.escalate` hands over to a person; the latter also takes
    paths that are rejected as *protected*, because the maintainer named them. `commands` are the
    command lines that judge the change.
    """
    reasons = list(_secret_reasons(secrets))
    reasons += _check_reasons(change, commands)
    for file in change.files:
        reasons += _file_reasons(file, policy, roadmaps)
        if touches and not matches_any(touches, file.path):
            message = f"is outside what the unit says it touches ({', '.join(touches)})"
            reasons.append(PolicyReason(file.path, "touches", message, Ruling.ALLOW))
    reasons += _size_reasons(change, policy)
    reasons += _collisions(change)
    ordered = sorted(reasons, key=lambda r: (-r.ruling.weight, r.path, r.rule))
    heaviest = ordered[0].ruling if ordered else Ruling.ALLOW
    return PolicyVerdict(heaviest, tuple(ordered))


def _secret_reasons(secrets: Sequence[SecretFinding]) -> Iterator[PolicyReason]:
    for found in secrets:
        message = f"added line {found.line} holds what looks like a secret ({found.kind})"
        yield PolicyReason(found.path, "secret", message, Ruling.REJECT)


def _check_reasons(change: ChangeSet, commands: tuple[str, ...]) -> Iterator[PolicyReason]:
    """A change of a file that its own checks run could make them green."""
    run = {folded(path) for command in commands for path in named_files(command)}
    for file in change.files:
        if file.status != "A" and folded(file.path) in run:
            message = "is run by the checks that judge this change"
            yield PolicyReason(file.path, "checks", message, Ruling.ESCALATE)


def named_files(command: str) -> Iterator[str]:
    """The words of a command line that may be paths in the repository."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    for word in words:
        path = word.removeprefix("./").strip(";&|()<>")
        if path and not path.startswith(("-", "/", "~", "$")):
            yield path


def _file_reasons(
    file: FileChange, policy: ChangePolicy, roadmaps: tuple[str, ...]
) -> Iterator[PolicyReason]:
    for rule in _RULES:
        found = rule(file)
        if found:
            name, ruling, message = found
            yield PolicyReason(file.path, name, message, ruling)
    found = _protected(file.path, policy, roadmaps)
    if found:
        name, ruling, message = found
        yield PolicyReason(file.path, name, message, ruling)


_Ruled = tuple[str, Ruling, str]


def _unknown(file: FileChange) -> _Ruled | None:
    """What is not understood is refused."""
    if file.status not in ("A", "M", "D", "T") or not isinstance(file.mode, FileMode):
        return "unknown", Ruling.REJECT, f"changed in an unknown way ({file.status} {file.mode})"
    if (file.status == "D") != (file.mode is FileMode.ABSENT) or file.size < 0:
        return "unknown", Ruling.REJECT, "is said to be there and not to be there"
    return None


def _hazard(file: FileChange) -> _Ruled | None:
    why = path_hazard(file.path)
    return ("path", Ruling.REJECT, why) if why else None


def _portability(file: FileChange) -> _Ruled | None:
    why = "" if file.mode is FileMode.ABSENT else portability_problem(file.path)
    return ("portability", Ruling.ESCALATE, why) if why else None


def _submodule(file: FileChange) -> _Ruled | None:
    if file.mode is FileMode.SUBMODULE:
        return "submodule", Ruling.REJECT, "is a submodule: foreign code by reference"
    return None


def _symlink(file: FileChange) -> _Ruled | None:
    if file.mode is not FileMode.SYMLINK:
        return None
    why = link_hazard(file.path, file.target)
    if why:
        return "symlink", Ruling.REJECT, f"is a symlink that {why}"
    return "symlink", Ruling.ESCALATE, f"is a symlink to {file.target}"


def _binary(file: FileChange) -> _Ruled | None:
    if file.binary and file.mode is not FileMode.ABSENT:
        return "binary", Ruling.ESCALATE, "is binary, so nobody can read what changed"
    return None


def _cut(file: FileChange) -> _Ruled | None:
    if file.cut:
        return "unread", Ruling.REJECT, "is too long to be searched for secrets"
    return None


def _type_change(file: FileChange) -> _Ruled | None:
    if file.status == "T":
        return "type", Ruling.ESCALATE, "became another kind of file"
    return None


def _executable(file: FileChange) -> _Ruled | None:
    if file.status == "A" and file.mode is FileMode.EXECUTABLE:
        return "executable", Ruling.ALLOW, "is a new executable file"
    return None


_RULES: tuple[Callable[[FileChange], _Ruled | None], ...] = (
    _unknown,
    _hazard,
    _portability,
    _submodule,
    _symlink,
    _binary,
    _cut,
    _type_change,
    _executable,
)


def _protected(path: str, policy: ChangePolicy, roadmaps: tuple[str, ...]) -> _Ruled | None:
    """Rules about where a path is: the configured ones first, then the built-in table."""
    if matches_any(policy.protected, path, ignore_case=True):
        return "protected", Ruling.REJECT, "is protected by policy.protected"
    named = matches_any(policy.escalate, path, ignore_case=True)
    row = find_protected(path)
    if row is not None:
        ruling = Ruling.ESCALATE if named else row.ruling
        return row.rule, ruling, row.why
    if folded(path) in {folded(roadmap) for roadmap in roadmaps}:
        return "roadmap", Ruling.ESCALATE, "is the roadmap, which says what is worked on"
    if named:
        return "escalate", Ruling.ESCALATE, "is listed in policy.escalate"
    return None


def _size_reasons(change: ChangeSet, policy: ChangePolicy) -> Iterator[PolicyReason]:
    for what, actual, limit in (
        ("files", len(change.files), policy.max_files),
        ("bytes", change.bytes, policy.max_bytes),
    ):
        if actual > limit:
            far = actual > FAR_TOO_LARGE * limit
            message = f"{actual:,} {what} changed, more than policy.max_{what} ({limit:,})"
            yield PolicyReason("", "size", message, Ruling.REJECT if far else Ruling.ESCALATE)


def _collisions(change: ChangeSet) -> Iterator[PolicyReason]:
    """Paths that are one file where case does not count."""
    first: dict[str, str] = {}
    for file in change.files:
        if file.mode is FileMode.ABSENT:
            continue
        other = first.setdefault(folded(file.path), file.path)
        if other != file.path:
            message = f"is the same file as {other} where case does not count"
            yield PolicyReason(file.path, "case", message, Ruling.REJECT)

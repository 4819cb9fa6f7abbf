"""What went wrong, where, and what the reader can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a text file. `line` and `column` count from 1; `source` is the line's own text."""

    file: str
    line: int
    column: int | None = None
    length: int = 1
    source: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem: `summary` says what is wrong, `detail` what to do about it."""

    severity: Severity
    summary: str
    detail: str = ""
    where: Place | None = None

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


class LoopcoderError(Exception):
    """An expected failure. `summary` is one sentence; `remedy` says what the reader can do.

    The exit code is the contract of docs/reference/cli.md: 1 expected failure, 2 usage,
    configuration or roadmap error, 75 try again later.
    """

    exit_code = 1

    def __init__(
        self, summary: str, remedy: str = "", diagnostics: Sequence[Diagnostic] = ()
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        return f"{self.summary} {self.remedy}".rstrip()


class ConfigurationError(LoopcoderError):
    """The configuration, or the way the command was called, cannot be used."""

    exit_code = 2


class RoadmapError(LoopcoderError):
    """The roadmap has errors; `diagnostics` names each with its line."""

    exit_code = 2


class TryLater(LoopcoderError):
    """Nothing is wrong, but not now: another tick runs, or a rate limit is spent."""

    exit_code = 75


class RateLimited(TryLater):
    """A host's limit is spent until `until` (UTC)."""

    def __init__(self, summary: str, until: datetime) -> None:
        super().__init__(summary, f"Try again at {until:%Y-%m-%d %H:%M:%S} UTC.")
        self.until = until


class LimitReached(TryLater):
    """A limit of the configuration holds this write back; the next time it is done."""


class NotFound(LoopcoderError):
    """A named thing does not exist."""


class Moved(NotFound):
    """A named thing is in another repository now, into which nothing is followed."""


class Stale(LoopcoderError):
    """Reality moved since the decision was taken; decide again, force nothing."""


class Refused(LoopcoderError):
    """The host takes this one write from nobody as things are: it surely was not done, and asking
    again changes nothing. Everything else can go on."""


class Forbidden(Refused):
    """Refused because of who asks: others, or the same with more rights, may do it."""


class Unavailable(LoopcoderError):
    """Something this step needs (sandbox, provider, host) cannot be used now."""


class Conflicted(LoopcoderError):
    """Two sides changed the same lines; `files` are their paths."""

    def __init__(self, summary: str, remedy: str = "", files: Sequence[str] = ()) -> None:
        super().__init__(summary, remedy)
        self.files = tuple(files)

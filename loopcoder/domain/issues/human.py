"""What a human may do with a pull request, as values. No port that the engine sees has these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MergeMethod(StrEnum):
    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person says about a pull request and expects an answer to; `line` counts from 1."""

    body: str
    requests_changes: bool = False
    file: str = ""
    line: int = 0

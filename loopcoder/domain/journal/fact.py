"""The base of every fact that the journal can hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Carries(StrEnum):
    """Which column of a journal row a fact fills: what was intended, or what came of it."""

    EFFECT = "effect"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of everything that can be recorded."""

    kind: ClassVar[str]
    carries: ClassVar[Carries] = Carries.RECEIPT

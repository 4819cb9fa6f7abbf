"""The last tick that did something."""

from __future__ import annotations

from dataclasses import dataclass

from loopcoder.domain.journal import event as e


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last tick that did something: its short name, when it ended (UTC), what it did, and the
    address of its log, where it has one."""

    name: str
    at: str
    words: str
    link: str = ""

    @classmethod
    def told_by(cls, fact: e.TickFinished) -> LastChange | None:
        told = fact.summary.get("change")
        if not isinstance(told, dict):
            return None
        return cls(*(str(told.get(key) or "") for key in ("name", "at", "words", "link")))

    def as_json(self) -> dict[str, e.Json]:
        return {"name": self.name, "at": self.at, "words": self.words, "link": self.link}

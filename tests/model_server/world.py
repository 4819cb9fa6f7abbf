"""What tests say to the model, and what they ask of it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.model_server.faults import Fault, How
from tests.model_server.reply import Script, Turn
from tests.model_server.request import Asked
from tests.model_server.server import Server

KEY = "sk-ant-scripted-0123456789abcdef"


@dataclass
class Model:
    """A running model and its script."""

    server: Server = field(default_factory=Server)

    @classmethod
    def start(cls, port: int = 0) -> Model:
        return cls(Server(port))

    def close(self) -> None:
        self.server.close()

    @property
    def env(self) -> dict[str, str]:
        """What a client's environment needs to find it."""
        return {"ANTHROPIC_BASE_URL": self.server.url, "ANTHROPIC_API_KEY": KEY}

    # --- what it says

    def work(self, unit: str, turns: Sequence[Turn] | Sequence[Sequence[Turn]]) -> None:
        self.server.scripts["work", unit] = Script.of(turns)

    def review(self, unit: str, turns: Sequence[Turn] | Sequence[Sequence[Turn]]) -> None:
        self.server.scripts["review", unit] = Script.of(turns)

    def load(self, script: dict[str, Any]) -> None:
        """A script as JSON: `work` and `review` by unit, and `faults`."""
        for role in ("work", "review"):
            for unit, turns in script.get(role, {}).items():
                self.server.scripts[role, unit] = Script.of(turns)
        for fault in script.get("faults", ()):
            self.order(**fault)

    # --- what goes wrong

    def order(self, **fault: Any) -> Fault:
        made = Fault(**{**fault, "how": How(fault.get("how", "status"))})
        self.server.faults.ordered.append(made)
        return made

    def fail(self, status: int, **more: Any) -> Fault:
        return self.order(status=status, **more)

    def cut(self, **more: Any) -> Fault:
        return self.order(how="cut", **more)

    def truncate(self, **more: Any) -> Fault:
        return self.order(how="truncate", **more)

    def hang(self, seconds: float, **more: Any) -> Fault:
        return self.order(how="hang", seconds=seconds, **more)

    def overload(self, **more: Any) -> Fault:
        """An error in the middle of the stream."""
        return self.order(how="event", status=529, text="Overloaded", **more)

    def broke(self, **more: Any) -> Fault:
        text = "Your credit balance is too low to access the Anthropic API."
        return self.order(**{"status": 400, "text": text, **more})

    def overflow(self, **more: Any) -> Fault:
        text = "prompt is too long: 200001 tokens > 200000 maximum"
        return self.order(status=400, text=text, **more)

    # --- what it was asked

    def asked(self, unit: str = "", *, review: bool | None = None) -> list[Asked]:
        return list(self._asked(unit, review))

    def _asked(self, unit: str, review: bool | None) -> Iterator[Asked]:
        for each in list(self.server.asked):
            if (not unit or each.unit == unit) and review in (None, each.is_review):
                yield each

    @property
    def unscripted(self) -> list[Asked]:
        return self.server.unscripted

    def cached_share(self, unit: str = "") -> float:
        """Of all input of the work on a unit, the part that came from the cache."""
        rows = [each.usage for each in self._asked(unit, False) if each.usage]
        read = sum(row["cache_read_input_tokens"] for row in rows)
        total = sum(sum(row.values()) for row in rows)
        return read / total if total else 0.0

"""The record of a session: a line for every step, on the disk before the next step is taken.

A session that a killed process left has no `end` line; it is taken up again where it stopped.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loopcoder.adapters.builtin.conversation import Message


@dataclass
class Transcript:
    """An open session. `messages` is the conversation so far, `interrupted` how it was left,
    `prompt` the hash of what it was asked last."""

    path: Path
    messages: list[Message] = field(default_factory=list)
    interrupted: bool = False
    prompt: str = ""
    _ended: bool = False

    @property
    def session(self) -> str:
        """The name by which a later run finds it: `round-1/outbox/session-1.jsonl`."""
        return "/".join(self.path.parts[-3:])

    def add(self, message: Message, **about: Any) -> None:
        self.messages.append(message)
        self.note("message", message=message, **about)

    def begin_again(self, message: Message, why: str) -> None:
        """A new conversation in the same session: what was said before is not sent any more."""
        self.messages = []
        self.note("fresh", why=why)
        self.add(message)

    def note(self, kind: str, **fields: Any) -> None:
        """Append one line and see it to the disk."""
        line = json.dumps({"kind": kind, "at": round(time.time(), 3), **fields}) + "\n"
        with self.path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def end(self, reason: str) -> None:
        self.note("end", reason=reason)


def open_transcript(outbox: Path, session: str) -> Transcript:
    """The session to work in: an interrupted one of this folder, a copy of the one named, or a
    new one. An unknown name is somebody else's session, and as good as none."""
    files = sorted(outbox.glob("session-*.jsonl"), key=_number)
    if files:
        last = _load(files[-1])
        if not last._ended:
            last.interrupted = bool(last.messages)
            return last
        if session == last.session:
            return last
    made = Transcript(outbox / f"session-{_number(files[-1]) + 1 if files else 1}.jsonl")
    earlier = outbox.parent.parent / session if session else None
    if earlier and ".." not in earlier.parts and earlier.is_file():
        made.note("continues", session=session)
        for message in _load(earlier).messages:
            made.add(message)
    return made


def _load(path: Path) -> Transcript:
    """Read it back; a line that was cut by the kill is taken away."""
    found, good = Transcript(path), 0
    with path.open("rb") as file:
        for line in file:
            try:
                row = json.loads(line)
            except ValueError:
                break
            good += len(line)
            if row["kind"] == "message":
                found.messages.append(row["message"])
            elif row["kind"] in ("begin", "taken up"):
                found.prompt = row["prompt"]
            elif row["kind"] == "merged":
                found.messages.pop()
            elif row["kind"] == "fresh":
                found.messages = []
            found._ended = row["kind"] == "end"
    if good < path.stat().st_size:
        os.truncate(path, good)
    return found


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2])

"""What a program prints: logged up to a cap, its end kept for people, its novelty judged."""

from __future__ import annotations

import contextlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_TAIL_BYTES = 1 << 18
_LINE_CHARACTERS = 2000
_SEEN_LINES = 4096
_LOOKED_AT = 64  # lines of one chunk that are compared: endless output must stay cheap to judge
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movement
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # window titles, links
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the output is kept: bytes of the log, lines of the tail, bytes of stdout.

    With `stdout_bytes`, standard output is read apart from standard error and its end is handed
    back; otherwise the two are one stream, in the order they were written.
    """

    log_bytes: int = 50_000_000
    tail_lines: int = 200
    stdout_bytes: int = 0


class Output:
    """A log that holds the beginning and the end, however much comes between them.

    Writing stops quietly when the disk is full: the run's end matters more than its log.
    """

    def __init__(self, log: Path, keep: Keep) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._file = log.open("wb", buffering=0)
        self._keep = keep
        self._room = max(0, keep.log_bytes - _TAIL_BYTES)
        self._end = bytearray()
        self._rest = 0
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._disk_full = False
        self.stdout = bytearray()
        self.total = 0
        self.last_line = ""

    def __enter__(self) -> Output:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def feed(self, chunk: bytes, *, is_stdout: bool = True) -> bool:
        """Take in a piece of output; says whether it holds a line that was not seen lately."""
        self.total += len(chunk)
        head, rest = chunk[: self._room], chunk[self._room :]
        self._write(head)
        self._room -= len(head)
        self._rest += len(rest)
        _append(self._end, chunk, _TAIL_BYTES)
        if is_stdout and self._keep.stdout_bytes:
            _append(self.stdout, chunk, self._keep.stdout_bytes)
        return self._is_new(chunk)

    def tail(self) -> str:
        """The last lines as plain text: no control characters, very long lines cut."""
        text = self._end[-_TAIL_BYTES:].decode("utf-8", "replace")
        return "\n".join(plain_lines(text)[-self._keep.tail_lines :])

    def close(self) -> None:
        if self._file.closed:
            return
        missing = self._rest - len(self._end[-_TAIL_BYTES:])
        if missing > 0:
            self._write(b"\n[... %d bytes left out ...]\n" % missing)
        if self._rest > 0:
            self._write(bytes(self._end[-_TAIL_BYTES:][-self._rest :]))
        with contextlib.suppress(OSError):
            self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._disk_full:
            try:
                view = view[self._file.write(view) :]
            except OSError:
                self._disk_full = True

    def _is_new(self, chunk: bytes) -> bool:
        lines = chunk.split(b"\n", _LOOKED_AT)[:_LOOKED_AT]
        new = False
        for line in lines:
            key = line.strip()[:200]
            if not key:
                continue
            if key not in self._seen:
                new = True
                self._seen[key] = None
                if len(self._seen) > _SEEN_LINES:
                    self._seen.popitem(last=False)
            else:
                self._seen.move_to_end(key)
        if new:
            shown = chunk[-4 * _LINE_CHARACTERS :].decode("utf-8", "replace")
            self.last_line = next(
                (line for line in reversed(plain_lines(shown)) if line), self.last_line
            )
        return new


def plain_lines(text: str) -> list[str]:
    """Lines without terminal control sequences; a line redrawn with \\r counts as drawn last."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return [_plain(line) for line in lines]


def _plain(line: str) -> str:
    drawn = line.rstrip("\r").rsplit("\r", 1)[-1]
    clean = _CONTROL.sub("", drawn)
    return clean if len(clean) <= _LINE_CHARACTERS else clean[:_LINE_CHARACTERS] + " [...]"


def _append(buffer: bytearray, chunk: bytes, most: int) -> None:
    buffer += chunk
    if len(buffer) > 2 * most:
        del buffer[:-most]

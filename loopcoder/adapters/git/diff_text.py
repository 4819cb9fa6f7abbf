"""Reading git's diff as it streams by: which entries changed, which lines came, its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# How much diff text is kept for scanning. The hash always covers all of it.
MOST_TEXT = 16_000_000

# Plumbing reads no diff preference of anyone; these make the bytes the same everywhere.
DIFF = ("diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
PATCH = ("-p", "--binary", "--full-index", "--src-prefix=a/", "--dst-prefix=b/")

_ESCAPE = re.compile(rb'\\([abfnrtv"\\]|[0-7]{3})')
_ESCAPES = dict(zip(b'abfnrtv"\\', b'\a\b\f\n\r\t\v"\\', strict=True))


@dataclass(slots=True)
class Entry:
    """One changed entry, as git lists it."""

    status: str
    mode: str
    blob: str
    path: bytes
    binary: bool = False
    cut: bool = True
    added: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        return b"\n".join(self.added).decode("utf-8", "replace")


@dataclass(slots=True)
class DiffText:
    """What `diff-tree --raw -p` prints, taken apart line by line.

    After `most` bytes nothing but the hash goes on, and what was not read stays `cut`.
    """

    most: int = MOST_TEXT
    entries: list[Entry] = field(default_factory=list)
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    _read: int = 0
    _rest: bytes = b""
    _listing: bool = True
    _sections: list[Entry] = field(default_factory=list)
    _section: int = -1
    _hunk: bool = False

    @classmethod
    def read(cls, chunks: Iterable[bytes], most: int = MOST_TEXT) -> DiffText:
        reader = cls(most)
        for chunk in chunks:
            reader._feed(chunk)
        reader._finish()
        return reader

    @property
    def sha256(self) -> str:
        """The hash of the patch alone, which is what `git diff --binary --full-index` prints."""
        return self._hash.hexdigest()

    def _feed(self, chunk: bytes) -> None:
        if self._listing:
            chunk = self._list(chunk)
        self._hash.update(chunk)
        if self._read > self.most:
            return
        self._read += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._line(line)

    def _finish(self) -> None:
        if self._read > self.most:
            return
        if self._rest:
            self._line(self._rest)
        for entry in self.entries:
            entry.cut = False

    def _list(self, chunk: bytes) -> bytes:
        """Take the leading list of entries; returns what follows its closing empty line."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for number, line in enumerate(lines):
            if not line:
                self._listing = False
                after = b"\n".join([*lines[number + 1 :], self._rest])
                self._rest = b""
                return after
            self._take(line)
        return b""

    def _take(self, line: bytes) -> None:
        facts, _, path = line.partition(b"\t")
        _, mode, _, blob, status = facts.decode("ascii").split(" ")
        entry = Entry(status[0], mode, blob, unquote(path))
        self.entries.append(entry)
        # a change of type is shown in two sections: the old one goes, the new one comes
        self._sections += [entry, entry] if entry.status == "T" else [entry]

    def _line(self, line: bytes) -> None:
        if line.startswith(b"diff --git "):
            if self._section >= 0 and self._sections[self._section].status != "T":
                self._sections[self._section].cut = False
            self._section += 1
            self._hunk = False
        elif line.startswith(b"@@ "):
            self._hunk = True
        elif self._hunk and line.startswith(b"+"):
            self._sections[self._section].added.append(line[1:])
        elif not self._hunk and line == b"GIT binary patch":
            self._sections[self._section].binary = True


def unquote(path: bytes) -> bytes:
    """A path as git prints it: in C's quotes when it holds unusual characters."""
    if not path.startswith(b'"'):
        return path
    return _ESCAPE.sub(_unescape, path[1:-1])


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) if len(code) == 3 else _ESCAPES[code[0]]])

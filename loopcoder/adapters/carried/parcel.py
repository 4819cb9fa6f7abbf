"""A folder that goes from one job to another: packed with a manifest, and unpacked as an enemy's.

manifest.json    whose it is, and every file with its hash and size; written last
wave.json        a wave: what its jobs are to do                            (scheduler)
history.jsonl    the part of the journal they have to know                  (scheduler)
events.jsonl     what the job recorded                                      (every other job)
commits.pack     commits that the base branch does not have
papers/          prompts, transcripts and logs, for people; no job reads them
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loopcoder.adapters.journal.chain import Damaged, Link, Row, follow, sha256
from loopcoder.adapters.journal.codec import UnreadableRow
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.journal.event import Event
from loopcoder.domain.tick.carried import Forged

MANIFEST, WAVE, HISTORY = "manifest.json", "wave.json", "history.jsonl"
EVENTS, COMMITS, PAPERS = "events.jsonl", "commits.pack", "papers"

MOST = {
    MANIFEST: 512_000,
    WAVE: 16_000_000,
    HISTORY: 64_000_000,
    EVENTS: 8_000_000,
    COMMITS: 256_000_000,
}
"""Bytes a file may have."""

MOST_PAPER, MOST_PAPERS, MOST_FILES = 4_000_000, 32_000_000, 1_000
_PAPER = re.compile(r"papers(/[A-Za-z0-9_][A-Za-z0-9._-]{0,100}){1,8}")
_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Piece(BaseModel):
    """A file of the parcel: its SHA-256, and its size in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    sha256: _Sha
    size: Annotated[int, Field(ge=0)]


class Manifest(BaseModel):
    """`wave` is the SHA-256 of the wave the job belongs to; empty for a job before any wave."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    v: Literal[1] = 1
    kind: Literal["wave", "base", "work", "judge", "integrate"]
    wave: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    unit: str = ""
    attempt: int = 0
    epoch: int = 0
    files: dict[str, Piece]


@dataclass(frozen=True, slots=True)
class Label:
    """Whose parcel it is."""

    kind: Literal["wave", "base", "work", "judge", "integrate"]
    wave: str = ""
    unit: str = ""
    attempt: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """An unpacked folder: every file is listed, whole, and not larger than it may be."""

    folder: Path
    manifest: Manifest

    @property
    def label(self) -> Label:
        own = self.manifest
        return Label(own.kind, own.wave, own.unit, own.attempt, own.epoch)

    def path(self, name: str) -> Path | None:
        """A listed file; None when the parcel has none of that name."""
        return self.folder / name if name in self.manifest.files else None

    def read(self, name: str) -> bytes:
        """A listed file, hashed again as it is read. Raises `Forged`."""
        path = self.path(name)
        if path is None:
            raise Forged(f"{name} is missing.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.manifest.files[name].sha256:
            raise Forged(f"{name} is not the file that was packed.")
        return data

    def events(self, anchor: str) -> tuple[Event, ...]:
        """What the job recorded, chained to what it was given. Raises `Forged`."""
        lines = self.read(EVENTS).split(b"\n")
        if lines.pop():
            raise Forged(f"the last line of {EVENTS} is not whole.")
        try:
            texts = [line.decode("utf-8") for line in lines]
            rows = [Row(n, _id_of(text), sha256(text), text) for n, text in enumerate(texts, 1)]
            return tuple(event for _, event in follow(rows, Link(0, "", anchor)))
        except (UnicodeDecodeError, UnreadableRow, Damaged, ValueError) as error:
            raise Forged(f"{EVENTS} cannot be believed: {error}") from error


def pack(folder: Path, label: Label, redactor: Redactor) -> Manifest:
    """List what lies in the folder. Papers that are no plain files, too many or too large are
    left out, and known secrets in them are masked."""
    _tidy_papers(folder / PAPERS, redactor)
    files = {}
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST:
            data = path.read_bytes()
            files[name] = Piece(sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    manifest = Manifest(
        kind=label.kind,
        wave=label.wave,
        unit=label.unit,
        attempt=label.attempt,
        epoch=label.epoch,
        files=files,
    )
    draft = folder / f".{MANIFEST}"
    draft.write_text(manifest.model_dump_json(indent=1) + "\n", "utf-8")
    draft.rename(folder / MANIFEST)
    return manifest


def unpack(folder: Path) -> Parcel:
    """Check a folder that came from another job. Raises `Forged`."""
    place = folder / MANIFEST
    if place.is_symlink() or not place.is_file() or place.stat().st_size > MOST[MANIFEST]:
        raise Forged(f"{folder.name} has no manifest, or one that is too large.")
    try:
        manifest = Manifest.model_validate_json(place.read_bytes())
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise Forged(f"the manifest is malformed: {where}: {problem['msg']}.") from error
    _check_names(folder, manifest)
    for name, piece in manifest.files.items():
        _check_piece(folder / name, name, piece)
    return Parcel(folder, manifest)


def _check_names(folder: Path, manifest: Manifest) -> None:
    if len(manifest.files) > MOST_FILES:
        raise Forged(f"it lists {len(manifest.files)} files, {MOST_FILES} is the most.")
    for name in manifest.files:
        if name not in MOST and not _PAPER.fullmatch(name):
            raise Forged(f"it lists a file that no job writes: {name[:80]!r}.")
    found = {path.relative_to(folder).as_posix() for path in _everything(folder)}
    strange = sorted(found - set(manifest.files) - {MANIFEST})
    if strange:
        raise Forged(f"it holds what its manifest does not list: {strange[0][:80]!r}.")


def _check_piece(path: Path, name: str, piece: Piece) -> None:
    most = MOST.get(name, MOST_PAPER)
    if path.is_symlink() or not path.is_file():
        raise Forged(f"{name} is missing, or is no plain file.")
    size = path.stat().st_size
    if size > most:
        raise Forged(f"{name} has {size:,} bytes, {most:,} is the most.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if (found, size) != (piece.sha256, piece.size):
        raise Forged(f"{name} is not the file that was packed.")


def _tidy_papers(papers: Path, redactor: Redactor) -> None:
    total = 0
    for number, path in enumerate(sorted(_everything(papers))):
        name = f"{PAPERS}/{path.relative_to(papers).as_posix()}"
        size = path.lstat().st_size
        plain = path.is_file() and not path.is_symlink() and _PAPER.fullmatch(name)
        if not plain or size > MOST_PAPER or number > MOST_FILES - 50:
            path.unlink()
            continue
        total += size
        if total > MOST_PAPERS:
            path.unlink()
            continue
        data = path.read_bytes()
        masked = redactor.data(data)
        if masked != data:
            path.write_bytes(masked)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(_everything(folder)) if path.is_file())


def _everything(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder itself; links are not followed."""
    for place, folders, names in os.walk(folder):
        for name in (*names, *(f for f in folders if Path(place, f).is_symlink())):
            yield Path(place, name)


def _id_of(text: str) -> str:
    """The id a row gives itself; `follow` checks the rest."""
    import json

    row = json.loads(text)
    return str(row.get("id", "")) if isinstance(row, dict) else ""

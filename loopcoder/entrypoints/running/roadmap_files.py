"""The roadmap files of the working tree: read as they are, written only to add to them."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import RoadmapError
from loopcoder.domain.roadmap.minting import Mint, mint_ids
from loopcoder.domain.roadmap.roadmap import Reading, Source, parse_roadmaps

LARGEST = 20_000_000
"""Bytes of a roadmap file; a bigger one is something else."""


@dataclass(frozen=True, slots=True)
class NewIds:
    """The ids that were made for one file."""

    file: str
    mints: tuple[Mint, ...]


def read_sources(root: Path, files: Sequence[str]) -> list[Source]:
    """The configured files as they stand on disk. RoadmapError where one cannot be read."""
    return [Source(file, _read(root / file, file)) for file in files]


def _read(path: Path, file: str) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise RoadmapError(f"{file} is larger than 20 MB.", "Is this the right file?")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise RoadmapError(
            f"There is no {file}.",
            "`loopcoder init` writes an example; or name it in loopcoder.yml.",
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise RoadmapError(f"{file}:{line} is not UTF-8.", "Save the file as UTF-8.") from None
    except OSError as error:
        raise RoadmapError(f"{file} cannot be read: {error.strerror or error}.") from None


def mint_missing(
    sources: Sequence[Source], reading: Reading, taken: frozenset[str]
) -> tuple[list[Source], list[NewIds]]:
    """The files with an id in every unit, and which ids those are; nothing is written yet.

    `reading` is what the sources read as. Where the roadmap has errors even so, the files stay as
    they are. `taken` are ids in use outside these files.
    """
    used = {unit.id for unit in reading.roadmap.units} | taken
    after, written = [], []
    for source in sources:
        own = {unit.id for unit in reading.roadmap.units if unit.file == source.file}
        minted = mint_ids(source.text, source.file, frozenset(used - own))
        after.append(Source(source.file, minted.text))
        if minted.mints:
            written.append(NewIds(source.file, minted.mints))
            used |= {mint.id for mint in minted.mints}
    if parse_roadmaps(after).errors:
        return list(sources), []
    return after, written


def write_text(path: Path, text: str) -> None:
    """Replace a file in one step, or leave it as it was. A link is followed, not replaced."""
    target = path.resolve()
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _unwritten(path, error) from error
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        scratch.chmod(mode)
        scratch.replace(target)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        scratch.unlink(missing_ok=True)


def _unwritten(path: Path, error: OSError) -> RoadmapError:
    return RoadmapError(f"{path.name} cannot be written: {error.strerror or error}.")


def check_addition(
    before: Sequence[Source], after: Sequence[Source], expected: set[str]
) -> Reading:
    """Parse what would be written. RoadmapError when it brings errors or lacks a unit."""
    reading = parse_roadmaps(after)
    old = {each.summary for each in parse_roadmaps(before).errors}
    new = [each for each in reading.errors if each.summary not in old]
    missing = expected - {unit.id for unit in reading.roadmap.units}
    if new or missing:
        lost = f" ({', '.join(sorted(missing))} would not be read)" if missing else ""
        raise RoadmapError(f"The roadmap would have errors{lost}; nothing was changed.", "", new)
    return reading


def append_text(text: str, addition: str) -> str:
    """The addition below the text, with the text's own line ends and an empty line between."""
    if not addition:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else end if text.endswith(("\n", "\r")) else end + end
    return text + gap + addition.replace("\n", end)

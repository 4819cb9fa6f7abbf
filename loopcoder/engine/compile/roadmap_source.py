"""The roadmap as it stands at a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loopcoder.domain.diagnostic import Diagnostic, Place, RoadmapError, Severity
from loopcoder.domain.roadmap.roadmap import Reading, Source, parse_roadmaps
from loopcoder.engine.services import Services

REPLACED = "\ufffd"


def require_ids(reading: Reading) -> None:
    """A tick never writes ids: refuse a roadmap none of whose units has one."""
    if reading.unidentified and not reading.roadmap.units:
        count = len(reading.unidentified)
        raise RoadmapError(
            f"none of the {count} unit(s) in the roadmap has an id.",
            "Run loopcoder plan, which writes them, and commit the roadmap.",
        )


def skipped(reading: Reading) -> tuple[str, ...]:
    """What to say of units that have no id and are therefore not worked on."""
    if not reading.unidentified:
        return ()
    first = reading.unidentified[0]
    count = len(reading.unidentified)
    return (
        f"{count} unit(s) without an id are skipped, the first at {first.file}:{first.line}: "
        "run loopcoder plan and commit the roadmap",
    )


def uncompiled(diagnostics: Sequence[Diagnostic]) -> tuple[str, ...]:
    """What to say of a roadmap with errors."""
    count = sum(each.is_error for each in diagnostics)
    if not count:
        return ()
    return (f"{count} error(s) in the roadmap: nothing is compiled (loopcoder plan shows them)",)


def faults(reading: Reading) -> tuple[str, ...]:
    """What a person has to do about the roadmap before all of it counts, in a few words each."""
    said = []
    if reading.errors:
        first, more = reading.errors[0], len(reading.errors) - 1
        where = f"{first.where.file}:{first.where.line}: " if first.where else ""
        rest = f" (and {more} more)" if more else ""
        said.append(
            f"mend the roadmap, nothing is compiled until then: {where}{first.summary}{rest}"
        )
    if reading.unidentified:
        lacking = reading.unidentified[0]
        said.append(
            f"give {len(reading.unidentified)} unit(s) an id, the first at "
            f"{lacking.file}:{lacking.line}, which are skipped until then: loopcoder plan writes "
            "it, propose_ids: true proposes it"
        )
    return tuple(said)


def read_roadmap(services: Services, commit: str) -> Reading:
    """Parse every configured roadmap file of the commit. A missing file is an error."""
    sources: list[Source] = []
    for path in services.settings.roadmaps:
        text = services.workspaces.read(commit, path)
        if text is None:
            raise RoadmapError(
                f"{path} is not in {services.settings.base} at {commit[:7]}.",
                f"Commit {path}, or name another file under roadmap: in loopcoder.yml.",
            )
        sources.append(Source(path, text))
    reading = parse_roadmaps(sources)
    unread = tuple(filter(None, map(_unread, sources)))
    return replace(reading, diagnostics=(*unread, *reading.diagnostics)) if unread else reading


def _unread(source: Source) -> Diagnostic | None:
    """A text with replacement characters is not what was committed: nothing may be applied."""
    place = source.text.find(REPLACED)
    if place < 0:
        return None
    where = Place(source.file, source.text.count("\n", 0, place) + 1)
    return Diagnostic(Severity.ERROR, "this line is not UTF-8", "Save the file as UTF-8.", where)

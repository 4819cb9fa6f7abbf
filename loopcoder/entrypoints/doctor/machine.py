"""What the machine has to offer: git, a sandbox, room on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from loopcoder.entrypoints.doctor.finding import Finding, fine, problem, warning
from loopcoder.entrypoints.views.quantities import show_size
from loopcoder.entrypoints.wiring.bootstrap import House

_SCARCE = 1_000_000_000
_FULL = 100_000_000
_STRONGER = "Install bubblewrap, or allow user namespaces; see `loopcoder help sandbox landlock`."


def look_at_git(house: House) -> Iterator[Finding]:
    house.repository.require_git()
    version = house.repository.git.text("version").removeprefix("git version ")
    yield fine("git", version)


def look_at_sandbox(house: House) -> Iterator[Finding]:
    if house.settings.sandbox == "off":
        yield warning(
            "sandbox",
            "off: agents and tests can read and write whatever you can",
            "Write `sandbox: auto` in loopcoder.yml.",
        )
        return
    yield fine("sandbox", house.sandbox.describe())
    yield _limits(house)
    for gap in house.sandbox.gaps():
        yield warning("sandbox", f"Landlock without namespaces: {gap}", _STRONGER)


def _limits(house: House) -> Finding:
    """How much one run may use, and who sees to it: the kernel, or we, four times a second."""
    from loopcoder.adapters.sandbox.launch import tasks_are_bounded_by

    limits = house.run_limits
    guard = tasks_are_bounded_by(namespaces=not house.sandbox.gaps())
    memory = show_size(limits.memory_bytes // 1_000_000 * 1_000_000)
    what = (
        f"{limits.tasks} processes ({guard}), {memory} of memory (watched), "
        f"{show_size(limits.file)} a file (kernel), {show_size(limits.space)} written (watched)"
    )
    return fine("limits", what)


def look_at_disk(house: House) -> Iterator[Finding]:
    places = {"the repository": house.repository.common_dir, "the cache": house.cache_dir}
    for name, place in places.items():
        free = shutil.disk_usage(_existing(place)).free
        room = f"{show_size(free // 1_000_000 * 1_000_000)} free in {name}"
        if free < _FULL:
            yield problem("disk", room, f"Make room on the disk of {place}.")
        elif free < _SCARCE:
            yield warning("disk", room, f"Clones and logs may not fit on the disk of {place}.")
        else:
            yield fine("disk", room)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path

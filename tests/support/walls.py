"""Every sandbox that this machine may have, opened for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loopcoder.adapters.landlock.sandbox import Landlock, open_landlock
from loopcoder.adapters.sandbox.choice import Around, Sandbox, choose_sandbox
from loopcoder.domain.diagnostic import Unavailable

WALLS = ("bubblewrap", "landlock", "landlock-alone")
"""The last one is Landlock where no namespace can be had, as in most containers."""


def open_walls(kind: str, **options: Any) -> Sandbox:
    """One of WALLS; the test is skipped where the machine cannot have it."""
    try:
        if kind == "bubblewrap":
            return choose_sandbox(kind, **options)
        lists = {name: tuple(options.pop(name, ())) for name in ("readable", "hidden")}
        around = Around(**{"home": Path.home(), **options}, **lists)
        return open_landlock(around, apart=kind == "landlock")
    except Unavailable as error:
        pytest.skip(f"{kind} cannot be used on this machine: {error.summary}")


def is_apart(sandbox: Sandbox) -> bool:
    """Whether its programs have processes and a network of their own."""
    return not isinstance(sandbox, Landlock) or sandbox.apart


def is_mounted(sandbox: Sandbox) -> bool:
    """Whether what may not be seen does not even exist."""
    return not isinstance(sandbox, Landlock)

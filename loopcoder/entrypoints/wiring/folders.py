"""Where this user's own folders are."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from loopcoder.domain.diagnostic import ConfigurationError


def user_cache(environ: Mapping[str, str]) -> Path:
    """The user's cache folder, as the platform has it."""
    chosen = environ.get("LOOPCODER_CACHE") or environ.get("XDG_CACHE_HOME")
    if chosen and Path(chosen).is_absolute():
        return Path(chosen)
    if sys.platform == "win32" and (local := environ.get("LOCALAPPDATA")):
        return Path(local)
    return user_home(environ) / ("Library/Caches" if sys.platform == "darwin" else ".cache")


def user_home(environ: Mapping[str, str]) -> Path:
    """The user's home; ConfigurationError where the machine knows of none."""
    home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises
    if not home.is_absolute():
        raise ConfigurationError("This user has no home folder.", "Set HOME to one.")
    return home

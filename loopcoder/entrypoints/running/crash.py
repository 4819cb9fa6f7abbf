"""The log of an internal error: everything a bug report needs, and no secret."""

from __future__ import annotations

import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loopcoder import __version__
from loopcoder.domain.guard.redaction import MASK, Redactor

_SECRET_NAME = re.compile(r"(?i)(key|token|secret|passw|credential|auth)")
_SECRET_SHAPE = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16})"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_SHORTEST_SECRET = 6


def write_log(error: BaseException, args: Sequence[str]) -> Path | None:
    """Write the log beside our state, else in the temporary folder; None when neither works."""
    text = redact(log_text(error, args), os.environ)
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    for folder in (_state_dir(), Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
            return path
        except OSError:
            continue
    return None


def log_text(error: BaseException, args: Sequence[str]) -> str:
    """Versions, the command line and the traceback."""
    lines = [
        f"loopcoder {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: loopcoder {shlex.join(args)}",
        f"time: {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "",
    ]
    return "\n".join(lines) + "\n" + "".join(traceback.format_exception(error))


def redact(text: str, environ: Mapping[str, str]) -> str:
    """Replace the values of secret-looking variables, and whatever has a secret's shape."""
    secrets = {
        value
        for name, value in environ.items()
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
    }
    return _SECRET_SHAPE.sub(MASK, Redactor(secrets).text(text))


def _state_dir() -> Path | None:
    """The repository's state folder, found with as little of our own code as possible."""
    folder = Path.cwd()
    if "-C" in sys.argv[1:-1]:
        folder /= sys.argv[sys.argv.index("-C") + 1]
    command = ["git", "rev-parse", "--path-format=absolute", "--git-common-dir"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=5, check=True
        )
        state = Path(done.stdout.strip()) / "loopcoder"
        state.mkdir(mode=0o700, exist_ok=True)
        return state
    except (OSError, subprocess.SubprocessError):
        return None

"""Something costly that several test processes share: made once, by whoever comes first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock


def made_once(
    factory: pytest.TempPathFactory, worker_id: str, name: str, make: Callable[[Path], Any]
) -> Any:
    """What `make(folder)` returned, which must be JSON, in every process of this test run."""
    shared = factory.getbasetemp() if worker_id == "master" else factory.getbasetemp().parent
    with FileLock(shared / f"{name}.lock"):
        note = shared / f"{name}.json"
        if not note.exists():
            folder = shared / name
            folder.mkdir()
            note.write_text(json.dumps(make(folder)))
        return json.loads(note.read_text())

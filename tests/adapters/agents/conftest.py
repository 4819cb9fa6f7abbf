"""Orders for one worker and one reviewer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loopcoder.domain.unit import UnitId
from loopcoder.ports.reviewer import ReviewOrder
from loopcoder.ports.worker import WorkOrder

HEAD, DIFF = "a" * 40, "b" * 64


@pytest.fixture
def order(workspace: Path, tmp_path: Path) -> Callable[..., WorkOrder]:
    def make(**changes: Any) -> WorkOrder:
        given: dict[str, Any] = {
            "unit": UnitId("login-form"),
            "attempt": 1,
            "round": 1,
            "prompt": "Build the form.\n",
            "tree": workspace,
            "outbox": tmp_path / "run" / "outbox",
            "timeout_s": 60.0,
            "stall_s": 30.0,
            "stop": threading.Event(),
        }
        return WorkOrder(**{**given, **changes})

    return make


@pytest.fixture
def review_order(workspace: Path, tmp_path: Path) -> Callable[..., ReviewOrder]:
    def make(**changes: Any) -> ReviewOrder:
        given: dict[str, Any] = {
            "unit": UnitId("login-form"),
            "attempt": 1,
            "round": 1,
            "prompt": f"Judge {HEAD} {DIFF}\n",
            "tree": workspace,
            "outbox": tmp_path / "run" / "review",
            "head": HEAD,
            "diff_sha256": DIFF,
            "timeout_s": 60.0,
        }
        return ReviewOrder(**{**given, **changes})

    return make

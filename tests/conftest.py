from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty place for a repository; `begin` fills it."""
    return Project(tmp_path)

"""What every section of `loopcoder.yml` has in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


def section(kind: type[Section], description: str) -> Any:
    """A field that holds the section's own defaults when it is left out."""
    return Field(default_factory=kind, description=description)

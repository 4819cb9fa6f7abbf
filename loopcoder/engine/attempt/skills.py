"""Reading the skills and conventions of a commit. A worker's own copies are never asked."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.context.skill import Carried, Why, is_skill_file, parse_skill, select_skills
from loopcoder.domain.settings import Settings
from loopcoder.domain.unit import Unit
from loopcoder.ports.workspace import Workspaces

MOST_FILES = 500


def gather_skills(
    workspaces: Workspaces, commit: str, unit: Unit, settings: Settings
) -> tuple[Carried, ...]:
    """What a prompt about the unit carries, read from `commit` (the base at dispatch)."""
    paths = sorted(
        path for path in workspaces.list_files(commit) if is_skill_file(path, settings.skills_paths)
    )
    texts = ((path, workspaces.read(commit, path)) for path in paths[:MOST_FILES])
    skills = [parse_skill(path, text) for path, text in texts if text is not None]
    return select_skills(skills, unit, settings.skills_budget)


def conventions_of(carried: Sequence[Carried]) -> tuple[Carried, ...]:
    """The part that a reviewer is shown: what everybody has to keep to."""
    return tuple(item for item in carried if item.why in (Why.CONVENTIONS, Why.FOLDER))

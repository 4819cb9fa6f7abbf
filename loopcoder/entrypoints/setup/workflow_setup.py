"""Writing the workflows into a repository: which Action they name, and what they watch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.entrypoints.setup.workflows import CI, TICK, WorkflowPlan, starter_workflows

_ACTION = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+@[0-9a-f]{40}")
_REMOTE = re.compile(r"github\.com[/:]([A-Za-z0-9._-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?$")
_NAME = re.compile(r"^name:[ \t]*(.+?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where this loopcoder was installed from."""

    repository: str
    commit: str

    @property
    def uses(self) -> str:
        return f"{self.repository}@{self.commit}"


def write_workflows(root: Path, plan: WorkflowPlan) -> tuple[list[str], list[str]]:
    """Write what is missing; returns what was written, and what was there and stays as it is."""
    written, kept = list[str](), list[str]()
    for name, text in starter_workflows(plan).items():
        place = root / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(name)
        except FileExistsError:
            kept.append(name)
        except OSError as error:
            raise LoopcoderError(f"{place} cannot be written: {error.strerror}.") from error
    return written, kept


def workflow_plan(
    root: Path, base: str, *, action: str = "", single_job: bool = False
) -> WorkflowPlan:
    """The plan for a repository. `action` is `owner/loopcoder@<40 hex digits>`; without it, where
    this loopcoder came from counts. ConfigurationError when nobody can tell."""
    if action and not _ACTION.fullmatch(action):
        raise ConfigurationError(
            f"{action!r} does not name the Action by its whole hash.",
            "Write --action owner/loopcoder@ and the 40 digits of a commit: a tag can be moved.",
        )
    watched = tuple(_names(root)) or ("ci",)
    return WorkflowPlan(action or _origin().uses, base=base, watched=watched, single_job=single_job)


def _names(root: Path) -> Iterator[str]:
    """The names of the repository's own workflows, by which GitHub tells of their end."""
    ours = {root / TICK, root / CI}
    folder = root / ".github" / "workflows"
    for path in sorted((*folder.glob("*.yml"), *folder.glob("*.yaml"))):
        if path not in ours:
            found = _NAME.search(path.read_text("utf-8", "replace"))
            name = found[1].strip("'\"") if found else path.relative_to(root).as_posix()
            yield name


def _origin() -> Origin:
    """What pip wrote down when it installed us from a repository."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution("loopcoder").read_text("direct_url.json") or "{}"
    except PackageNotFoundError:
        text = "{}"
    known = json.loads(text)
    commit = str(known.get("vcs_info", {}).get("commit_id", ""))
    found = _REMOTE.search(str(known.get("url", "")))
    if not found or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ConfigurationError(
            "Nothing tells which repository and commit this loopcoder was installed from.",
            "Name them: loopcoder init --github --action owner/loopcoder@<40 hex digits>.",
        )
    return Origin(found[1], commit)

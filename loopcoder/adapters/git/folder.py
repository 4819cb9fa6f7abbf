"""One attempt's folder in the cache: the agent's clone, our view of it, and whose it is.

<cache>/units/<unit>/<attempt>/   0700 (`<attempt>-<lane>` in a race)
    tree/         the agent's clone, the one place it may write
    clean.git/    our git directory for the same files
    owner.json    unit, attempt, commits and repository it was made for
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from loopcoder.adapters.git.combination import Merge, merge_trees
from loopcoder.adapters.git.command import Git
from loopcoder.adapters.git.git_dir import GitDir, remove_tree
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.git.work_tree import Limits, WorkTree, is_folder
from loopcoder.domain.unit import UnitId, is_unit_id
from loopcoder.ports.workspace import Workspace, WorkspaceKey

_MOST_READ = 10_000_000
_MARKERS = (b"<<<<<<< ", b">>>>>>> ")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where one attempt's clone is, made or not. `borrow`: read objects in place, or copy them."""

    repository: Repository
    cache: Path
    key: WorkspaceKey
    borrow: bool = True
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not is_unit_id(self.key.unit):
            raise ValueError(f"{self.key.unit!r} is no unit id")

    @property
    def name(self) -> str:
        return f"{self.key.attempt}-{self.key.lane}" if self.key.lane else str(self.key.attempt)

    @property
    def path(self) -> Path:
        return self.cache / "units" / self.key.unit / self.name

    @property
    def clean(self) -> Path:
        return self.path / "clean.git"

    @property
    def work_tree(self) -> WorkTree:
        return WorkTree(self.path / "tree", self.clean, self.limits)

    @property
    def ref(self) -> str:
        return f"refs/loopcoder/attempts/{self.key.unit}/{self.name}"

    def load(self) -> Workspace | None:
        """The workspace that is there, if it was made by us for this attempt and repository."""
        try:
            owner = json.loads((self.path / "owner.json").read_text("utf-8"))
            same = owner["repository"] == str(self.repository.common_dir)
            named = WorkspaceKey(UnitId(owner["unit"]), owner["attempt"], owner.get("lane", 0))
            workspace = Workspace(
                self.key, self.path / "tree", owner["start"], owner["merge"],
                tuple(owner["conflicts"]),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return None
        whole = is_folder(workspace.tree) and is_folder(self.clean)
        return workspace if same and named == self.key and whole else None

    def create(self, start: str, merge: str = "", kept: str = "") -> Workspace:
        """Build the folder beside its place, then rename it: it is there whole or not at all.

        `kept` is a commit of this attempt: its files, merged already, are what is shown then."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for stale in self.path.parent.glob(f".{self.name}.*"):
            remove_tree(stale)
        draft = Path(tempfile.mkdtemp(prefix=f".{self.name}.", dir=self.path.parent))
        conflicts = self._fill(draft, start, merge, kept)
        owner = {
            "repository": str(self.repository.common_dir),
            "unit": self.key.unit,
            "attempt": self.key.attempt,
            "lane": self.key.lane,
            "start": start,
            "merge": merge,
            "conflicts": list(conflicts),
        }
        (draft / "owner.json").write_text(json.dumps(owner), "utf-8")
        draft.rename(self.path)
        return Workspace(self.key, self.path / "tree", start, merge, conflicts)

    def remove(self) -> None:
        """Take the folder away at once, then delete it, so that no half of it is ever reused."""
        if not (self.path.exists() or self.path.is_symlink()):
            return
        trash = self.cache / "trash"
        trash.mkdir(mode=0o700, parents=True, exist_ok=True)
        doomed = Path(tempfile.mkdtemp(dir=trash))
        self.path.rename(doomed / "workspace")
        remove_tree(doomed)
        if self.path.parent.is_dir() and not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()

    def _fill(self, draft: Path, start: str, merge: str, kept: str) -> tuple[str, ...]:
        tree, clean = draft / "tree", draft / "clean.git"
        tree.mkdir(mode=0o700)
        GitDir(self.repository, start, bare=True).create(clean)
        ours = Git(clean, git_dir=clean)
        merged = merge_trees(ours, start, merge) if merge and not kept else Merge(kept or start)
        Git(tree, git_dir=clean, work_tree=tree).run("read-tree", "-u", "--reset", merged.tree)
        inside = GitDir(
            self.repository, start, branch=f"loopcoder/{self.key.unit}",
            borrow=self.borrow, tags=self.repository.tags(),
        )  # fmt: skip
        inside.create(tree / ".git")
        shutil.copyfile(clean / "index", tree / ".git" / "index")
        if merge:
            self._show_merge(clean, tree, merge, merged)
        return merged.conflicts

    def _show_merge(self, clean: Path, tree: Path, merge: str, merged: Merge) -> None:
        """Leave the clone as `git merge` would: the other head named, conflicts in the index."""
        inside = tree / ".git"
        shutil.copytree(
            clean / "objects", inside / "objects", dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("info"),
        )  # fmt: skip
        (inside / "MERGE_HEAD").write_text(f"{merge}\n")
        (inside / "MERGE_MSG").write_text(f"Merge {merge}\n")
        if merged.stages:
            gone = "".join(f"0 {'0' * len(merge)}\t{path}\0" for path in merged.conflicts)
            Git(tree).run(
                "update-index", "-z", "--index-info", input=os.fsencode(gone) + merged.stages
            )


def list_folders(repository: Repository, cache: Path) -> Iterator[Folder]:
    """Every attempt's folder in the cache, in no particular order, loadable or not."""
    for path in sorted((cache / "units").glob("*/*")):
        attempt, _, lane = path.name.partition("-")
        if is_unit_id(path.parent.name) and attempt.isdecimal() and (lane or "0").isdecimal():
            key = WorkspaceKey(UnitId(path.parent.name), int(attempt), int(lane or 0))
            yield Folder(repository, cache, key)


def unresolved_conflicts(workspace: Workspace) -> tuple[str, ...]:
    """Of the files that conflicted, those that still hold conflict markers."""
    return tuple(path for path in workspace.conflicts if _has_markers(workspace.tree, path))


def _has_markers(tree: Path, path: str) -> bool:
    place = tree / path
    try:
        if not place.parent.resolve().is_relative_to(tree.resolve()):
            return False
        opened = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(opened, "rb") as file:
        content = file.read(_MOST_READ)
    return any(line.startswith(_MARKERS) for line in content.split(b"\n"))

"""The user's repository: what it holds, read without changing anything in it."""

from __future__ import annotations

import difflib
import hashlib
import os
import posixpath
import pwd
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.domain.diagnostic import ConfigurationError, Unavailable

OLDEST_GIT = (2, 38)
_FACTS = (
    "--path-format=absolute",
    "--is-bare-repository",
    "--show-object-format",
    "--git-dir",
    "--git-common-dir",
    "--git-path",
    "objects",
    "--show-toplevel",
)
_USUAL_BASES = ("main", "master", "trunk")


@dataclass(frozen=True, slots=True)
class Repository:
    """`root` is the top of the working tree, `common_dir` what linked worktrees share."""

    root: Path
    git_dir: Path
    common_dir: Path
    objects_dir: Path
    object_format: str = "sha1"

    @classmethod
    def discover(cls, path: Path, *, unborn: bool = False) -> Repository:
        """The repository that `path` is in; one without any commit only where `unborn` is fine.
        Raises ConfigurationError with what to do."""
        found = Git(path, trusted=True).run("rev-parse", *_FACTS, check=False)
        lines = os.fsdecode(found.stdout).split("\n")[:-1]
        if found.code != 0 or len(lines) != 6 or lines[0] == "true":
            raise _unusable(path, lines, found.stderr)
        _, object_format, git_dir, common_dir, objects_dir, root = lines
        repository = cls(
            Path(root), Path(git_dir), Path(common_dir), Path(objects_dir), object_format
        )
        if not unborn:
            repository._require_commit()
        return repository

    @property
    def git(self) -> Git:
        """git in the user's working tree, with the user's own configuration."""
        return Git(self.root, trusted=True)

    @property
    def state_dir(self) -> Path:
        """Where our journal and records are: beside the branches, outside the working tree."""
        return self.common_dir / "loopcoder"

    @property
    def key(self) -> str:
        """A folder name for this repository in a cache: readable, and different per place."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.root.name).strip(".-") or "repository"
        place = os.fsencode(self.common_dir.resolve())
        return f"{name[:40]}-{hashlib.sha256(place).hexdigest()[:10]}"

    @property
    def object_stores(self) -> tuple[Path, ...]:
        """Every folder that objects are read from: this repository's and what it borrows."""
        stores = [self.objects_dir.resolve()]
        for store in stores:
            stores += [found for found in _alternates(store) if found not in stores]
        return tuple(stores)

    def require_git(self) -> None:
        """Raises Unavailable when git is older than what merging by plumbing needs."""
        words = self.git.text("version")
        found = re.search(r"(\d+)\.(\d+)", words)
        if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
            oldest = ".".join(map(str, OLDEST_GIT))
            raise Unavailable(f"{words} is too old.", f"Install git {oldest} or newer.")

    def branch_head(self, name: str) -> str | None:
        """The commit a local branch points to."""
        ref = f"refs/heads/{name}"
        return read_loose_ref(self.common_dir, ref) or self.resolve(ref)

    def base_head(self, name: str) -> str:
        """The commit of the base branch. Raises ConfigurationError naming what there is."""
        head = self.branch_head(name)
        if head is not None:
            return head
        branches = self.list_branches()
        near = difflib.get_close_matches(name, branches, 1)
        there = ", ".join(branches[:10]) or "no branch at all"
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ConfigurationError(
            f"There is no branch named {name} to build on.",
            f"{hint}There is: {there}. Create it, or set `base:` in loopcoder.yml.",
        )

    def resolve(self, revision: str) -> str | None:
        """The full commit hash of a revision."""
        done = self.git.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}",
            check=False,
        )  # fmt: skip
        return done.stdout.decode().strip() or None

    def current_branch(self) -> str | None:
        """The branch that is checked out; None when the head is detached."""
        name = self.git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False).stdout
        return os.fsdecode(name).strip() or None

    def list_branches(self) -> Sequence[str]:
        listed = self.git.text("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads")
        return [name for name in listed.splitlines() if not name.startswith("loopcoder/")]

    def default_base(self) -> str:
        """The branch that work is based on when nobody says: the remote's, a usual name, this."""
        branches = self.list_branches()
        remote = self.git.run(
            "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", check=False
        )
        named = os.fsdecode(remote.stdout).strip().partition("/")[2]
        for name in (named, *_USUAL_BASES, *(branches if len(branches) == 1 else ())):
            if name in branches:
                return name
        return self.current_branch() or (self.base_head("main") and "main")

    def is_dirty(self, *paths: str) -> bool:
        """Whether anything (under `paths`) differs from the head, new files included."""
        return bool(self.git.run("status", "--porcelain", "-z", "--", *paths).stdout)

    def read(self, commit: str, path: str) -> str | None:
        """A text file of a commit (links inside the commit are followed), or None."""
        path = posixpath.normpath(path)
        if path.startswith(("../", "/")):
            return None
        try:
            return (_kept_file if _is_hash(commit) else _read_file)(self, commit, path)
        except _NoCommit:
            return None

    def list_files(self, commit: str) -> Sequence[str]:
        """Every path of a commit, from the top; what is not UTF-8 in a name is replaced."""
        return (_kept_list if _is_hash(commit) else _list_files)(self, commit)

    def identity(self) -> tuple[str, str]:
        """Name and mail that the user commits with; the login name where none is set."""
        done = self.git.run("var", "GIT_AUTHOR_IDENT", check=False)
        words = done.stdout.decode("utf-8", "replace")
        found = re.match(r"(.*) <([^<>]*)> \d+ [-+]\d+$", words.strip())
        if found:
            return found[1], found[2]
        login = _login()
        return login, f"{login}@localhost"

    def remote_url(self, name: str = "origin") -> str | None:
        done = self.git.run("remote", "get-url", "--", name, check=False)
        return os.fsdecode(done.stdout).strip() or None

    def tags(self) -> bytes:
        """Every tag, as lines of a packed-refs file, for clones in which versions are asked."""
        if not self._may_have_tags():
            return b""
        return self.git.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags").stdout

    def _may_have_tags(self) -> bool:
        """Saves a process for each clone of a repository without tags."""
        refs, packed = self.common_dir / "refs" / "tags", self.common_dir / "packed-refs"
        if not refs.is_dir():  # another way of keeping refs
            return True
        return any(refs.iterdir()) or (packed.is_file() and b" refs/tags/" in packed.read_bytes())

    def _require_commit(self) -> None:
        if self.resolve("HEAD") is None and not self.list_branches():
            raise ConfigurationError(
                f"The repository {self.root} has no commit yet.",
                "Commit something first: git add -A && git commit -m 'Start'",
            )


def read_loose_ref(common_dir: Path, ref: str) -> str | None:
    """The commit in a branch's own file, as git itself would read it; None where only git can
    tell (packed, symbolic, kept in another way, or not there). Saves a process for each question.
    """
    if ref != posixpath.normpath(ref) or not ref.startswith("refs/heads/"):
        return None
    try:
        found = (common_dir / ref).read_bytes()
    except (OSError, ValueError):
        return None
    words = found.decode("ascii", "replace").removesuffix("\n")
    return words if _is_hash(words) else None


class _NoCommit(Exception):
    """The commit is not there (yet)."""


def _is_hash(commit: str) -> bool:
    """Whether this names the same commit for ever, so that what it holds can be kept in mind."""
    return re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit) is not None


def _read_file(repository: Repository, commit: str, path: str) -> str | None:
    asked = f"{commit}^{{commit}}\0{commit}:{path}\0"
    answer = repository.git.run(
        "cat-file", "--batch", "--follow-symlinks", "-z", input=os.fsencode(asked)
    ).stdout
    kind, size, rest = _batch_entry(answer)
    if kind != b"commit":
        raise _NoCommit
    kind, size, rest = _batch_entry(rest[size + 1 :])
    return rest[:size].decode("utf-8", "replace") if kind == b"blob" else None


def _batch_entry(answer: bytes) -> tuple[bytes, int, bytes]:
    """Type and size of the next object of `cat-file --batch`, and what follows its header."""
    head, _, rest = answer.partition(b"\n")
    fields = head.split(b" ")
    if len(fields) != 3 or not fields[2].isdigit():
        return b"", 0, rest
    return fields[1], int(fields[2]), rest


def _list_files(repository: Repository, commit: str) -> tuple[str, ...]:
    asked = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    listed = repository.git.run(*asked).stdout
    return tuple(name.decode("utf-8", "replace") for name in listed.split(b"\0")[:-1])


# Every attempt of a wave asks the same commit the same things.
_kept_file = lru_cache(maxsize=512)(_read_file)
_kept_list = lru_cache(maxsize=4)(_list_files)


def _unusable(path: Path, lines: Sequence[str], words: str) -> ConfigurationError | GitError:
    if lines[:1] == ["true"]:
        return ConfigurationError(
            f"{path} is a bare repository.", "Run loopcoder in a clone with a working tree."
        )
    if "not a git repository" in words:
        return ConfigurationError(
            f"{path} is not in a git repository.", "Run git init there, or go to your project."
        )
    if "work tree" in words:
        return ConfigurationError(
            f"{path} is inside a git directory.", "Run loopcoder in the working tree."
        )
    said = " ".join(words.split()) or "git rev-parse said nothing."
    return GitError(f"The repository at {path} cannot be used: {said}")


def _alternates(store: Path) -> list[Path]:
    try:
        text = os.fsdecode((store / "info" / "alternates").read_bytes())
    except OSError:
        return []
    entries = [line for line in text.split("\n") if line and not line.startswith("#")]
    return [(store / entry).resolve() for entry in entries]


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "someone"

"""Where the configuration is taken from: the base commit, or the files in front of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.git.command import Git
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.settings import Settings
from loopcoder.entrypoints.config.loader import FILES, load_settings

_TOO_LARGE = 1_000_000


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """One repository's configuration. `explicit` is what `--config` named, if anything."""

    root: Path
    explicit: Path | None = None

    def from_working_tree(self) -> Settings:
        """The file as it stands on disk, committed or not."""
        path = self._on_disk()
        if path is None:
            raise ConfigurationError(
                f"There is no loopcoder.yml in {self.root}.",
                "Run `loopcoder init`, which writes one.",
            )
        return load_settings(_read(path), self._shown(path))

    def exists(self) -> bool:
        """Whether there is a configuration file on disk, or one was named."""
        return self._on_disk() is not None

    def from_base(self) -> Settings:
        """The file as it is committed on the base branch, which it names itself.

        What is checked out does not count: a proposed change cannot configure its own judges.
        """
        if self.explicit is not None and self._relative(self.explicit) is None:
            return self.from_working_tree()
        read_on = next((b for b in self._candidates() if self._committed(b) is not None), None)
        if read_on is None:
            raise self._not_committed()
        settings = self._settings_on(read_on)
        if settings.base == read_on:
            return settings
        self._check_base(settings, read_on)
        agreed = self._settings_on(settings.base)
        if agreed.base != settings.base:
            raise _disagreement(read_on, settings.base, agreed.base)
        return agreed

    def from_host(self, here: Settings, head_of: Callable[[str], str | None]) -> Settings:
        """The file as it is on the base branch of the host, of which this clone is a copy.
        `head_of` says where a branch is there, and brings its commit here. A base that is not there
        is for whoever needs it to say."""
        if self.explicit is not None and self._relative(self.explicit) is None:
            return here
        head = head_of(here.base)
        if head is None:
            return here
        there = self._pushed(here.base, head)
        if there.base == here.base or (moved := head_of(there.base)) is None:
            return there
        agreed = self._pushed(there.base, moved)
        if agreed.base != there.base:
            raise _disagreement(here.base, there.base, agreed.base)
        return agreed

    def _pushed(self, branch: str, commit: str) -> Settings:
        name = self._committed(branch, commit)
        if name is None:
            raise ConfigurationError(
                f"There is no {' or '.join(self._names())} on {branch} of the host, so nothing is "
                "dispatched.",
                f"Push it: `git push origin {branch}`.",
            )
        blob = self._git.run("cat-file", "blob", f"{commit}:{name}").stdout
        return load_settings(_decode(blob, name), f"{branch}:{name}")

    def from_commit(self, commit: str) -> Settings:
        """The file as it is at one commit."""
        text, name = self.text_at(commit)
        return load_settings(text, f"{commit[:7]}:{name}")

    def text_at(self, commit: str) -> tuple[str, str]:
        """The configuration's text at a commit, and its path."""
        if self.explicit is not None and self._relative(self.explicit) is None:
            return _read(self.explicit), str(self.explicit)
        for name in self._names():
            found = self._git.run("cat-file", "blob", f"{commit}:{name}", check=False)
            if found.code == 0:
                return _decode(found.stdout, name), name
        raise ConfigurationError(
            f"There is no configuration at {commit[:12]}.", "Commit loopcoder.yml on the base."
        )

    @property
    def _git(self) -> Git:
        return Git(self.root, trusted=True)

    def _names(self) -> tuple[str, ...]:
        named = self._relative(self.explicit) if self.explicit else None
        return (named,) if named else FILES

    def _on_disk(self) -> Path | None:
        if self.explicit is not None:
            if not self.explicit.is_file():
                raise ConfigurationError(f"There is no configuration file {self.explicit}.")
            return self.explicit
        found = [self.root / name for name in FILES if (self.root / name).is_file()]
        if len(found) > 1:
            raise _two_files("in the working tree")
        return found[0] if found else None

    def _committed(self, branch: str, at: str = "") -> str | None:
        """The path of the configuration that is committed on a branch, here or at a commit."""
        commit = at or f"refs/heads/{branch}"
        found = [
            name
            for name in self._names()
            if self._git.succeeds("cat-file", "-e", f"{commit}:{name}")
        ]
        if len(found) > 1:
            raise _two_files(f"on {branch}")
        return found[0] if found else None

    def _settings_on(self, branch: str) -> Settings:
        name = self._committed(branch)
        if name is None:
            raise self._not_committed(branch)
        blob = self._git.run("cat-file", "blob", f"refs/heads/{branch}:{name}").stdout
        return load_settings(_decode(blob, name), f"{branch}:{name}")

    def _candidates(self) -> Iterator[str]:
        """Branches that may be the base, likeliest first; what is checked out comes late."""
        seen = {""}
        for find in (self._remote_default, lambda: "main", lambda: "master", self._current):
            name = find()
            if name not in seen and self._is_branch(name):
                yield name
            seen.add(name)
        path = self._on_disk()
        hint = _base_named_in(path) if path else ""
        if hint not in seen and self._is_branch(hint):
            yield hint

    def _remote_default(self) -> str:
        head = self._git.run("symbolic-ref", "--short", "refs/remotes/origin/HEAD", check=False)
        return head.stdout.decode("utf-8", "replace").strip().removeprefix("origin/")

    def _current(self) -> str:
        head = self._git.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
        return head.stdout.decode("utf-8", "replace").strip()

    def _is_branch(self, name: str) -> bool:
        ref = f"refs/heads/{name}^{{commit}}"
        return self._git.succeeds("rev-parse", "--verify", "--quiet", ref)

    def _check_base(self, settings: Settings, read_on: str) -> None:
        if self._is_branch(settings.base):
            return
        here = self._current()
        hint = f"Write `base: {here}`" if here and self._is_branch(here) else "Correct `base:`"
        raise ConfigurationError(
            f"There is no branch {settings.base} here, which the configuration ({read_on}) "
            "takes as the base.",
            f"{hint} in loopcoder.yml and commit it, or make the branch.",
        )

    def _not_committed(self, branch: str = "") -> ConfigurationError:
        if not self._git.succeeds("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
            return ConfigurationError(
                "This repository has no commit yet, so there is nothing to start work from.",
                "Commit loopcoder.yml and ROADMAP.md (`loopcoder init` writes them) first.",
            )
        path = self._on_disk()
        if path is None:
            return ConfigurationError(
                f"There is no loopcoder.yml in {self.root}.",
                "Run `loopcoder init`, and commit what it writes.",
            )
        name = self._shown(path)
        missing = "" if branch else _base_named_in(path)
        if missing and not self._is_branch(missing):
            return ConfigurationError(
                f"There is no branch {missing} in this clone, which {name} takes as the base.",
                f"Run `git fetch origin {missing}:{missing}`, or correct `base:`.",
            )
        base = branch or next(self._candidates(), "the base branch")
        return ConfigurationError(
            f"{name} is not committed on {base}, so nothing is dispatched.",
            f"Run `git add {name} && git commit -m 'Configure loopcoder' -- {name}` on {base}.",
        )

    def _relative(self, path: Path) -> str | None:
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return None

    def _shown(self, path: Path) -> str:
        return self._relative(path) or str(path)


def _two_files(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"There are two configurations {where}: {FILES[0]} and {FILES[1]}.", "Remove one of them."
    )


def _disagreement(read_on: str, base: str, other: str) -> ConfigurationError:
    return ConfigurationError(
        f"The configuration on {read_on} names {base} as the base, but the one on {base} names "
        f"{other}.",
        "Let both name the same branch.",
    )


def _read(path: Path) -> str:
    try:
        return _decode(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _decode(content: bytes, name: str) -> str:
    if len(content) > _TOO_LARGE:
        raise ConfigurationError(f"{name} is larger than 1 MB.", "Is it the right file?")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{name}:{line}: the file is not UTF-8.", "Save it as UTF-8."
        ) from error


def _base_named_in(path: Path) -> str:
    """Which branch to look at; the configuration found there must name the same one."""
    try:
        return load_settings(_read(path), path.name).base
    except ConfigurationError:
        return ""

"""Running git so that nothing in a folder, and nothing inherited, decides what is executed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError, Unavailable

_CHUNK = 1 << 16
_ELSEWHERE = tuple(f"returned error: {code}" for code in (301, 302, 307, 308))

# Settings of one repository (or of a person) that would make git start another program, or that
# would change what the same command answers. The command line wins over every file.
_GUARDED = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.preloadIndex=false",
    "core.pager=cat",
    "core.editor=true",
    "core.quotePath=false",
    "protocol.ext.allow=never",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "fetch.recurseSubmodules=no",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "rerere.enabled=false",
    "merge.renameLimit=2000",
)

# Where a worker could have written, no setting and no credential of the person is used at all.
_CLOSED = (
    "core.sshCommand=false",
    "core.askPass=true",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "credential.helper=",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "transfer.credentialsInUrl=die",
)

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_EDITOR": "true",
    "LC_ALL": "C",
}
_CLOSED_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ASKPASS": "true",
}
_INHERITED = ("PATH", "TMPDIR", "SYSTEMROOT")


class GitError(LoopcoderError):
    """git refused; `summary` is in its own words."""

    def __init__(self, summary: str, remedy: str = "", code: int = 1) -> None:
        super().__init__(summary, remedy)
        self.code = code


@dataclass(frozen=True, slots=True)
class Result:
    stdout: bytes
    stderr: str
    code: int


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory. Never runs hooks, fsmonitor, pagers, editors or `ext::` remotes.

    `trusted` is for the user's own repository alone: their identity, remotes, credential helpers
    and signing keys are used there. Anywhere a worker could have written it stays off, and then
    no configuration but that of the git directory itself is read.
    """

    directory: Path
    git_dir: Path | None = None
    work_tree: Path | None = None
    trusted: bool = False

    def run(
        self,
        *args: str,
        input: bytes | None = None,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        fine: Sequence[int] = (0,),
    ) -> Result:
        """Run one command. `env` adds variables; `timeout` is in seconds; `fine` are exit codes.

        Raises GitError when git fails (unless `check` is off) and Unavailable without git.
        """
        try:
            done = subprocess.run(
                self.command(*args),
                cwd=self.directory,
                env=self.environment(env),
                capture_output=True,
                timeout=timeout,
                check=False,
                stdin=subprocess.DEVNULL if input is None else None,
                input=input,
            )
        except OSError as error:
            raise _cannot_start(self.directory, error) from error
        except subprocess.TimeoutExpired as error:
            name = _name(args)
            raise GitError(f"git {name} did not end within {timeout:g} seconds.") from error
        result = Result(done.stdout, done.stderr.decode("utf-8", "replace"), done.returncode)
        if check and result.code not in fine:
            raise _failure(args, result)
        return result

    def text(self, *args: str) -> str:
        """What a command prints, stripped."""
        return self.run(*args).stdout.decode("utf-8", "surrogateescape").strip()

    def succeeds(self, *args: str) -> bool:
        """Whether a command that answers by its exit code says yes."""
        return self.run(*args, check=False).code == 0

    def stream(self, *args: str) -> Iterator[bytes]:
        """What a command prints, in chunks, so that its size is never held in memory."""
        try:
            process = subprocess.Popen(
                self.command(*args),
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _cannot_start(self.directory, error) from error
        with process:
            assert process.stdout is not None
            finished = False
            try:
                while chunk := process.stdout.read(_CHUNK):
                    yield chunk
                finished = True
            finally:
                if not finished:
                    process.kill()
        if process.returncode != 0:
            raise _failure(args, Result(b"", "", process.returncode))

    def command(self, *args: str) -> list[str]:
        settings = _GUARDED if self.trusted else _GUARDED + _CLOSED
        head = ["git", "--no-pager", "--literal-pathspecs"]
        for setting in settings:
            head += ["-c", setting]
        if self.git_dir is not None:
            head.append(f"--git-dir={self.git_dir}")
        if self.work_tree is not None:
            head.append(f"--work-tree={self.work_tree}")
        return [*head, *args]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What git is started with: nothing named GIT_* comes from outside."""
        if self.trusted:
            base = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
            return {**base, **_ENVIRONMENT, **(extra or {})}
        base = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {**base, **_ENVIRONMENT, **_CLOSED_ENVIRONMENT, **(extra or {})}


def _cannot_start(directory: Path, error: OSError) -> LoopcoderError:
    if not directory.is_dir():
        return GitError(f"The folder {directory} does not exist.")
    if isinstance(error, FileNotFoundError):
        return Unavailable("git was not found.", "Install git 2.38 or newer and put it on PATH.")
    return Unavailable(f"git could not be started: {error.strerror}.")


def _name(args: Sequence[str]) -> str:
    """The subcommand among leading options such as `-c key=value`."""
    words = [word for word in args if not word.startswith("-") and "=" not in word]
    return words[0] if words else args[0]


def _failure(args: Sequence[str], result: Result) -> GitError:
    lines = [line for line in result.stderr.splitlines() if not line.startswith("hint:")]
    words = " ".join(" ".join(lines).split()) or f"exit code {result.code}"
    return GitError(f"git {_name(args)} failed: {words[:2000]}", code=result.code)


def moved_away(said: str, url: str) -> LoopcoderError | None:
    """The error where a host sent git elsewhere, as where a repository was renamed: git never
    follows. None where it said something else."""
    if not any(each in said for each in _ELSEWHERE):
        return None
    return LoopcoderError(
        f"There is no repository at {url} any more: it has moved.",
        "Write its new name as `repository:` in loopcoder.yml, or correct the remote origin.",
    )

"""The shared journal's ref on a remote: plain git, through a git directory of its own.

Nothing here touches the user's repository, its refs or its work tree, so a shallow clone is as
good as a whole one. Callers see to it that one process at a time uses the directory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from loopcoder.adapters.git.command import Git, GitError, Result, moved_away
from loopcoder.adapters.git.git_dir import IDENTITY, remove_tree
from loopcoder.adapters.journal.batch_files import HEAD, order_files, parse_head, parse_rows
from loopcoder.adapters.journal.chain import Break, Damaged, Link, Row
from loopcoder.domain.diagnostic import LoopcoderError, Unavailable

TIMEOUT_S = 300.0
_SEEN, _DRAFT = "refs/loopcoder/seen", "refs/loopcoder/draft"
_UNKNOWN = (
    "authentication failed", "returned error: 401", "could not read username",
    "could not read password",
)  # fmt: skip
_DENIED = ("returned error: 403", "permission denied", "denied to")
_RACED = (
    "stale info", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref",
    "failed to lock", "incorrect old value", "reference already exists", "atomic push failed",
    "atomic transaction failed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What the remote has: the ref's commit (None: no ref), and whether it was ever begun."""

    commit: str | None
    begun: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows in the files of `commit` that were not read before; `head` is where all end."""

    commit: str
    head: Link
    rows: tuple[Row, ...]


class PushFailed(Exception):
    """The push said no, or nothing: it may have arrived. `raced`: somebody else was faster."""

    def __init__(self, error: LoopcoderError, *, raced: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.raced = raced


@dataclass(frozen=True, slots=True)
class RefStore:
    """`folder` is made when needed and may be deleted at any time. `url` is asked for when
    first used, `environment` is added for every command that uses the network (credentials).

    Beside `ref` there is `<ref>-begun`, which stays at the first commit for ever: by it, a clone
    that never saw the journal knows that there was one.
    """

    folder: Path
    remote: str
    url: Callable[[], str]
    ref: str
    environment: Callable[[], Mapping[str, str]]
    object_format: str = "sha1"
    what: str = "the shared journal"

    @property
    def begun_ref(self) -> str:
        return f"{self.ref}-begun"

    @property
    def address(self) -> str:
        """The address without the password that may be in it."""
        return re.sub(r"(://)[^/@]*@", r"\1", self.url())

    def look(self) -> Seen:
        """Ask for the refs, and nothing else. Raises Unavailable."""
        listed = self._network("ls-remote", "--quiet", "--", self.url(), self.ref, self.begun_ref)
        lines = (line.split("\t", 1) for line in listed.stdout.decode().splitlines())
        found = {name: commit for commit, name in lines}
        return Seen(found.get(self.ref), self.begun_ref in found)

    def read(self, known: str) -> Reading:
        """Fetch the ref, and read the files that are not the same in the commit `known`.

        Raises Unavailable, and `Damaged` for files that are not as we write them.
        """
        try:
            return self._read(self._fetch(), known)
        except GitError:
            remove_tree(self.folder)
        try:
            return self._read(self._fetch(), "")
        except GitError as error:
            raise Damaged(Break(0, "?", str(error))) from error

    def ensure(self, commit: str) -> bool:
        """Have a commit here; False when the ref is not at it any more. Raises Unavailable."""
        return self._has(commit) or self._fetch() == commit

    def write(self, on: str, files: Mapping[str, bytes], remove: str, message: bytes) -> str:
        """A commit that adds files to those of the commit `on` (empty: none), without those in
        the folder `remove`. `on` is here. Raises GitError."""
        stream = [b"commit %b\nmark :1\n" % _DRAFT.encode(), message]
        if on:
            stream.append(b"from %b\n" % on.encode())
        if remove:
            stream.append(b"D %b\n" % remove.encode())
        for name, data in files.items():
            head = b"M 100644 inline %b\ndata %d\n" % (name.encode(), len(data))
            stream += (head, data, b"\n")  # not copied: the first batch holds everything
        stream.append(b"\nget-mark :1\ndone\n")
        done = self._git().run(
            "fast-import", "--quiet", "--done", "--force", input=b"".join(stream)
        )
        return done.stdout.decode().strip()

    def push(self, commit: str, on: str) -> None:
        """Move the ref from the commit `on`, the parent of `commit`, to it; from nowhere when
        `on` is empty. A compare-and-set: the remote refuses when the ref is elsewhere. Raises
        `PushFailed`."""
        lease = f"--force-with-lease={self.ref}:{on}"
        options, specs = [lease], [f"{commit}:{self.ref}"]
        if not on:
            options += ["--atomic", f"--force-with-lease={self.begun_ref}:"]
            specs.append(f"{commit}:{self.begun_ref}")
        words = ["push", "--porcelain", "--no-verify", *options, "--", self.url(), *specs]
        try:
            done = self._run(*words)
        except Unavailable as error:
            raise PushFailed(error, raced=False) from error
        if done.code != 0:
            said = f"{done.stdout.decode('utf-8', 'replace')}\n{done.stderr}"
            raced = any(each in said for each in _RACED)
            raise PushFailed(self._refusal(done, said), raced=raced)

    def files(self, commit: str) -> dict[str, str]:
        """The files of a commit and the names of their contents."""
        listed = self._git().run("ls-tree", "-r", "-z", commit).stdout.decode("utf-8", "replace")
        entries = (entry.split("\t", 1) for entry in listed.split("\0") if entry)
        return {name: about.split()[2] for about, name in entries}

    # --- git

    def _read(self, commit: str, known: str) -> Reading:
        files = self.files(commit)
        before = self.files(known) if known and self._has(known) else {}
        if HEAD not in files:
            raise Damaged(Break(0, "?", f"the commit has no {HEAD}"))
        (note,) = self.contents([files[HEAD]])
        head = parse_head(note)
        ordered = order_files(files, head)
        changed = [(span, name) for span, name in ordered if before.get(name) != files[name]]
        contents = self.contents([files[name] for _, name in changed])
        rows = [
            row
            for (span, _), data in zip(changed, contents, strict=True)
            for row in parse_rows(span, data)
        ]
        return Reading(commit, head, tuple(rows))

    def contents(self, blobs: list[str]) -> list[bytes]:
        """What the files of a commit hold, by the names that `files` gives."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        answer = self._git().run("cat-file", "--batch", input=asked).stdout
        found, at = [], 0
        for blob in blobs:
            end = answer.index(b"\n", at)
            words = answer[at:end].split()
            if len(words) != 3 or words[1] != b"blob":
                raise GitError(f"git has no contents {blob}.")
            start, size = end + 1, int(words[2])
            found.append(answer[start : start + size])
            at = start + size + 1
        return found

    def _fetch(self) -> str:
        """The ref's commit, brought here: alone at first, later with what came since."""
        git = self._git()
        depth = [] if git.succeeds("rev-parse", "--verify", "--quiet", _SEEN) else ["--depth=1"]
        self._network(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth,
            "--", self.url(), f"+{self.ref}:{_SEEN}",
        )  # fmt: skip
        return git.text("rev-parse", _SEEN)

    def _has(self, commit: str) -> bool:
        return self._git().succeeds("cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}")

    def _git(self) -> Git:
        if not (self.folder / "HEAD").exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            Git(self.folder).run(
                "init", "--quiet", "--bare", "--template=",
                f"--object-format={self.object_format}", ".",
            )  # fmt: skip
        return Git(self.folder, git_dir=self.folder, trusted=True)

    def unlock(self) -> None:
        """Remove what a git that was killed left locked; only one process at a time is here."""
        for lock in (*self.folder.glob("*.lock"), *(self.folder / "refs").rglob("*.lock")):
            lock.unlink(missing_ok=True)

    def _network(self, *args: str) -> Result:
        done = self._run(*args)
        if done.code != 0:
            raise self._refusal(done, done.stderr)
        return done

    def _run(self, *args: str) -> Result:
        try:
            return self._git().run(*args, env=self.environment(), timeout=TIMEOUT_S, check=False)
        except GitError as error:
            raise Unavailable(str(error), "Try again later.") from error

    def _refusal(self, done: Result, said: str) -> LoopcoderError:
        refused = [line for line in said.splitlines() if "[remote rejected]" in line]
        words = " ".join(" ".join(refused or done.stderr.splitlines()).split())[:500]
        words = words or f"exit code {done.code}"
        if refused:
            return LoopcoderError(
                f"{self.remote} refused {self.ref}: {words}.",
                "Look at its rules for refs and at its hooks.",
            )
        if any(each in said.lower() for each in _UNKNOWN):
            return LoopcoderError(
                f"{self.remote} does not accept the token that git needs for {self.what}: {words}.",
                "Renew the token (GITHUB_TOKEN, or whatever git uses for this address).",
            )
        if moved := moved_away(said, self.url()):
            return moved
        if any(each in said.lower() for each in _DENIED):
            return LoopcoderError(
                f"{self.remote} does not let us use {self.what}: {words}.",
                "Give the token the permission contents: write.",
            )
        return Unavailable(
            f"{self.what[0].upper()}{self.what[1:]} on {self.remote} could not be reached: "
            f"{words}.",
            "Check the network and the address, then run the command again.",
        )


def commit_header(text: str, at: int) -> bytes:
    """The part of a commit that says who, when (seconds since 1970) and why."""
    name, mail = IDENTITY
    message = text.encode()
    return b"committer %b <%b> %d +0000\ndata %d\n%b\n" % (
        name.encode(), mail.encode(), at, len(message), message,
    )  # fmt: skip

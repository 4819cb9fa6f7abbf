"""The repository's branches on the host, over plain git: no request of the API is spent on them.

The token reaches git through its environment alone: never an argument, a file or an address.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from loopcoder.adapters.git.command import Git, GitError, Result, moved_away
from loopcoder.adapters.github.freshness import Freshness
from loopcoder.domain.diagnostic import (
    LoopcoderError,
    NotFound,
    Refused,
    Stale,
    Unavailable,
)
from loopcoder.domain.tick.branch import is_ours
from loopcoder.ports.clock import Clock

_HEADS = "refs/heads/"
_OURS = "refs/loopcoder/"
_SEEN = "refs/loopcoder/remote/"
_TIMEOUT_S = 600.0
_TROUBLE = (
    "could not resolve host", "connect", "timed out", "the requested url returned error: 5",
    "early eof", "rpc failed", "remote end hung up", "operation too slow", "gnutls", "ssl",
    "empty reply", "did not end within",
)  # fmt: skip
_UNKNOWN = ("authentication failed", "returned error: 401", "could not read username")
_DENIED = ("returned error: 403", "denied to")


class Remote:
    """`git` is the user's repository, into which commits are fetched; `url` the clone address.

    A look at the branches is good for `fresh_s` seconds or until `expire` is called, and our own
    pushes are folded into it.
    """

    def __init__(
        self, git: Git, url: str, token: Callable[[], str], clock: Clock, *, fresh_s: float = 5.0
    ) -> None:
        self._git, self._url, self._token = git, url, token
        self._clock = clock
        self._lock = threading.RLock()
        self._heads: Mapping[str, str] = {}
        self._whole = False
        self._freshness = Freshness(fresh_s)

    def expire(self) -> None:
        """The next one who asks has to look. Never waits."""
        self._freshness.expire()

    def head(self, branch: str) -> str | None:
        """The commit a branch points to; its objects are in the local repository then."""
        with self._lock:
            head = self._look().get(branch)
            if head is None or self.has(head):
                return head
            self._fetch([branch])
            return self._look().get(branch)

    def heads(self, prefix: str) -> dict[str, str]:
        """Branches under a prefix; the objects of ours are in the local repository then."""
        with self._lock:
            found = {n: c for n, c in self._look().items() if n.startswith(prefix)}
            missing = [n for n, c in found.items() if is_ours(n) and not self.has(c)]
            if not missing:
                return found
            self._fetch(missing)
            return {n: c for n, c in self._look().items() if n.startswith(prefix)}

    def has(self, commit: str) -> bool:
        return self._git.succeeds("cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}")

    def is_ancestor(self, ancestor: str, commit: str) -> bool:
        return self._git.succeeds("merge-base", "--is-ancestor", ancestor, commit)

    def push(self, branch: str, commit: str, expected: str | None) -> None:
        """Move a branch from `expected` (None: from nowhere) to a descendant of it.

        The lease alone would let git overwrite what is at `expected`, so that `commit` descends
        from it is proved here first. With both, the server moves the branch only forward, and
        only from where we think it is; a plain push would not notice a branch that was set back.
        """
        if not self.has(commit):
            raise NotFound(f"There is no commit {commit} in this repository.")
        if expected is not None and not self.is_ancestor(expected, commit):
            raise Stale(f"{branch} is at {expected[:12]}, which {commit[:12]} would throw away.")
        self._send(branch, f"{commit}:{_HEADS}{branch}", expected)

    def delete(self, branch: str, expected: str) -> None:
        self._send(branch, f":{_HEADS}{branch}", expected)

    @property
    def url(self) -> str:
        return self._url

    def ask(self, *args: str, fine: tuple[int, ...] = (0,)) -> Result:
        """A git command that talks to the host, with the token. Raises as everything here."""
        return self._run(*args, fine=fine)

    def refs(self, prefix: str) -> list[tuple[str, str]]:
        """Refs under a prefix and what they point to, as the host has them."""
        listed = self._run("ls-remote", "--quiet", "--", self._url, f"{prefix}/*")
        pairs = (line.split("\t", 1) for line in listed.stdout.decode().splitlines())
        return sorted((name, commit) for commit, name in pairs)

    def drop_ref(self, ref: str, expected: str) -> None:
        """Remove a ref of ours that still points to `expected`."""
        if not ref.startswith(_OURS):
            raise LoopcoderError(f"{ref} is not ours to remove.")
        self._move(ref, f":{ref}", expected)

    def may_push(self) -> LoopcoderError | None:
        """Why git would refuse what we push, found out without pushing; None when it would not."""
        head = self._git.text("rev-parse", "HEAD").strip()
        try:
            self._run(
                "push", "--dry-run", "--no-verify", "--quiet", "--", self._url,
                f"{head}:{_OURS}doctor",
            )  # fmt: skip
        except LoopcoderError as error:
            return error
        return None

    # --- git

    def _look(self) -> Mapping[str, str]:
        self._complete()
        now = self._clock.now().timestamp()
        if self._freshness.is_due(now):
            listed = self._run("ls-remote", "--heads", "--quiet", "--", self._url)
            pairs = (line.split("\t", 1) for line in listed.stdout.decode().splitlines())
            self._heads = {name.removeprefix(_HEADS): commit for commit, name in pairs}
            self._freshness.looked(now)
        return self._heads

    def _complete(self) -> None:
        """Bring here what a shallow clone lacks, once: without their common history nothing merges,
        and no commit descends from another."""
        if not self._whole and self._is_shallow:
            self._run(
                "fetch", "--unshallow", "--quiet", "--no-tags", "--no-write-fetch-head", "--",
                self._url,
            )  # fmt: skip
        self._whole = True

    @property
    def _is_shallow(self) -> bool:
        return self._git.text("rev-parse", "--is-shallow-repository").strip() == "true"

    def _fetch(self, branches: Iterable[str]) -> None:
        """Bring the commits of branches here, under refs of ours that keep them alive."""
        self._prune()
        specs = [f"+{_HEADS}{branch}:{_SEEN}{branch}" for branch in branches]
        done = self._run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self._url, *specs,
            fine=(0, 1, 128),
        )  # fmt: skip
        if done.code != 0 and "couldn't find remote ref" not in done.stderr:
            raise self._failure(done)
        self.expire()  # a branch may have moved between the look and the fetch

    def _prune(self) -> None:
        """Names that are gone may stand in the way of new ones (`a` of `a/b`)."""
        commits = self._look()
        kept = self._git.text("for-each-ref", "--format=%(refname)", _SEEN).splitlines()
        for name in kept:
            if name.removeprefix(_SEEN) not in commits:
                self._git.run("update-ref", "-d", name, check=False)

    def _send(self, branch: str, spec: str, expected: str | None) -> None:
        self._move(f"{_HEADS}{branch}", spec, expected)

    def _move(self, ref: str, spec: str, expected: str | None) -> None:
        branch = ref.removeprefix(_HEADS)
        with self._lock:
            self.expire()
            lease = f"--force-with-lease={ref}:{expected or ''}"
            done = self._run(
                "push", "--porcelain", "--no-verify", lease, "--", self._url, spec,
                fine=(0, 1, 128),
            )  # fmt: skip
        if done.code == 0 or self._arrived(ref, spec.partition(":")[0]):
            return
        said = f"{done.stdout.decode('utf-8', 'replace')}\n{done.stderr}"
        if "remote ref does not exist" in said or "[rejected]" in said or "stale info" in said:
            raise Stale(f"{branch} is not at {(expected or 'nowhere')[:12]} any more.")
        if "[remote rejected]" in said:
            raise _refused(branch, said)
        raise self._failure(done)

    def _arrived(self, ref: str, commit: str) -> bool:
        """Whether the ref is at the commit all the same: git repeats a push whose answer was lost,
        and is refused the second time."""
        if not commit:
            return False
        try:
            listed = self._run("ls-remote", "--quiet", "--", self._url, ref).stdout.decode()
        except LoopcoderError:
            return False
        return f"{commit}\t{ref}" in listed.splitlines()

    def _run(self, *args: str, fine: tuple[int, ...] = (0,)) -> Result:
        try:
            done = self._git.run(*args, env=self.environment(), timeout=_TIMEOUT_S, check=False)
        except GitError as error:
            raise Unavailable(str(error), "Try again later.") from error
        if done.code not in fine:
            raise self._failure(done)
        return done

    def environment(self) -> dict[str, str]:
        """What lets git in: the token as a header for this one address. Headers that a checkout
        left in the repository's configuration are cleared, for GitHub accepts no two."""
        word = base64.b64encode(f"x-access-token:{self._token()}".encode()).decode()
        scope = f"http.{self._url}"
        settings = (
            (f"{scope}.extraHeader", ""),
            (f"{scope}.extraHeader", f"Authorization: Basic {word}"),
            ("http.followRedirects", "false"),
            ("credential.helper", ""),
        )
        environment = {"GIT_CONFIG_COUNT": str(len(settings)), "GIT_ASKPASS": "true"}
        for index, (key, value) in enumerate(settings):
            environment[f"GIT_CONFIG_KEY_{index}"] = key
            environment[f"GIT_CONFIG_VALUE_{index}"] = value
        return environment

    def _failure(self, done: Result) -> LoopcoderError:
        words = " ".join(done.stderr.split())[:500] or f"exit code {done.code}"
        lowered = words.lower()
        host = urlsplit(self._url).hostname
        if any(each in lowered for each in _UNKNOWN):
            return LoopcoderError(
                f"{host} does not accept the token for git: {words}.",
                "Renew it, and set GITHUB_TOKEN (or GH_TOKEN) again.",
            )
        if any(each in lowered for each in _DENIED):
            # A limit answers alike, and passes. No `Forbidden`, which asks a person: without the
            # right to push, the journal would have failed before anybody was paid.
            return LoopcoderError(
                f"{host} does not let the token use git: {words}.",
                "Give the token the permission contents: write.",
            )
        if moved := moved_away(lowered, self._url):
            return moved
        if "not found" in lowered:
            return LoopcoderError(f"There is no repository at {self._url}, or it is hidden.")
        if any(each in lowered for each in _TROUBLE):
            return Unavailable(f"{host} could not be reached by git: {words}", "Try again later.")
        return GitError(f"git failed: {words}", code=done.code)


def _refused(branch: str, said: str) -> LoopcoderError:
    lines = [line for line in said.splitlines() if "[remote rejected]" in line]
    words = " ".join(" ".join(lines).split())
    if "cannot lock ref" in said or "failed to update ref" in said:
        return Stale(f"{branch} was moved by somebody else at the same moment.")
    if "workflow" in said and "scope" in said:
        return Refused(
            f"The host refused {branch}: it changes workflows.",
            "Give the token the permission workflows: write, or keep to other files.",
        )
    return Refused(f"The host refused {branch}: {words}.", "Look at the branch rules.")

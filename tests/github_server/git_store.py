"""The repository's bare git folder: what GitHub does with git by itself, done with real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ZERO = "0" * 40
_IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "GitHub"), ("EMAIL", "noreply@example.org"))
}


class GitFailed(Exception):
    """Git said no; the text is its standard error."""


@dataclass(frozen=True, slots=True)
class GitStore:
    folder: Path

    @classmethod
    def create(cls, folder: Path, seed: Path | None = None, default: str = "main") -> GitStore:
        """A bare repository, empty or with the branches and tags of another."""
        folder.mkdir(parents=True)
        store = cls(folder)
        store.git("init", "-q", "--bare", "-b", default)
        for name, value in (
            ("http.receivepack", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("receive.denyDeleteCurrent", "refuse"),
            ("receive.hideRefs", "refs/pull"),
            ("gc.auto", "0"),
            ("receive.autogc", "false"),
        ):
            store.git("config", name, value)
        if seed is not None:
            heads = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
            store.git("fetch", "-q", str(seed.resolve()), *heads)
        return store

    def git(
        self, *args: str, env: Mapping[str, str] | None = None, text: str | bytes | None = None
    ) -> str:
        """Standard output, stripped; raises GitFailed."""
        done = self.run(*args, env=env, text=text)
        if done.returncode:
            raise GitFailed(done.stderr.decode(errors="replace").strip())
        return done.stdout.decode(errors="replace").strip()

    def run(
        self, *args: str, env: Mapping[str, str] | None = None, text: str | bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-c", "core.hooksPath=/dev/null", *args],
            cwd=self.folder,
            env={**clean_environ(), **_IDENTITY, **(env or {})},
            input=text.encode() if isinstance(text, str) else text,
            capture_output=True,
        )

    # --- refs

    def refs(self, *prefixes: str) -> dict[str, str]:
        listed = self.git("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
        pairs = (line.split(" ", 1) for line in listed.splitlines())
        return {name: commit for commit, name in pairs}

    def commit_of(self, name: str) -> str | None:
        """The commit of a ref or of a (possibly short) hash."""
        done = self.run("rev-parse", "-q", "--verify", f"{name}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def head(self, branch: str) -> str | None:
        return self.refs(f"refs/heads/{branch}").get(f"refs/heads/{branch}")

    def move(self, ref: str, new: str | None, old: str | None = None) -> None:
        """Set or delete a ref; with `old` only where it still has that value."""
        expected = () if old is None else (old,)
        if new is None:
            self.git("update-ref", "-d", ref, *expected)
        else:
            self.git("update-ref", ref, new, *expected)

    # --- history

    def is_ancestor(self, old: str, new: str) -> bool:
        return self.run("merge-base", "--is-ancestor", old, new).returncode == 0

    def tree_of_merge(self, base: str, head: str) -> str | None:
        """The tree of a merge without conflicts, else None."""
        done = self.run("merge-tree", "--write-tree", base, head)
        return done.stdout.decode().split("\n", 1)[0].strip() if done.returncode == 0 else None

    def conflicts(self, base: str, head: str) -> tuple[str, ...]:
        """The files on which two commits disagree."""
        done = self.run("merge-tree", "--write-tree", "--name-only", "--no-messages", base, head)
        return tuple(done.stdout.decode().splitlines()[1:])

    def commit_tree(self, tree: str, parents: list[str], message: str, **env: str) -> str:
        given = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *given, "-F", "-", env=env, text=message)

    def commits_between(self, base: str, head: str) -> list[str]:
        """What head has and base does not, oldest first."""
        return self.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}").split()

    def rebased(self, base: str, head: str) -> str | None:
        """The head's own commits replayed onto base, or None where they conflict."""
        tip = base
        for commit in self.commits_between(base, head):
            parents = self.git("rev-list", "--parents", "-n1", commit).split()[1:]
            if len(parents) != 1:
                continue
            # A stand-in for the tip, whose merge base with the commit is the commit's parent.
            stand_in = self.commit_tree(f"{tip}^{{tree}}", parents, "stand-in")
            tree = self.tree_of_merge(stand_in, commit)
            if tree is None:
                return None
            author = self.git("show", "-s", "--format=%an%n%ae%n%aI", commit).split("\n")
            names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE")
            message = self.git("show", "-s", "--format=%B", commit)
            tip = self.commit_tree(tree, [tip], message, **dict(zip(names, author, strict=True)))
        return tip

    def add_commit(
        self, parent: str | None, files: Mapping[str, str], message: str = "Change"
    ) -> str:
        """A commit that writes some files on top of a parent; no ref points to it."""
        index = self.folder / f"scratch-index-{os.urandom(4).hex()}"
        env = {"GIT_INDEX_FILE": str(index)}
        try:
            self.git("read-tree", *([parent] if parent else ["--empty"]), env=env)
            for path, content in files.items():
                blob = self.git("hash-object", "-w", "--stdin", text=content)
                self.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=env)
            tree = self.git("write-tree", env=env)
        finally:
            index.unlink(missing_ok=True)
        return self.commit_tree(tree, [parent] if parent else [], message)


def clean_environ() -> dict[str, str]:
    """The environment without anything that changes what git does."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

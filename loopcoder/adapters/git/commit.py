"""Turning a collected change into a commit that is kept alive in the user's repository."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.adapters.git.git_dir import IDENTITY
from loopcoder.adapters.git.repository import Repository
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.ports.workspace import CommitDraft

# Above this number of objects one pack is written instead of as many files.
_MOST_LOOSE = 200

_PERSON = re.compile(r"([^<>\n\0]*[^<>\s\0]) <([^<>\s\0]+)>")
_SIGNATURE = re.compile(rb"^gpgsig(-sha256)? .*\n(?: .*\n)*", re.MULTILINE)
_TRAILER = re.compile(r"[A-Za-z0-9-]+: .+")


def write_commit(
    git: Git, tree: str, parents: Sequence[str], draft: CommitDraft, *flags: str
) -> str:
    """Write the commit object; the same input gives the same hash. Moves no ref."""
    edges = [word for parent in parents for word in ("-p", parent)]
    done = git.run(
        "-c", "i18n.commitEncoding=UTF-8", "commit-tree", *flags, *edges, "-F", "-", tree,
        input=message_of(draft).encode("utf-8", "replace"), env=identity_of(draft),
    )  # fmt: skip
    return done.stdout.decode().strip()


def write_texts(
    git: Git, base: str, files: Mapping[str, str], parents: Sequence[str], draft: CommitDraft
) -> str:
    """A commit that is `base` but for some text files, made without any working tree."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run("read-tree", base, env=index)
        for path, text in files.items():
            blob = git.run("hash-object", "-w", "--stdin", input=text.encode())
            listed = git.run("ls-files", "--format=%(objectmode)", "--", path, env=index)
            mode = listed.stdout.decode().strip() or "100644"
            entry = f"{mode},{blob.stdout.decode().strip()},{path}"
            git.run("update-index", "--add", "--cacheinfo", entry, env=index)
        tree = git.run("write-tree", env=index).stdout.decode().strip()
    return write_commit(git, tree, parents, draft)


def sign_commit(
    repository: Repository, ref: str, plain: str, parents: Sequence[str], draft: CommitDraft
) -> str:
    """The commit `plain` again, with the user's signature by the user's own key and program.

    A signature may come out different each time, so the signed one that `ref` holds is taken.
    """
    kept = repository.resolve(ref)
    unsigned = repository.git.run("cat-file", "commit", plain).stdout
    if kept is not None:
        content = repository.git.run("cat-file", "commit", kept).stdout
        if content != unsigned and _SIGNATURE.sub(b"", content, count=1) == unsigned:
            return kept
    try:
        return write_commit(repository.git, f"{plain}^{{tree}}", parents, draft, "-S")
    except GitError as error:
        raise LoopcoderError(
            f"The commit could not be signed: {error.summary}",
            "Check user.signingKey and gpg.format, or set `sign: false`.",
        ) from error


def identity_of(draft: CommitDraft) -> dict[str, str]:
    """The variables that fix author, committer and both dates (UTC)."""
    name, mail = _person(draft.author)
    at = draft.at if draft.at.tzinfo else draft.at.replace(tzinfo=UTC)
    date = f"{int(at.timestamp())} +0000"
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", mail), ("DATE", date))
    }


def message_of(draft: CommitDraft) -> str:
    """The message as committed: no NUL, one newline at the end, the sign-off among the trailers."""
    message = draft.message.replace("\0", "").rstrip() + "\n"
    if not draft.signoff:
        return message
    name, mail = _person(draft.author)
    line = f"Signed-off-by: {name} <{mail}>"
    last = message.rstrip("\n").split("\n\n")[-1].split("\n")
    if line in last:
        return message
    trailers = "\n\n" in message.rstrip("\n") and all(_TRAILER.fullmatch(one) for one in last)
    return f"{message}{'' if trailers else chr(10)}{line}\n"


def draft_at(seconds: int, message: str) -> CommitDraft:
    """A draft of ours at a time given in seconds since 1970."""
    return CommitDraft(message, datetime.fromtimestamp(seconds, UTC))


def keep_objects(source: Path, repository: Repository, commit: str, without: Sequence[str]) -> None:
    """Bring what a commit adds over `without` into the user's object store. Idempotent.

    A few loose objects are copied as they are, which saves two processes.
    """
    loose = _loose_objects(source / "objects")
    if loose is not None:
        for path in loose:
            _copy_object(path, repository.objects_dir / path.parent.name / path.name)
        return
    wanted = "".join([f"{commit}\n", *(f"^{parent}\n" for parent in without)])
    pack = (
        Git(source, git_dir=source)
        .run("pack-objects", "--revs", "--stdout", "-q", input=wanted.encode())
        .stdout
    )
    many = int.from_bytes(pack[8:12], "big") > _MOST_LOOSE
    receive = ("index-pack", "--stdin") if many else ("unpack-objects", "-q")
    repository.git.run(*receive, input=pack)


def _loose_objects(objects: Path) -> list[Path] | None:
    """Every object that one of our git directories holds itself; None when they are many, or
    some are packed."""
    found: list[Path] = []
    for folder in objects.iterdir():
        if folder.name == "pack" and any(folder.iterdir()):
            return None
        if len(folder.name) == 2:
            found += [path for path in folder.iterdir() if not path.name.startswith("tmp_")]
        if len(found) > _MOST_LOOSE:
            return None
    return found


def _copy_object(source: Path, target: Path) -> None:
    """There whole or not at all: an object's name says what is in it, so who comes second may
    leave it as it is."""
    if target.exists():
        return
    target.parent.mkdir(exist_ok=True)
    draft = target.with_name(f"tmp_obj_{target.name[:12]}_{os.getpid()}_{threading.get_ident()}")
    shutil.copyfile(source, draft)
    draft.chmod(0o444)
    draft.replace(target)


def keep_ref(repository: Repository, ref: str, commit: str) -> None:
    """Point one of our own refs at a commit, past a lock that a killed process left."""
    update = ("-c", "core.logAllRefUpdates=false", "update-ref", "--no-deref", ref, commit)
    try:
        repository.git.run(*update)
    except GitError:
        lock = repository.common_dir / f"{ref}.lock"
        if not (ref.startswith("refs/loopcoder/") and lock.exists()):
            raise
        lock.unlink(missing_ok=True)
        repository.git.run(*update)


def _person(author: str | None) -> tuple[str, str]:
    if author is None:
        return IDENTITY
    found = _PERSON.fullmatch(author.strip())
    if found is None:
        raise ConfigurationError(
            f"The commit author {author!r} is not of the form Name <mail>.",
            "Write for example `author: Ana Example <ana@example.org>`.",
        )
    return found[1].strip(), found[2]

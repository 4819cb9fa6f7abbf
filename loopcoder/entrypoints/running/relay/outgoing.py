"""The folder in which a job leaves what it did, for the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loopcoder.adapters.carried.commits import CommitCarrier
from loopcoder.adapters.carried.parcel import EVENTS, PAPERS, Label, pack
from loopcoder.adapters.git.git_dir import remove_tree
from loopcoder.adapters.git.repository import Repository
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.journal.history import History
from loopcoder.domain.tick.wave import Errand, Wave
from loopcoder.entrypoints.running.relay.intake import attempt_of, commits_of


def fresh(out: Path) -> Path:
    """An empty folder. What lies there is removed only when it is a parcel of ours."""
    if out.exists() and any(out.iterdir()):
        if not (out / "manifest.json").exists() and not (out / EVENTS).exists():
            raise ConfigurationError(f"{out} is not empty.", "Name another folder.")
        remove_tree(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


def papers(out: Path) -> Path:
    (out / PAPERS).mkdir(parents=True, exist_ok=True)
    return out / PAPERS


@contextmanager
def packed(out: Path, label: Label, redactor: Redactor) -> Iterator[None]:
    """Pack what was recorded, also when the job could not go on: the artifact says how far."""
    try:
        yield
    except LoopcoderError:
        pack(out, label, redactor)
        raise
    pack(out, label, redactor)


def pack_starts(repository: Repository, history: History, wave: Wave, out: Path) -> None:
    """Commits that jobs need and that a checkout of the base branch does not have."""
    made = (attempt_of(history, each).last("commit") for each in wave.errands)
    kept = [each.sha for each in made if each and each.passed]
    starts = [commit for each in wave.errands for commit in commits_of(each)]
    CommitCarrier(repository).pack([*starts, *kept], [wave.base], out)


def pack_work(repository: Repository, history: History, errand: Errand, out: Path) -> None:
    """The commit that was made, if it was."""
    made = attempt_of(history, errand).last("commit")
    if made is not None and made.passed:
        CommitCarrier(repository).pack([made.sha], commits_of(errand), out)

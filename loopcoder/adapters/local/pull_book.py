"""Pull requests as they stand: what is recorded, brought up to date with what git says.

People also use plain git. A branch that got commits, was deleted, or was merged outside of
loopcoder is recognised here, by whoever looks first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopcoder.adapters.git.command import GitError
from loopcoder.adapters.git.merge_tree import merge_commits
from loopcoder.adapters.git.repository import Repository
from loopcoder.adapters.local.actors import identify
from loopcoder.adapters.local.branches import Branches
from loopcoder.adapters.local.items import stamp
from loopcoder.adapters.local.pulls import read_pull, read_pulls, record_head, record_merge
from loopcoder.adapters.local.store import Store
from loopcoder.domain.issues.issue import BOT, Actor, PullRequest
from loopcoder.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class Relation:
    """How a head stands to a base: contained in it, or mergeable (None: not known)."""

    contained: bool
    mergeable: bool | None

    @property
    def is_known(self) -> bool:
        """What is not known now may be later, when the objects have come back."""
        return self.contained or self.mergeable is not None


class PullBook:
    def __init__(self, store: Store, repository: Repository, clock: Clock) -> None:
        self._store = store
        self._git = repository.git
        self._branches = Branches(repository)
        self._clock = clock

    def list_all(self, heads: dict[str, str] | None = None) -> list[PullRequest]:
        """Every pull request, by number. `heads`: the branches, where they were read just now."""
        with self._store.reading() as db:
            pulls = read_pulls(db)
        if not any(pull.is_open for pull in pulls):
            return pulls
        return self._as_git_has_it(pulls, heads)

    def get(self, number: int, heads: dict[str, str] | None = None) -> PullRequest:
        """One pull request; NotFound when there is none."""
        with self._store.reading() as db:
            pull = read_pull(db, number)
        return self._as_git_has_it([pull], heads)[0] if pull.is_open else pull

    def _as_git_has_it(
        self, pulls: list[PullRequest], heads: dict[str, str] | None
    ) -> list[PullRequest]:
        heads = self._branches.heads() if heads is None else heads
        seen = [_with_head(pull, heads) for pull in pulls]
        relations = self._relations(seen, heads)
        self._record(pulls, seen, relations, heads)
        with self._store.reading() as db:
            numbers = {pull.number for pull in pulls}
            now = [pull for pull in read_pulls(db) if pull.number in numbers]
        return [_with_relation(pull, heads, relations) for pull in now]

    def relation(self, base: str, head: str) -> Relation:
        """How a commit stands to another one, remembered for when it becomes a pull request."""
        return self._related({(base, head)})[base, head]

    def _relations(
        self, pulls: list[PullRequest], heads: dict[str, str]
    ) -> dict[tuple[str, str], Relation]:
        return self._related(
            {(heads[pull.base], pull.head) for pull in pulls if pull.is_open and pull.base in heads}
        )

    def _related(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Relation]:
        """Remembered for each pair of commits, so that a hundred pull requests list quickly."""
        with self._store.reading() as db:
            rows = db.execute("SELECT * FROM merges").fetchall()
        known = {
            (row["base"], row["head"]): Relation(
                bool(row["reachable"]),
                None if row["mergeable"] is None else bool(row["mergeable"]),
            )
            for row in rows
        }
        missing = {pair: self._relate(*pair) for pair in wanted - known.keys()}
        if missing:
            self._remember(missing, {base for base, _ in wanted})
        return {pair: missing[pair] if pair in missing else known[pair] for pair in wanted}

    def _relate(self, base: str, head: str) -> Relation:
        if self._branches.is_ancestor(head, base):
            return Relation(contained=True, mergeable=None)
        try:
            clean = merge_commits(self._git, base, head).is_clean
        except GitError:  # objects are missing, or the histories have nothing in common
            return Relation(contained=False, mergeable=None)
        return Relation(contained=False, mergeable=clean)

    def _remember(self, found: dict[tuple[str, str], Relation], bases: set[str]) -> None:
        rows = [
            (base, head, relation.contained, relation.mergeable)
            for (base, head), relation in found.items()
            if relation.is_known
        ]
        with self._store.writing() as db:
            marks = ", ".join("?" * len(bases))
            db.execute(f"DELETE FROM merges WHERE base NOT IN ({marks})", tuple(bases))
            db.executemany("INSERT OR REPLACE INTO merges VALUES (?, ?, ?, ?)", rows)

    def _record(
        self,
        before: list[PullRequest],
        seen: list[PullRequest],
        relations: dict[tuple[str, str], Relation],
        heads: dict[str, str],
    ) -> None:
        """Write down new heads, and merges that happened since somebody last looked."""
        moved = [new for old, new in zip(before, seen, strict=True) if old.head != new.head]
        merged = [
            (pull, *landing)
            for pull in seen
            if pull.is_open and (landing := self._landing(pull, relations, heads))
        ]
        if not moved and not merged:
            return
        now = stamp(self._clock.now())
        with self._store.writing() as db:
            for pull in moved:
                record_head(db, pull.branch, pull.head, now)
            for pull, commit, actor in merged:
                record_merge(db, pull, commit, actor, now)

    def _landing(
        self,
        pull: PullRequest,
        relations: dict[tuple[str, str], Relation],
        heads: dict[str, str],
    ) -> tuple[str, Actor | None] | None:
        """The commit by which an open pull request got into its base, and who made it."""
        base = heads.get(pull.base)
        if base is None:
            return None
        if begun := self._begun(pull.number):
            commit, actor = begun
            if self._branches.is_ancestor(commit, base):
                return commit, actor
        if not relations[base, pull.head].contained:
            return None
        commit = self._merge_commit(pull.head, base)
        return commit, self._committer(commit)

    def _begun(self, number: int) -> tuple[str, Actor | None] | None:
        """A merge whose process may have died before it said that it was done."""
        with self._store.reading() as db:
            row = db.execute(
                "SELECT landing_commit, a.id, a.login FROM pulls "
                "LEFT JOIN actors a ON a.id = landing_by WHERE number = ?",
                (number,),
            ).fetchone()
        if not row["landing_commit"]:
            return None
        return row["landing_commit"], Actor(row["id"], row["login"]) if row["id"] else None

    def _merge_commit(self, head: str, base: str) -> str:
        """The first commit of the base's own line that contains the head; itself if it is on it."""
        span = f"{head}..{base}"
        line = self._git.text("rev-list", "--first-parent", "--reverse", span).split()
        containing = set(self._git.text("rev-list", "--ancestry-path", span).split())
        first = next((commit for commit in line if commit in containing), head)
        fast_forwarded = first != head and self._git.text("rev-parse", f"{first}^1") == head
        return head if fast_forwarded else first

    def _committer(self, commit: str) -> Actor | None:
        name, _, mail = self._git.text("log", "-1", "--format=%cn%x00%ce", commit).partition("\0")
        person = identify(name, mail)
        return None if person.login == BOT.login else person


def _with_head(pull: PullRequest, heads: dict[str, str]) -> PullRequest:
    """An open pull request follows its branch, and keeps the last head when that is deleted."""
    return replace(pull, head=heads.get(pull.branch, pull.head)) if pull.is_open else pull


def _with_relation(
    pull: PullRequest, heads: dict[str, str], relations: dict[tuple[str, str], Relation]
) -> PullRequest:
    relation = relations.get((heads.get(pull.base, ""), pull.head))
    if not pull.is_open or relation is None:
        return pull
    return replace(pull, mergeable=relation.mergeable)

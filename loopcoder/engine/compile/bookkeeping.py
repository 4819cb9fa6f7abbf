"""One pull request of ours that ticks the roadmap's boxes, kept up to date on one branch.

It is no unit and costs no worker. What stands on the branch is computed from the base commit
alone, and committed on top of what is there; commits of others are never overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from loopcoder.domain.diagnostic import LimitReached, Stale
from loopcoder.domain.issues.issue import PullDraft, PullRequest
from loopcoder.domain.journal.event import BooksMade, BooksProposed, Entry
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.books import BooksRecord
from loopcoder.domain.roadmap.bookkeeping import BRANCH, TITLE, Books, books_body, plan_books
from loopcoder.domain.roadmap.roadmap import Source
from loopcoder.domain.tick.lifecycle import is_done
from loopcoder.domain.tick.report import TickReport
from loopcoder.domain.tick.snapshot import Snapshot
from loopcoder.domain.unit import Unit, UnitId
from loopcoder.domain.views.pull_body import pull_title
from loopcoder.engine.compile.roadmap_source import REPLACED
from loopcoder.engine.effects import effect
from loopcoder.engine.limits import pull_limit
from loopcoder.engine.services import Services
from loopcoder.ports.workspace import CommitDraft


@dataclass(frozen=True, slots=True)
class Kept:
    """What a person is to do about the books, and what holds them back; empty: nothing. `pull` is
    as in the report."""

    asks: str = ""
    waits: str = ""
    pull: int | None = None

    def told_in(self, report: TickReport) -> TickReport:
        """The report with both sentences in their places."""
        asks = (*report.waiting_for_you, *filter(None, [self.asks]))
        warnings = (*report.warnings, *filter(None, [self.waits]))
        return replace(report, waiting_for_you=asks, warnings=warnings, books=self.pull)


def keep_books(services: Services, snapshot: Snapshot | None) -> Kept:
    """Bring the branch and its pull request up to date, as far as the limits let it.

    Without a snapshot nothing is known to be done, and only ids may be missing.
    """
    settings = services.settings
    base = services.code_host.branch_head(settings.base)
    if not settings.bookkeeping or base is None:
        return Kept()
    books = _books(services, snapshot, base)
    history = services.journal.history()
    head = services.code_host.branch_head(BRANCH)
    if head is not None and head not in history.books.heads:
        theirs = f"{BRANCH} has commits of somebody else: its boxes are theirs"
        return Kept(theirs if books.files else "")
    pulls = [p for p in services.code_host.list_pulls() if p.branch == BRANCH]
    astray = next((p for p in pulls if p.is_open and p.base != settings.base), None)
    if astray is not None:
        where = f"close #{astray.number}: it ticks boxes on {astray.base}, not on {settings.base}"
        return Kept(where if books.files else "")
    try:
        if not books.files:
            _clear(services, head)
            return Kept(pull=0)
        if _was_declined(history.books, pulls, books):
            return Kept()
        number = _propose(services, books, base, head, pulls, _issues(snapshot))
        return Kept(f"merge #{number} (the roadmap's boxes)", pull=number)
    except LimitReached as limit:
        return Kept(waits=f"the pull request with the roadmap's boxes waits: {limit}")
    except Stale:
        return Kept()  # another tick keeps the same books at this moment


def _books(services: Services, snapshot: Snapshot | None, base: str) -> Books:
    texts = [(path, services.workspaces.read(base, path)) for path in services.settings.roadmaps]
    sources = [Source(path, text) for path, text in texts if text and REPLACED not in text]
    if len(sources) < len(texts):
        return Books({})
    done = [
        view.id
        for view in (snapshot.units if snapshot else ())
        if view.standing and is_done(view) and view.issue is not None and view.issue.is_completed
    ]
    taken = frozenset[str](services.journal.history().units)
    return plan_books(sources, done, mint=services.settings.propose_ids, taken=taken)


def _issues(snapshot: Snapshot | None) -> dict[UnitId, int]:
    views = snapshot.units if snapshot else ()
    return {view.id: view.issue.number for view in views if view.issue}


def _was_declined(record: BooksRecord, pulls: list[PullRequest], books: Books) -> bool:
    """Whether a person closed these very books: they want to keep them in another way."""
    last = next((pull for pull in pulls if pull.number == record.number), None)
    closed = last is not None and last.state == "closed"
    return closed and record.digest == books.digest


def _clear(services: Services, head: str | None) -> None:
    """Nothing is left to tick: the branch has done its work, or people did it."""
    if head is None or not services.settings.delete_merged_branches:
        return
    with effect(services.journal, "branch.delete", BRANCH, principal="publisher"):
        services.code_host.delete_branch(BRANCH, head)


def _propose(
    services: Services,
    books: Books,
    base: str,
    head: str | None,
    pulls: list[PullRequest],
    issues: dict[UnitId, int],
) -> int:
    record = services.journal.history().books
    if head is None or (record.head, record.digest) != (head, books.digest):
        _push(services, books, base, head)
    body = books_body(books, issues)
    found = next((pull for pull in pulls if pull.is_open), None)
    if found is None:
        found = _open(services, body)
    elif found.body.strip() != body.strip():
        with effect(services.journal, "pull.update", BRANCH, principal="publisher"):
            services.code_host.update_pull(found.number, body=body)
    if record.number != found.number:
        services.journal.record(Entry(BooksProposed(found.number), principal="publisher"))
    return found.number


def _push(services: Services, books: Books, base: str, head: str | None) -> None:
    """Commit the books on top of what is there, and say so before it is pushed: that is how the
    branch's head is known for ours afterwards."""
    workspaces, style = services.workspaces, services.settings.commit
    onto = [base] if head is None or workspaces.is_ancestor(head, base) else [head, base]
    title = pull_title(Unit(UnitId("bookkeeping"), TITLE), style)
    draft = CommitDraft(
        message=f"{title}\n",
        at=services.clock.now(),
        author=style.author,
        signoff=style.signoff,
        sign=style.sign,
    )
    commit = workspaces.write_files(base, books.files, onto, draft)
    made = Entry(BooksMade(commit, books.digest), principal="publisher")

    def first(history: History) -> list[Entry]:
        if history.books.digest == books.digest and history.books.head != (head or ""):
            raise Stale("another tick made the same books.")
        return [made]

    services.journal.transact(first)
    detail = {"commit": commit, "expected": head}
    with effect(services.journal, "branch.push", BRANCH, detail, principal="publisher"):
        services.code_host.push_branch(BRANCH, commit, head)


def _open(services: Services, body: str) -> PullRequest:
    settings = services.settings
    draft = PullDraft(
        title=pull_title(Unit(UnitId("bookkeeping"), TITLE), settings.commit),
        body=body,
        branch=BRANCH,
        base=settings.base,
    )
    refusal = pull_limit(services)
    with effect(
        services.journal, "pull.create", BRANCH, principal="publisher", refusal=refusal
    ) as running:
        pull = services.code_host.create_pull(draft)
        running.receipt["number"] = pull.number
    return pull

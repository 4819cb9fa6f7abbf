"""One look at everything: the list of issues, which holds the pull requests too.

Idle, it is a single conditional request that costs nothing. When something changed, only the
newest pages are read, back to where nothing is new. It is kept between processes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from loopcoder.adapters.github.answer import Answer
from loopcoder.adapters.github.freshness import Freshness
from loopcoder.adapters.github.kept_items import KeptItems
from loopcoder.adapters.github.mapping import is_pull, read_time, trim_item, trim_pull, write_time
from loopcoder.adapters.github.paging import next_page
from loopcoder.adapters.github.session import PER_PAGE, Session
from loopcoder.adapters.github.snapshot import LAG_S, Entry, Item, Renewal, renew, replaced
from loopcoder.domain.diagnostic import ConfigurationError

_NEWEST_FIRST = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PER_PAGE}
_OVERLAP = timedelta(seconds=120)
_WHOLE_EVERY_S = 86_400.0
"""Renamed labels and deleted issues leave no trace in the list's newest page, so when something
else changed and this time has passed, all is read again."""


class Scan:
    """Shared by the tracker and the code host. A look is good for `fresh_s` seconds or until
    `expire` is called, and our own writes are folded into it."""

    def __init__(self, session: Session, *, fresh_s: float = 5.0) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._kept = KeptItems(session.state)
        self._freshness = Freshness(fresh_s)

    def expire(self) -> None:
        """The next one who asks has to look. Never waits."""
        self._freshness.expire()

    def items(self, *, look: bool = True) -> list[Item]:
        """Every issue and pull request, by number; without `look` as they were last seen."""
        with self._lock:
            if look or not self._freshness.begun:
                self._look()
            now = self._now()
            return [
                self._kept.entries[number].current(now) for number in sorted(self._kept.entries)
            ]

    def item(self, number: int, *, look: bool = False) -> Item | None:
        """One as it was last seen; with `look` as a look at the list finds it."""
        with self._lock:
            if look:
                self._look()
            entry = self._kept.entries.get(number)
            return entry.current(self._now()) if entry else None

    def is_young(self, number: int) -> bool:
        """Whether we know of it so freshly that a server may not know it everywhere yet."""
        with self._lock:
            entry = self._kept.entries.get(number)
            return entry is not None and entry.own is not None and self._now() < entry.own_until

    def details(self) -> Mapping[int, Item]:
        """What only their own payloads tell of pull requests, for every open one."""
        with self._lock:
            wanted = {n: i for n, i in ((int(i["number"]), i) for i in self.items()) if is_pull(i)}
            self._ask_details([n for n, item in wanted.items() if self._is_wanted(n, item)])
            return dict(self._kept.details)

    def note(self, payload: Item) -> Item:
        """What a write, or asking for one alone, answered."""
        item = trim_item(payload)
        self._keep_own(item)
        return item

    def note_labels(self, number: int, labels: Iterable[str], answer: Answer) -> None:
        """The labels that a write left on an item; such an answer has no time of its own."""
        known = self.item(number)
        if known is not None:
            at = write_time(answer.date(self._session.clock.now()))
            at = max(at, known["updated_at"])
            self._keep_own({**known, "labels": sorted(labels), "updated_at": at})

    def note_edges(self, number: int, more: int) -> None:
        """So many more issues block an item, or with a negative number fewer. GitHub does not
        count that as an update, so it is noted in what the list said."""
        with self._lock:
            entry = self._kept.entries.get(number)
            if entry is None:
                return
            listed, own = (_with_edges(item, more) for item in (entry.listed, entry.own))
            self._kept.save(Renewal({number: Entry(listed, own, entry.own_until)}))

    def note_parent(self, number: int, parent: int, before: int) -> None:
        """An item is a sub-issue of another now (0: of none), and no longer of `before`. Whether
        GitHub counts that as an update of both is not said, so it is noted as edges are."""
        changes = {number: {"parent": parent}, parent: {"more": 1}, before: {"more": -1}}
        with self._lock:
            entries = {
                key: Entry(
                    _with_family(entry.listed, **change),
                    _with_family(entry.own, **change),
                    entry.own_until,
                )
                for key, change in changes.items()
                if (entry := self._kept.entries.get(key)) is not None
            }
            self._kept.save(Renewal(entries))

    def note_pull(self, payload: Item) -> Item:
        """A pull request's own payload."""
        detail = trim_pull(payload)
        with self._lock:
            self._kept.keep_details([detail])
        return detail

    def forget(self, number: int) -> None:
        """It was asked for and is not there."""
        with self._lock:
            if number in self._kept.entries:
                self._kept.save(Renewal({}, frozenset({number})))

    # --- looking

    def _look(self) -> None:
        if not self._freshness.is_due(self._now()):
            return
        session, kept = self._session, self._kept.kept
        token = session.token_key()
        etag = kept.etags.get(token, "")
        first = session.get(session.path("issues"), _NEWEST_FIRST, etag)
        if not first.is_unchanged:
            self._take(first, token)
        self._freshness.looked(self._now())

    def _take(self, first: Answer, token: str) -> None:
        check_name(first.data, self._session.repository)
        whole_at, settled = self._kept.kept.whole_at, self._settled(first)
        if next_page(first.headers) is None:  # a list of one page is whole at once
            renewal = replaced(self._kept.entries, map(trim_item, first.data), settled)
            self._kept.save_list(renewal, token, first.etag, self._now())
            return
        if whole_at is not None and self._now() <= whole_at + _WHOLE_EVERY_S:
            renewal = renew(self._kept.entries, self._walk_new(first), settled)
            if not renewal.unsound:
                self._kept.save_list(renewal, token, first.etag, whole_at)
                return
        first, walked = self._walk_all(first)
        renewal = replaced(self._kept.entries, walked, settled)
        self._kept.save_list(renewal, token, first.etag, self._now())

    def _walk_new(self, first: Answer) -> Iterator[Item]:
        """Pages until one ends with what was known long before the last look."""
        listed = [e.listed["updated_at"] for e in self._kept.entries.values() if e.listed]
        until = write_time(read_time(max(listed)) - _OVERLAP) if listed else ""
        for page in self._pages(first):
            yield from page
            if page and page[-1]["updated_at"] < until:
                return

    def _walk_all(self, first: Answer) -> tuple[Answer, list[Item]]:
        """The whole list. What moves to the front meanwhile pushes others over a page's end, so
        that one is seen twice: then the first page is read again."""
        items: dict[int, Item] = {}
        shifted = False
        for page in self._pages(first):
            shifted = shifted or any(int(item["number"]) in items for item in page)
            items |= {int(item["number"]): item for item in page}
        if shifted:
            first = self._session.get(self._session.path("issues"), _NEWEST_FIRST)
            items |= {int(each["number"]): trim_item(each) for each in first.data}
        return first, list(items.values())

    def _pages(self, first: Answer) -> Iterator[list[Item]]:
        answer = first
        while True:
            yield [trim_item(payload) for payload in answer.data]
            following = next_page(answer.headers)
            if following is None:
                return
            answer = self._session.get(following)

    def _settled(self, answer: Answer) -> str:
        return write_time(answer.date(self._session.clock.now()) - _OVERLAP)

    # --- pull requests

    def _is_wanted(self, number: int, item: Item) -> bool:
        detail = self._kept.details.get(number)
        if item["state"] == "open":
            return detail is None or detail["updated_at"] < item["updated_at"]
        return detail is not None and detail["state"] == "open"

    def _ask_details(self, wanted: list[int]) -> None:
        """One by one while they are few, else by the newest pages of their list."""
        session = self._session
        if len(wanted) > 1:
            missing = set(wanted)
            for page in session.pages(session.path("pulls"), _NEWEST_FIRST, keep=False):
                found = [trim_pull(payload) for payload in page]
                self._kept.keep_details(found)
                missing -= {int(each["number"]) for each in found}
                if not missing:
                    return
            wanted = sorted(missing)
        for number in wanted:
            self.note_pull(session.read(session.path("pulls", number)).data)

    def _keep_own(self, item: Item) -> None:
        with self._lock:
            number = int(item["number"])
            listed = self._kept.entries.get(number, Entry()).listed
            self._kept.save(Renewal({number: Entry(listed, item, self._now() + LAG_S)}))

    def _now(self) -> float:
        return self._session.clock.now().timestamp()


def _with_edges(item: Item | None, more: int) -> Item | None:
    if item is None or not item.get("edges"):
        return item
    edges = item["edges"]
    return {**item, "edges": {**edges, "blocked_by": max(0, edges["blocked_by"] + more)}}


def _with_family(item: Item | None, parent: int | None = None, more: int = 0) -> Item | None:
    if item is None or not item.get("family"):
        return item
    family = item["family"]
    parent = family["parent"] if parent is None else parent
    children = max(0, family["children"] + more)
    return {**item, "family": {"parent": parent, "children": children}}


def check_name(payloads: Sequence[Item], repository: str) -> None:
    """GitHub answers under a repository's old name too; its items say the new one."""
    for payload in payloads[:1]:
        name = "/".join(str(payload.get("repository_url") or "").split("/")[-2:])
        if name and name.lower() != repository.lower():
            raise ConfigurationError(
                f"The repository {repository} is called {name} now.",
                f"Write `repository: {name}` in loopcoder.yml.",
            )

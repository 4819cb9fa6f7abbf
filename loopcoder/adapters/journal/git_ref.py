"""The journal shared through a git ref: the ref is the truth, a file in each clone the copy.

Everything is published by compare-and-set. Who loses a race reads what won and decides again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from filelock import FileLock, Timeout

from loopcoder.adapters.journal.batch_files import (
    BATCHES,
    HEAD,
    SNAPSHOTS,
    file_name,
    is_batch,
    order_files,
    render_head,
    render_rows,
)
from loopcoder.adapters.journal.chain import Break, Damaged, Row
from loopcoder.adapters.journal.distrust import Untrusted, gone, untrusted
from loopcoder.adapters.journal.rebuild import beside
from loopcoder.adapters.journal.ref_store import PushFailed, Reading, RefStore, commit_header
from loopcoder.adapters.journal.shared_cache import Draft, Foreign, Published, SharedCache
from loopcoder.domain.diagnostic import LoopcoderError, TryLater, Unavailable
from loopcoder.domain.journal.event import Entry, Event
from loopcoder.domain.journal.history import History
from loopcoder.ports.clock import Clock

Decision = Callable[[History], Sequence[Entry]]

REF = "refs/loopcoder/journal"
TRIES = 12
LOCK_S = 120.0
PACK_AT = 256
"""So many files of single batches are packed into one by the next push."""

LATE = timedelta(seconds=60)
"""How old a fact may get before the next one takes it along to the remote."""


class GitRefJournal:
    """Implements `ports.journal.Journal`, shared by all clones that push to the store's remote.

    `transact`, and a `record` in a person's name, are published when they return. Other facts
    are kept in the copy at once, and published by the next of those, by `flush`, or by a fact a
    minute later. With `read_only` nothing is published, and the copy is enough while the remote
    cannot be reached. All methods raise `LoopcoderError`; nothing is ever repaired on the ref.
    `on_news` is told when something was read that others published.
    """

    def __init__(
        self,
        cache: Path,
        store: RefStore,
        clock: Clock,
        *,
        random: Random | None = None,
        read_only: bool = False,
        pack_at: int = PACK_AT,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self._cache = SharedCache(cache, clock)
        self._store = store
        self._clock = clock
        self._random = random or Random()
        self._read_only = read_only
        self._pack_at = pack_at
        self._on_news = on_news
        self._turn = threading.RLock()
        self._lock = FileLock(str(beside(cache, ".publish")), timeout=LOCK_S, poll_interval=0.01)
        self._looked = False
        self._deciding: int | None = None
        self._next_push: datetime | None = None

    def history(self) -> History:
        self._ready()
        return self._cache.history()

    def events(self, since: datetime | None = None) -> Iterator[Event]:
        self._ready()
        return self._cache.events(since)

    def record(self, *entries: Entry) -> tuple[Event, ...]:
        if not entries:
            return ()
        self._may_write()
        if any(entry.principal.startswith("person:") for entry in entries):
            return self._publish(lambda _: entries)
        events = self._cache.record(*entries)
        self._push_what_is_late()
        return events

    def transact(self, decision: Decision) -> tuple[Event, ...]:
        self._may_write()
        return self._publish(decision)

    def refresh(self) -> None:
        with self._publishing():
            self._look()

    def flush(self) -> None:
        self._may_write()
        if self._cache.is_worth_publishing():
            self._publish(None)

    def verify(self) -> Break | None:
        """Check every link here and on the remote; the first event that cannot be trusted."""
        broken = self._cache.verify()
        if broken is not None:
            return broken
        try:
            with self._publishing():
                self._look()
                published = self._cache.published()
                if published.commit:
                    self._take(self._read(""), published)
        except Untrusted as error:
            return error.where
        return None

    def close(self) -> None:
        """Let go of the copy. The next use opens it again."""
        self._cache.close()
        self._looked = False

    # --- reading

    def _ready(self) -> None:
        """Look at the remote once, before anything is read."""
        if self._looked:
            return
        try:
            self.refresh()
        except Unavailable:
            if not (self._read_only and self._cache.published().commit):
                raise
            self._looked = True

    def _look(self) -> bool:
        """Take in what is new on the remote; whether there was anything."""
        seen = self._store.look()
        published = self._cache.published()
        if seen.commit is None:
            if published.commit or seen.begun:
                raise gone(self._store, published)
            moved = False
        else:
            moved = seen.commit != published.commit
        if moved:
            self._take(self._read(published.commit), published)
        self._looked = True
        return moved

    def _read(self, known: str) -> Reading:
        try:
            return self._store.read(known)
        except Damaged as damage:
            raise untrusted(self._store, self._cache.published(), damage.where) from damage

    def _take(self, reading: Reading, published: Published) -> None:
        if reading.head.length < published.head.length:
            reason = f"the ref ends here, and {published.head.length} events were published"
            where = Break(reading.head.length, reading.head.id, reason)
            raise untrusted(self._store, published, where)
        try:
            self._cache.absorb(reading.commit, reading.rows, reading.head)
        except Foreign as error:
            raise untrusted(self._store, published, error.where) from error
        self._on_news()

    # --- publishing

    def _publish(self, decision: Decision | None) -> tuple[Event, ...]:
        """Append and push what `decision` returns for the newest history, with all that waits.
        Without a decision, what waits."""
        with self._publishing():
            fresh = not self._looked
            if fresh:
                self._look()
            sent: list[Draft] = []
            for number in range(TRIES):
                if number:
                    self._clock.sleep(self._random.uniform(0, min(2.0, 0.05 * 2**number)))
                entries = self._decide(decision, fresh) if decision else ()
                draft = self._cache.draft(entries)
                if not draft.rows or (decision and not entries):
                    return ()
                sent.append(draft)
                if self._send(draft):
                    return draft.events
                arrived = self._arrived(sent)
                if arrived:
                    return arrived.events
                fresh = True
        raise TryLater(
            f"Others keep writing to the shared journal on {self._store.remote}: {TRIES} tries "
            "to get in between failed.",
            "Try again in a minute.",
        )

    def _decide(self, decision: Decision, fresh: bool) -> Sequence[Entry]:
        """What to append. A yes needs no look at the remote, for the push tells whether it was
        based on the newest; a no does, unless the look is `fresh`."""
        if fresh:
            return self._ask(decision)
        try:
            entries = self._ask(decision)
        except LoopcoderError:
            if not self._look():
                raise
        else:
            if entries or not self._look():
                return entries
        return self._ask(decision)

    def _ask(self, decision: Decision) -> Sequence[Entry]:
        history = self._cache.history()
        self._deciding = threading.get_ident()
        try:
            return tuple(decision(history))
        finally:
            self._deciding = None

    def _send(self, draft: Draft) -> bool:
        """Push a batch. False when it did not arrive, or may not have, and the ref has moved."""
        if draft.on.commit and not self._store.ensure(draft.on.commit):
            self._look()
            return False
        commit = self._commit(draft)
        try:
            self._store.push(commit, draft.on.commit)
        except PushFailed as failure:
            if not self._look_after(failure) and not failure.raced:
                raise failure.error from failure
            return False
        self._cache.absorb(commit, draft.rows, draft.end)
        return True

    def _look_after(self, failure: PushFailed) -> bool:
        try:
            return self._look()
        except Unavailable as error:
            raise Unavailable(
                f"{failure.error.summary} Whether the last step was published is not known.",
                "Run the command again when the network is back: what arrived is recognised.",
            ) from error

    def _arrived(self, sent: Sequence[Draft]) -> Draft | None:
        """The batch that is on the ref although no answer said so, if one is."""
        return next((draft for draft in sent if self._cache.has(draft.end.id)), None)

    def _commit(self, draft: Draft) -> str:
        files = {
            file_name(BATCHES, draft.rows): render_rows(draft.rows),
            HEAD: render_head(draft.end),
        }
        count = len(draft.rows)
        text = f"Record {count} event{'s' if count > 1 else ''}, up to {draft.end.length}\n"
        if not draft.on.commit:
            text = f"Begin the shared journal\n\n{text}"
        packed = self._to_pack(draft.on)
        if packed:
            files[file_name(SNAPSHOTS, packed)] = render_rows(packed)
            text += f"\nEvents {packed[0].seq} to {packed[-1].seq} are packed into one file.\n"
        header = commit_header(text, int(self._clock.now().timestamp()))
        return self._store.write(draft.on.commit, files, BATCHES if packed else "", header)

    def _to_pack(self, on: Published) -> list[Row]:
        """The events in files of single batches, when there are enough of those."""
        names = self._store.files(on.commit) if on.commit else {}
        batches = [span for span, name in order_files(names, on.head) if is_batch(name)]
        if len(batches) < self._pack_at:
            return []
        return self._cache.span(batches[0].first, batches[-1].last)

    def _push_what_is_late(self) -> None:
        """Publish on the way what waits for long. It is safe here, so a failure can wait, too."""
        now = self._clock.now()
        if self._next_push is None:
            self._next_push = now + LATE
        if now < self._next_push:
            return
        self._next_push = now + LATE
        try:
            self.flush()
        except (Unavailable, TryLater):
            return

    # --- turns

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        """One thread of one process of this clone at a time talks to the remote."""
        Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        with self._turn:
            try:
                self._lock.acquire()
            except Timeout:
                raise TryLater(
                    "Another process of this clone keeps the shared journal busy.",
                    "Try again in a minute.",
                ) from None
            try:
                if self._lock.lock_counter == 1:
                    self._store.unlock()
                yield
            finally:
                self._lock.release()

    def _may_write(self) -> None:
        if self._read_only:
            raise RuntimeError("the shared journal was opened for reading only")
        if self._deciding == threading.get_ident():
            raise RuntimeError("a decision must not write to the journal that asks it")

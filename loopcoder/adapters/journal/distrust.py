"""The shared journal is not what was published: which, from where, and what a person can do."""

from __future__ import annotations

from loopcoder.adapters.journal.chain import Break
from loopcoder.adapters.journal.ref_store import RefStore
from loopcoder.adapters.journal.shared_cache import Published
from loopcoder.domain.diagnostic import LoopcoderError


class Untrusted(LoopcoderError):
    """The ref does not hold what we, or anybody else of ours, published. `where` says where."""

    def __init__(self, where: Break, summary: str, remedy: str) -> None:
        super().__init__(summary, remedy)
        self.where = where


def gone(store: RefStore, published: Published) -> Untrusted:
    """The ref was deleted, after this clone or somebody else had published to it."""
    ref, remote = store.ref, store.remote
    if published.commit:
        return Untrusted(
            Break(published.head.length, published.head.id, "the whole ref is gone"),
            f"The shared journal is gone: {ref} does not exist on {remote} any more. Nothing "
            "is begun anew by itself, for claims, spending and approvals would be forgotten.",
            _restore(store, published),
        )
    return Untrusted(
        Break(0, "?", "the whole ref is gone"),
        f"The shared journal is gone: {ref} does not exist on {remote}, and "
        f"{store.begun_ref} says that it did.",
        "`loopcoder doctor` in a clone that has a copy says how to put it back. To begin anew and "
        "forget claims, spending and approvals, delete the mark: "
        f"git push {store.address} :{store.begun_ref}",
    )


def untrusted(store: RefStore, published: Published, where: Break) -> Untrusted:
    """What the ref holds from `where` on does not follow from what was published."""
    return Untrusted(
        where,
        f"The shared journal on {store.remote} cannot be trusted from {where}. Nothing "
        "of it was used, and nothing was changed.",
        f"Find out who wrote to {store.ref}. {_restore(store, published)}",
    )


def _restore(store: RefStore, published: Published) -> str:
    if not published.commit:
        return (
            "This clone has no earlier copy of it: `loopcoder doctor` in one that has says how to "
            "put it back. To begin anew and forget claims, spending and approvals, delete it with "
            f"its mark: git push {store.address} :{store.ref} :{store.begun_ref}"
        )
    return (
        f"What this clone has last seen of it, {published.head.length} events, is put back "
        f"by: git --git-dir={store.folder} push {store.address} "
        f"+{published.commit}:{store.ref}"
    )

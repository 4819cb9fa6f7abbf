"""Signing what is stated about a change, and keeping it with the repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from loopcoder.domain.proof.dsse import Signature


class Signer(Protocol):
    """Whoever vouches for what is stated."""

    def sign(self, data: bytes) -> Signature:
        """Sign the bytes; raises `LoopcoderError` with what is missing."""


class AttestationStore(Protocol):
    """A folder of files for each commit. What was put is never changed."""

    def put(self, commit: str, files: Mapping[str, bytes]) -> None:
        """Keep the files; putting them again changes nothing. Raises `Stale` when other files
        are kept for the commit already."""

    def get(self, commit: str) -> Mapping[str, bytes]:
        """The files of a commit, by name; none when nothing is kept for it."""


@dataclass(frozen=True, slots=True)
class Attestor:
    """`redact` masks known secrets in what is kept as evidence; `builder` names this program.

    Not `required`: where nobody can sign, the change is proposed unsigned, and says so.
    """

    signer: Callable[[], Signer]
    store: AttestationStore
    redact: Callable[[str], str]
    builder: str
    required: bool = False

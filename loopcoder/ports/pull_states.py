"""How pull requests stand that issues may wait for, where they share the issues' numbers. An
optional capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from loopcoder.domain.issues.issue import PullState
from loopcoder.ports.tracker import Tracker


class PullStates(Protocol):
    """A number that people name may be a pull request's: it is waited for until it is merged."""

    def list_pull_states(self) -> Mapping[int, PullState]:
        """Every pull request's state, by number, as the last look at the issues found it."""


def pull_states_of(tracker: Tracker) -> Mapping[int, PullState]:
    """The states that the tracker knows; none where it does not know pull requests. A wrapper has
    what it wraps."""
    if hasattr(tracker, "list_pull_states"):
        return cast(PullStates, tracker).list_pull_states()
    return {}

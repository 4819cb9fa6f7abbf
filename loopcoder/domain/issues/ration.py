"""How many issues, labels, comments and pull requests may still be written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from loopcoder.domain.journal.event import EffectBegun, Event
from loopcoder.domain.journal.history import History
from loopcoder.domain.settings import Limits

DAY = timedelta(days=1)
ISSUES = frozenset({"issue.create"})
LABELS = frozenset(
    {
        "issue.label", "issue.unlabel", "issue.depend", "issue.undepend", "issue.nest",
        "issue.unnest", "label.add", "label.remove",
    }
)  # fmt: skip
"""The effects that count as label writes: what says who waits for whom, or for a person."""
COMMENTS = frozenset({"comment.create", "issue.merge"})
"""A duplicate that is closed says where its work goes on: counted, and not held back."""
PULLS = frozenset({"pull.create"})


@dataclass(frozen=True, slots=True)
class Ration:
    """`left` writes of `most` may still be made; `noun` says of what, `span` in what time."""

    noun: str
    span: str
    most: int
    left: int

    def allows(self, writes: int) -> bool:
        """Whether so many fit. What could never fit goes alone, before anything else; but a
        limit of nothing is meant so."""
        return writes <= self.left or 0 < self.left == self.most < writes

    def without(self, writes: int) -> Ration:
        return replace(self, left=max(0, self.left - writes))

    @property
    def reason(self) -> str:
        """Why something waits."""
        noun = self.noun.removesuffix("s") if self.most == 1 else self.noun
        return f"the limit of {self.most} {noun} {self.span} is reached"


@dataclass(frozen=True, slots=True)
class Rations:
    """All that bound one kind of write, in the day and in the tick."""

    each: tuple[Ration, ...]

    def refusal(self, writes: int) -> str:
        """Why so many writes have to wait; empty when they need not."""
        return next((ration.reason for ration in self.each if not ration.allows(writes)), "")

    @property
    def left(self) -> int:
        return min(ration.left for ration in self.each)

    def without(self, writes: int) -> Rations:
        return Rations(tuple(ration.without(writes) for ration in self.each))


def issue_rations(limits: Limits, history: History, now: datetime, *, in_tick: bool) -> Rations:
    """What is left of new issues; a person who compiles is bound by the day alone."""
    bounds = (limits.issues_per_day, limits.issues_per_tick if in_tick else None)
    return _rations("new issues", ISSUES, bounds, history, now)


def label_rations(limits: Limits, history: History, now: datetime, *, in_tick: bool) -> Rations:
    """What is left of writes of labels and dependencies on issues that are there already."""
    bounds = (limits.labels_per_day, limits.labels_per_tick if in_tick else None)
    return _rations("label writes", LABELS, bounds, history, now)


def comment_rations(limits: Limits, history: History, now: datetime) -> Rations:
    """What is left of new comments; editing one that is there takes none."""
    bounds = (limits.comments_per_day, limits.comments_per_tick)
    return _rations("new comments", COMMENTS, bounds, history, now, doubtful=True)


def pull_rations(limits: Limits, history: History, now: datetime) -> Rations:
    """What is left of new pull requests, the bookkeeping one among them."""
    bounds = (limits.prs_per_day, limits.prs_per_tick)
    return _rations("new pull requests", PULLS, bounds, history, now, doubtful=True)


def _rations(
    noun: str,
    verbs: Collection[str],
    bounds: tuple[int, int | None],
    history: History,
    now: datetime,
    *,
    doubtful: bool = False,
) -> Rations:
    """`doubtful`: writes that were begun and are not settled count, as they may have been made."""
    done = [at for at, verb in history.effects_done if verb in verbs]
    if doubtful:
        begun = history.open_effects.values()
        done += [each.at for each in begun if _verb(each) in verbs]
    a_day, a_tick = bounds
    today = sum(1 for at in done if at > now - DAY)
    found = [Ration(noun, "a day", a_day, max(0, a_day - today))]
    if a_tick is not None:
        since = sum(1 for at in done if history.tick_at and at >= history.tick_at)
        found.append(Ration(noun, "a tick", a_tick, max(0, a_tick - since)))
    return Rations(tuple(found))


def _verb(event: Event) -> str:
    return event.fact.verb if isinstance(event.fact, EffectBegun) else ""

"""A wave handed out to jobs on other machines: what each of them has to know, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.issues.issue import Comment, Feedback, Issue, PullRequest
from loopcoder.domain.journal.event import Holder
from loopcoder.domain.journal.history import History
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.domain.unit import Unit, UnitId, text_digest


@dataclass(frozen=True, slots=True)
class Errand:
    """One unit of a wave: its step, the text as it was observed, and the claim's epoch.
    `feedback` and `failed` are what the step answers, `comments` what people said before.

    `reservation` names what was set aside for the whole attempt; empty when that is nothing.
    """

    step: Dispatch
    unit: Unit
    epoch: int
    issue: Issue | None = None
    pull: PullRequest | None = None
    feedback: tuple[Feedback, ...] = ()
    failed: tuple[FailedCheck, ...] = ()
    reservation: str = ""
    comments: tuple[Comment, ...] = ()

    def view(self, history: History) -> UnitView:
        """The unit as a job sees it: what was observed, with the record it has."""
        return UnitView(
            unit=self.unit,
            record=history.unit(self.unit.id),
            issue=self.issue,
            pull=self.pull,
            feedback=self.feedback,
            comments=self.comments,
            digest=text_digest(self.unit),
        )


@dataclass(frozen=True, slots=True)
class Wave:
    """`base` is the commit that everything a job obeys is read from; `config` the SHA-256 of the
    configuration there. The claims end at `until`."""

    run: str
    base: str
    base_branch: str
    config: str
    taken_at: datetime
    until: datetime
    errands: tuple[Errand, ...]

    def errand(self, unit: str) -> Errand | None:
        return next((each for each in self.errands if each.unit.id == unit), None)

    @property
    def units(self) -> frozenset[UnitId]:
        return frozenset(each.unit.id for each in self.errands)

    @property
    def holder(self) -> Holder:
        return holder_of(self.run)


def holder_of(run: str) -> Holder:
    """Whom the claims of a wave belong to: no process of any machine, so that they last until
    they expire or are given back."""
    return Holder(host=f"wave:{run}", boot="", pid=0, started=0.0)

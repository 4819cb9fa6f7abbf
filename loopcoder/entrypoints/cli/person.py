"""A person's word on a unit: approve, retry, block, unblock, waive."""

from __future__ import annotations

from datetime import datetime

import click

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError, NotFound
from loopcoder.domain.issues.issue import BLOCKED_BY, CommandLabel, PullState
from loopcoder.domain.journal.event import (
    Approved,
    AttemptFinished,
    ClaimReleased,
    EdgeAdded,
    EdgeWaived,
    Entry,
    Fact,
    Retried,
)
from loopcoder.domain.tick.lifecycle import State, state_of
from loopcoder.domain.tick.snapshot import UnitView
from loopcoder.domain.unit import edges_digest, text_digest
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import Words, done_as_json
from loopcoder.entrypoints.cli.own_words import own_words
from loopcoder.entrypoints.running.inspection import Look, inspect
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("approve")
@click.argument("units", nargs=-1, required=True)
@done_as_json
@pass_house(from_base=True)
def approve_command(house: House, units: tuple[str, ...], as_json: bool) -> None:
    """Let proposed UNITS be worked on."""
    look = inspect(house)
    words = Words("approve", as_json)
    for view in [look.view(unit) for unit in units]:
        if view.standing:
            words.say(f"{view.id} stands in the roadmap; it needs no approval", view, noted=False)
            continue
        login = house.person.login
        _record(house, view, Approved(login, text_digest(view.unit)))
        if view.issue and CommandLabel.PROPOSED in view.issue.labels:
            house.person_tracker.remove_label(view.issue.number, CommandLabel.PROPOSED)
        words.say(f"{view.id} is approved; the next tick may work on it", view)
    words.end()


@click.command("retry")
@click.argument("units", nargs=-1, required=True)
@click.option("--fresh", is_flag=True, help="Start over from the base instead of its branch.")
@click.option("--note", default="", help="A sentence for the next worker.")
@done_as_json
@pass_house(from_base=True)
def retry_command(
    house: House, units: tuple[str, ...], fresh: bool, note: str, as_json: bool
) -> None:
    """Clear the strikes of UNITS, so that the next tick works on them again."""
    note = own_words(house, note, "the note")
    look = inspect(house)
    words = Words("retry", as_json)
    views = [look.view(unit) for unit in units]
    for view in views:
        state = state_of(view, look.snapshot.history)
        if state in (State.DONE, State.DROPPED, State.RUNNING):
            raise LoopcoderError(f"{view.id} is {state.value}; there is nothing to retry.")
    for view in views:
        if fresh:
            _start_over(house, view)
        said_at = _after_its_end(house, view)
        _record(house, view, Retried(house.person.login, fresh, note, said_at=said_at))
        words.say(_what_follows(look, view, fresh), view)
    words.end()


def _what_follows(look: Look, view: UnitView, fresh: bool) -> str:
    """When a retried unit is worked on: not at once where it waits for something else too."""
    if state_of(view, look.snapshot.history) in (State.READY, State.NEEDS_HUMAN):
        return f"{view.id} is tried again{' from the base' if fresh else ''} in the next tick"
    return f"{view.id} has no strikes, and waits on: {look.reason_of(view)}"


def _after_its_end(house: House, view: UnitView) -> datetime | None:
    """When it was said, where the host's clock is ahead of this machine's: whoever says retry after
    a pull request was closed means what comes after that. None: now."""
    ended = view.pull.ended_at if view.pull else None
    return ended if ended and ended > house.clock.now() else None


def _start_over(house: House, view: UnitView) -> None:
    """Give up what earlier attempts left. Their commits stay under refs/loopcoder/attempts/."""
    if view.pull and view.pull.state is PullState.OPEN:
        raise LoopcoderError(
            f"{view.id} has an open pull request, #{view.pull.number}.",
            "Close it first, on GitHub."
            if house.on_github
            else f"Close it first: loopcoder pr close {view.pull.number}.",
        )
    if view.pull and view.branch_needed:
        raise LoopcoderError(
            f"Another open pull request needs {view.pull.branch}, and would be closed with it.",
            "Close that one first, or leave --fresh away.",
        )
    current = view.record.current
    if current:
        ended = AttemptFinished("dropped", f"@{house.person.login} starts over", False)
        for fact in (ended, ClaimReleased("started over")):
            _record(house, view, fact, current.number)
    if view.branch_head:
        branch = view.record.pull.branch if view.record.pull else f"loopcoder/{view.id}"
        house.code_host.delete_branch(branch, view.branch_head)


@click.command("block")
@click.argument("unit")
@click.option("--by", "blocker", required=True, help="The unit or #issue it has to wait for.")
@done_as_json
@pass_house(from_base=True)
def block_command(house: House, unit: str, blocker: str, as_json: bool) -> None:
    """Make UNIT wait for another unit or issue."""
    look = inspect(house)
    view = look.view(unit)
    number = _issue_number(house, look, blocker)
    if view.issue and view.issue.number == number:
        raise ConfigurationError(f"{view.id} cannot wait for itself.")
    _refuse_cycle(look, view, number)
    _record(house, view, EdgeAdded(house.person.login, number))
    Words("block", as_json).only(f"{view.id} waits for #{number}", view)


@click.command("unblock")
@click.argument("unit")
@done_as_json
@pass_house(from_base=True)
def unblock_command(house: House, unit: str, as_json: bool) -> None:
    """Waive everything UNIT waits for now."""
    look = inspect(house)
    view = look.view(unit)
    numbers = [b.number for b in view.blockers if b.number is not None]
    words = Words("unblock", as_json)
    if not numbers:
        words.only(f"{view.id} waits for nothing that could be waived", view, noted=False)
        return
    _waive(house, view, numbers)
    words.only(_waived(view, numbers), view)


@click.command("waive")
@click.argument("unit")
@click.option("--by", "blocker", required=True, help="The unit or #issue it need not wait for.")
@done_as_json
@pass_house(from_base=True)
def waive_command(house: House, unit: str, blocker: str, as_json: bool) -> None:
    """Let UNIT go without waiting for one blocker, until the roadmap's edges change."""
    look = inspect(house)
    view = look.view(unit)
    number = _issue_number(house, look, blocker)
    if number not in {b.number for b in view.blockers}:
        raise NotFound(f"{view.id} does not wait for #{number}.")
    _waive(house, view, [number])
    Words("waive", as_json).only(_waived(view, [number]), view)


def _waive(house: House, view: UnitView, numbers: list[int]) -> None:
    digest = edges_digest(view.unit)
    for number in numbers:
        _record(house, view, EdgeWaived(house.person.login, number, digest))
        if view.issue and number in view.issue.blocked_by:
            house.person_tracker.remove_label(view.issue.number, f"{BLOCKED_BY}{number}")


def _waived(view: UnitView, numbers: list[int]) -> str:
    return f"{view.id} no longer waits for {', '.join(f'#{n}' for n in numbers)}"


def _record(house: House, view: UnitView, fact: Fact, attempt: int | None = None) -> None:
    person = f"person:{house.person.login}"
    house.journal.record(Entry(fact, view.id, attempt, principal=person))


def _issue_number(house: House, look: Look, name: str) -> int:
    """The issue behind `#12` or a unit's id."""
    if name.removeprefix("#").isdecimal():
        return house.tracker.get_issue(int(name.removeprefix("#"))).number
    view = look.view(name)
    if view.issue is None:
        raise LoopcoderError(f"{view.id} has no issue yet.", "Run loopcoder compile first.")
    return view.issue.number


def _refuse_cycle(look: Look, view: UnitView, number: int) -> None:
    """A person's edge must not close a circle that would never get ready."""
    by_number = {v.issue.number: v for v in look.snapshot.units if v.issue}
    seen: set[int] = set()
    open_ = [number]
    while open_:
        current = open_.pop()
        other = by_number.get(current)
        if other is None or current in seen:
            continue
        seen.add(current)
        if other.id == view.id:
            raise ConfigurationError(
                f"#{number} already waits for {view.id}; both would wait forever."
            )
        open_.extend(b.number for b in other.blockers if b.number is not None)

"""`loopcoder pr`: local pull requests, and the verbs on them that only a human has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.human import MergeMethod, Remark
from loopcoder.domain.issues.issue import PullRequest, PullState
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.verify import checks_from_json
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import done_as_json, say, told
from loopcoder.entrypoints.cli.numbers import number_of
from loopcoder.entrypoints.cli.own_words import own_words
from loopcoder.entrypoints.views.pull import (
    HEADER,
    pull_detail_json,
    pull_json,
    pull_row,
    pull_text,
    unit_of,
)
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.wiring.bootstrap import House

if TYPE_CHECKING:
    from loopcoder.adapters.git.command import Git


@click.group("pr")
def pull_group() -> None:
    """List and show pull requests; merge and close local ones."""


@pull_group.command("list")
@click.option(
    "--state",
    type=click.Choice(["open", "merged", "closed", "all"]),
    help="Default: open; with --json all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the pull requests as JSON.")
@pass_house
def list_command(house: House, state: str | None, as_json: bool) -> None:
    """List pull requests."""
    chosen = state or ("all" if as_json else "open")
    found = [each for each in house.code_host.list_pulls() if chosen in ("all", each.state)]
    if as_json:
        rows = [pull_json(each) for each in found]
        click.echo(json.dumps({"pulls": rows}, ensure_ascii=False, indent=2))
        return
    stdout().table([pull_row(each) for each in found], HEADER, elastic=3)
    if not found:
        stdout().say("no pull requests" if chosen == "all" else f"no {chosen} pull requests")


@pull_group.command("show")
@click.argument("which", metavar="NUMBER|UNIT")
@click.option("--json", "as_json", is_flag=True, help="Print the pull request as JSON.")
@pass_house
def show_command(house: House, which: str, as_json: bool) -> None:
    """Show one pull request: its text, its checks, what people said, what it changes.

    Of a UNIT it is the newest one.
    """
    pull = _pull_of(house, which)
    number = pull.number
    remarks = house.code_host.list_feedback(number)
    notes = [(each.author.login, each.body) for each in house.tracker.list_comments(number)]
    checks, diffstat = _checks(house, pull), _diffstat(house.repository.git, pull)
    if as_json:
        detail = pull_detail_json(pull, checks, remarks, notes, diffstat)
        click.echo(json.dumps(detail, ensure_ascii=False, indent=2))
        return
    terminal = stdout()
    terminal.say(pull_text(pull, checks, remarks, notes, diffstat, terminal.style))


def _pull_of(house: House, which: str) -> PullRequest:
    if which.removeprefix("#").isdecimal():
        return house.code_host.get_pull(number_of(which))
    pulls = [each for each in house.code_host.list_pulls() if unit_of(each) == which.casefold()]
    if not pulls:
        raise NotFound(
            f"There is no pull request of a unit {which!r}.",
            "`loopcoder pr list --state all` shows them.",
        )
    return max(pulls, key=lambda each: each.number)


@pull_group.command("merge")
@click.argument("numbers", type=number_of, nargs=-1, required=True)
@click.option(
    "--method",
    type=click.Choice([method.value for method in MergeMethod]),
    default=MergeMethod.MERGE.value,
    show_default=True,
)
@click.option("--even-draft", is_flag=True, help="Merge a draft too.")
@click.option("--delete-branch", is_flag=True, help="Remove the branch afterwards.")
@done_as_json
@pass_house
def merge_command(
    house: House,
    numbers: tuple[int, ...],
    method: str,
    even_draft: bool,
    delete_branch: bool,
    as_json: bool,
) -> None:
    """Merge pull requests into their base, in the order given, and close what they close."""
    for number in numbers:
        was = house.code_host.get_pull(number)
        pull = house.desk.merge(
            number, MergeMethod(method), even_draft=even_draft, delete_branch=delete_branch
        )
        if was.state is PullState.MERGED:
            say(as_json, f"#{number} was merged before, as {pull.merged_commit[:8]}")
        else:
            say(as_json, f"#{number} is merged into {pull.base} as {pull.merged_commit[:8]}")
    _tell(house, as_json, *numbers)


@pull_group.command("close")
@click.argument("numbers", type=number_of, nargs=-1, required=True)
@done_as_json
@pass_house
def close_command(house: House, numbers: tuple[int, ...], as_json: bool) -> None:
    """Close pull requests unmerged; their units then wait for your word."""
    for number in numbers:
        pull = house.desk.close(number)
        say(as_json, f"#{number} is {pull.state.value}")
    _tell(house, as_json, *numbers)


@pull_group.command("reopen")
@click.argument("numbers", type=number_of, nargs=-1, required=True)
@done_as_json
@pass_house
def reopen_command(house: House, numbers: tuple[int, ...], as_json: bool) -> None:
    """Open closed pull requests again."""
    for number in numbers:
        house.desk.reopen(number)
        say(as_json, f"#{number} is open")
    _tell(house, as_json, *numbers)


@pull_group.command("comment")
@click.argument("number", type=number_of)
@click.argument("text")
@click.option("--request-changes", is_flag=True, help="It must not be merged like this.")
@click.option("--file", default="", help="The file it is about.")
@click.option("--line", type=click.IntRange(min=1), default=None, help="The line of that file.")
@click.option("--note", is_flag=True, help="Just for the record: nothing is done about it.")
@done_as_json
@pass_house
def comment_command(
    house: House,
    number: int,
    text: str,
    request_changes: bool,
    file: str,
    line: int | None,
    note: bool,
    as_json: bool,
) -> None:
    """Say what should be different; the next tick works on it. TEXT - reads standard input."""
    if note and (request_changes or file or line):
        raise click.UsageError("--note asks for nothing, so it goes with no other option.")
    if line and not file:
        raise click.UsageError("--line needs --file.")
    refuse_inside_attempt()
    body = own_words(house, text, "the comment")
    if note:
        house.person_tracker.create_comment(house.code_host.get_pull(number).number, body)
        say(as_json, f"noted on #{number}")
    else:
        house.desk.remark(number, Remark(body, request_changes, file, line or 0))
        say(as_json, f"said on #{number}; the next tick answers it")
    _tell(house, as_json, number)


def _tell(house: House, as_json: bool, *numbers: int) -> None:
    """The pull requests as they are now."""
    if as_json:
        told(as_json, pulls=[pull_json(house.code_host.get_pull(number)) for number in numbers])


def _checks(house: House, pull: PullRequest) -> tuple[Check, ...]:
    """What was verified on exactly this head, as the journal has it."""
    record = house.journal.history().units.get(UnitId(unit_of(pull)))
    for attempt in reversed(record.attempts if record else ()):
        for stage in reversed(attempt.stages):
            done = stage.finished
            if stage.stage == "verify" and done and done.sha == pull.head:
                return checks_from_json(done.detail.get("checks", []))
    return ()


def _diffstat(git: Git, pull: PullRequest) -> str:
    """What the branch changed since it left its base; empty when the commits are gone."""
    start = f"{pull.merged_commit}^1" if pull.merged_commit else f"refs/heads/{pull.base}"
    done = git.run("diff", "--stat=100", "--no-ext-diff", f"{start}...{pull.head}", check=False)
    return done.stdout.decode("utf-8", "replace").rstrip("\n") if done.code == 0 else ""

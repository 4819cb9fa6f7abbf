"""`loopcoder issue`: the local tracker's issues, read and written in the person's name."""

from __future__ import annotations

import json

import click

from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.adapters.local.tracker import LocalTracker
from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.issues.issue import CloseReason, Issue, IssueDraft
from loopcoder.domain.issues.issue_body import parse_body
from loopcoder.domain.roadmap.bookkeeping import plan_books
from loopcoder.domain.unit import UnitId
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import done_as_json, say, told
from loopcoder.entrypoints.cli.numbers import number_of
from loopcoder.entrypoints.cli.own_words import own_words
from loopcoder.entrypoints.running.roadmap_files import read_sources, write_text
from loopcoder.entrypoints.views.issue import (
    HEADER,
    issue_detail_json,
    issue_json,
    issue_row,
    issue_text,
)
from loopcoder.entrypoints.views.pull import pull_json
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.wiring.bootstrap import House

_body = click.option("--body", default=None, help="The text; - reads standard input.")
_labels = click.option("--label", "labels", multiple=True, metavar="NAME", help="Repeatable.")


@click.group("issue")
def issue_group() -> None:
    """List and show issues; write those of the local tracker."""


@issue_group.command("list")
@click.option(
    "--state",
    type=click.Choice(["open", "closed", "all"]),
    help="Default: open; with --json all.",
)
@_labels
@click.option("--json", "as_json", is_flag=True, help="Print the issues as JSON.")
@pass_house
def list_command(house: House, state: str | None, labels: tuple[str, ...], as_json: bool) -> None:
    """List issues, those with every given label."""
    chosen = state or ("all" if as_json else "open")
    wanted = {label.casefold() for label in labels}
    found = [
        issue
        for issue in house.tracker.list_issues()
        if chosen in ("all", issue.state) and wanted <= {name.casefold() for name in issue.labels}
    ]
    if as_json:
        rows = [issue_json(issue) for issue in found]
        click.echo(json.dumps({"issues": rows}, ensure_ascii=False, indent=2))
        return
    stdout().table([issue_row(issue) for issue in found], HEADER, elastic=2)
    if not found:
        stdout().say("no issues" if chosen == "all" else f"no {chosen} issues")


@issue_group.command("show")
@click.argument("number", type=number_of)
@click.option("--json", "as_json", is_flag=True, help="Print the issue as JSON.")
@pass_house
def show_command(house: House, number: int, as_json: bool) -> None:
    """Show one issue with its comments."""
    issue = house.tracker.get_issue(number)
    comments = house.tracker.list_comments(number)
    if as_json:
        events = house.tracker.list_label_events(number)
        detail = issue_detail_json(issue, comments, events)
        click.echo(json.dumps(detail, ensure_ascii=False, indent=2))
        return
    stdout().say(issue_text(issue, comments, stdout().style))


@issue_group.command("create")
@click.argument("title")
@_body
@_labels
@done_as_json
@pass_house
def create_command(
    house: House, title: str, body: str | None, labels: tuple[str, ...], as_json: bool
) -> None:
    """File a new issue. Label it loopcoder:file to have it worked on."""
    desk = _desk(house)
    title, text = own_words(house, title, "the title"), own_words(house, body or "", "the text")
    named = frozenset(own_words(house, label, "a label") for label in labels)
    created = desk.create_issue(IssueDraft(title, text, named))
    say(as_json, f"filed #{created.number}")
    told(as_json, issues=[issue_json(created)])


@issue_group.command("edit")
@click.argument("number", type=number_of)
@click.option("--title", default=None)
@_body
@done_as_json
@pass_house
def edit_command(
    house: House, number: int, title: str | None, body: str | None, as_json: bool
) -> None:
    """Replace an issue's title or body."""
    if title is None and body is None:
        raise ConfigurationError("There is nothing to edit.", "Give --title or --body.")
    desk = _desk(house)
    title = None if title is None else own_words(house, title, "the title")
    body = None if body is None else own_words(house, body, "the text")
    desk.update_issue(number, title=title, body=body)
    say(as_json, f"#{number} is rewritten")
    _tell(house, as_json, number)


@issue_group.command("close")
@click.argument("numbers", type=number_of, nargs=-1, required=True)
@click.option("--not-planned", is_flag=True, help="It will not be done; its unit is dropped.")
@done_as_json
@pass_house
def close_command(house: House, numbers: tuple[int, ...], not_planned: bool, as_json: bool) -> None:
    """Close issues as completed."""
    reason = CloseReason.NOT_PLANNED if not_planned else CloseReason.COMPLETED
    for number in numbers:
        issue = _desk(house).close_issue(number, reason)
        say(as_json, f"#{number} is {'dropped' if issue.is_not_planned else 'done'}")
        _remind_of_the_box(issue, as_json)
    _tell(house, as_json, *numbers)


@issue_group.command("tick")
@done_as_json
@pass_house
def tick_command(house: House, as_json: bool) -> None:
    """Tick the boxes of finished units in the roadmap of the working tree; you commit it."""
    refuse_inside_attempt()
    sources = read_sources(house.repository.root, house.settings.roadmaps)
    books = plan_books(sources, _finished(house))
    for path, text in books.files.items():
        write_text(house.repository.root / path, text)
    told(as_json, ticked=list(books.ticked), files=list(books.files))
    if not books.ticked:
        say(as_json, "no box of a finished unit is open")
        return
    say(as_json, f"ticked: {', '.join(books.ticked)}")
    say(as_json, f"  now commit {', '.join(books.files)}")


def _finished(house: House) -> set[UnitId]:
    """The units whose issue was closed as completed."""
    issues = {issue.number: issue for issue in house.tracker.list_issues()}
    records = house.journal_reader.history().units.values()
    return {r.id for r in records if r.number in issues and issues[r.number].is_completed}


@issue_group.command("reopen")
@click.argument("numbers", type=number_of, nargs=-1, required=True)
@done_as_json
@pass_house
def reopen_command(house: House, numbers: tuple[int, ...], as_json: bool) -> None:
    """Open closed issues again."""
    for number in numbers:
        _desk(house).reopen_issue(number)
        say(as_json, f"#{number} is open")
    _tell(house, as_json, *numbers)


@issue_group.command("label")
@click.argument("number", type=number_of)
@click.argument("labels", nargs=-1, required=True)
@done_as_json
@pass_house
def label_command(house: House, number: int, labels: tuple[str, ...], as_json: bool) -> None:
    """Put labels on an issue or a pull request."""
    for label in labels:
        _desk(house).add_label(number, own_words(house, label, "a label"))
    say(as_json, f"#{number} has {', '.join(labels)}")
    _tell(house, as_json, number)


@issue_group.command("unlabel")
@click.argument("number", type=number_of)
@click.argument("labels", nargs=-1, required=True)
@done_as_json
@pass_house
def unlabel_command(house: House, number: int, labels: tuple[str, ...], as_json: bool) -> None:
    """Take labels off an issue or a pull request."""
    for label in labels:
        _desk(house).remove_label(number, label)
    say(as_json, f"#{number} no longer has {', '.join(labels)}")
    _tell(house, as_json, number)


@issue_group.command("assign")
@click.argument("number", type=number_of)
@click.option("--remove", is_flag=True, help="Give it back.")
@done_as_json
@pass_house
def assign_command(house: House, number: int, remove: bool, as_json: bool) -> None:
    """Take an issue yourself; no agent works on it then."""
    desk = _desk(house)
    (desk.unassign if remove else desk.assign)(number, house.person)
    verb = "given back" if remove else "taken"
    say(as_json, f"#{number} is {verb} by @{house.person.login}")
    _tell(house, as_json, number)


@issue_group.command("comment")
@click.argument("number", type=number_of)
@click.argument("text")
@done_as_json
@pass_house
def comment_command(house: House, number: int, text: str, as_json: bool) -> None:
    """Comment on an issue; - reads standard input."""
    desk = _desk(house)
    desk.create_comment(number, own_words(house, text, "the comment"))
    say(as_json, f"commented on #{number}")
    _tell(house, as_json, number)


def _desk(house: House) -> LocalTracker:
    """The tracker in the person's name, which nobody has inside an attempt."""
    refuse_inside_attempt()
    return house.local_tracker


def _tell(house: House, as_json: bool, *numbers: int) -> None:
    """The issues as they are now; of a pull request's labels, the pull request."""
    if not as_json:
        return
    issues = {issue.number: issue for issue in house.tracker.list_issues()}
    pulls = [house.code_host.get_pull(number) for number in numbers if number not in issues]
    told(
        as_json,
        issues=[issue_json(issues[number]) for number in numbers if number in issues],
        **({"pulls": [pull_json(pull) for pull in pulls]} if pulls else {}),
    )


def _remind_of_the_box(issue: Issue, as_json: bool) -> None:
    """The roadmap is the person's file, so its box is theirs to tick."""
    units = [section.marker.unit for section in parse_body(issue.body).sections]
    if units:
        box = "[-]" if issue.is_not_planned else "[x]"
        how = "" if issue.is_not_planned else ": loopcoder issue tick"
        say(as_json, f"  in the roadmap, {', '.join(units)} can be set to {box}{how}")

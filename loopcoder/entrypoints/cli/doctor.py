"""`loopcoder doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import json

import click

from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.doctor.examination import examine
from loopcoder.entrypoints.doctor.finding import Finding, Level
from loopcoder.entrypoints.views.terminal import Terminal, stdout
from loopcoder.entrypoints.views.text import clean, wrapped
from loopcoder.entrypoints.wiring.bootstrap import House

_COLOURS = {Level.OK: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.PROBLEM: "red"}


@click.command("doctor")
@click.option(
    "--fix", is_flag=True, help="Mend what can be mended without losing anything; say how."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@pass_house
def doctor(house: House, fix: bool, as_json: bool) -> int:
    """Look at everything that could keep a tick from working.

    Ends with 1 when there is a problem. Nothing is changed without --fix; with it, folders that
    finished or killed attempts left are removed, and changes in them are saved as patches first.
    """
    _ = house.repository  # outside of one there is nothing to look at
    findings = examine(house, repair=fix)
    problems = sum(each.level is Level.PROBLEM and not each.repaired for each in findings)
    if as_json:
        body = {"healthy": problems == 0, "findings": [_json(each) for each in findings]}
        click.echo(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        _tell(stdout(), findings, problems)
    return 1 if problems else 0


def _tell(terminal: Terminal, findings: list[Finding], problems: int) -> None:
    wide = max(len(each.name) for each in findings)
    indent = wide + 13
    for each in findings:
        mark = terminal.style(each.level.ljust(8), _COLOURS[each.level])
        first, *more = _lines(terminal, each.what, indent)
        terminal.say(f"  {mark} {each.name.ljust(wide)}  {first}")
        advice = f"mended: {each.repaired}" if each.repaired else each.remedy
        for line in (*more, *(_lines(terminal, advice, indent) if advice else ())):
            terminal.say(" " * indent + line)
    warnings = sum(each.level is Level.WARNING and not each.repaired for each in findings)
    counts = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
    terminal.say("all well" if not problems + warnings else counts)


def _lines(terminal: Terminal, text: str, indent: int) -> list[str]:
    """The text beside its indent on a terminal; in a pipe it stays on its line."""
    shown = clean(text)
    return wrapped(shown, max(terminal.width - indent, 20)) if terminal.live else [shown]


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"


def _json(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.name,
        "level": str(finding.level),
        "what": finding.what,
        "remedy": finding.remedy,
        "fixable": finding.repair is not None,
        "fixed": bool(finding.repaired),
        "repair": finding.repaired,
    }

"""`loopcoder calibrate`: how many defects the reviewer catches, and how often it cries wolf."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from loopcoder.adapters.calibration_cases import SHIPPED, read_cases
from loopcoder.domain.limits.budget import dollars
from loopcoder.domain.review.calibration import (
    Case,
    CaseOutcome,
    Expected,
    Rate,
    in_order,
    shortfall,
)
from loopcoder.domain.settings import Thresholds
from loopcoder.engine.attempt.calibrate import Measured, Row
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.calibrating import rules_of, run_calibration
from loopcoder.entrypoints.running.ticking import stoppable
from loopcoder.entrypoints.views.terminal import Terminal, stderr, stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House

FAILED = 1
TRY_AGAIN = 75
INTERRUPTED = 130

_RIGHT = (CaseOutcome.CAUGHT, CaseOutcome.APPROVED)


@click.command("calibrate")
@click.argument("names", nargs=-1, metavar="[FALLBACK]...")
@click.option("--all", "everybody", is_flag=True, help="Measure the reviewer and its fallbacks.")
@click.option("--jobs", type=click.IntRange(1, 50), help="Cases at once; by default `jobs`.")
@click.option(
    "--cases",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Use the cases of DIR instead of the shipped ones.",
)
@click.option("--sample", type=click.IntRange(min=1), help="Show only N cases, for a first look.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_house(from_base=True)
def calibrate_command(
    house: House,
    names: tuple[str, ...],
    everybody: bool,
    jobs: int | None,
    folder: Path | None,
    sample: int | None,
    as_json: bool,
) -> None:
    """Show the reviewer changes with known defects, and changes without any, and record how many
    it tells apart. A reviewer without a passing calibration judges nothing.

    FALLBACK names a worker that stands in for the reviewer. What was judged before an interruption
    is not judged, and not paid for, again.
    """
    rules = rules_of(house)
    chosen = names or (("", *rules.spec.fallback) if everybody else ("",))
    cases = in_order(read_cases(folder or SHIPPED))[:sample]
    terminal = stderr() if as_json else stdout()
    results, code = [], 0
    with stoppable(terminal) as stopper:
        for name in chosen:
            house.agents.reviewer(name)
            _announce(terminal, name or rules.spec.name, cases)
            measured = run_calibration(
                house,
                name,
                cases,
                jobs or house.settings.jobs,
                stopper.event,
                lambda row, done: _tell(terminal, row, done, len(cases)),
            )
            _conclude(terminal, measured, rules.thresholds)
            results.append(_as_json(name or rules.spec.name, measured, rules.thresholds))
            code = max(code, _exit_code(measured, rules.thresholds))
            if stopper.interrupted:
                break
    if as_json:
        click.echo(json.dumps({"reviewers": results}, ensure_ascii=False, indent=2))
    sys.exit(INTERRUPTED if stopper.interrupted else code)


def _announce(terminal: Terminal, name: str, cases: Sequence[Case]) -> None:
    defects = sum(case.expected is Expected.DEFECT for case in cases)
    terminal.say(f"{name}: {defects} defects and {len(cases) - defects} clean changes to judge")


def _tell(terminal: Terminal, row: Row, done: int, total: int) -> None:
    right = row.outcome in _RIGHT
    mark = terminal.style("✓", "green") if right else terminal.style("✗", "red")
    said = "" if right else f"  {row.found}"
    kind = row.case.defect or row.case.expected.value
    terminal.say(
        clean(f"[{done:>{len(str(total))}}/{total}] ")
        + f"{mark} {row.outcome.value:<11} {clean(f'{row.case.id} ({kind}){said}')}"
    )


def _conclude(terminal: Terminal, measured: Measured, wanted: Thresholds) -> None:
    tally, fact = measured.tally, measured.fact
    before = sum(row.before for row in measured.rows)
    again = f", {before} judged before" if before else ""
    unusable = f", {tally.unusable} answers could not be used" if tally.unusable else ""
    terminal.table(
        [
            ("caught", f"{tally.catch} of the defects; at least {wanted.catch:.0%} is required"),
            (
                "held back",
                f"{tally.false_alarms} of the clean changes; "
                f"at most {wanted.false_alarms:.0%} is allowed",
            ),
            ("cost", f"{dollars(measured.usd)} for {len(measured.rows)} cases{again}{unusable}"),
        ]
    )
    if fact is None:
        terminal.say(f"not a calibration, and nothing is decided: {measured.unfinished}")
        return
    failed = shortfall(tally, wanted)
    stopped = f" (ended early: {fact.stopped})" if fact.stopped else ""
    if failed:
        terminal.say(f"{terminal.style('failed', 'red')}: {failed}{stopped}")
    else:
        terminal.say(f"{terminal.style('passed', 'green')}: trusted until {fact.until:%Y-%m-%d}")


def _exit_code(measured: Measured, wanted: Thresholds) -> int:
    if measured.fact is None:
        return TRY_AGAIN
    return FAILED if shortfall(measured.tally, wanted) else 0


def _as_json(name: str, measured: Measured, wanted: Thresholds) -> dict[str, object]:
    tally, fact, identity = measured.tally, measured.fact, measured.identity
    return {
        "reviewer": name,
        "provider": identity.provider,
        "model": identity.model,
        "prompt": identity.prompt,
        "identity": identity.digest,
        "passed": fact is not None and not shortfall(tally, wanted),
        "until": fact.until.isoformat() if fact else None,
        "reason": measured.unfinished or shortfall(tally, wanted),
        "stopped": fact.stopped if fact else "",
        "catch": _rate(tally.catch),
        "false_alarms": _rate(tally.false_alarms),
        "unusable": tally.unusable,
        "cost_usd": float(measured.usd),
        "cases": [
            {
                "case": row.case.id,
                "expected": row.case.expected.value,
                "defect": row.case.defect,
                "outcome": row.outcome.value,
                "found": row.found,
                "cost_usd": float(row.usd),
                "seconds": row.seconds,
                "before": row.before,
            }
            for row in sorted(measured.rows, key=lambda row: row.case.id)
        ],
    }


def _rate(rate: Rate) -> dict[str, object]:
    low, high = rate.interval
    return {
        "hits": rate.hits,
        "of": rate.total,
        "rate": round(rate.value, 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }

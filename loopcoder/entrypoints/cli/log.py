"""`loopcoder log UNIT`: what the agents did for it, stage by stage."""

from __future__ import annotations

import json
from pathlib import Path

import click

from loopcoder.domain.context.work_report import last_work, steps_of
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.journal.history import History
from loopcoder.domain.journal.records.attempt import AttemptRecord, StageRecord
from loopcoder.domain.journal.records.unit import UnitRecord
from loopcoder.domain.unit import UnitId
from loopcoder.engine.attempt.verify import checks_from_json
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.running.inspection import no_such_unit
from loopcoder.entrypoints.running.section import refuse_section
from loopcoder.entrypoints.views.terminal import Terminal, stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House


@click.command("log")
@click.argument("unit")
@click.option("--attempt", type=int, help="One attempt, instead of the last.")
@click.option("--all", "everything", is_flag=True, help="Every attempt.")
@click.option("--patch", is_flag=True, help="Print the attempt's last patch.")
@click.option("--transcript", is_flag=True, help="Print what the worker printed.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@pass_house
def log_command(
    house: House,
    unit: str,
    attempt: int | None,
    everything: bool,
    patch: bool,
    transcript: bool,
    as_json: bool,
) -> None:
    """Show what was done for UNIT: its stages, the failing output, where the papers are."""
    history = house.journal_reader.history()
    record = _record_of(history, unit)
    chosen = _chosen(record, attempt, everything)
    terminal = stdout()
    if as_json:
        click.echo(json.dumps([_as_json(house, record, a) for a in chosen], indent=2))
    elif patch or transcript:
        for each in chosen:
            _print_papers(
                _kept_papers(house, record, each), "change.patch" if patch else "transcript"
            )
    else:
        for each in chosen:
            running = each is record.attempts[-1] and _is_running(record)
            _say_attempt(terminal, each, _papers(house, record, each), running)


def _record_of(history: History, name: str) -> UnitRecord:
    """What is recorded of the unit, by its id or `#number` of its issue or pull request."""
    record = history.units.get(UnitId(name.casefold()))
    if record is not None:
        return record
    for each in history.units.values():
        numbers = {each.number, each.pull.number if each.pull else None} - {None}
        if name in {f"#{number}" for number in numbers}:
            return each
    refuse_section(name, history)
    raise no_such_unit(name, list(history.units))


def _is_running(record: UnitRecord) -> bool:
    """Whether a process of this machine works on it now; of others only their claim is known."""
    from loopcoder.adapters.sandbox.holder import is_alive

    return record.claim is not None and is_alive(record.claim.holder)


def _chosen(record: UnitRecord, number: int | None, everything: bool) -> tuple[AttemptRecord, ...]:
    if not record.attempts:
        raise NotFound(f"{record.id} was not worked on yet.")
    if everything:
        return record.attempts
    if number is None:
        return record.attempts[-1:]
    found = tuple(a for a in record.attempts if a.number == number)
    if not found:
        raise NotFound(f"{record.id} has no attempt {number}; it has {len(record.attempts)}.")
    return found


def _papers(house: House, record: UnitRecord, attempt: AttemptRecord) -> Path:
    return house.runs_dir / attempt.begun.run / record.id / f"attempt-{attempt.number}"


def _kept_papers(house: House, record: UnitRecord, attempt: AttemptRecord) -> Path:
    """The attempt's papers; where several workers raced, those of the one that was kept."""
    papers = _papers(house, record, attempt)
    return papers / f"lane-{attempt.raced.lane}" if attempt.raced else papers


def _say_attempt(
    terminal: Terminal, attempt: AttemptRecord, papers: Path, running: bool = False
) -> None:
    begun = attempt.begun
    what = "fix-up" if begun.purpose == "fix-up" else "attempt"
    head = f"{what} {attempt.number}  {attempt.begun_at:%Y-%m-%d %H:%M:%S}  {begun.worker}"
    terminal.say(terminal.style(head, "bold"))
    open_word = "running" if running else "interrupted"
    terminal.table([_stage_row(stage, open_word) for stage in attempt.stages], wrap=True)
    for number, step in enumerate(steps_of(last_work(attempt)), 1):
        terminal.say(f"  step {number} {'done' if step.done else 'open'}: {clean(step.text)}")
    _say_failing(terminal, attempt)
    if attempt.finished:
        terminal.say(f"  {attempt.finished.outcome}: {clean(attempt.finished.reason)}")
    elif running:
        terminal.say("  being worked on now")
    else:
        terminal.say("  not finished; the next tick goes on from its last stage")
    terminal.say(f"  ${attempt.usd:.2f}, {attempt.tokens} tokens · papers: {papers}")


def _stage_row(stage: StageRecord, open_word: str) -> tuple[str, str, str, str]:
    done = stage.finished
    seconds = (
        f"{(stage.finished_at - stage.begun_at).total_seconds():.1f} s" if stage.finished_at else ""
    )
    state = open_word if done is None else "ok" if done.passed else "failed"
    about = (done.reason or done.sha[:12]) if done else ""
    return (f"  round {stage.round}  {stage.stage}", state, seconds, about)


def _say_failing(terminal: Terminal, attempt: AttemptRecord) -> None:
    """The end of the last red check's output, which is what a person looks for."""
    verified = attempt.last("verify")
    if verified is None or verified.passed:
        return
    for check in checks_from_json(verified.detail.get("checks")):
        if not check.passed:
            silent = "" if check.tail.strip() else "  (it printed nothing)"
            terminal.say(f"  $ {clean(check.name)}{silent}")
            for line in check.tail.splitlines()[-25:]:
                terminal.say(f"  | {clean(line)}")


def _print_papers(papers: Path, name: str) -> None:
    files = sorted(f for f in papers.rglob("*") if f.is_file() and f.name.startswith(name))
    if not files:
        raise NotFound(f"there is no {name} in {papers}.")
    text = files[-1].read_text(errors="replace")
    if not text.strip():
        raise NotFound(f"the {name} is empty: {files[-1]}.")
    click.echo(clean(text, keep_newlines=True))


def _as_json(house: House, record: UnitRecord, attempt: AttemptRecord) -> dict[str, object]:
    return {
        "unit": record.id,
        "attempt": attempt.number,
        "purpose": attempt.begun.purpose,
        "worker": attempt.begun.worker,
        "begun_at": attempt.begun_at.isoformat(),
        "outcome": attempt.finished.outcome if attempt.finished else None,
        "reason": attempt.finished.reason if attempt.finished else None,
        "strike": attempt.finished.strike if attempt.finished else None,
        "cost_usd": float(attempt.usd),
        "tokens": attempt.tokens,
        "steps": [{"text": step.text, "done": step.done} for step in steps_of(last_work(attempt))],
        "papers": str(_papers(house, record, attempt)),
        "stages": [
            {
                "stage": s.stage,
                "round": s.round,
                "passed": s.finished.passed if s.finished else None,
                "sha": s.finished.sha if s.finished else None,
                "reason": s.finished.reason if s.finished else None,
                "artifacts": dict(s.finished.artifacts) if s.finished else {},
            }
            for s in attempt.stages
        ],
    }

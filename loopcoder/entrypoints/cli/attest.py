"""`loopcoder attest`: check, show and publish who vouches for a change."""

from __future__ import annotations

import json
from pathlib import Path

import click

from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.proof.dsse import parse_envelope
from loopcoder.engine.tick.attest import ENVELOPE
from loopcoder.entrypoints.cli.context import pass_house
from loopcoder.entrypoints.cli.done import say, told
from loopcoder.entrypoints.running.attesting import (
    Trust,
    Verified,
    find_statement,
    signing_key,
    verify_commit_statement,
)
from loopcoder.entrypoints.views.points import point_json, say_point
from loopcoder.entrypoints.views.terminal import stdout
from loopcoder.entrypoints.views.text import clean
from loopcoder.entrypoints.wiring.bootstrap import House

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("attest")
def attest_command() -> None:
    """Signed statements of how changes came to be: check one, show one, or show your key."""


@attest_command.command("verify")
@click.argument("target")
@click.option("--key", "keys", type=_FILE, multiple=True, help="Trust this .pub file alone.")
@click.option("--issuer-keys", type=_FILE, help="GitHub's key set (JWKS), for runs of Actions.")
@click.option("--from", "source", default="", help="A repository that keeps the statement, too.")
@click.option("--json", "as_json", is_flag=True, help="Print every point as JSON.")
@pass_house(from_base=True, defaults=True)
def verify_command(
    house: House,
    target: str,
    keys: tuple[Path, ...],
    issuer_keys: Path | None,
    source: str,
    as_json: bool,
) -> None:
    """Check the statement about TARGET: a pull request's number, a commit, or a branch.

    Needs no network where the statement is at hand, and no journal. Exit code 1 unless every
    point holds.
    """
    commit = resolve_target(house, target)
    trust = Trust.of(house, keys, issuer_keys)
    verified = verify_commit_statement(house, commit, trust, _sources(house, source))
    if as_json:
        click.echo(json.dumps(_as_json(verified), indent=2))
    else:
        _show(verified)
    if not verified.holds:
        raise SystemExit(1)


@attest_command.command("show")
@click.argument("target")
@click.option("--envelope", is_flag=True, help="The signed envelope instead of the statement.")
@click.option("--from", "source", default="", help="A repository that keeps the statement, too.")
@click.option("--json", "as_json", is_flag=True, help="The same: a statement is JSON.")
@pass_house(defaults=True)
def show_command(house: House, target: str, envelope: bool, source: str, as_json: bool) -> None:
    """Print the statement about TARGET, unchecked."""
    commit = resolve_target(house, target)
    data = find_statement(house, commit, _sources(house, source)).get(ENVELOPE, b"")
    if envelope:
        click.echo(data.decode().strip())
    else:
        click.echo(json.dumps(json.loads(parse_envelope(data).payload), indent=2))


@attest_command.command("key")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@pass_house(defaults=True)
def key_command(house: House, as_json: bool) -> None:
    """Print the public key that this machine signs with, for `attestation.signers`."""
    from loopcoder.adapters.signing.ssh import public_key

    key = public_key(signing_key(house))
    say(as_json, key)
    told(as_json, key=key)


def resolve_target(house: House, target: str) -> str:
    """The commit that a person means: of a pull request, of a branch, or itself."""
    number = target.removeprefix("#")
    if number.isdecimal() and len(number) < 7 and not house.unconfigured:
        return house.code_host.get_pull(int(number)).head
    commit = house.repository.resolve(target)
    commit = commit or house.repository.resolve(f"refs/remotes/origin/{target}")
    if commit is None:
        raise NotFound(
            f"{target} is no pull request, branch or commit here.",
            "Fetch it first, or name it whole.",
        )
    return commit


def _sources(house: House, source: str) -> tuple[str, ...]:
    return tuple(each for each in (source, house.repository.remote_url() or "") if each)


def _show(verified: Verified) -> None:
    terminal = stdout()
    statement = verified.statement
    if statement:
        unit = clean(statement.text("unit", "id"))
        terminal.say(f"{verified.commit[:12]}, unit {unit}, base {statement.text('base')[:12]}")
    for point in verified.points:
        say_point(terminal, point)
    for warning in statement.warnings if statement else ():
        terminal.say(f"  ! {clean(warning)}")
    wrong = [point.name for point in verified.points if not point.holds]
    terminal.say("it holds" if not wrong else f"it does not hold: {', '.join(wrong)}")


def _as_json(verified: Verified) -> dict[str, object]:
    return {
        "commit": verified.commit,
        "holds": verified.holds,
        "points": [point_json(point) for point in verified.points],
        "predicate": dict(verified.statement.predicate) if verified.statement else None,
    }

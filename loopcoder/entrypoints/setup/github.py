"""What `init` prepares on GitHub itself: labels, what was finished locally, a look at the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError

if TYPE_CHECKING:
    from loopcoder.entrypoints.wiring.bootstrap import House


def is_at_hand(remote: str, environ: Mapping[str, str]) -> bool:
    """Whether the repository is on GitHub and there is something to prove who we are."""
    from loopcoder.entrypoints.wiring.github import credentials_of, repository_name

    try:
        credentials_of(environ)
    except ConfigurationError:
        return False
    return bool(repository_name(remote, environ))


def prepare(directory: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Define our labels, carry over what is finished, and say how large the first plan is. What
    cannot be done now is said, and is no reason to undo what was written."""
    from loopcoder.entrypoints.wiring.bootstrap import open_house

    house = open_house(directory, from_base=False, environ=environ)
    if not house.on_github:
        return ("loopcoder.yml names another tracker: write `tracker: github` to move",)
    try:
        with house.publishing():
            return tuple(_prepared(house))
    except LoopcoderError as error:
        return (f"GitHub was not prepared: {error}", "`loopcoder doctor --fix` does it later")


def _prepared(house: House) -> Iterator[str]:
    from loopcoder.entrypoints.doctor.github import define_labels
    from loopcoder.entrypoints.running.compiling import draft_plan, options_of
    from loopcoder.entrypoints.setup.migration import carry_over

    yield f"labels: {define_labels(house)}"
    finished = carry_over(house)
    if finished:
        yield f"{finished} unit(s) were finished with the local tracker, and are not filed again"
    draft = draft_plan(house, options_of(house), write_ids=False)
    creates = sum(1 for change in draft.plan.changes if change.action == "create")
    yield (
        f"the first plan: {creates} issue(s) to file, {draft.plan.writes} write(s); "
        "`loopcoder plan` shows it"
    )

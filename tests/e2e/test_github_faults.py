"""Whatever goes wrong between us and GitHub, the next command ends in the same world.

`python -m tests.e2e.test_github_faults [N [FIRST]]` runs N seeds of every kind and verb and prints
the table of docs/reference/reliability.md.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_github import KINDS, Faulty, disturbed
from tests.support.project import Project, writes

ROADMAP = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Notes <!-- id: notes -->
"""
WORK = {
    "store": [writes(store="kept")],
    "login": [writes(login="in")],
    "notes": [[{"outcome": {"status": "needs-input", "reason": "which key?"}}]],
}
VERBS = ("compile", "tick")


def make_template(folder: Path) -> Project:
    project = Project(folder)
    config = {"tracker": "github", "github": {"write_pause": "1s", "list_lag": "90s"}}
    return project.begin(ROADMAP, work=WORK, config=config)


class Undisturbed:
    """The world after each verb, and how many requests it takes."""

    def __init__(self, folder: Path) -> None:
        self.template = make_template(folder / "template")
        self.world: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, int] = {}
        for verb in VERBS:
            faulty = Faulty(folder / f"undisturbed-{verb}", self.template)
            assert faulty.run(verb) == 0
            self.requests[verb] = len(faulty.github.requests())
            self.world[verb] = faulty.world()
            faulty.close()

    def holds(self, folder: Path, verb: str, kind: str, seed: int) -> int:
        """One seed; the disturbed command's exit code. AssertionError tells the difference."""
        faulty = Faulty(folder, self.template)
        try:
            code = disturbed(faulty, verb, kind, seed, self.requests[verb])
            assert code in (0, 1, 75, -9), f"the disturbed command ended with {code}"
            again = faulty.run(verb)
            assert again == 0, f"the next command ended with {again}"
            found, expected = faulty.world(), self.world[verb]
            differing = {k: (v, expected[k]) for k, v in found.items() if v != expected[k]}
            assert not differing, f"found, and expected: {differing}"
        except AssertionError as error:
            error.add_note(faulty.said())
            raise
        finally:
            faulty.close()
        return code


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_of_every_kind(undisturbed: Undisturbed, tmp_path: Path, kind: str) -> None:
    undisturbed.holds(tmp_path / "case", "tick", kind, seed=list(KINDS).index(kind))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_next_command_makes_it_good(
    undisturbed: Undisturbed, tmp_path: Path, kind: str, verb: str, seed: int
) -> None:
    undisturbed.holds(tmp_path / "case", verb, kind, seed)


Rows = dict[tuple[str, str], Counter[str]]


def table(rows: Rows) -> str:
    """How the disturbed commands ended, and how many worlds differed after the next one."""
    head = "| what goes wrong | command | seeds | killed | stopped | finished | another world |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for (kind, verb), row in sorted(rows.items()):
        cells = [kind, verb, sum(row.values()), row["killed"], row["stopped"], row["finished"]]
        lines.append(f"| {' | '.join(map(str, cells))} | {row['FAILED']} |")
    return "\n".join(lines) + "\n"


def main(seeds: int, first: int = 0) -> int:
    """Every kind with so many seeds; the table on standard output, progress and failures on
    standard error. Stopped before the end (Ctrl-C), it ends what it began and prints the table."""
    rows: Rows = {}
    cases = [(k, v, seed) for seed in range(first, first + seeds) for k in KINDS for v in VERBS]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        undisturbed = Undisturbed(folder)

        def one(numbered: tuple[int, tuple[str, str, int]]) -> None:
            number, (kind, verb, seed) = numbered
            try:
                code = undisturbed.holds(folder / f"case-{number}", verb, kind, seed)
                end = "killed" if code == -9 else "stopped" if code else "finished"
            except Exception as error:  # noqa: BLE001 - a case that breaks is a case that failed
                end = "FAILED"
                sys.stderr.write(f"{kind}, {verb}, seed {seed}:\n")
                traceback.print_exception(error)
            rows.setdefault((kind, verb), Counter())[end] += 1

        with ThreadPoolExecutor(2) as pool:
            try:
                for done, _ in enumerate(pool.map(one, enumerate(cases)), 1):
                    if done % 50 == 0:
                        sys.stderr.write(f"{done} of {len(cases)}\n")
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
        sys.stdout.write(table(rows))
        sys.stdout.flush()
    return sum(row["FAILED"] for row in rows.values())


if __name__ == "__main__":
    sys.exit(min(main(*(map(int, sys.argv[1:] or ("60",)))), 1))

"""`python -m benchmarks [NAME…]`: measure, print, and with `--write` keep the table."""

from __future__ import annotations

from collections.abc import Sequence

import click

from benchmarks.figures import FULL, QUICK
from benchmarks.page import PAGE, with_figures, with_rows
from benchmarks.suite import BENCHMARKS, run_benchmark


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(BENCHMARKS)), metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="Smaller sizes and fewer turns: a first impression.")
@click.option(
    "--write",
    is_flag=True,
    help="Keep them in docs/reference/performance.md.",
)
def main(names: Sequence[str], quick: bool, write: bool) -> None:
    """Measure everything, or the benchmarks that are named."""
    if write and quick:
        raise click.UsageError("only what is measured in full is kept")
    figures = []
    for name in names or BENCHMARKS:
        for figure in run_benchmark(name, QUICK if quick else FULL):
            figures.append(figure)
            missed = " MISSED" if figure.kept is False else ""
            click.echo(f"{figure.what}: {figure.figure} {figure.target}{missed}")
    if write:
        keep = with_rows if names else with_figures
        PAGE.write_text(keep(PAGE.read_text("utf-8"), figures), "utf-8")


if __name__ == "__main__":
    main()

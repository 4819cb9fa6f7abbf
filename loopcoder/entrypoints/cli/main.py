"""`loopcoder`: the table of verbs. A verb's module is imported when the verb is called."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from loopcoder import __version__
from loopcoder.entrypoints.cli.context import Invocation
from loopcoder.entrypoints.cli.verbs import VERBS, VerbGroup

_OBJECTS = 20_000
"""New objects between two looks for garbage cycles. Reading ten thousand units makes millions of
objects and hardly a cycle; with Python's own threshold that takes a fifth longer."""


class Loopcoder(VerbGroup):
    """The outermost group: whatever is raised inside ends as a sentence and an exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        given = list(sys.argv[1:] if args is None else args)

        def run() -> object:
            return super(Loopcoder, self).main(
                given, prog_name or "loopcoder", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        from loopcoder.entrypoints.cli.boundary import guarded

        sys.exit(guarded(run, given))


@click.group(
    cls=Loopcoder,
    verbs=VERBS,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
    epilog="Each verb explains itself: loopcoder VERB --help. loopcoder help lists the pages.",
)
@click.option(
    "-C",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Work in the repository around DIR instead of the current folder.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Use this configuration instead of loopcoder.yml.",
)
@click.option("-v", "verbose", is_flag=True, help="Say more; show a traceback on internal errors.")
@click.version_option(__version__, prog_name="loopcoder", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, directory: Path | None, config: Path | None, verbose: bool) -> None:
    """Compile a roadmap into issues, have agents work on them, and propose verified, reviewed
    changes that a human merges."""
    root = (directory or Path.cwd()).absolute()
    context.obj = Invocation(root, root / config if config else None, verbose)


def main() -> None:
    """The console script."""
    gc.set_threshold(_OBJECTS, 20, 100)
    cli.main()


if __name__ == "__main__":
    main()

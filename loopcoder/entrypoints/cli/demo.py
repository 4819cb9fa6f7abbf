"""`loopcoder demo`: the whole loop on a small project, in a few minutes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.entrypoints.setup.demo import Demo
from loopcoder.entrypoints.views.terminal import stdout


@click.command("demo")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--pause", is_flag=True, help="Wait for Enter before each step.")
def demo_command(folder: Path | None, pause: bool) -> None:
    """Make a small real project in FOLDER (a new temporary one by default) and take it from its
    roadmap to merged work, with agents that follow a script."""
    chosen = folder or Path(tempfile.mkdtemp(prefix="loopcoder-demo-"))
    if chosen.exists() and any(chosen.iterdir()):
        raise ConfigurationError(f"{chosen} is not empty.", "Name a new folder for the demo.")
    chosen.mkdir(parents=True, exist_ok=True)
    Demo(chosen.resolve(), stdout(), pause).play()

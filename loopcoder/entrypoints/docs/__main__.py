"""`python -m loopcoder.entrypoints.docs [FOLDER]`: write the pages that changed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loopcoder.entrypoints.docs.pages import write_pages

given = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference")
for page in write_pages(given):
    click.echo(f"wrote {given / page}")

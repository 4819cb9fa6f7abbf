"""The reference pages that are made from the code: `python -m loopcoder.entrypoints.docs`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loopcoder.entrypoints.docs_cli import cli_page
from loopcoder.entrypoints.docs_configuration import configuration_page
from loopcoder.entrypoints.docs_failures import failures_page
from loopcoder.entrypoints.docs_workers import PAGE, with_agents

_MADE = "<!-- made by `make docs` from the code; do not edit -->\n\n"

PAGES = {
    "configuration.md": configuration_page,
    "cli.md": cli_page,
    "lifecycle.md": failures_page,
}


def page_text(name: str) -> str:
    """What a page must hold now."""
    return _MADE + PAGES[name]()


def write_pages(folder: Path) -> list[str]:
    """Write the pages that changed, and return their names."""
    changed = []
    for name in PAGES:
        path, text = folder / name, page_text(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            changed.append(name)
    page = folder / PAGE
    if page.exists() and (text := with_agents(page.read_text("utf-8"))) != page.read_text("utf-8"):
        page.write_text(text, encoding="utf-8", newline="\n")
        changed.append(PAGE)
    return changed


if __name__ == "__main__":
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/reference")
    for page in write_pages(given):
        click.echo(f"wrote {given / page}")

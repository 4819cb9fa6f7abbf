"""The reference pages that are made from the code: which, and writing those that changed."""

from __future__ import annotations

from pathlib import Path

from loopcoder.entrypoints.docs.cli import cli_page
from loopcoder.entrypoints.docs.configuration import configuration_page
from loopcoder.entrypoints.docs.failures import failures_page
from loopcoder.entrypoints.docs.workers import PAGE, with_agents

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

"""An issue's or a pull request's number, as people write it: `12` or `#12`."""

from __future__ import annotations

import click


def number_of(text: str) -> int:
    """The number; a usage error when it is none."""
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and 0 < int(digits) < 10**9):
        raise click.BadParameter(f"{text!r} is no number such as 12 or #12.")
    return int(digits)


number_of.__name__ = "number"  # what --help calls it

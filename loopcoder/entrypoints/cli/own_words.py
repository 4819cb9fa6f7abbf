"""A person's text from the command line, without the secrets that came along with it."""

from __future__ import annotations

import sys

from loopcoder.entrypoints.views.terminal import stderr
from loopcoder.entrypoints.wiring.bootstrap import House


def own_words(house: House, text: str, where: str) -> str:
    """The text as it may be kept and shown to others. What had to be masked is said on stderr;
    `where` names the text. - reads standard input."""
    from loopcoder.adapters.secrecy.own_words import without_secrets
    from loopcoder.entrypoints.wiring.workshop import known_secrets

    said = sys.stdin.read() if text == "-" else text
    if not said.strip():
        return said
    masked, kinds = without_secrets(said, known_secrets(house.environ))
    if kinds:
        stderr().say(
            f"warning: {where} held a secret, which was masked ({', '.join(kinds)}). "
            "It may be in your shell's history: change it if others can read that."
        )
    return masked

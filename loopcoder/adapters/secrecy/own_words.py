"""What a person writes on the command line, before it is kept or sent: without their secrets.

Their words go into a journal and onto pages that others read, and a pasted token is a leak though
nobody meant it. Known values are masked as everywhere; what merely looks like a secret, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from loopcoder.adapters.secrecy.secrets import secrets_in
from loopcoder.domain.guard.redaction import MASK, Redactor

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)


def without_secrets(text: str, known: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The text with every secret masked, and what was found, each kind once."""
    masked, kinds = Redactor(known).text(text), dict[str, None]()
    if masked != text:
        kinds["a secret of this environment"] = None
    blocks = _PRIVATE_KEY.sub(MASK, masked)
    if blocks != masked:
        masked, kinds["Private key"] = blocks, None
    for kind, value in sorted(secrets_in(masked), key=lambda found: -len(found[1])):
        if value in masked:
            masked, kinds[kind] = masked.replace(value, MASK), None
    return masked, tuple(kinds)

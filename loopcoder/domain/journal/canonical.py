"""Values as bytes that can be hashed: the same value, the same bytes, in every process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no blanks. Raises TypeError for what JSON does not have."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8", "replace")


def sha256(data: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def input_hash(inputs: Mapping[str, object]) -> str:
    """Names what a decision was taken on (`Entry.input_hash`)."""
    return sha256(canonical(inputs))

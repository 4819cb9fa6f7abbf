"""Reading an App's token: who it says it is, and whether its time is right. No signatures."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

_LONGEST = timedelta(minutes=10)


def issuer_of(text: str, now: datetime) -> str | None:
    """The `iss` of a token that is valid now; None for anything else."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        until, since = float(claims["exp"]), float(claims["iat"])
    except (ValueError, KeyError, TypeError):
        return None
    moment = now.timestamp()
    if not since - 60 <= moment < until or until - moment > _LONGEST.total_seconds() + 60:
        return None
    return str(claims.get("iss", ""))

"""Database ids, and the opaque node ids made from them."""

from __future__ import annotations

import base64
from dataclasses import dataclass

PREFIXES = {
    "User": "U_",
    "Bot": "BOT_",
    "Organization": "O_",
    "Repository": "R_",
    "Issue": "I_",
    "PullRequest": "PR_",
    "Label": "LA_",
    "Milestone": "MI_",
    "Comment": "IC_",
    "Event": "EV_",
    "Review": "PRR_",
    "ReviewComment": "PRRC_",
    "CheckRun": "CR_",
    "CheckSuite": "CS_",
    "Status": "SC_",
    "Run": "WFR_",
    "Job": "JOB_",
    "App": "A_",
    "Ref": "REF_",
    "Commit": "C_",
    "UserContentEdit": "UCE_",
}


@dataclass(slots=True)
class Sequence:
    """Ids that are no one's number: large, and never one after the other."""

    last: int = 2_400_000_011

    def next(self) -> int:
        self.last += 13
        return self.last


def node_id(kind: str, key: int | str) -> str:
    text = base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")
    return PREFIXES[kind] + text


def read_node_id(text: str) -> tuple[str, str] | None:
    """Kind and key of a node id; None when it is none of ours."""
    _, _, code = text.partition("_")
    try:
        kind, _, key = (
            base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode().partition(":")
        )
    except ValueError:
        return None
    return (kind, key) if kind in PREFIXES else None

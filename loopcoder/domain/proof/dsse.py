"""DSSE: the envelope that a signed statement travels in (github.com/secure-systems-lab/dsse)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MOST_BYTES = 1_000_000


class MalformedEnvelope(ValueError):
    """What was read is no envelope of ours."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`keyid` is a hint at who signed; `sig` is whatever the way of signing makes."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    payload: bytes
    signatures: tuple[Signature, ...] = ()
    payload_type: str = PAYLOAD_TYPE

    @property
    def signed(self) -> bytes:
        """The bytes that every signature is about."""
        return pre_authentication_encoding(self.payload_type, self.payload)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def render_envelope(envelope: Envelope) -> bytes:
    """One line of JSON, the same for the same envelope."""
    row = {
        "payload": _text(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": [{"keyid": s.keyid, "sig": _text(s.sig)} for s in envelope.signatures],
    }
    return json.dumps(row, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def parse_envelope(data: bytes) -> Envelope:
    """Raises `MalformedEnvelope`, whatever the bytes are."""
    if len(data) > MOST_BYTES:
        raise MalformedEnvelope("it is too large")
    try:
        row = json.loads(data)
        kind, payload, signatures = row["payloadType"], row["payload"], row["signatures"]
        if kind != PAYLOAD_TYPE:
            raise MalformedEnvelope(f"its payload is {kind!r}, not {PAYLOAD_TYPE}")
        return Envelope(_bytes(payload), _signatures(signatures))
    except (KeyError, TypeError, RecursionError) as error:
        raise MalformedEnvelope(f"it is not of the form of DSSE: {error}") from None
    except (ValueError, binascii.Error) as error:
        raise MalformedEnvelope(str(error)) from None


def _signatures(rows: Sequence[dict[str, str]]) -> tuple[Signature, ...]:
    return tuple(Signature(str(row["keyid"]), _bytes(row["sig"])) for row in rows)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)

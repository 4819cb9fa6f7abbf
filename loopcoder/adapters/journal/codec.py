"""Events to journal rows and back: one JSON object each, in a form that can be hashed.

A row is `{v, id, prev_sha256, at, principal, unit, attempt, epoch, kind, input_hash, effect,
receipt}`; the fields of the fact stand under `effect` or `receipt`, the other one is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    create_model,
)
from pydantic_core import from_json

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.journal.event import FACTS, Carries, Event, Fact
from loopcoder.domain.unit import UnitId

VERSION = 1
"""The `v` of the rows we write. A new kind or field of a fact raises it."""

_FACTS = {fact.kind: fact for fact in FACTS}
_UtcDatetime = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
_EXACT = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class UnreadableRow(LoopcoderError):
    """A row that this version of loopcoder cannot make sense of."""


def encode(event: Event) -> str:
    """The row as canonical JSON: sorted keys, no blanks, UTF-8. The same event, the same text.

    Lone surrogates, which UTF-8 cannot hold, become question marks.
    """
    payload = _plain(event.fact)
    is_effect = event.fact.carries is Carries.EFFECT
    row = {
        "v": VERSION,
        "id": event.id,
        "prev_sha256": event.prev_sha256,
        "at": _plain(event.at),
        "principal": event.principal,
        "unit": event.unit,
        "attempt": event.attempt,
        "epoch": event.epoch,
        "kind": event.fact.kind,
        "input_hash": event.input_hash,
        "effect": payload if is_effect else None,
        "receipt": None if is_effect else payload,
    }
    text = json.dumps(
        row, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8", "replace").decode("utf-8")


def decode(text: str) -> Event:
    """The event of a row. Raises `UnreadableRow` for what is newer than us, or malformed."""
    try:
        raw = from_json(text)
    except ValueError as error:
        raise UnreadableRow(f"A journal row is not JSON: {error}.") from None
    if not isinstance(raw, dict):
        raise UnreadableRow("A journal row is not a JSON object.")
    fact_type = _fact_type(raw)
    try:
        row = _row_model(fact_type.kind).__pydantic_validator__.validate_python(raw)
    except ValidationError as error:
        raise UnreadableRow(
            f"Journal row {raw.get('id', '?')} ({fact_type.kind}) is malformed: {_first(error)}.",
            "It was written by a different version of loopcoder: use that one.",
        ) from None
    payload = row.effect if fact_type.carries is Carries.EFFECT else row.receipt
    return Event(
        id=row.id,
        at=row.at,
        fact=fact_type(**payload.__dict__),
        unit=None if row.unit is None else UnitId(row.unit),
        attempt=row.attempt,
        epoch=row.epoch,
        principal=row.principal,
        input_hash=row.input_hash,
        prev_sha256=row.prev_sha256,
    )


def _fact_type(raw: Mapping[str, object]) -> type[Fact]:
    version, kind = raw.get("v"), raw.get("kind")
    if isinstance(version, int) and version > VERSION:
        raise UnreadableRow(
            f"The journal holds rows of version {version} ({kind!r}), newer than this loopcoder, "
            f"which reads up to version {VERSION}.",
            "Upgrade loopcoder; nothing was changed.",
        )
    fact_type = _FACTS.get(kind) if isinstance(kind, str) else None
    if fact_type is None:
        raise UnreadableRow(
            f"Journal row {raw.get('id', '?')} has the unknown kind {kind!r}.",
            "It was written by a different version of loopcoder: use that one.",
        )
    return fact_type


@cache
def _row_model(kind: str) -> Any:
    """The shape of one kind's rows. Made when first needed: most processes meet few kinds."""
    fact_type = _FACTS[kind]
    payload = _fact_model(fact_type)
    is_effect = fact_type.carries is Carries.EFFECT
    shape: dict[str, Any] = {
        "v": Literal[VERSION],
        "id": str,
        "prev_sha256": str,
        "at": _UtcDatetime,
        "principal": str,
        "unit": str | None,
        "attempt": int | None,
        "epoch": int | None,
        "kind": Literal[kind],
        "input_hash": str,
        "effect": payload if is_effect else None,
        "receipt": None if is_effect else payload,
    }
    return create_model(f"{fact_type.__name__}Row", __config__=_EXACT, **shape)


def _fact_model(fact_type: type[Fact]) -> type[BaseModel]:
    """The dataclass as a pydantic model. The domain's `Json` is an alias of itself, which
    pydantic cannot follow: its own `JsonValue` says the same."""
    names = {"Json": JsonValue, "datetime": _UtcDatetime}
    hints = get_type_hints(fact_type, localns=names, include_extras=True)
    shape: dict[str, Any] = {}
    for field in fields(fact_type):
        if field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        else:
            default = ... if field.default is MISSING else field.default
        shape[field.name] = (hints[field.name], default)
    return create_model(fact_type.__name__, __config__=_EXACT, **shape)


def _plain(value: object) -> Any:
    """`value` in the types that JSON has."""
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time in the journal needs its time zone")
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in the journal")


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {problem['msg']}"

"""Any facts at all, made from the types that event.py gives their fields."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC
from decimal import Decimal
from typing import Any, get_type_hints

from hypothesis import strategies as st

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.event import Entry
from loopcoder.domain.unit import UnitId

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, width=32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
).filter(lambda value: "inf" not in repr(value))
TIMES = st.datetimes(timezones=st.just(UTC))
NAMES = st.sampled_from(["a", "b", "fix-base"])


def facts(fact_type: type[e.Fact]) -> st.SearchStrategy[e.Fact]:
    hints = get_type_hints(fact_type, localns={"Json": object})
    return st.builds(
        fact_type, **{field.name: values(hints[field.name]) for field in fields(fact_type)}
    )


def values(hint: Any) -> st.SearchStrategy[Any]:
    if "Mapping[str, object]" in str(hint):
        return st.dictionaries(st.text(), JSON, max_size=3)
    if "Mapping[str, str]" in str(hint):
        return st.dictionaries(st.text(), st.text(), max_size=3)
    if hint is Decimal:
        return st.decimals(0, 100, places=2)
    if "datetime" in str(hint):
        return TIMES
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is e.Holder:
        finite = st.floats(allow_nan=False, allow_infinity=False)
        return st.builds(e.Holder, started=finite)
    return st.from_type(hint)


ENTRIES = st.builds(
    Entry,
    fact=st.sampled_from(e.FACTS).flatmap(facts),
    unit=st.none() | NAMES.map(UnitId),
    attempt=st.none() | st.integers(1, 3),
    epoch=st.none() | st.integers(1, 9),
    principal=st.sampled_from(["scheduler", "worker", "person:ana"]),
    input_hash=st.sampled_from(["", "0" * 64]),
)

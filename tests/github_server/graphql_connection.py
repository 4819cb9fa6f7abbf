"""Pages of GraphQL lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def connection(
    values: Sequence[Any], make: Callable[[Any], Any], given: dict[str, Any]
) -> dict[str, Any]:
    """A page of a list: `first` after a cursor, or the `last` ones before one."""
    start, end = 0, len(values)
    if given.get("after"):
        start = int(given["after"])
    if given.get("before"):
        end = int(given["before"]) - 1
    if given.get("first") is not None:
        end = min(end, start + given["first"])
    if given.get("last") is not None:
        start = max(start, end - given["last"])
    return {
        "totalCount": len(values),
        "nodes": lambda: [make(each) for each in values[start:end]],
        "edges": lambda: [
            {"cursor": str(index), "node": make(each)}
            for index, each in enumerate(values[start:end], start + 1)
        ],
        "pageInfo": {
            "hasNextPage": end < len(values),
            "hasPreviousPage": start > 0,
            "startCursor": str(start + 1) if end > start else None,
            "endCursor": str(end) if end > start else None,
        },
    }

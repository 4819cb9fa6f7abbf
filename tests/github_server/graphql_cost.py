"""What a GraphQL document costs, by GitHub's rule: connections, multiplied out, by the hundred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
)


def cost_of(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """Points of the primary limit; at least one."""
    fragments = {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    requests = 0

    def walk(selection: SelectionSetNode | None, times: int) -> None:
        nonlocal requests
        for each in selection.selections if selection else ():
            if isinstance(each, FragmentSpreadNode):
                walk(fragments.get(each.name.value), times)
            elif isinstance(each, InlineFragmentNode):
                walk(each.selection_set, times)
            elif isinstance(each, FieldNode):
                size = _page_size(each, variables)
                requests += times if size else 0
                walk(each.selection_set, times * (size or 1))

    for each in document.definitions:
        if not isinstance(each, FragmentDefinitionNode):
            walk(getattr(each, "selection_set", None), 1)
    return max(1, round(requests / 100))


def _page_size(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    for each in field.arguments or ():
        if each.name.value not in ("first", "last"):
            continue
        if isinstance(each.value, IntValueNode):
            return int(each.value.value)
        if isinstance(each.value, VariableNode):
            return int(variables.get(each.value.name.value) or 0) or None
    return None

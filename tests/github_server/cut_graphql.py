"""Makes `published/schema.graphql.xz`: the part of GitHub's GraphQL schema that is served here.

    npm pack @octokit/graphql-schema && tar xzf octokit-graphql-schema-*.tgz
    python -m tests.github_server.cut_graphql package/schema.graphql

Of the object types named below every field is kept whose type is kept as well; scalars, enums
and the inputs of kept fields come along. What was left away is refused as unknown.
"""

from __future__ import annotations

import lzma
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import Node, build_ast_schema, parse, print_ast, visit
from graphql.language import (
    DocumentNode,
    FieldDefinitionNode,
    NamedTypeNode,
    TypeNode,
    UnionTypeDefinitionNode,
    Visitor,
)

from tests.github_server.graphql_schema import SCHEMA

_NAMES = """
Query Mutation Node PageInfo RateLimit Actor RepositoryOwner User Bot Organization
UserConnection Repository Issue IssueConnection PullRequest PullRequestConnection Label
LabelConnection Milestone IssueComment IssueCommentConnection PullRequestReview
PullRequestReviewConnection PullRequestReviewComment PullRequestReviewCommentConnection
PullRequestReviewThread PullRequestReviewThreadConnection Ref RefConnection GitObject Commit
PullRequestCommit PullRequestCommitConnection StatusCheckRollup StatusCheckRollupContext
StatusCheckRollupContextConnection CheckRun StatusContext IssueTimelineItems
IssueTimelineItemsConnection LabeledEvent UnlabeledEvent ClosedEvent ReopenedEvent
ReviewRequest ReviewRequestConnection RequestedReviewer MarkPullRequestReadyForReviewPayload
ConvertPullRequestToDraftPayload UserContentEdit UserContentEditConnection RenamedTitleEvent
"""
KEPT = set(_NAMES.split())
_BUILT_IN = {"Boolean", "Float", "ID", "Int", "String"}
_SIMPLE = ("scalar_type_definition", "enum_type_definition", "directive_definition")


def named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type  # type: ignore[attr-defined]
    return node.name.value


def cut(text: str) -> str:
    document = visit(parse(text, no_location=True), _Bare())
    definitions: dict[str, Any] = {each.name.value: each for each in document.definitions}
    plain = {
        name
        for name, each in definitions.items()
        if each.kind in (*_SIMPLE, "input_object_type_definition")
    }
    plain |= _BUILT_IN
    wanted: set[str] = set(KEPT)
    for name in KEPT:
        each = definitions[name]
        if isinstance(each, UnionTypeDefinitionNode):
            types = tuple(t for t in each.types or () if t.name.value in KEPT)
            definitions[name] = replace(each, types=types)
            continue
        fields = tuple(f for f in each.fields if named(f.type) in KEPT | plain)
        interfaces = tuple(i for i in each.interfaces or () if i.name.value in KEPT)
        definitions[name] = replace(each, fields=fields, interfaces=interfaces)
        for field in fields:
            wanted |= _needed(field, definitions)
    kept = [each for name, each in definitions.items() if name in wanted]
    bare = print_ast(DocumentNode(definitions=tuple(kept)))
    build_ast_schema(parse(bare))
    return bare


def _needed(field: FieldDefinitionNode, definitions: dict[str, Any]) -> set[str]:
    """The scalars, enums and inputs that a field and its arguments name."""
    waiting = [named(field.type), *(named(each.type) for each in field.arguments or ())]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        each = definitions.get(name)
        if each is None or name in found or name in KEPT:
            continue
        found.add(name)
        if each.kind == "input_object_type_definition":
            waiting += [named(value.type) for value in each.fields or ()]
    return found


class _Bare(Visitor):
    """Without descriptions and directives."""

    def enter(self, node: Node, *_: Any) -> Any:
        changes: dict[str, Any] = {}
        if getattr(node, "description", None) is not None:
            changes["description"] = None
        if getattr(node, "directives", None):
            changes["directives"] = ()
        return replace(node, **changes) if changes else None


def main(source: Path) -> None:
    text = cut(source.read_text(encoding="utf-8"))
    SCHEMA.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(f"{SCHEMA}: {len(text)} bytes, {SCHEMA.stat().st_size} compressed\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""GitHub's published GraphQL schema, as far as it is kept here."""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

SCHEMA = Path(__file__).parent / "published" / "schema.graphql.xz"


@cache
def published_schema() -> GraphQLSchema:
    return build_schema(lzma.decompress(SCHEMA.read_bytes()).decode(), assume_valid=True)

"""GitHub's published description of its API: routes, and whether an exchange keeps to it."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.github_server.exchange import Reply, Request

SLICE = Path(__file__).parent / "published" / "openapi.json.xz"
_URN = "urn:github"
_SLASHED = {"ref": ".+", "branch": ".+", "path": ".*"}
"""Parameters that hold slashes unescaped; the path of contents may be empty."""
_ANY_TIME = {"401", "403", "404", "410", "422", "429", "451", "500", "502", "503", "504"}


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    pattern: re.Pattern[str]
    described: Mapping[str, Any] = field(repr=False)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        found = self.pattern.fullmatch(path) if method == self.method else None
        return found.groupdict() if found else None


class Published:
    """The slice of the description that is kept here."""

    def __init__(self, text: str) -> None:
        self._document = json.loads(text)
        self._registry = jsonschema_rs.Registry([(_URN, self._document)])
        self._validators: dict[str, Any] = {}
        self.operations = {
            name: Operation(name, each["method"], _pattern(each["path"]), each)
            for name, each in self._document["operations"].items()
        }
        # Longer paths before those whose last parameter may hold slashes, fixed ones before both.
        self._ordered = sorted(
            self.operations.values(),
            key=lambda each: (
                -each.described["path"].count("/"),
                each.described["path"].replace("{", "~"),
            ),
        )

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        for operation in self._ordered:
            found = operation.match(method, path)
            if found is not None:
                return operation, found
        return None

    def request_errors(
        self, operation: Operation, request: Request, params: Mapping[str, str]
    ) -> Iterator[str]:
        """What in a request GitHub does not describe."""
        query = request.query
        for index, each in enumerate(operation.described["parameters"]):
            given = {"path": params, "query": query}.get(each["in"], {}).get(each["name"])
            if given is None:
                if each["required"] and each["in"] in ("path", "query"):
                    yield f"{each['in']} parameter {each['name']} is missing"
                continue
            where = f"operations/{_escaped(operation.id)}/parameters/{index}/schema"
            if not any(not list(self._errors(where, value)) for value in _readings(given)):
                yield f"{each['in']} parameter {each['name']}={given!r}"
        known = {
            each["name"] for each in operation.described["parameters"] if each["in"] == "query"
        }
        for name in query.keys() - known:
            yield f"query parameter {name} is not described"
        yield from self._body_errors(operation, request)

    def _body_errors(self, operation: Operation, request: Request) -> Iterator[str]:
        schema = operation.described["body"]
        try:
            body = request.json()
        except ValueError:
            yield "the body is not JSON"
            return
        if schema is None:
            if body not in (None, {}):
                yield "a body where none is described"
            return
        if body is None:
            if operation.described["body_required"]:
                yield "the body is missing"
            return
        yield from self._errors(f"operations/{_escaped(operation.id)}/body", body)
        if isinstance(body, dict) and schema.get("type") == "object":
            for name in body.keys() - schema.get("properties", {}).keys():
                yield f"body field {name} is not described"

    def response_errors(self, operation: Operation, reply: Reply) -> Iterator[str]:
        """What in an answer GitHub does not describe."""
        status = str(reply.status)
        described = operation.described["responses"]
        if status == "304" or reply.raw is not None:
            return
        if status not in described:
            if status not in _ANY_TIME:
                yield f"status {status} is not described"
            elif not isinstance(reply.data, dict) or "message" not in reply.data:
                yield f"status {status} without a message"
            return
        if described[status] is None:
            if reply.data is not None and reply.status < 400:
                yield f"status {status} has no body"
            return
        yield from self._errors(
            f"operations/{_escaped(operation.id)}/responses/{status}", reply.data
        )

    def _errors(self, pointer: str, value: Any) -> Iterator[str]:
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{_URN}#/{pointer}"}, registry=self._registry, validate_formats=True
            )
        validator = self._validators[pointer]
        if not validator.is_valid(value):
            for error in validator.iter_errors(value):
                place = "/".join(map(str, error.instance_path))
                yield f"{place or 'value'}: {error.message[:300]}"


@cache
def published() -> Published:
    return Published(lzma.decompress(SLICE.read_bytes()).decode())


def _pattern(path: str) -> re.Pattern[str]:
    def group(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_SLASHED.get(found[1], '[^/]+')})"

    return re.compile(re.sub(r"\\{(\w+)\\}", group, re.escape(path)))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _readings(text: str) -> Iterator[Any]:
    """What a parameter's text may stand for."""
    yield text
    if re.fullmatch(r"-?\d+", text):
        yield int(text)
    if text in ("true", "false"):
        yield text == "true"

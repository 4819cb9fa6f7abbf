"""Makes `published/openapi.json.xz`: the part of GitHub's OpenAPI description that is served here.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python -m tests.github_server.cut_openapi package/generated/api.github.com.json

Which operations are kept is decided by the operations that the server answers. Schemas become
plain JSON Schema: `nullable` is spelled out, prose, examples and extensions are left away, and
objects are closed, so that an answer cannot hold a field which GitHub does not describe.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from tests.github_server.openapi import SLICE
from tests.github_server.registry import load_endpoints

_PROSE = {
    "deprecated", "default", "description", "discriminator", "example", "examples",
    "externalDocs", "readOnly", "title", "writeOnly",
}  # fmt: skip
# GitHub takes a bare list of names here too and PyGithub sends one; this edition leaves it out.
_ALSO = {
    "issues/add-labels": {"type": "array", "items": {"type": "string"}},
    "issues/set-labels": {"type": "array", "items": {"type": "string"}},
}
_COMPONENT = "#/components/schemas/"


def schema_of(node: Any) -> Any:
    """A schema of OpenAPI 3.0 as JSON Schema."""
    if isinstance(node, list):
        return [schema_of(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": node["$ref"].replace(_COMPONENT, "#/$defs/")}
    kept = {}
    for key, value in node.items():
        if key in _PROSE or key.startswith("x-") or key == "nullable":
            continue
        if key == "oneOf":  # GitHub's alternatives overlap in many places
            kept["anyOf"] = schema_of(value)
        elif key == "properties":
            kept[key] = {name: schema_of(each) for name, each in value.items()}
        else:
            kept[key] = value if key in ("enum", "required") else schema_of(value)
    return {"anyOf": [kept, {"type": "null"}]} if node.get("nullable") else kept


def cut(description: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    """The operations by their id, and every schema that they need."""

    def look_up(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = description
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def json_schema(holder: dict[str, Any]) -> Any:
        content = holder.get("content", {})
        found = content.get("application/json") or content.get("application/scim+json")
        return schema_of(found["schema"]) if found and "schema" in found else None

    operations = {}
    for path, verbs in description["paths"].items():
        for method, operation in verbs.items():
            name = operation.get("operationId") if isinstance(operation, dict) else None
            if name not in wanted:
                continue
            parameters = [
                look_up(each)
                for each in [*verbs.get("parameters", ()), *operation.get("parameters", ())]
            ]
            body = look_up(operation.get("requestBody", {}))
            operations[name] = {
                "method": method.upper(),
                "path": path,
                "parameters": [
                    {
                        "name": each["name"],
                        "in": each["in"],
                        "required": each.get("required", False),
                        "schema": schema_of(each["schema"]),
                    }
                    for each in parameters
                ],
                "body": _widened(name, json_schema(body)),
                "body_required": body.get("required", False),
                "responses": {
                    status: json_schema(look_up(response))
                    for status, response in operation["responses"].items()
                },
            }
    missing = wanted - operations.keys()
    if missing:
        raise SystemExit(f"GitHub describes no {', '.join(sorted(missing))}")
    definitions = _closure(operations, description["components"]["schemas"])
    for operation in operations.values():
        for status, schema in operation["responses"].items():
            if status < "300":
                _close(schema)
    parts = _parts(definitions)
    for name, schema in definitions.items():
        # GitHub's errors do say more than is described, and what is a part of an object is open.
        if "error" not in name and name not in parts:
            _close(schema)
    version = description["info"]["version"]
    return {
        "source": f"@octokit/openapi {version}, generated/api.github.com.json, MIT licence",
        "operations": dict(sorted(operations.items())),
        "$defs": dict(sorted(definitions.items())),
    }


def _close(node: Any, whole: bool = True) -> None:
    """Let no object of an answer have fields that are not described."""
    if isinstance(node, list):
        for each in node:
            _close(each)
    elif isinstance(node, dict):
        if whole and "properties" in node and node.get("type") == "object":
            node.setdefault("additionalProperties", False)
        for key, value in node.items():
            if key == "allOf":
                for each in value:
                    _close(each, whole=False)
            elif key != "properties":
                _close(value)
        for value in node.get("properties", {}).values():
            _close(value)


def _widened(name: str, schema: Any) -> Any:
    return {"anyOf": [schema, _ALSO[name]]} if name in _ALSO else schema


def _parts(node: Any) -> set[str]:
    """The definitions that are put together with others to one object."""
    if isinstance(node, list):
        return set().union(*map(_parts, node))
    if not isinstance(node, dict):
        return set()
    together = node.get("allOf", [])
    named = {each["$ref"].rpartition("/")[2] for each in together if "$ref" in each}
    return (named if len(together) > 1 else set()).union(*map(_parts, node.values()))


def _closure(start: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name and name in schemas and name not in found:
                found[name] = schema_of(schemas[name])
                waiting.append(found[name])
    return found


def main(source: Path) -> None:
    description = json.loads(source.read_text(encoding="utf-8"))
    text = json.dumps(cut(description, set(load_endpoints())), separators=(",", ":"))
    SLICE.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    sys.stdout.write(f"{SLICE}: {len(text)} bytes, {SLICE.stat().st_size} compressed\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

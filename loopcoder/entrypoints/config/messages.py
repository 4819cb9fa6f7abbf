"""Why a key or value of `loopcoder.yml` was refused, in words for whoever wrote it."""

from __future__ import annotations

from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from loopcoder.domain.diagnostic import Diagnostic, Severity
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.config.yaml_places import Document, Path


def explained(document: Document, error: ErrorDetails) -> Diagnostic:
    """What the person who wrote the file has to do about it."""
    path: Path = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(document, path)
    name = dotted(path)
    if error["type"] == "missing":
        where = document.key_place(path[:-1])
        parent = dotted(path[:-1]) or "the file"
        return Diagnostic(Severity.ERROR, f"`{parent}` needs `{path[-1]}`", where=where)
    summary = f"`{name}`: {_words(error)}"
    if error["type"] == "literal_error":
        given, choices = error["input"], _choices(error)
        summary = f"`{name}` cannot be {_shown(given)}"
        return Diagnostic(
            Severity.ERROR, summary, nearest(str(given), choices), document.value_place(path)
        )
    return Diagnostic(Severity.ERROR, summary, where=document.value_place(path))


_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text (put it in quotes)",
    "list_type": "a list",
    "dict_type": "a map of keys and values",
    "model_type": "a map of keys and values",
    "string_pattern_mismatch": "written as owner/name",
}


def _words(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {_shown(error['input'])}"
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']:g}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']:g}"
    if kind in ("string_too_short", "too_short"):
        return "must not be empty"
    return error["msg"][:1].lower() + error["msg"][1:]


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _choices(error: ErrorDetails) -> list[str]:
    expected = str(error.get("ctx", {}).get("expected", ""))
    return [part.strip(" '") for part in expected.replace(" or ", ",").split(",")]


def nearest(given: str, known: list[str]) -> str:
    """The known name that was meant, or all of them."""
    close = get_close_matches(given.lower(), known, n=1, cutoff=0.7)
    if close:
        return f"did you mean `{close[0]}`?"
    return "known: " + ", ".join(f"`{name}`" for name in known)


def _unknown_key(document: Document, path: Path) -> Diagnostic:
    known = sorted(_keys_at(Configuration, path[:-1]))
    inside = f" in `{dotted(path[:-1])}`" if len(path) > 1 else ""
    summary = f"`{path[-1]}` is not a known key{inside}"
    detail = nearest(str(path[-1]), known)
    return Diagnostic(Severity.ERROR, summary, detail, document.key_place(path))


def dotted(path: Path) -> str:
    """The path as people write it: `workers.default.mcp[1]`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _keys_at(model: type[BaseModel], path: Path) -> set[str]:
    """The keys that are known at a path, by walking the schema's annotations."""
    here: Any = model
    for part in path:
        if isinstance(part, int) or get_origin(here) is dict:
            here = model_in(here)
            continue
        found = model_in(here)
        field = found.model_fields.get(part) if found else None
        here = field.annotation if field else None
    found = model_in(here)
    return set(found.model_fields) if found else set()


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model inside an annotation such as `list[X] | None` or `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, UnionType, list, dict):
        found = (model_in(argument) for argument in get_args(annotation))
        return next((model for model in found if model), None)
    return None

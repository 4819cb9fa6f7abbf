"""docs/reference/configuration.md, made from the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from loopcoder.entrypoints.agents.kinds import WORKERS
from loopcoder.entrypoints.config.messages import model_in
from loopcoder.entrypoints.config.schema import Configuration
from loopcoder.entrypoints.config.sections.agents import WorkerSection
from loopcoder.entrypoints.config.sections.commands import CommandSection
from loopcoder.entrypoints.config.values import Phrase
from loopcoder.entrypoints.views.quantities import show_count, show_duration, show_money, show_size


def configuration_page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


_HEAD = """\
# Configuration

`loopcoder.yml`, or `.github/loopcoder.yml`, in the repository; never both. A tick, and everything
else that dispatches, takes it from the commit that the **base branch** points to, never from a work
branch and never from uncommitted files; `init`, `plan`, `compile`, `doctor` and the verbs by
which a person decides read the file in the working tree. `--config FILE` names another one.

A key that is not listed here is an error that names the nearest one that is; so are a key that
stands twice, an alias, and a value of another type. Every problem is told at once, with its line:

```
loopcoder.yml:2: error: `sandbx` is not a known key
    2 | sandbx: off
        ^^^^^^ did you mean `sandbox`?
loopcoder: loopcoder.yml has an error. See docs/reference/configuration.md.
```

A *duration* is `90s`, `20m`, `2h30m`, `30d`, or a number of seconds. A *size* is `512KB`, `4MB`,
`1GiB`, or a number of bytes. *Money* is in US dollars: `$2`, `0.50`. A *count* is `2M`, `500k`, or
a whole number. YAML reads a bare `off` as false: both spellings mean off. A *command* is a text,
or a map of `run`, `timeout` and `network`; one command may stand where a list is expected.

Two keys have no default that would let work begin: without [`workers`](#workers) and
[`reviewer`](#reviewer) a tick is refused, and without [`verify`](#verify) nothing is proposed.
`loopcoder init` writes a file to start from.
"""


def _sections() -> Iterator[str]:
    yield "## All keys\n"
    yield from _table(Configuration, link=True)
    for name, field in Configuration.model_fields.items():
        model = model_in(field.annotation)
        if model is not None:
            yield f"\n## {name}\n"
            yield f"{field.description}\n"
            yield from _section(name, model)


def _section(name: str, model: type[BaseModel]) -> Iterator[str]:
    if model is CommandSection:
        yield "`run`, `timeout` and `network`, as for [`setup`](#setup)."
    elif issubclass(model, WorkerSection) and name != "workers":
        own = frozenset(model.model_fields) - frozenset(WorkerSection.model_fields)
        yield f"The keys of [`workers`](#workers){', and:' if own else '.'}\n"
        yield from _table(model, skip=frozenset(WorkerSection.model_fields))
    else:
        if name == "workers":
            yield _kinds()
        yield from _table(model)


def _kinds() -> str:
    """Which kinds of agents can be started, and which are only valid as yet."""
    valid = get_args(WorkerSection.model_fields["kind"].annotation)
    text = f"Kinds that can be used now: {_ticked(kind for kind in valid if kind in WORKERS)}."
    later = _ticked(kind for kind in valid if kind not in WORKERS)
    if later:
        text += (
            " Kinds that are valid here and refused by a tick until this version can start them: "
            f"{later}."
        )
    return text + "\n"


def _ticked(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(
    model: type[BaseModel], link: bool = False, skip: frozenset[str] = frozenset()
) -> Iterator[str]:
    rows = [(name, field) for name, field in model.model_fields.items() if name not in skip]
    if not rows:
        return
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in rows:
        has_section = link and model_in(field.annotation)
        key = f"[`{name}`](#{name})" if has_section else f"`{name}`"
        cells = (key, _phrase(field), _default(field) or "—", field.description or "")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _phrase(field: FieldInfo) -> str:
    """How the type is called: the first Phrase around or inside the annotation."""
    found = [each.text for each in field.metadata if isinstance(each, Phrase)]
    found += _phrases(field.annotation)
    if found:
        return found[0]
    if get_origin(field.annotation) is dict:
        return "map of names to maps"
    if get_origin(field.annotation) is list:
        return "list"
    return "map" if model_in(field.annotation) else "text"


def _phrases(annotation: Any) -> list[str]:
    if get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        return [each.text for each in rest if isinstance(each, Phrase)] or _phrases(inner)
    if get_origin(annotation) in (dict, list):
        return []
    return [text for each in get_args(annotation) for text in _phrases(each)]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ("", [], {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{_spelled(value, _phrase(field))}`"


def _spelled(value: object, phrase: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return show_money(value)
    if isinstance(value, float):
        return show_duration(value)
    if isinstance(value, int):
        if phrase.startswith("size"):
            return show_size(value)
        return show_count(value) if phrase.startswith("count") else str(value)
    return str(value)

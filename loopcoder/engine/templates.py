"""Rendering the shipped Jinja2 templates. A value that is missing is an error, never a blank."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, meta

from loopcoder.domain.context.excerpt import excerpt
from loopcoder.domain.guard.untrusted import clean, code, fence

LONGEST_CLEANED = 400_000

_compiling = threading.Lock()


def render(name: str, **values: object) -> str:
    """The template `name` of `loopcoder/templates`, with these values."""
    return "".join(text for _, text in render_blocks(name, **values))


def render_blocks(name: str, **values: object) -> tuple[tuple[str, str], ...]:
    """The template's blocks, in order, each by name: a prompt is measured block by block."""
    with _compiling:  # attempts begin together, and one compilation is enough
        template = _environment().get_template(name)
    context = template.new_context(values)
    rendered = (
        (block, "".join(make(context)).strip("\n")) for block, make in template.blocks.items()
    )
    return tuple((block, f"{text}\n\n") for block, text in rendered if text.strip())


@lru_cache
def template_version(name: str) -> str:
    """Names the text of a template and of everything it includes: 12 hexadecimal digits."""
    digest, seen, left = hashlib.sha256(), set[str](), [name]
    while left:
        each = left.pop()
        seen.add(each)
        source, _, _ = _loader().get_source(_environment(), each)
        digest.update(source.encode())
        included = meta.find_referenced_templates(_environment().parse(source))
        left += sorted(found for found in included if found and found not in seen)
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def _loader() -> PackageLoader:
    return PackageLoader("loopcoder")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=_loader(),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "fenced": fence,
        "cleaned": _cleaned,
        "line": _line,
        "place": _place,
        "ticked": _ticked,
    }
    return environment


def _cleaned(text: str, limit: int, what: str = "text") -> str:
    return excerpt(clean(text, max_length=LONGEST_CLEANED), limit, what)


def _line(text: str, limit: int = 500) -> str:
    return " ".join(clean(text, max_length=limit).split())


def _ticked(text: str) -> str:
    return code(text, max_length=500)


def _place(file: str, line: int = 0) -> str:
    """A file, and a line in it, if any."""
    if not file:
        return ""
    return f"{_ticked(_line(file))} line {line}" if line else _ticked(_line(file))

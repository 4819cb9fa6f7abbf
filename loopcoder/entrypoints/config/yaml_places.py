"""YAML read as plain data that remembers the line of every key and value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from loopcoder.domain.diagnostic import Diagnostic, Place, Severity

Path = tuple[str | int, ...]
_DEEPEST = 20


@dataclass(slots=True)
class Document:
    """`data` is the parsed text; `keys` and `values` say where each path stands in it."""

    file: str
    lines: list[str]
    data: object = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def key_place(self, path: Path) -> Place:
        """Where the path's key stands; else the nearest thing around it."""
        return self.keys.get(path) or self.value_place(path)

    def value_place(self, path: Path) -> Place:
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path) or Place(self.file, 1, source=self.line(1))

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def read_yaml(text: str, file: str) -> Document:
    """Parse one document. Problems are collected in `problems`; nothing is raised."""
    text = text.removeprefix("\ufeff")
    document = Document(file, text.splitlines())
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                document.data = _Reader(document, loader).read(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        document.problems.append(_broken(document, error))
    except yaml.YAMLError as error:
        summary = f"the file cannot be read as text: {_first_line(str(error))}"
        document.problems.append(Diagnostic(Severity.ERROR, summary, where=Place(file, 1)))
    return document


class _Loader(yaml.SafeLoader):
    """The safe loader, without dates: what looks like one stays text, as everywhere else."""


_Loader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Reader:
    def __init__(self, document: Document, loader: _Loader) -> None:
        self._document = document
        self._loader = loader
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> object:
        self._document.values[path] = self._place(node)
        if id(node) in self._seen:
            self._problem(node, "aliases are not read here", "Write the value out in full.")
            return None
        if len(path) > _DEEPEST:
            self._problem(node, "this is nested too deeply")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "a key must be one word")
                continue
            key = key_node.value
            if key in found:
                first = self._document.keys[(*path, key)].line
                self._problem(key_node, f"`{key}` stands here twice", f"It is set in line {first}.")
                continue
            self._document.keys[(*path, key)] = self._place(key_node)
            found[key] = self.read(value_node, (*path, key))
        return found

    def _scalar(self, node: yaml.Node) -> object:
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._problem(node, f"`{node.value}` cannot be read", "Put it in quotes.")
            return None

    def _place(self, node: yaml.Node) -> Place:
        start, end = node.start_mark, node.end_mark
        same_line = start.line == end.line
        length = max(1, end.column - start.column) if same_line else 1
        source = self._document.line(start.line + 1)
        return Place(self._document.file, start.line + 1, start.column + 1, length, source)

    def _problem(self, node: yaml.Node, summary: str, detail: str = "") -> None:
        self._document.problems.append(
            Diagnostic(Severity.ERROR, summary, detail, self._place(node))
        )


_CONFLICT = re.compile(r"<{7}(?: |$)")
_HINTS = (
    (r"found character '\\t'", "Indent with spaces: YAML does not read tabs."),
    (r"mapping values are not allowed", "A text that holds `: ` must be put in quotes."),
    (r"found unexpected end of stream", "A quote or bracket is not closed."),
    (r"expected ',' or '[\]}]'", "A bracket is not closed, or a comma is missing."),
    (r"could not find expected ':'", "A key is followed by a colon and a space."),
    (r"expected a single document", "Only one document can stand in the file: remove `---`."),
    (r"could not determine a constructor", "Tags such as `!name` are not read here."),
    (r"found character '[`@%]'", "A text that starts with this character must be put in quotes."),
)


def _broken(document: Document, error: yaml.MarkedYAMLError) -> Diagnostic:
    conflict = next((n for n, line in enumerate(document.lines, 1) if _CONFLICT.match(line)), 0)
    if conflict:
        place = Place(document.file, conflict, source=document.line(conflict))
        detail = "Keep what you want of both sides, and remove the lines with the marks."
        return Diagnostic(Severity.ERROR, "a merge conflict is not resolved here", detail, place)
    words = error.problem or error.context or "unreadable"
    mark = error.problem_mark or error.context_mark
    place = Place(document.file, 1)
    if mark is not None:
        line = min(mark.line + 1, max(1, len(document.lines)))
        place = Place(document.file, line, mark.column + 1, source=document.line(line))
    detail = next(_matching(words), "")
    return Diagnostic(Severity.ERROR, f"this is not YAML: {words}", detail, place)


def _matching(words: str) -> Iterator[str]:
    return (hint for pattern, hint in _HINTS if re.search(pattern, words))


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "unreadable"

"""What an agent's output says: answer, session, usage, errors. Read as an enemy's words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from loopcoder.adapters.agents.preset import Output, Pick, Picks
from loopcoder.adapters.sandbox.output import plain_lines

_MOST_TOKENS = 10**12
_MOST_USD = Decimal(100_000)
_SESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_SCALE = {"k": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class Tally:
    """Tokens and money (USD) of a run or a session; None is not known. `cached_tokens` are those of
    the input that came from the provider's cache."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: Decimal | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """The read output. `answers` are all final texts, oldest first; the last one is the answer."""

    answers: tuple[str, ...] = ()
    session: str = ""
    tally: Tally = Tally()
    error: str = ""
    status: int | None = None

    @property
    def answer(self) -> str:
        return self.answers[-1] if self.answers else ""


def read_transcript(
    output: Output,
    stdout: bytes,
    left: Callable[[str], bytes | None] = lambda name: None,
    *,
    whole: bool = True,
) -> Transcript:
    """Read what a program printed. `left` gives the content of a file that it left.

    Not `whole` means that the beginning of the output is missing: figures that are added up over
    all of it are not known then.
    """
    source = _Source(output, stdout, left, whole)
    status = _figure(source.values(output.status))
    return Transcript(
        answers=tuple(_texts(source, output.verdict)) or tuple(_texts(source, output.answer)),
        session=next(iter(_sessions(source, output.session)), ""),
        tally=Tally(
            _tokens(source, output.input_tokens),
            _tokens(source, output.output_tokens),
            _usd(source, output.usd),
            _tokens(source, output.cached_tokens),
        ),
        error=_error(source, output.error),
        status=int(status) if status is not None and 100 <= status <= 999 else None,
    )


def sign_of_life(output: Output, line: str) -> str | None:
    """What a line of output is worth showing to a person; None when it is not for people."""
    if output.form == "text" or not line.startswith("{"):
        return line
    if output.form == "json" or (event := _json(line)) is None:
        return None
    for pick in output.sign:
        if _matches(event, pick):
            for value in _at(event, pick.path):
                if isinstance(value, str) and value.strip():
                    return value.strip().splitlines()[0]
    return None


class _Source:
    """Where picks are looked up: events, files, or text, each read once."""

    def __init__(
        self,
        output: Output,
        stdout: bytes,
        left: Callable[[str], bytes | None],
        whole: bool,
    ) -> None:
        self._left, self._whole = left, whole
        self._files: dict[str, object] = {}
        text = stdout.decode("utf-8", "replace")
        self._text = "\n".join(plain_lines(text)) if output.form == "text" else ""
        self._events = tuple(_events(output, text))

    def values(self, picks: Picks) -> Iterator[object]:
        """The values that picks find; of several events, the last ones come first."""
        for pick in picks:
            yield from self.of(pick)

    def of(self, pick: Pick) -> Iterator[object]:
        if pick.pattern:
            yield from reversed(re.findall(pick.pattern, self._text))
        elif pick.file:
            yield from _at(self._file(pick.file), pick.path)
        else:
            for event in reversed(self._events):
                if _matches(event, pick):
                    yield from _at(event, pick.path)

    def figure(self, pick: Pick) -> Decimal | None:
        """A pick's figure: that of the last event (its elements added), or of all of them."""
        if pick.add_up:
            found = [number for value in self.of(pick) if (number := _number(value)) is not None]
            return sum(found, Decimal(0)) if found and self._whole else None
        if pick.pattern or pick.file:
            groups: Iterable[Iterable[object]] = [list(self.of(pick))]
        else:
            groups = (_at(e, pick.path) for e in reversed(self._events) if _matches(e, pick))
        for group in groups:
            found = [number for value in group if (number := _number(value)) is not None]
            if found:
                return found[0] if pick.pattern else sum(found, Decimal(0))
        return None

    def _file(self, name: str) -> object:
        if name not in self._files:
            content = self._left(name)
            self._files[name] = _json(content.decode("utf-8", "replace")) if content else None
        return self._files[name]


def _events(output: Output, text: str) -> Iterator[Mapping[str, object]]:
    if output.form == "events":
        for line in text.splitlines():
            event = _json(line) if line.startswith("{") else None
            if event is not None:
                yield event
    elif output.form == "json":
        # What is no JSON, warnings for example, may stand before it.
        for place in (0, *(m.end() for m in re.finditer(r"\n(?=\{)", text))):
            event = _json(text[place:])
            if event is not None:
                yield event
                return


def _json(text: str) -> Mapping[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _matches(event: Mapping[str, object], pick: Pick) -> bool:
    return all(list(_at(event, path)) == [value] for path, value in pick.where.items())


def _at(value: object, path: str) -> Iterator[object]:
    name, _, rest = path.partition(".")
    inner: Iterable[object] = ()
    if name == "*":
        inner = value.values() if isinstance(value, Mapping) else ()
        inner = value if isinstance(value, list) else inner
    elif isinstance(value, Mapping) and name in value:
        inner = (value[name],)
    for each in inner:
        if rest:
            yield from _at(each, rest)
        else:
            yield each


def _texts(source: _Source, picks: Picks) -> Iterator[str]:
    """Texts of the first pick that finds any, oldest first; objects as JSON."""
    for pick in picks:
        found = [
            value if isinstance(value, str) else json.dumps(value)
            for value in source.of(pick)
            if isinstance(value, str | Mapping) and value
        ]
        if found:
            yield from reversed(found)
            return


def _sessions(source: _Source, picks: Picks) -> Iterator[str]:
    for value in source.values(picks):
        if isinstance(value, str) and _SESSION.fullmatch(value):
            yield value


def _error(source: _Source, picks: Picks) -> str:
    for value in source.values(picks):
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:1000]
    return ""


def _tokens(source: _Source, picks: Picks) -> int | None:
    total = _sum(source, picks)
    return min(max(int(total), 0), _MOST_TOKENS) if total is not None else None


def _usd(source: _Source, picks: Picks) -> Decimal | None:
    total = _sum(source, picks)
    return total if total is not None and 0 <= total <= _MOST_USD else None


def _sum(source: _Source, picks: Sequence[Pick]) -> Decimal | None:
    """The figures of several picks together; not known when the first is not."""
    total = None
    for pick in picks:
        found = source.figure(pick)
        if found is None:
            if total is None:
                return None
            continue
        total = (total or Decimal(0)) + (-found if pick.minus else found)
    return total


def _figure(values: Iterable[object]) -> Decimal | None:
    return next((number for value in values if (number := _number(value)) is not None), None)


def _number(value: object) -> Decimal | None:
    """A figure as programs write it: `12`, `0.25`, `2.1k`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)
    scale = _SCALE.get(text[-1:], 1)
    try:
        number = Decimal(text[:-1] if scale > 1 else text)
    except InvalidOperation:
        return None
    return number * scale if number.is_finite() else None

"""A measured figure, how it is written, and whether it keeps what was promised."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.measure import Pair


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. `kept` is None where nothing was promised."""

    what: str
    figure: str
    target: str
    kept: bool | None
    how: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: `turns` of every pair, units of every kind, seconds of sleep."""

    turns: int = 7
    units: int = 10_000
    compiled: int = 1_000
    wave: int = 8
    waves: int = 5
    sleepers: int = 8
    crowd: int = 50
    cap: int = 10
    sleep_s: float = 15.0
    steps: int = 30


FULL = Sizes()
QUICK = Sizes(turns=3, units=2_000, compiled=200, waves=3, crowd=20, sleep_s=5.0)
TINY = Sizes(
    turns=1, units=8, compiled=3, wave=2, waves=1, sleepers=2, crowd=3, cap=2, sleep_s=0.2, steps=3
)


def at_most(what: str, pair: Pair, most: float, how: str) -> Figure:
    """A ratio that must not be larger, with both times."""
    return Figure(what, _ratio(pair), f"≤ {most:g} ×", pair.ratio <= most, how)


def compared(what: str, pair: Pair, how: str) -> Figure:
    """A ratio that nothing was promised about."""
    return Figure(what, _ratio(pair), "", None, how)


def at_least(what: str, value: float, least: float, how: str) -> Figure:
    return Figure(what, f"{value:.2f}", f"≥ {least:g}", value >= least, how)


def noted(what: str, took_s: float, how: str) -> Figure:
    """A time that nothing was promised about."""
    return Figure(what, _time(took_s), "", None, how)


def weighed(what: str, memory: int, took_s: float, most: int, how: str) -> Figure:
    """Peak memory that must not be larger (bytes), with the time it took."""
    figure = f"{memory / 1e6:.0f} MB in {_time(took_s)}"
    return Figure(what, figure, f"≤ {most / 1e6:.0f} MB", memory <= most, how)


def asked(
    what: str, requests: int, most: int, memory: int, took_s: float, most_memory: int, how: str
) -> Figure:
    """Requests that must not be more, peak memory (bytes) that must not be larger, and the time."""
    noun = "request" if requests == 1 else "requests"
    figure = f"{requests:,} {noun}, {memory / 1e6:.0f} MB in {_time(took_s)}"
    target = f"≤ {most:,}, ≤ {most_memory / 1e6:.0f} MB"
    return Figure(what, figure, target, requests <= most and memory <= most_memory, how)


def counted(what: str, value: int, most: int, how: str) -> Figure:
    return Figure(what, str(value), f"≤ {most}", value <= most, how)


def _ratio(pair: Pair) -> str:
    return f"{pair.ratio:.2f} × ({_time(pair.ours)} / {_time(pair.theirs)})"


def _time(took_s: float) -> str:
    return f"{took_s * 1000:.0f} ms" if took_s < 1 else f"{took_s:.1f} s"

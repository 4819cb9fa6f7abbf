"""Roadmaps of any size: a deep graph, the same every time."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

NEAR = 50


def edges_of(units: int) -> Mapping[str, Sequence[str]]:
    """Unit ids in order, each with up to two blockers among the fifty before it."""
    chance = random.Random(units)
    edges: dict[str, Sequence[str]] = {}
    for number in range(units):
        before = range(max(0, number - NEAR), number)
        blockers = sorted(chance.sample(before, min(2, len(before))))
        edges[f"u{number}"] = [f"u{blocker}" for blocker in blockers]
    return edges


def roadmap_of(units: int) -> str:
    """A roadmap with these units and edges, in sections of a hundred."""
    lines = ["# Roadmap"]
    for number, (name, after) in enumerate(edges_of(units).items()):
        if number % 100 == 0:
            lines += ["", f"## Part {number // 100 + 1}", ""]
        edge = f" (after: {', '.join(after)})" if after else ""
        lines.append(f"- [ ] Unit number {number}{edge} <!-- id: {name} -->")
    return "\n".join(lines) + "\n"


def flat_roadmap(units: int) -> str:
    """Units that do not wait for each other."""
    return "".join(f"- [ ] Unit {number} <!-- id: u{number} -->\n" for number in range(units))

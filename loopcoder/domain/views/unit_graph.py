"""The units and their edges as a Mermaid graph, coloured by state. Names in it are ours alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.unit import UnitId

MOST_NODES = 60
"""More than that is a picture nobody reads, and GitHub's renderer has limits, too."""

_COLOURS = {
    State.DONE: "fill:#1a7f37,color:#fff,stroke:#1a7f37",
    State.AWAITING_MERGE: "fill:#8250df,color:#fff,stroke:#8250df",
    State.RUNNING: "fill:#0969da,color:#fff,stroke:#0969da",
    State.READY: "fill:#ddf4ff,color:#0a3069,stroke:#54aeff",
    State.BLOCKED: "fill:#eaeef2,color:#24292f,stroke:#8c959f",
    State.NEEDS_HUMAN: "fill:#bf8700,color:#fff,stroke:#bf8700",
    State.PROPOSED: "fill:#fff,color:#24292f,stroke:#8c959f,stroke-dasharray:4",
    State.HELD: "fill:#ffebe9,color:#82071e,stroke:#ff8182",
    State.DROPPED: "fill:#f6f8fa,color:#8c959f,stroke:#d0d7de",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One unit; `after` are the units it waits for, or waited for."""

    unit: UnitId
    state: State
    after: tuple[UnitId, ...] = ()
    issue: int | None = None


def mermaid(nodes: Sequence[Node], most: int = MOST_NODES) -> str:
    """A fenced Mermaid graph. Of more nodes than `most` the unfinished ones are drawn first, and a
    sentence says how many are missing; empty when there is nothing to draw."""
    drawn = _chosen(nodes, most)
    if not drawn:
        return ""
    names = {node.unit: f"n{number}" for number, node in enumerate(drawn, 1)}
    lines = ["```mermaid", "graph LR"]
    lines += [f'  {names[n.unit]}["{_label(n)}"]:::{n.state.value}' for n in drawn]
    lines += [f"  {one} --> {other}" for one, other in _edges(drawn, names)]
    used = dict.fromkeys(node.state for node in drawn)
    lines += [f"  classDef {state.value} {_COLOURS[state]}" for state in State if state in used]
    text = "\n".join([*lines, "```"])
    left = len(nodes) - len(drawn)
    return f"{text}\n\n{left} more unit{'' if left == 1 else 's'} not drawn." if left else text


def _chosen(nodes: Sequence[Node], most: int) -> list[Node]:
    finished = (State.DONE, State.DROPPED)
    ranked = sorted(range(len(nodes)), key=lambda index: (nodes[index].state in finished, index))
    return [nodes[index] for index in sorted(ranked[:most])]


def _edges(drawn: Iterable[Node], names: dict[UnitId, str]) -> Iterator[tuple[str, str]]:
    for node in drawn:
        for blocker in dict.fromkeys(node.after):
            if blocker in names:
                yield names[blocker], names[node.unit]


def _label(node: Node) -> str:
    """The id, which is made of letters, digits and `._-` alone, and the issue's number."""
    return f"{node.unit} #35;{node.issue}" if node.issue else str(node.unit)

"""The part of docs/reference/workers.md that is made from the presets: one row an agent."""

from __future__ import annotations

from collections.abc import Iterator

from loopcoder.adapters.agents.preset import Preset, presets

PAGE = "workers.md"
_BEGIN = "<!-- agents: made by `make docs` from the code -->"
_END = "<!-- /agents -->"


def with_agents(page: str) -> str:
    """The page with its part about agents as it must be now."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    lines = "\n".join(_lines())
    return f"{before}{_BEGIN}\n\n{lines}\n\n{_END}{after}"


def _lines() -> Iterator[str]:
    yield "| `kind` | program, install | tried | key (one of) | hosts |"
    yield "|---|---|---|---|---|"
    for each in presets().values():
        keys = ", ".join(f"`{name}`" for name in each.variables.keys)
        hosts = ", ".join(f"`{host}`" for host in each.hosts)
        program = f"{each.title}: `{each.install}`"
        yield f"| `{each.kind}` | {program} | {each.tried} | {keys} | {hosts} |"
    yield ""
    yield "| `kind` | cost | sessions | reviewer | MCP | address of the model |"
    yield "|---|---|---|---|---|---|"
    for each in presets().values():
        address = ", ".join(f"`{name}`" for name in each.variables.base_url)
        yield (
            f"| `{each.kind}` | {_cost(each)} | {_sessions(each)} | {_review(each)} "
            f"| {'yes' if each.mcp else 'no'} | {address} |"
        )
    yield ""
    for each in presets().values():
        if each.note:
            yield f"- **{each.title}.** {each.note}"


def _cost(preset: Preset) -> str:
    if preset.output.usd:
        return "reported"
    return "tokens reported, priced" if preset.prices else "as reserved"


def _sessions(preset: Preset) -> str:
    command = preset.command
    if not command.resume:
        return "fresh each round"
    return "resumed, forked" if command.fork else "resumed"


def _review(preset: Preset) -> str:
    texts = (word for group in preset.command.reviewer for word in group.args)
    by_schema = any("schema" in word for word in texts)
    return "by JSON schema" if by_schema else "by its answer"

"""The maintainer's own check before a tick: exit 0 goes on, 1 stops, 2 warns."""

from __future__ import annotations

from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.engine.services import Services

WARNING_EXIT = 2


def run_preflight(services: Services, base: str, logs: Path) -> tuple[str, ...]:
    """Run `preflight` on a checkout of the base; returns warnings. Raises when it says stop."""
    command = services.settings.preflight
    if command is None:
        return ()
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / "preflight.log"
    tree = services.workspaces.checkout(base, "preflight")
    try:
        result = services.commands.run(
            command, tree, log, services.settings.verify_env, services.stop
        )
    finally:
        services.workspaces.discard(tree)
    if result.passed or services.stop.is_set():
        return ()
    last = result.tail.strip().splitlines()[-1:] or ["it printed nothing"]
    if result.exit_code == WARNING_EXIT:
        return (f"preflight warns: {last[0]}",)
    how = "timed out" if result.timed_out else f"exited {result.exit_code}"
    raise LoopcoderError(f"preflight `{command.run}` {how}: {last[0]}.", f"Its output is in {log}.")

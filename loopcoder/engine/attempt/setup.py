"""The project's setup commands in a fresh checkout, or what they made the last time."""

from __future__ import annotations

from pathlib import Path

from loopcoder.domain.settings import Command
from loopcoder.engine.attempt.stage import Suspended
from loopcoder.engine.services import Services


def run_setup(services: Services, tree: Path, commit: str, logs: Path, prefix: str) -> None:
    """Prepare a checkout of a commit. A failure is the infrastructure's, not the work's:
    `Suspended`."""
    settings, cache = services.settings, services.setup_cache
    before: list[str] = []
    for index, command in enumerate(settings.setup, 1):
        key = cache.key(command, before, tree, settings.verify_env) if command.cache else ""
        before.append(command.run)
        log = logs / f"{prefix}-setup-{index}.log"
        if key and cache.restore(key, command, tree):
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"{', '.join(command.cache)}: copied from what {key[:12]} made\n")
            continue
        _run(services, command, tree, log)
        if key and _is_base(services, commit):
            cache.keep(key, command, tree)


def _run(services: Services, command: Command, tree: Path, log: Path) -> None:
    env = services.settings.verify_env
    result = services.commands.run(command, tree, log, env, services.stop)
    if not result.passed:
        how = "timed out" if result.timed_out else f"exited {result.exit_code}"
        raise Suspended(f"setup command `{command.run}` {how}.", f"Its output is in {log}.")


def _is_base(services: Services, commit: str) -> bool:
    """Whether a commit is part of the base: what a proposed one's scripts made is kept for nobody
    else."""
    base = services.code_host.branch_head(services.settings.base)
    if base is None or not commit:
        return False
    return commit == base or services.workspaces.is_ancestor(commit, base)

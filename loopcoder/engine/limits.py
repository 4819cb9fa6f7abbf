"""The configured limits on what is written, as the last look before a write is begun."""

from __future__ import annotations

from collections.abc import Callable

from loopcoder.domain.issues.ration import comment_rations, pull_rations
from loopcoder.domain.journal.history import History
from loopcoder.engine.services import Services

Refusal = Callable[[History], str]
"""Why a write has to wait, as the newest history has it; empty when it need not."""


def comment_limit(services: Services) -> Refusal:
    """Whether one more comment may be written."""
    limits, now = services.settings.limits, services.clock.now()
    return lambda history: comment_rations(limits, history, now).refusal(1)


def pull_limit(services: Services) -> Refusal:
    """Whether one more pull request may be opened. The work is kept, and proposed next time."""
    limits, now = services.settings.limits, services.clock.now()
    return lambda history: pull_rations(limits, history, now).refusal(1)

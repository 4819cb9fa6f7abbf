"""Label definitions that nothing carries any more: `blocked-by:#N` of blockers that are over."""

from __future__ import annotations

from loopcoder.domain.issues.label_set import unused_blockers
from loopcoder.engine.effects import effect
from loopcoder.engine.services import Services

MOST = 20
"""Definitions removed by one tick; the next goes on."""


def tidy_labels(services: Services) -> None:
    """Remove unused definitions. A person's waiver is proven by its definition, but only as long
    as the blocker is open; then none of these goes."""
    issues = services.tracker.list_issues()
    used = {label for each in issues for label in each.labels}
    used |= {label for each in services.code_host.list_pulls() for label in each.labels}
    closed = [issue.number for issue in issues if not issue.is_open]
    names = services.tracker.list_labels() if closed else ()
    for name in unused_blockers(names, used, closed)[:MOST]:
        with effect(services.journal, "label.delete", name):
            services.tracker.delete_label(name)

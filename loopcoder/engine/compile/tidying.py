"""Label definitions that nothing carries any more: `blocked-by:#N` of blockers that are over."""

from __future__ import annotations

from collections.abc import Iterable

from loopcoder.domain.issues.issue import Issue, PullRequest
from loopcoder.domain.issues.label_set import unused_blockers
from loopcoder.engine.effects import effect
from loopcoder.engine.services import Services

MOST = 20
"""Definitions removed by one tick; the next goes on."""


def tidy_labels(services: Services) -> None:
    """Remove unused definitions. A person's waiver is proven by its definition, but only as long
    as the blocker is open; then none of these goes."""
    issues = services.tracker.list_issues()
    closed = [issue.number for issue in issues if not issue.is_open]
    names = services.tracker.list_labels() if closed else ()
    unused = unused_blockers(names, _labels_on(issues), closed)
    if unused:  # looking at pull requests costs more
        unused = unused_blockers(unused, _labels_on(services.code_host.list_pulls()), closed)
    for name in unused[:MOST]:
        with effect(services.journal, "label.delete", name):
            services.tracker.delete_label(name)


def _labels_on(items: Iterable[Issue | PullRequest]) -> set[str]:
    return {label for each in items for label in each.labels}

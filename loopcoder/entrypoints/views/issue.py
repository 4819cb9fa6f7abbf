"""Issues as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.issues.issue import Comment, Issue, LabelEvent
from loopcoder.entrypoints.views.body import body_text
from loopcoder.entrypoints.views.terminal import Style
from loopcoder.entrypoints.views.text import clean

HEADER = ("issue", "state", "title", "labels", "taken by")


def issue_row(issue: Issue) -> tuple[str, ...]:
    taken = ", ".join(f"@{who.login}" for who in issue.assignees)
    return (f"#{issue.number}", state_word(issue), issue.title, _labels(issue), taken)


def issue_json(issue: Issue) -> dict[str, object]:
    return {
        "number": issue.number,
        "id": issue.id,
        "state": issue.state.value,
        "close_reason": issue.close_reason.value if issue.close_reason else None,
        "title": issue.title,
        "labels": sorted(issue.labels),
        "blocked_by": sorted(issue.blocked_by),
        "author": issue.author.login,
        "assignees": [who.login for who in issue.assignees],
        "closed_by": issue.closed_by.login if issue.closed_by else None,
        "created_at": issue.created_at.isoformat(),
        "updated_at": issue.updated_at.isoformat(),
    }


def issue_detail_json(
    issue: Issue, comments: Sequence[Comment], events: Sequence[LabelEvent]
) -> dict[str, object]:
    """Everything that is known of one issue."""
    return {
        **issue_json(issue),
        "body": issue.body,
        "comments": [
            {
                "id": each.id,
                "author": each.author.login,
                "at": each.created_at.isoformat(),
                "body": each.body,
            }
            for each in comments
        ],
        "label_events": [
            {
                "label": each.label,
                "added": each.added,
                "actor": each.actor.login,
                "at": each.at.isoformat(),
            }
            for each in events
        ],
    }


def issue_text(issue: Issue, comments: Sequence[Comment], style: Style) -> str:
    """Title and facts, the body, the comments."""
    facts = [state_word(issue), f"by @{issue.author.login}", f"{issue.created_at:%Y-%m-%d}"]
    if issue.closed_by:
        facts.append(f"closed by @{issue.closed_by.login}")
    facts += [f"taken by @{who.login}" for who in issue.assignees]
    lines = [style(f"#{issue.number} {clean(issue.title)}", "bold"), clean(" · ".join(facts))]
    if issue.labels:
        lines.append(f"labels: {clean(_labels(issue))}")
    lines += ["", body_text(issue.body)]
    for each in comments:
        lines += ["", *comment_lines(each.author.login, f"{each.created_at:%Y-%m-%d %H:%M}", each)]
    return "\n".join(lines)


def comment_lines(login: str, when: str, comment: Comment) -> list[str]:
    body = body_text(comment.body)
    return [f"@{clean(login)}, {when}:", *(f"  {line}" for line in body.splitlines())]


def state_word(issue: Issue) -> str:
    """open, done, or dropped."""
    if issue.is_open:
        return "open"
    return "dropped" if issue.is_not_planned else "done"


def _labels(issue: Issue) -> str:
    return ", ".join(sorted(issue.labels, key=str.casefold))

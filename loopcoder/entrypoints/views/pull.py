"""Pull requests as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence

from loopcoder.domain.issues.issue import Feedback, PullRequest
from loopcoder.domain.review.verdict import Check
from loopcoder.domain.roadmap.bookkeeping import BRANCH as BOOKKEEPING
from loopcoder.domain.tick.branch import is_ours
from loopcoder.entrypoints.views.body import body_text
from loopcoder.entrypoints.views.terminal import Style
from loopcoder.entrypoints.views.text import clean

HEADER = ("pr", "state", "unit", "title", "branch", "head", "closes")


def unit_of(pull: PullRequest) -> str:
    """The unit whose branch it is; empty for a branch that is not ours."""
    ours = is_ours(pull.branch) and pull.branch != BOOKKEEPING
    return pull.branch.rpartition("/")[2] if ours else ""


def state_word(pull: PullRequest) -> str:
    """Its state, and what stands in the way of a merge."""
    words = [pull.state.value]
    if pull.is_open and pull.draft:
        words.append("draft")
    if pull.is_open and pull.mergeable is False:
        words.append("conflict")
    return ", ".join(words)


def pull_row(pull: PullRequest) -> tuple[str, ...]:
    closes = ", ".join(f"#{number}" for number in pull.closes)
    head = pull.head[:8]
    return (
        f"#{pull.number}", state_word(pull), unit_of(pull), pull.title, pull.branch, head, closes,
    )  # fmt: skip


def pull_json(pull: PullRequest) -> dict[str, object]:
    """The first six keys are the contract of docs/reference/json.md."""
    return {
        "number": pull.number,
        "state": pull.state.value,
        "unit": unit_of(pull),
        "branch": pull.branch,
        "head": pull.head,
        "title": pull.title,
        "base": pull.base,
        "draft": pull.draft,
        "mergeable": pull.mergeable,
        "closes": list(pull.closes),
        "labels": sorted(pull.labels),
        "merged_commit": pull.merged_commit or None,
        "closed_by": pull.closed_by.login if pull.closed_by else None,
        "created_at": pull.created_at.isoformat(),
        "updated_at": pull.updated_at.isoformat(),
    }


def pull_detail_json(
    pull: PullRequest,
    checks: Sequence[Check],
    remarks: Sequence[Feedback],
    notes: Sequence[tuple[str, str]],
    diffstat: str,
) -> dict[str, object]:
    """Everything that is known of one pull request. `notes` are (login, text)."""
    return {
        **pull_json(pull),
        "body": pull.body,
        "checks": [
            {"name": each.name, "passed": each.passed, "seconds": each.seconds} for each in checks
        ],
        "feedback": [
            {
                "id": each.id,
                "author": each.author.login,
                "requests_changes": each.requests_changes,
                "file": each.file or None,
                "line": each.line or None,
                "head": each.head,
                "body": each.body,
            }
            for each in remarks
        ],
        "comments": [{"author": login, "body": body} for login, body in notes],
        "diffstat": diffstat,
    }


def pull_text(
    pull: PullRequest,
    checks: Sequence[Check],
    remarks: Sequence[Feedback],
    notes: Sequence[tuple[str, str]],
    diffstat: str,
    style: Style,
) -> str:
    """Title and facts, the body, the checks, what people said, what changed."""
    facts = [state_word(pull), f"{pull.branch} ({pull.head[:8]}) into {pull.base}"]
    if pull.closed_by:
        facts.append(f"{pull.state.value} by @{pull.closed_by.login}")
    if pull.merged_commit:
        facts.append(f"as {pull.merged_commit[:8]}")
    lines = [style(f"#{pull.number} {clean(pull.title)}", "bold"), clean(" · ".join(facts)), ""]
    lines += [body_text(pull.body)]
    if checks:
        lines += ["", "checks", *(_check_line(each, style) for each in checks)]
    for remark in remarks:
        lines += ["", _who_said(remark), *_indented(remark.body)]
    for login, body in notes:
        lines += ["", f"@{clean(login)} notes:", *_indented(body)]
    if diffstat:
        lines += ["", _block(diffstat)]
    return "\n".join(lines)


def _check_line(check: Check, style: Style) -> str:
    mark = style("passed", "green") if check.passed else style("failed", "red")
    return f"  {mark}  {clean(check.name)}  {check.seconds:.1f} s"


def _who_said(remark: Feedback) -> str:
    verb = "asks for changes" if remark.requests_changes else "remarks"
    place = f" in {remark.file}" + (f":{remark.line}" if remark.line else "") if remark.file else ""
    return clean(f"@{remark.author.login} {verb}{place} (at {remark.head[:8]}):")


def _block(text: str) -> str:
    return clean(text.replace("\r\n", "\n"), keep_newlines=True).rstrip()


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in body_text(text).splitlines()]

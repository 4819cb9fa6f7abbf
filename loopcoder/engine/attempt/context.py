"""Prompts: the exact text that workers and reviewers get.

What changes least stands first, so that providers can reuse the beginning. Text of others is
cleaned of what a reader cannot see, cut visibly, fenced, and named as material.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.domain.ci.ci import FailedCheck
from loopcoder.domain.context.excerpt import excerpt, fair_shares, token_estimate
from loopcoder.domain.context.learned import Hint, Neighbour
from loopcoder.domain.context.skill import Carried
from loopcoder.domain.context.work_report import StepReport
from loopcoder.domain.guard.untrusted import clean
from loopcoder.domain.issues.issue import Comment, Feedback
from loopcoder.domain.review.diff import fit_diff
from loopcoder.domain.review.verdict import Check, Finding
from loopcoder.domain.settings import Command
from loopcoder.domain.unit import Unit
from loopcoder.engine.templates import render_blocks

TAILS_LIMIT = 24_000
FEEDBACK_LIMIT = 24_000
COMMENTS_LIMIT = 16_000
SUMMARY_LIMIT = 4_000
DIFF_LIMIT = 400_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """A finished prompt. `sections` are its parts with the tokens they are estimated to have;
    `truncated` says that not everything that matters to its reader is in it."""

    text: str
    sections: tuple[tuple[str, int], ...] = ()
    truncated: bool = False

    @property
    def tokens(self) -> int:
        """About how many tokens the whole has."""
        return token_estimate(self.text)


@dataclass(frozen=True, slots=True)
class Notes:
    """What a worker is told beyond its unit.

    `checks` and `findings` are those of the round before; `failures` what earlier attempts came
    to; `feedback` people's review comments; `ci` what is red on the pull request; `conflicts`
    files with conflict markers; `interrupted` says that an earlier process left its edits in the
    tree; `person` is a maintainer's answer, and `comments` what people who may write said on the
    issue before they approved it. `hints` are what other agents noted, `beside` the units that are
    worked on at the same time, `candidate` which of how many candidates this is, 0 for the only
    one. `steps` is what was reported of the steps of the work that is in the tree; `continuing`
    asks for those that are open, and `said` is the report's summary.
    """

    round: int = 1
    checks: Sequence[Check] = ()
    findings: Sequence[Finding] = ()
    feedback: Sequence[Feedback] = ()
    ci: Sequence[FailedCheck] = ()
    conflicts: Sequence[str] = ()
    failures: Sequence[str] = ()
    interrupted: bool = False
    person: str = ""
    comments: Sequence[Comment] = ()
    hints: Sequence[Hint] = ()
    beside: Sequence[Neighbour] = ()
    candidate: tuple[int, int] = (0, 1)
    steps: Sequence[StepReport] = ()
    continuing: bool = False
    said: str = ""


def build_work_prompt(
    *,
    unit: Unit,
    notes: Notes,
    verify: Sequence[Command],
    skills: Sequence[Carried] = (),
    plan: Sequence[str] = (),
) -> Prompt:
    """What a worker is given on its standard input. `skills` are already chosen and cut, `plan`
    are the steps that a planner proposes."""
    red = [check for check in notes.checks if not check.passed]
    tails = _fitted([check.tail for check in red], TAILS_LIMIT, "output")
    logs = _fitted([each.log for each in notes.ci], TAILS_LIMIT, "log")
    remarks = _fitted([item.body for item in notes.feedback], FEEDBACK_LIMIT, "comment")
    comments = _fitted([item.body for item in notes.comments], COMMENTS_LIMIT, "comment")
    blocks = render_blocks(
        "work.md.j2",
        carried=skills,
        unit=unit,
        verify=verify,
        notes=notes,
        plan=plan,
        hints="\n".join(map(_hint, notes.hints)),
        red=list(zip(red, tails, strict=True)),
        ci=list(zip(notes.ci, logs, strict=True)),
        comments=[
            {"author": item.author, "body": body}
            for item, body in zip(notes.comments, comments, strict=True)
        ],
        feedback=[
            {
                "author": item.author,
                "file": item.file,
                "line": item.line,
                "requests_changes": item.requests_changes,
                "body": body,
            }
            for item, body in zip(notes.feedback, remarks, strict=True)
        ],
    )
    return _prompt(blocks, any(carried.cut for carried in skills))


def _hint(hint: Hint) -> str:
    about = f" (about {', '.join(hint.paths)})" if hint.paths else ""
    return clean(f"- {hint.text}{about}", max_length=3000)


def build_plan_prompt(*, unit: Unit, conventions: Sequence[Carried] = ()) -> Prompt:
    """What a planner is given."""
    return _prompt(render_blocks("plan.md.j2", carried=conventions, unit=unit), truncated=False)


def build_review_prompt(
    *,
    unit: Unit,
    diff: str,
    checks: Sequence[Check],
    head: str,
    diff_sha256: str,
    summary: str = "",
    satisfied: bool = False,
    incomplete: str = "",
    conventions: Sequence[Carried] = (),
    limit: int = DIFF_LIMIT,
) -> Prompt:
    """The whole packet a reviewer judges. `limit` is the most characters of diff it shows; with
    `satisfied` there is no diff, and `summary` is the worker's evidence that none is needed."""
    files = fit_diff(diff, limit)
    cut = [file for file in files if file.is_cut]
    blocks = render_blocks(
        "review.md.j2",
        carried=conventions,
        unit=unit,
        checks=checks,
        summary=_fitted([summary], SUMMARY_LIMIT, "summary")[0],
        satisfied=satisfied,
        incomplete=incomplete,
        head=head,
        diff_sha256=diff_sha256,
        files=files,
        cut=cut,
    )
    return _prompt(blocks, bool(cut))


def _prompt(blocks: Sequence[tuple[str, str]], truncated: bool) -> Prompt:
    text = "".join(part for _, part in blocks).rstrip("\n") + "\n"
    return Prompt(text, tuple((name, token_estimate(part)) for name, part in blocks), truncated)


def _fitted(texts: Sequence[str], limit: int, what: str) -> list[str]:
    """Several texts, cleaned and cut so that together they fit."""
    cleaned = [clean(text, max_length=max(len(text), 1)).strip("\n") for text in texts]
    shares = fair_shares([len(text) for text in cleaned], limit)
    return [excerpt(text, share, what) for text, share in zip(cleaned, shares, strict=True)]

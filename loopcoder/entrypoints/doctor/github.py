"""What GitHub says: the token and its rights, CI on our proposals, branch rules, clocks, labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from loopcoder.adapters.github.answer import Answer
from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.issues.label_set import missing_labels
from loopcoder.entrypoints.doctor.finding import Finding, fine, note, problem, warning
from loopcoder.entrypoints.doctor.project import base_of
from loopcoder.entrypoints.wiring.bootstrap import House

WORKFLOW_ACCOUNT = "github-actions[bot]"
NO_CI = (
    "a pull request made with the workflow's own GITHUB_TOKEN starts no workflow: CI will not run "
    "on proposals (use a GitHub App or a fine-grained token)"
)
_SKEW = timedelta(seconds=60)
_FEW = 0.1
_ON_PULLS = re.compile(
    r"^[ \t]*(?:on:.*\bpull_request\b|[\"']?pull_request[\"']?:|- pull_request\b)", re.M
)


def look_at_github(house: House) -> Iterator[Finding]:
    """One request tells most of it: the answer about the repository, and its headers."""
    if not house.on_github:
        return
    session = house.github.session
    answer = session.get(session.path())
    me = house.tracker.whoami()
    yield fine("github", f"{house.settings.repository} as @{me.login}")
    yield from _token(house, answer)
    yield from _rate(answer)
    yield from _clock(house, answer)
    yield from _git(house)
    yield from _ci(house)
    yield from _rules(house, answer.data)
    yield from _labels(house)
    yield from _dashboard(house)


def ci_warning(house: House) -> tuple[str, ...]:
    """What every tick has to say before it dispatches, when CI will not run on what it proposes."""
    try:
        own = house.on_github and house.github.tracker.whoami().login == WORKFLOW_ACCOUNT
    except LoopcoderError:
        return ()  # whatever it is, the tick itself says it
    return (NO_CI,) if own else ()


def _token(house: House, answer: Answer) -> Iterator[Finding]:
    kind = kind_of(house.github.session.token(), house.tracker.whoami().login)
    held = answer.headers.get("x-oauth-scopes")
    scopes = {each.strip() for each in held.split(",")} if held is not None else None
    private = bool(answer.data.get("private"))
    if scopes is not None and not (scopes & {"repo"} or ("public_repo" in scopes and not private)):
        yield problem("token", f"{kind} without the scope repo", "Make one with the scope repo.")
    elif not (answer.data.get("permissions") or {"push": True}).get("push"):
        yield problem(
            "token",
            f"{kind}, whose account may not write here",
            "Give it write access: issues, pull requests and contents.",
        )
    else:
        yield fine("token", f"{kind}{f', scopes {held}' if held else ''}")


def kind_of(token: str, login: str) -> str:
    """What a token is, by its form and whom it speaks for."""
    if token.startswith("ghs_"):
        return (
            "the workflow's GITHUB_TOKEN" if login == WORKFLOW_ACCOUNT else "a GitHub App's token"
        )
    kinds = {"github_pat_": "a fine-grained token", "ghp_": "a classic token"}
    kinds |= {"gho_": "an OAuth token", "ghu_": "a user's token of an App"}
    return next((kind for start, kind in kinds.items() if token.startswith(start)), "a token")


def _rate(answer: Answer) -> Iterator[Finding]:
    left, limit = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit"))
    if not (left.isdecimal() and limit.isdecimal() and int(limit)):
        return
    words = f"{int(left):,} of {int(limit):,} requests of this hour are left"
    yield (warning if int(left) < _FEW * int(limit) else fine)("rate", words)


def _clock(house: House, answer: Answer) -> Iterator[Finding]:
    now = house.clock.now()
    skew = now - answer.date(now)
    if abs(skew) > _SKEW:
        seconds = int(skew.total_seconds())
        yield warning(
            "clock",
            f"this machine's clock differs from GitHub's by {seconds} s",
            "Set it by NTP: claims of other machines end by the clock.",
        )


def _git(house: House) -> Iterator[Finding]:
    """Branches and the journal are pushed by git, which has rights of its own to check."""
    refused = house.github.remote.may_push()
    if refused is not None:
        yield problem("push", refused.summary, refused.remedy or "Give contents: write.")


def _ci(house: House) -> Iterator[Finding]:
    if house.tracker.whoami().login == WORKFLOW_ACCOUNT:
        yield warning("ci", NO_CI, "Set a secret with an App's or a fine-grained token.")
    elif not _has_ci(house):
        yield note(
            "ci",
            "no workflow on the base branch runs on pull_request, so only our own checks stand "
            "before a merge",
        )
    else:
        yield fine("ci", "workflows run on pull requests, and will on ours")


def _has_ci(house: House) -> bool:
    repository = house.repository
    base = base_of(house)
    listed = repository.git.text("ls-tree", "--name-only", base, "--", ".github/workflows/")
    names = [name for name in listed.splitlines() if name.endswith((".yml", ".yaml"))]
    return any(_ON_PULLS.search(repository.read(base, name) or "") for name in names)


def _rules(house: House, repository: Any) -> Iterator[Finding]:
    base, session = house.settings.base, house.github.session
    branch = session.read(session.path("branches", base)).data
    if not branch.get("protected"):
        yield note(
            "rules",
            f"{base} is not protected: nothing but custom keeps a change from being merged "
            "unreviewed",
            "Require a review and the checks by a branch rule.",
        )
    else:
        yield fine("rules", f"{base} is protected")
    if repository.get("allow_auto_merge"):
        yield warning(
            "rules",
            "auto-merge is allowed: a proposal could be merged with nobody looking",
            "Require a review of pull requests, or turn auto-merge off.",
        )


def _labels(house: House) -> Iterator[Finding]:
    missing = missing_labels(house.tracker.list_labels())
    if missing:
        names = ", ".join(each.name for each in missing)
        yield warning(
            "labels",
            f"not defined: {names}",
            "`loopcoder doctor --fix` defines them, so that people can put them on.",
            partial(define_labels, house),
        )
    else:
        yield fine("labels", "all of ours are defined")


def define_labels(house: House) -> str:
    """Make the definitions that are missing, with their colours; returns what was made."""
    missing = missing_labels(house.tracker.list_labels())
    for each in missing:
        house.tracker.define_label(each)
    return f"defined {', '.join(each.name for each in missing)}" if missing else "nothing to define"


def _dashboard(house: House) -> Iterator[Finding]:
    if not house.settings.dashboard:
        return
    ours = house.journal_reader.history().dashboard
    if ours is None:
        yield note("dashboard", "not filed yet; the first tick files it")
        return
    found = [issue for issue in house.tracker.list_issues() if issue.id == ours.database_id]
    if not found:
        yield note("dashboard", f"#{ours.number} is gone; the next tick files another")
    elif found[0].is_open:
        yield fine("dashboard", f"#{ours.number}")
    else:
        yield note(
            "dashboard",
            f"#{ours.number} is closed, so it is left as it is",
            "Open it again, or write `dashboard: false`.",
        )

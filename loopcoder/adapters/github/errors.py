"""From an answer that is a failure to the error for the person who must act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loopcoder.adapters.github.answer import Answer
from loopcoder.domain.diagnostic import (
    ConfigurationError,
    Forbidden,
    LoopcoderError,
    Moved,
    NotFound,
    RateLimited,
    Refused,
    Stale,
    Unavailable,
)

_WHOLES = ("issues", "pulls", "labels", "installation")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: for messages. `repository` is `owner/name`; `path` has no query. `follows`
    says that being sent elsewhere is the answer."""

    verb: str
    path: str
    repository: str = ""
    follows: bool = False

    @property
    def writes(self) -> bool:
        return self.verb != "GET"

    @property
    def of_repository(self) -> bool:
        """Whether the request is about the repository as a whole, not about a thing in it."""
        parts = self.path.strip("/").split("/")
        inside = {"repos": parts[3:], "repositories": parts[2:]}.get(parts[0], parts)
        return inside in ([], *([name] for name in _WHOLES))


class Rejected(LoopcoderError):
    """GitHub's 401: nothing more can be asked with this token."""


class Gone(NotFound):
    """It was there, and was deleted."""


def failure(answer: Answer, asked: Asked) -> LoopcoderError:
    """The error that an answer of status 300 or more means. Limits are not looked for here."""
    status = answer.status
    if status == 401:
        return Rejected(
            f"GitHub does not accept the token: {answer.message or 'bad credentials'}.",
            "Renew it, and set GITHUB_TOKEN (or GH_TOKEN) again.",
        )
    if status < 400:
        return _moved(answer, asked)
    if status == 403:
        return _forbidden(answer, asked)
    if status in (404, 410):
        return _missing(answer, asked)
    if status == 409:
        return Stale(f"GitHub refused, because something changed meanwhile: {_words(answer)}.")
    if status == 422:
        return _invalid(answer)
    if status >= 500 or status in (408, 451):
        return lost(asked, f"status {status}")
    return LoopcoderError(f"GitHub refused ({status}): {_words(answer)}.")


def lost(asked: Asked, why: str) -> Unavailable:
    """Nothing usable came back. A write may have happened all the same."""
    if asked.writes:
        return Unavailable(
            f"GitHub gave no answer to a write ({why}), so it may or may not have happened.",
            "It is not repeated: the next run looks first.",
        )
    return Unavailable(f"GitHub gave no answer ({why}).", "Try again later.")


def limited(kind: str, at: datetime) -> RateLimited:
    """A limit is spent for longer than anybody should be kept waiting."""
    return RateLimited(f"GitHub's {kind} rate limit is reached.", at)


def graphql_failure(errors: list[Mapping[str, Any]]) -> LoopcoderError:
    """GraphQL's errors, which arrive with status 200."""
    words = "; ".join(str(error.get("message", "")) for error in errors) or "no reason given"
    kinds = {str(error.get("type", "")) for error in errors}
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return LoopcoderError(f"The token may not do this: {words}", _MORE_RIGHTS)
    if "NOT_FOUND" in kinds:
        return NotFound(words)
    if kinds & {"INTERNAL", "SERVICE_UNAVAILABLE"} or "something went wrong" in words.lower():
        return Unavailable(f"GitHub gave no answer: {words}", "Try again later.")
    return LoopcoderError(f"GitHub refused the query: {words}")


_MORE_RIGHTS = "Give the token more rights; `loopcoder doctor` lists what is needed."


def _moved(answer: Answer, asked: Asked) -> LoopcoderError:
    if asked.of_repository:
        return ConfigurationError(
            f"The repository {asked.repository} has moved.",
            "Write its new name as `repository:` in loopcoder.yml.",
        )
    return Moved(f"The {_thing(asked)} was moved to another repository.")


def _forbidden(answer: Answer, asked: Asked) -> LoopcoderError:
    words = answer.message
    if "locked" in words.lower():
        return Refused(f"GitHub refused: {_words(answer)}.", "Unlock the conversation.")
    if "not permitted to create" in words:
        remedy = "Allow it in the repository's settings, under Actions, General; or use an App."
        return Forbidden(f"GitHub refused: {words.rstrip('.')}.", remedy)
    needed = needed_permission(answer.headers)
    remedy = f"Give the token {needed}." if needed else _MORE_RIGHTS
    return Forbidden(
        f"The token may not {asked.verb} {asked.path}: {words.rstrip('.') or 'forbidden'}.", remedy
    )


def needed_permission(headers: Mapping[str, str]) -> str:
    """The permission that GitHub says was missing, in its own terms; empty when it says none."""
    fine = headers.get("x-accepted-github-permissions", "").replace(";", " or ")
    if fine:
        parts = (part.strip().replace("=", ": ") for part in fine.split(","))
        return "the permission " + ", ".join(part for part in parts if part)
    held = {each.strip() for each in headers.get("x-oauth-scopes", "").split(",")}
    accepted = [s.strip() for s in headers.get("x-accepted-oauth-scopes", "").split(",")]
    missing = [scope for scope in accepted if scope and scope not in held]
    return "the scope " + " or ".join(missing) if missing else ""


def _missing(answer: Answer, asked: Asked) -> LoopcoderError:
    if answer.status == 410 and "disabled" in answer.message.lower():
        return ConfigurationError(
            f"Issues are disabled in {asked.repository}.", "Turn them on in its settings."
        )
    if asked.of_repository and not asked.writes:
        return ConfigurationError(
            f"There is no repository {asked.repository}, or the token cannot see it.",
            "Correct `repository:` in loopcoder.yml, or give the token access.",
        )
    kind = Gone if answer.status == 410 else NotFound
    return kind(f"There is no {_thing(asked)}.")


def _thing(asked: Asked) -> str:
    """`/repos/o/r/issues/7/labels` is about `issues/7`."""
    parts = asked.path.strip("/").split("/")
    inside = parts[3:] if parts[0] == "repos" else parts
    for index, part in enumerate(inside):
        if part.isdecimal():
            kind = {"issues": "issue", "pulls": "pull request", "comments": "comment"}
            word = inside[index - 1]
            return f"{kind.get(word, word)} {'' if word == 'comments' else '#'}{part}"
    return "/".join(inside) or asked.path


def _invalid(answer: Answer) -> LoopcoderError:
    words = _words(answer)
    lowered = words.lower()
    if "already exists" in lowered.replace("_", " "):
        return Stale(f"GitHub refused: {words}.")
    if "no commits between" in lowered:
        return LoopcoderError(f"There is nothing to propose: {words}.")
    errors = answer.data.get("errors", ()) if isinstance(answer.data, dict) else ()
    fields = {e.get("field") for e in errors if isinstance(e, dict) and e.get("code") == "invalid"}
    if fields & {"head", "base"}:
        return NotFound(f"A branch of the pull request is missing: {words}.")
    return Refused(f"GitHub refused: {words}.")


def _words(answer: Answer) -> str:
    """The sentence, with what the single errors add to it."""
    errors = answer.data.get("errors", ()) if isinstance(answer.data, dict) else ()
    parts = [answer.message or f"status {answer.status}"]
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, str):
            parts.append(error)
        elif isinstance(error, dict):
            named = " ".join(str(error[k]) for k in ("resource", "field", "code") if k in error)
            parts.append(str(error.get("message") or named))
    return ": ".join([parts[0], "; ".join(parts[1:])] if parts[1:] else parts).rstrip(".")

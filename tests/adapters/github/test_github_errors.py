"""From an answer to the error for the person who must act."""

from __future__ import annotations

from typing import Any

import pytest

from loopcoder.adapters.github.answer import Answer
from loopcoder.adapters.github.errors import (
    Asked,
    Gone,
    Rejected,
    failure,
    graphql_failure,
    limited,
    lost,
)
from loopcoder.domain.diagnostic import (
    ConfigurationError,
    Forbidden,
    LoopcoderError,
    Moved,
    NotFound,
    Refused,
    Stale,
    TryLater,
    Unavailable,
)

LIST = Asked("GET", "/repos/acme/rocket/issues", "acme/rocket")
ONE = Asked("GET", "/repos/acme/rocket/issues/7/labels", "acme/rocket")
CREATE = Asked("POST", "/repos/acme/rocket/pulls", "acme/rocket")
INVALID_HEAD = {
    "message": "Validation Failed",
    "errors": [{"resource": "PullRequest", "field": "head", "code": "invalid"}],
}
EXISTS = {
    "message": "Validation Failed",
    "errors": [{"message": "A pull request already exists for acme:loopcoder/a."}],
}
NOTHING = {
    "message": "Validation Failed",
    "errors": [{"message": "No commits between main and loopcoder/a"}],
}


@pytest.mark.parametrize(
    ("asked", "status", "data", "kind", "words"),
    [
        (ONE, 401, {"message": "Bad credentials"}, Rejected, "Renew it"),
        (ONE, 404, {"message": "Not Found"}, NotFound, "There is no issue #7."),
        (ONE, 410, {"message": "This issue was deleted"}, Gone, "issue #7"),
        (ONE, 301, {"message": "Moved"}, Moved, "moved to another repository"),
        (LIST, 301, {"message": "Moved"}, ConfigurationError, "acme/rocket has moved"),
        (LIST, 404, {"message": "Not Found"}, ConfigurationError, "token cannot see it"),
        (LIST, 410, {"message": "Issues are disabled"}, ConfigurationError, "are disabled"),
        (CREATE, 404, {"message": "Not Found"}, NotFound, "pulls"),
        (CREATE, 409, {"message": "Conflict"}, Stale, "meanwhile"),
        (CREATE, 422, EXISTS, Stale, "already exists"),
        (CREATE, 422, INVALID_HEAD, NotFound, "PullRequest head invalid"),
        (CREATE, 422, NOTHING, LoopcoderError, "nothing to propose"),
        (CREATE, 422, {"message": "x", "errors": ["plain words"]}, Refused, "plain words"),
        (CREATE, 502, None, Unavailable, "may or may not have happened"),
        (LIST, 503, None, Unavailable, "Try again later"),
        (LIST, 418, {"message": "teapot"}, LoopcoderError, "teapot"),
        (ONE, 403, {"message": "Unable to comment: issue is locked."}, Refused, "Unlock"),
        (ONE, 403, None, Forbidden, "loopcoder doctor"),
    ],
)  # fmt: skip
def test_answers_become_errors(
    asked: Asked, status: int, data: Any, kind: type[LoopcoderError], words: str
) -> None:
    error = failure(Answer(status, {}, data), asked)
    assert type(error) is kind
    assert words in str(error)


@pytest.mark.parametrize(
    ("headers", "remedy"),
    [
        ({"x-accepted-github-permissions": "issues=write"}, "the permission issues: write"),
        (
            {"x-accepted-github-permissions": "contents=write,workflows=write"},
            "the permission contents: write, workflows: write",
        ),
        (
            {"x-accepted-github-permissions": "issues=write; pull_requests=write"},
            "issues: write or  pull_requests: write",
        ),
        ({"x-accepted-oauth-scopes": "repo", "x-oauth-scopes": "gist"}, "the scope repo"),
        ({"x-accepted-oauth-scopes": "repo", "x-oauth-scopes": "repo"}, "`loopcoder doctor`"),
    ],
)
def test_a_missing_permission_is_named(headers: dict[str, str], remedy: str) -> None:
    refused = Answer(403, headers, {"message": "Resource not accessible by integration"})
    error = failure(refused, ONE)
    assert "may not GET /repos/acme/rocket/issues/7/labels" in error.summary
    assert remedy in error.remedy


def test_a_limit_is_an_answer_to_come_back_for() -> None:
    from datetime import UTC, datetime

    error = limited("primary", datetime(2026, 1, 5, 9, 30, tzinfo=UTC))
    assert isinstance(error, TryLater) and error.exit_code == 75
    assert "2026-01-05 09:30:00 UTC" in str(error)


def test_a_lost_answer_to_a_write_says_so() -> None:
    assert "may or may not" in lost(CREATE, "cut").summary
    assert "may or may not" not in lost(LIST, "cut").summary


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "FORBIDDEN", "message": "no"}, LoopcoderError),
        ({"type": "INSUFFICIENT_SCOPES", "message": "needs repo"}, LoopcoderError),
        ({"type": "NOT_FOUND", "message": "no"}, NotFound),
        ({"message": "Something went wrong while executing your query."}, Unavailable),
        ({"message": "Field 'x' doesn't exist"}, LoopcoderError),
    ],
)
def test_graphqls_errors_have_their_kinds(error: dict[str, str], kind: type) -> None:
    assert type(graphql_failure([error])) is kind


def test_what_is_gone_is_not_found_either() -> None:
    assert issubclass(Gone, NotFound)

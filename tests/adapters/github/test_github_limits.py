"""What GitHub says about its limits, and how long that means to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.adapters.github.answer import Answer
from loopcoder.adapters.github.limits import (
    Limit,
    Pace,
    Patience,
    Refusal,
    backoff_s,
    read_quota,
    read_refusal,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
RESET = str(int(NOW.timestamp()) + 100)
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."
PRIMARY = "API rate limit exceeded for user ID 1."
SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": RESET}


def refusal(status: int, message: str = "", **headers: str) -> Refusal | None:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_refusal(Answer(status, names, {"message": message}), NOW)


@pytest.mark.parametrize(
    ("situation", "answer", "expected"),
    [
        ("primary, until its reset", (403, PRIMARY, SPENT), Refusal(Limit.PRIMARY, 101.0)),
        ("primary, as 429", (429, PRIMARY, SPENT), Refusal(Limit.PRIMARY, 101.0)),
        ("secondary, named time", (403, SECONDARY, {"retry-after": "7"}),
         Refusal(Limit.SECONDARY, 7.0)),
        ("secondary, no time", (403, SECONDARY, {}), Refusal(Limit.SECONDARY, 60.0)),
        ("secondary with quota spent too", (403, SECONDARY, SPENT), Refusal(Limit.SECONDARY, 60.0)),
        ("429 without a word", (429, "", {}), Refusal(Limit.SECONDARY, 60.0)),
        ("old words", (403, "You have triggered an abuse detection mechanism.", {}),
         Refusal(Limit.SECONDARY, 60.0)),
        ("unreadable retry-after", (429, SECONDARY, {"retry-after": "soon"}),
         Refusal(Limit.SECONDARY, 60.0)),
        ("a missing permission", (403, "Resource not accessible by integration", {}), None),
        ("a missing permission with the last request",
         (403, "Resource not accessible by personal access token", SPENT), None),
        ("not found", (404, "Not Found", {}), None),
        ("a server error", (502, "rate limit", {}), None),
        ("success", (200, "rate limit", {}), None),
    ],
)  # fmt: skip
def test_refusals(situation: str, answer: tuple[int, str, dict[str, str]], expected: Any) -> None:
    status, message, headers = answer
    assert refusal(status, message, **headers) == expected, situation


@pytest.mark.parametrize(
    ("errors", "refused"),
    [
        ([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], True),
        ([{"message": "You have exceeded a secondary rate limit."}], True),
        ([{"type": "NOT_FOUND", "message": "no such thing"}], False),
        ([], False),
        (None, False),
    ],
)
def test_graphql_refuses_with_status_200(errors: Any, refused: bool) -> None:
    found = read_refusal(Answer(200, SPENT, {"data": None, "errors": errors}), NOW)
    assert (found is not None) is refused


def test_a_reset_that_has_passed_is_waited_for_a_moment_only() -> None:
    past = {**SPENT, "x-ratelimit-reset": str(int(NOW.timestamp()) - 50)}
    found = refusal(403, PRIMARY, **past)
    assert found == Refusal(Limit.PRIMARY, 1.0)


def test_refusals_in_a_row_are_waited_for_longer() -> None:
    answer = Answer(403, {}, {"message": SECONDARY})
    waits = [read_refusal(answer, NOW, row) for row in range(3)]
    assert [each.wait_s for each in waits if each] == [60.0, 120.0, 240.0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "5"},
        {"x-ratelimit-remaining": "many", "x-ratelimit-reset": RESET},
        {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "9" * 40},
    ],
)
def test_a_host_without_limits_has_no_quota(headers: dict[str, str]) -> None:
    assert read_quota(Answer(200, headers)) is None


def test_the_quota_is_per_resource() -> None:
    quota = read_quota(Answer(200, {**SPENT, "x-ratelimit-resource": "graphql"}))
    assert quota is not None
    assert (quota.remaining, quota.resource) == (0, "graphql")


def test_backing_off_grows_and_ends() -> None:
    waits = [backoff_s(failures) for failures in range(1, 12)]
    assert waits[:3] == [1.0, 2.0, 4.0]
    assert waits == sorted(waits) and waits[-1] == 30.0


def test_patience_ends_with_one_long_wait_or_with_many() -> None:
    patience = Patience(one_s=120, all_s=300)
    assert patience.allows(120, 180)
    assert not patience.allows(121, 0)
    assert not patience.allows(120, 181)


@given(
    st.lists(st.floats(0, 30), max_size=60),
    st.integers(1, 10),
    st.integers(1, 25),
    st.floats(0, 3),
)
def test_the_pace_is_kept_whatever_comes(
    gaps: list[float], per_minute: int, per_hour: int, gap_s: float
) -> None:
    pace = Pace(gap_s, per_minute, per_hour)
    now, past = 0.0, list[float]()
    for gap in gaps:
        now += gap
        while (pause := pace.pause(past, now)) > 0:
            now += pause
        past.append(now)
    for index, at in enumerate(past):
        assert index == 0 or at - past[index - 1] >= gap_s - 1e-6
        for span, most in ((60.0, per_minute), (3600.0, per_hour)):
            assert sum(at - span + 1e-6 < other <= at for other in past) <= most

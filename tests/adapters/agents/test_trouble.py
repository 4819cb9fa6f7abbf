"""Errors as agents told them, and their class."""

from __future__ import annotations

import pytest

from loopcoder.adapters.agents.preset import presets
from loopcoder.adapters.agents.trouble import failure_of
from loopcoder.domain.tick.failure import FailureClass as F


@pytest.mark.parametrize(
    ("kind", "message", "status", "failure"),
    [
        ("claude-code", "Invalid API key · Fix external API key", 401, F.AUTH),
        ("claude-code", "API Error: Request rejected (429) · rate limited", 429, F.RATE_LIMIT),
        ("claude-code", "API Error: 529 Overloaded. A server-side issue", 529, F.TRANSIENT_API),
        ("claude-code", "Prompt is too long · ~250000 tokens", 400, F.CONTEXT_OVERFLOW),
        ("claude-code", "Credit balance is too low", 400, F.BILLING),
        ("claude-code", "There's an issue with the selected model (x).", 404, F.AUTH),
        ("claude-code", "API Error: Unable to connect to API (ECONNRESET)", None, F.TRANSIENT_API),
        ("codex", "unexpected status 401 Unauthorized: Incorrect API key provided", None, F.AUTH),
        ("codex", "exceeded retry limit, last status: 429 Too Many Requests", None, F.RATE_LIMIT),
        ("codex", "Quota exceeded. Check your plan and billing details.", None, F.BILLING),
        ("codex", "Codex ran out of room in the model's context window.", None, F.CONTEXT_OVERFLOW),
        ("codex", "unexpected status 503 Service Unavailable: overloaded", None, F.TRANSIENT_API),
        ("gemini", "API key not valid. Please pass a valid API key.", None, F.AUTH),
        ("gemini", "Invalid auth method selected.", None, F.AUTH),
        ("gemini", "Resource has been exhausted (e.g. check quota).", None, F.RATE_LIMIT),
        ("copilot", "Authentication failed with provider at http://h (HTTP 401).", 401, F.AUTH),
        ("copilot", "Failed to get response; Last error: 429 rate limited", 429, F.RATE_LIMIT),
        ("opencode", "invalid x-api-key", 401, F.AUTH),
        ("aider", "litellm.AuthenticationError: Incorrect API key provided", None, F.AUTH),
        ("aider", "litellm.RateLimitError: Rate limit reached", None, F.RATE_LIMIT),
        ("aider", "IndexError: list index out of range", None, F.CRASH),
    ],
)  # fmt: skip
def test_an_error_is_classed(kind: str, message: str, status: int | None, failure: F) -> None:
    assert failure_of(message, status, presets()[kind].troubles) is failure

"""GitHub's rate limits: what was used of them, and the answer when there is none left."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.github_server.refusal import Refusal

_HOUR = timedelta(hours=1)
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


@dataclass(slots=True)
class Limits:
    """How much an account may ask for. None: that limit is not watched."""

    rest: int = 5_000
    graphql: int = 5_000
    anonymous: int = 60
    points_per_minute: int | None = None
    content_per_minute: int | None = None
    content_per_hour: int | None = None
    concurrent: int | None = None
    retry_after: int | None = 60

    @classmethod
    def published(cls) -> Limits:
        """What GitHub's documentation names."""
        return cls(
            points_per_minute=900, content_per_minute=80, content_per_hour=500, concurrent=100
        )


@dataclass(slots=True)
class Window:
    """A primary limit's hour."""

    limit: int
    reset: datetime
    used: int = 0

    def roll(self, now: datetime) -> None:
        if now >= self.reset:
            self.used, self.reset = 0, now + _HOUR

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self, resource: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(self.reset.timestamp())),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": resource,
        }


@dataclass(slots=True)
class Meter:
    """One account's use. Times of recent points and content are kept for the secondary limits."""

    limits: Limits
    windows: dict[str, Window] = field(default_factory=dict)
    points: deque[tuple[datetime, int]] = field(default_factory=deque)
    content: deque[datetime] = field(default_factory=deque)

    def window(self, resource: str, now: datetime, anonymous: bool = False) -> Window:
        limit = self.limits.graphql if resource == "graphql" else self.limits.rest
        if anonymous:
            limit = self.limits.anonymous
        window = self.windows.setdefault(resource, Window(limit, now + _HOUR))
        window.limit = limit
        window.roll(now)
        return window

    def demand_primary(self, window: Window, resource: str, login: str) -> None:
        if window.remaining <= 0:
            raise Refusal(
                403,
                f"API rate limit exceeded for user {login}.",
                headers=window.headers(resource),
            )

    def demand_secondary(self, now: datetime, cost: int, creates: bool) -> None:
        """Count a request's points and content, or refuse it."""
        while self.points and self.points[0][0] <= now - timedelta(minutes=1):
            self.points.popleft()
        while self.content and self.content[0] <= now - _HOUR:
            self.content.popleft()
        lately = sum(1 for at in self.content if at > now - timedelta(minutes=1))
        spent = sum(points for _, points in self.points)
        if (
            _over(spent + cost, self.limits.points_per_minute)
            or (creates and _over(lately + 1, self.limits.content_per_minute))
            or (creates and _over(len(self.content) + 1, self.limits.content_per_hour))
        ):
            raise secondary_refusal(self.limits.retry_after)
        self.points.append((now, cost))
        if creates:
            self.content.append(now)


def secondary_refusal(retry_after: int | None, status: int = 403) -> Refusal:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(status, SECONDARY, headers=headers)


def _over(count: int, most: int | None) -> bool:
    return most is not None and count > most

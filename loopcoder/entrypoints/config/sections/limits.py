"""How much: of work, of the machine, of the host, of money."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from loopcoder.entrypoints.config.section import Section
from loopcoder.entrypoints.config.values import (
    Count,
    Duration,
    Money,
    Pause,
    Positive,
    Rate,
    Size,
    Tokens,
)


class LimitsSection(Section):
    units_per_tick: Positive = Field(3, description="Units that one tick starts.")
    minutes_per_tick: Positive = Field(240, description="Minutes after which nothing is started.")
    open_prs: Positive = Field(10, description="Most open pull requests of ours at once.")
    attempts: Positive = Field(3, description="Strikes after which a person is asked.")
    review_rounds: Count = Field(2, description="Times that findings go back to the worker.")
    issues_per_tick: Count = Field(50, description="Most issues that one tick files.")
    issues_per_day: Count = Field(100, description="Most issues filed in 24 hours.")
    labels_per_tick: Count = Field(
        200, description="Most labels and dependencies that one tick changes on existing issues."
    )
    labels_per_day: Count = Field(1000, description="The same in 24 hours.")
    comments_per_tick: Count = Field(
        50, description="Most comments that one tick writes; editing one of ours is free."
    )
    comments_per_day: Count = Field(200, description="The same in 24 hours.")
    prs_per_tick: Count = Field(10, description="Most pull requests that one tick opens.")
    prs_per_day: Count = Field(50, description="Most pull requests opened in 24 hours.")


class ResourcesSection(Section):
    processes: Positive = Field(2048, description="Most processes and threads at once.")
    memory: Size | None = Field(
        None, description="Most memory, over all processes; default: three quarters of all."
    )
    file: Size = Field(16_000_000_000, description="Largest single file.")
    space: Size = Field(
        20_000_000_000, description="Most that checkout, home and temporary files may hold."
    )
    free_disk: Size = Field(256_000_000, description="Disk that must remain free.")


class GitHubSection(Section):
    write_pause: Pause = Field(1.0, description="Pause between two writes.")
    list_lag: Pause = Field(
        90.0, description="How long a new issue may be missing from GitHub's list."
    )
    claim_time: Duration = Field(
        900.0,
        description="How long a unit stays taken when its machine is not heard of.",
    )


class BudgetSection(Section):
    attempt: Money = Field(Decimal(2), description="Reserved before an attempt; its cap.")
    unit: Money = Field(Decimal(5), description="Cap for all attempts of a unit.")
    tick: Money = Field(Decimal(10), description="Cap for one tick.")
    day: Money = Field(Decimal(50), description="Cap for a calendar day (UTC).")
    month: Money = Field(Decimal(500), description="Cap for a calendar month (UTC).")
    tokens_per_attempt: Tokens = Field(2_000_000, description="Cap of tokens for an attempt.")


class PriceSection(Section):
    """What a model costs, in US dollars for a million tokens."""

    input: Rate = Field(description="Input.")
    output: Rate = Field(description="Output.")
    cache_read: Rate | None = Field(None, description="Input read from the prompt cache.")
    cache_write: Rate | None = Field(None, description="Input written to it.")


class BreakerSection(Section):
    failures: Positive = Field(3, description="Failures in a row that open it.")
    cooldown: Duration = Field(1800.0, description="Pause before one probe; doubles up to 6h.")


class DiscoverSection(Section):
    max_open: Count = Field(5, description="Most issues from CI failures open at once.")

"""What tokens cost: from the maintainer's table, else from the published prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from loopcoder.domain.settings import Price

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one or several replies. `fresh` input was neither read from nor written to the
    provider's cache."""

    fresh: int = 0
    written: int = 0
    read: int = 0
    output: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.fresh + other.fresh,
            self.written + other.written,
            self.read + other.read,
            self.output + other.output,
        )

    @property
    def input(self) -> int:
        return self.fresh + self.written + self.read

    @property
    def total(self) -> int:
        return self.input + self.output


NO_TOKENS = Tokens()


class Tariff(Protocol):
    def cost(self, tokens: Tokens) -> Decimal:
        """USD of one reply."""


@dataclass(frozen=True, slots=True)
class OwnTariff:
    """A row of `prices:`, in USD for a million tokens."""

    price: Price

    def cost(self, tokens: Tokens) -> Decimal:
        price = self.price
        read = price.input if price.cache_read is None else price.cache_read
        written = price.input if price.cache_write is None else price.cache_write
        parts = (
            tokens.fresh * price.input,
            tokens.written * written,
            tokens.read * read,
            tokens.output * price.output,
        )
        return sum(parts, Decimal(0)) / _MILLION


@dataclass(frozen=True, slots=True)
class PublishedTariff:
    """The prices that `genai-prices` carries with it; nothing is fetched."""

    model: str
    provider: str = "anthropic"

    def cost(self, tokens: Tokens) -> Decimal:
        from genai_prices import Usage, calc_price

        usage = Usage(
            input_tokens=tokens.input,
            cache_write_tokens=tokens.written,
            cache_read_tokens=tokens.read,
            output_tokens=tokens.output,
        )
        return calc_price(usage, self.model, provider_id=self.provider).total_price


@dataclass(frozen=True, slots=True)
class PriceList:
    """The tariffs by model. `own` is the maintainer's table, which counts first."""

    own: Mapping[str, Price] = field(default_factory=dict)

    def tariff(self, model: str, provider: str = "anthropic") -> Tariff | None:
        """None when nobody knows what the provider's model costs."""
        if model in self.own:
            return OwnTariff(self.own[model])
        published = PublishedTariff(model, provider)
        try:
            published.cost(Tokens(1, 1, 1, 1))
        except LookupError:
            return None
        return published

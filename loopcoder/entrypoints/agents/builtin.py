"""The built-in agents: whose key they use, what their model costs, when they are the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from loopcoder.domain.diagnostic import ConfigurationError
from loopcoder.domain.settings import CostBasis, Settings, WorkerSpec

if TYPE_CHECKING:
    from loopcoder.adapters.builtin.seat import Seat

KIND = "anthropic"
KEY = "ANTHROPIC_API_KEY"
ADDRESS = "ANTHROPIC_BASE_URL"
WORKER_MODEL = "claude-sonnet-5-5"
REVIEWER_MODEL = "claude-opus-5-5"


def with_default_worker(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """With a key at hand and no worker configured, the built-in one does the work."""
    if settings.workers or not environ.get(KEY):
        return settings
    spec = WorkerSpec("default", KIND, WORKER_MODEL, cost=CostBasis.METERED)
    return replace(settings, workers={"default": spec})


def api_key(spec: WorkerSpec, environ: Mapping[str, str]) -> str:
    """Raises ConfigurationError when there is none."""
    key = environ.get(KEY, "")
    if not key:
        raise ConfigurationError(
            f"`{spec.name}` needs an API key, and {KEY} is not set.",
            f"Set {KEY} in the environment of loopcoder; agents and checks never see it.",
        )
    return key


def unpriced(settings: Settings) -> tuple[str, ...]:
    """A warning for every model of ours that nobody knows the price of."""
    reviewer = (settings.reviewer.spec,) if settings.reviewer else ()
    specs = (*settings.workers.values(), *reviewer)
    models = dict.fromkeys(spec.model for spec in specs if spec.kind == KIND)
    if not models:
        return ()
    from loopcoder.adapters.builtin.tariff import PriceList

    prices = PriceList(settings.prices)
    return tuple(
        f"no price is known for {model}: each run is charged what is reserved for it (`prices:`)"
        for model in models
        if prices.tariff(model) is None
    )


def seat_of(spec: WorkerSpec, settings: Settings, environ: Mapping[str, str]) -> Seat:
    """What the agent is driven with."""
    from loopcoder.adapters.builtin.seat import Seat
    from loopcoder.adapters.builtin.tariff import PriceList

    key = api_key(spec, environ)
    tariff = PriceList(settings.prices).tariff(spec.model)
    return Seat(spec.model, key, environ.get(ADDRESS) or None, tariff)

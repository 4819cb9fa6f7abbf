"""Which function answers which of GitHub's operations."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.github_server.call import Call
    from tests.github_server.exchange import Reply

Endpoint = Callable[["Call"], "Reply"]
_ENDPOINTS: dict[str, Endpoint] = {}
_PACKAGE = "tests.github_server.endpoints"


def answers(operation: str) -> Callable[[Endpoint], Endpoint]:
    """Registers an endpoint under the operation id of GitHub's OpenAPI description."""

    def register(endpoint: Endpoint) -> Endpoint:
        _ENDPOINTS[operation] = endpoint
        return endpoint

    return register


def load_endpoints() -> Mapping[str, Endpoint]:
    """All of them; their modules are imported the first time."""
    folder = Path(__file__).parent / "endpoints"
    for module in pkgutil.iter_modules([str(folder)]):
        importlib.import_module(f"{_PACKAGE}.{module.name}")
    return _ENDPOINTS

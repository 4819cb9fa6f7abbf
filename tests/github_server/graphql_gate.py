"""The GraphQL API."""

from __future__ import annotations

from dataclasses import dataclass

from tests.github_server.exchange import Reply, Request
from tests.github_server.hub import Hub


@dataclass(slots=True)
class GraphqlGate:
    hub: Hub
    origin: str

    def handle(self, request: Request) -> Reply:
        self.hub.violations.append("GraphQL is not served yet")
        return Reply(200, {"errors": [{"message": "not served"}]})

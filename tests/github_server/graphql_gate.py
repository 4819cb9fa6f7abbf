"""The GraphQL API: documents are checked against GitHub's schema, then answered from the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)

from tests.github_server.exchange import Reply, Request
from tests.github_server.gate import Gate
from tests.github_server.graphql_cost import cost_of
from tests.github_server.graphql_nodes import Nodes
from tests.github_server.graphql_schema import published_schema
from tests.github_server.hub import Hub
from tests.github_server.limits import Window
from tests.github_server.refusal import Refusal
from tests.github_server.repository import Acting
from tests.github_server.view import View


@dataclass(slots=True)
class GraphqlGate:
    hub: Hub
    origin: str

    def handle(self, request: Request) -> Reply:
        """Always 200 once the token is accepted; what went wrong is in `errors`."""
        with self.hub.lock:
            try:
                return self._answer(request)
            except Refusal as refusal:
                return Reply(refusal.status, refusal.body, dict(refusal.headers))

    def _answer(self, request: Request) -> Reply:
        token = Gate(self.hub, self.origin).token_of(request)
        if token is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        now = self.hub.now()
        meter = self.hub.meter(token.account)
        window = meter.window("graphql", now)
        if window.remaining <= 0:
            message = f"API rate limit exceeded for user ID {token.account.id}."
            return _reply(window, {"errors": [{"type": "RATE_LIMITED", "message": message}]})
        body = request.json() or {}
        variables = body.get("variables") or {}
        document, problems = self._read(body.get("query", ""))
        if document is None:
            return _reply(window, {"errors": problems})
        changes = any(
            isinstance(each, OperationDefinitionNode) and each.operation.value == "mutation"
            for each in document.definitions
        )
        meter.demand_secondary(now, 5 if changes else 1, changes)
        cost = cost_of(document, variables)
        window.used += cost
        view = View(self.hub, self.origin, self.origin, token.account)
        nodes = Nodes(view, Acting(token.account, now, token.app), window, cost)
        done = execute_sync(
            published_schema(),
            document,
            root_value=nodes.root(),
            variable_values=variables,
            operation_name=body.get("operationName"),
            field_resolver=self._resolve,
        )
        data: dict[str, Any] = {"data": done.data}
        if done.errors:
            data["errors"] = [_error(each) for each in done.errors]
        return _reply(window, data)

    def _read(self, text: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        """The document, or what GitHub's schema has against it, which fails the test as well."""
        try:
            document = parse(text)
            errors = validate(published_schema(), document)
        except GraphQLError as error:
            document, errors = None, [error]
        if errors:
            self.hub.violations += [f"GraphQL: {each.message}" for each in errors]
            return None, [{"message": each.message} for each in errors]
        return document, []

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name not in source:
            field = f"{info.parent_type.name}.{info.field_name}"
            self.hub.violations.append(f"GraphQL: {field} is not served here")
            raise GraphQLError(f"{field} is not served here")
        value = source[info.field_name]
        return value(**arguments) if callable(value) else value


def _reply(window: Window, data: dict[str, Any]) -> Reply:
    return Reply(200, data, window.headers("graphql"))


def _error(error: GraphQLError) -> dict[str, Any]:
    data: dict[str, Any] = {"message": error.message}
    if error.path:
        data["path"] = list(error.path)
    cause = error.original_error
    if isinstance(cause, Refusal):
        data["message"] = cause.body["message"]
        data["type"] = {404: "NOT_FOUND", 403: "FORBIDDEN"}.get(cause.status, "UNPROCESSABLE")
    return data

"""The answers by which GitHub says no, as exceptions that carry status and body."""

from __future__ import annotations

from typing import Any

DOCS = "https://docs.github.com/rest"


class Refusal(Exception):
    """Ends a request with an error answer."""

    def __init__(
        self, status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.headers = headers or {}
        self.body = {
            "message": message,
            **more,
            "documentation_url": DOCS,
            "status": str(status),
        }


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def forbidden(message: str = "Must have admin rights to Repository.") -> Refusal:
    return Refusal(403, message)


def bad_credentials() -> Refusal:
    return Refusal(401, "Bad credentials")


def invalid(resource: str, field: str, code: str, message: str = "") -> Refusal:
    """The 422 of a field: `code` is missing, missing_field, invalid, already_exists or custom."""
    error = {"resource": resource, "code": code, "field": field}
    if message:
        error["message"] = message
    return Refusal(422, "Validation Failed", errors=[error])

"""What GitHub accepts as title, body and name of a label."""

from __future__ import annotations

from tests.github_server.refusal import Refusal, invalid

TITLE_MAX = 256
BODY_MAX = 65_536
LABEL_MAX = 50


def checked_title(title: object, resource: str = "Issue") -> str:
    text = _keepable(str(title if title is not None else ""), resource, "title").strip()
    if not text:
        raise invalid(resource, "title", "missing_field")
    if len(text) > TITLE_MAX:
        raise too_long(resource, "title", TITLE_MAX)
    return text


def checked_body(body: str | None, resource: str = "Issue", required: bool = False) -> str | None:
    """The body; an empty one is none."""
    text = _keepable(body or "", resource, "body")
    if len(text) > BODY_MAX:
        raise too_long(resource, "body", BODY_MAX)
    if required and not text.strip():
        raise invalid(resource, "body", "custom", "body can't be blank")
    return text or None


def checked_label(name: str) -> str:
    text = _keepable(name, "Label", "name").strip()
    if not text or any(ord(each) < 32 for each in text):
        raise invalid("Label", "name", "invalid")
    if len(text) > LABEL_MAX:
        raise too_long("Label", "name", LABEL_MAX)
    return text


def too_long(resource: str, field: str, most: int) -> Refusal:
    message = f"{field} is too long (maximum is {most} characters)"
    return invalid(resource, field, "custom", message)


def _keepable(text: str, resource: str, field: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal(400, "Problems parsing JSON") from None
    if "\0" in text:
        raise invalid(resource, field, "invalid")
    return text

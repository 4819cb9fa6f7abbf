"""Where word is sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from loopcoder.entrypoints.config.section import Section
from loopcoder.entrypoints.config.values import Phrase, Text, as_list


class NoticeSection(Section):
    """Where to send word."""

    url: Text = Field(min_length=1, description="An Apprise address, such as `https://…`.")
    events: list[Literal["needs-human", "pr-ready", "finished", "sealed", "breaker"]] = Field(
        ["needs-human", "pr-ready", "finished", "sealed", "breaker"],
        description="What to send word of.",
    )


def _notice(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


Notices = Annotated[
    list[Annotated[NoticeSection, BeforeValidator(_notice)]],
    BeforeValidator(as_list),
    Phrase("address, or list of addresses"),
]

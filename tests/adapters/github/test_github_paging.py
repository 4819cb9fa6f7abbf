"""Where a list goes on."""

from __future__ import annotations

import pytest

from loopcoder.adapters.github.paging import next_page, parse_links

NEXT = "https://api.github.com/repositories/1/issues?per_page=100&after=a%2Cb%3D%3D&page=2"
LAST = "https://api.github.com/repositories/1/issues?per_page=100&page=7"


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ("", {}),
        (f'<{NEXT}>; rel="next", <{LAST}>; rel="last"', {"next": NEXT, "last": LAST}),
        (f"<{NEXT}>;rel=next", {"next": NEXT}),
        (f'<{NEXT}>; title="a, b"; rel="next"', {"next": NEXT}),
        (f'<{NEXT}>; rel="next prefetch"', {"next": NEXT, "prefetch": NEXT}),
        (f'<{NEXT}>; REL="Next"', {"next": NEXT}),
        (f'<{NEXT}>; rel="next", <{LAST}>; rel="next"', {"next": NEXT}),
        ("garbage; rel=next", {}),
        (f'<{NEXT}>; title="no relation"', {}),
    ],
)
def test_links_are_read(header: str, links: dict[str, str]) -> None:
    assert parse_links(header) == links
    assert next_page({"link": header}) == links.get("next")


def test_without_a_header_there_is_one_page() -> None:
    assert next_page({}) is None

"""The `Link` header, by which GitHub says where a list goes on (RFC 8288)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s;,=]+\s*=\s*(?:\"[^\"]*\"|[^\s;,]+))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.I)


def parse_links(header: str) -> dict[str, str]:
    """Each relation's address: `{"next": "https://…", "last": "https://…"}`."""
    links: dict[str, str] = {}
    for address, parameters in _LINK.findall(header):
        for quoted, bare in _REL.findall(parameters):
            for relation in (quoted or bare).lower().split():
                links.setdefault(relation, address)
    return links


def next_page(headers: Mapping[str, str]) -> str | None:
    """The address of the page after this one, None on the last. Header names in lower case."""
    return parse_links(headers.get("link", "")).get("next")

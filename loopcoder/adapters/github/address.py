"""Where a repository is: its name, its API and its git address, from what the user has set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PUBLIC_API = "https://api.github.com"
_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?/|(?:[^@/]+@)?(?P<scp>[^/:]+):)"
    r"(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


@dataclass(frozen=True, slots=True)
class Address:
    """`repository` is `owner/name`; `api` the root of the REST API; `git` the clone address."""

    repository: str
    api: str
    git: str


def address_of(repository: str, api: str = "", server: str = "") -> Address:
    """`api` and `server` as GITHUB_API_URL and GITHUB_SERVER_URL have them, where set."""
    root = (api or PUBLIC_API).rstrip("/")
    site = server.rstrip("/") or server_of(root)
    return Address(repository, root, f"{site}/{repository}.git")


def server_of(api: str) -> str:
    """The site that belongs to an API: github.com, an Enterprise Server or a ghe.com tenant."""
    parts = urlsplit(api)
    host = parts.netloc
    if not parts.path.startswith("/api/") and host.startswith("api."):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def repository_of_remote(url: str, site: str) -> str:
    """`owner/name` of a remote's address on this site; empty when it is elsewhere."""
    found = _REMOTE.fullmatch(url.strip())
    if found is None:
        return ""
    host = (found["host"] or found["scp"] or "").lower()
    return found["name"] if host == (urlsplit(site).hostname or "").lower() else ""


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None

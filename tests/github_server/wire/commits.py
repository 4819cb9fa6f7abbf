"""Commits and branches as GitHub writes them."""

from __future__ import annotations

from typing import Any

from tests.github_server.repository import Repository
from tests.github_server.sequence import node_id
from tests.github_server.view import View

_FORMAT = "%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"


def git_commit(view: View, repo: Repository, sha: str) -> dict[str, Any]:
    """The commit as git has it."""
    base, page = view.repo_url(repo), view.repo_page(repo)
    facts = _facts(repo, sha)
    return {
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "url": f"{base}/git/commits/{sha}",
        "html_url": f"{page}/commit/{sha}",
        "author": facts["author"],
        "committer": facts["committer"],
        "tree": {"sha": facts["tree"], "url": f"{base}/git/trees/{facts['tree']}"},
        "message": facts["message"],
        "parents": [
            {
                "sha": each,
                "url": f"{base}/git/commits/{each}",
                "html_url": f"{page}/commit/{each}",
            }
            for each in facts["parents"]
        ],
        "verification": _UNSIGNED,
    }


def commit(view: View, repo: Repository, sha: str) -> dict[str, Any]:
    """The commit as the web site has it."""
    base, page = view.repo_url(repo), view.repo_page(repo)
    facts = _facts(repo, sha)
    return {
        "url": f"{base}/commits/{sha}",
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "html_url": f"{page}/commit/{sha}",
        "comments_url": f"{base}/commits/{sha}/comments",
        "commit": {
            "url": f"{base}/git/commits/{sha}",
            "author": facts["author"],
            "committer": facts["committer"],
            "message": facts["message"],
            "comment_count": 0,
            "tree": {"sha": facts["tree"], "url": f"{base}/git/trees/{facts['tree']}"},
            "verification": _UNSIGNED,
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": each, "url": f"{base}/commits/{each}", "html_url": f"{page}/commit/{each}"}
            for each in facts["parents"]
        ],
    }


def branch(view: View, repo: Repository, ref: str, sha: str, full: bool = False) -> dict[str, Any]:
    name, base = ref.removeprefix("refs/heads/"), view.repo_url(repo)
    required = repo.required_checks.get(name, [])
    protected = name in repo.protected or bool(required)
    data: dict[str, Any] = {
        "name": name,
        "commit": {"sha": sha, "url": f"{base}/commits/{sha}"},
        "protected": protected,
    }
    if full:
        url = f"{base}/branches/{name}"
        data |= {
            "commit": commit(view, repo, sha),
            "_links": {"self": url, "html": f"{view.repo_page(repo)}/tree/{name}"},
            "protection": {
                "enabled": protected,
                "required_status_checks": {
                    "enforcement_level": "non_admins" if required else "off",
                    "contexts": required,
                    "checks": [{"context": each, "app_id": None} for each in required],
                },
            },
            "protection_url": f"{url}/protection",
        }
    return data


_UNSIGNED = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _facts(repo: Repository, sha: str) -> dict[str, Any]:
    text = repo.git.git("show", "-s", f"--format={_FORMAT}", sha)
    tree, parents, an, ae, ad, cn, ce, cd, message = text.split("\0", 8)
    return {
        "tree": tree,
        "parents": parents.split(),
        "author": {"name": an, "email": ae, "date": ad},
        "committer": {"name": cn, "email": ce, "date": cd},
        "message": message.strip(),
    }

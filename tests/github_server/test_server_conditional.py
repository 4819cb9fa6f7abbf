"""ETags, pages and the request log."""

from __future__ import annotations

from requests.utils import parse_header_links

from tests.github_server.client import ask
from tests.github_server.world import ANA, BEN, Github


def issues(github: Github, query: str = "") -> str:
    return f"/repos/{github.full_name}/issues?state=all&per_page=100{query}"


def test_an_unchanged_list_is_304_and_costs_nothing(github: Github) -> None:
    github.person(ANA).file("One")
    first = ask(github, "GET", issues(github))
    used = github.quota_used
    again = ask(github, "GET", issues(github), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.raw, github.quota_used) == (304, b"", used)
    assert again.headers["etag"] == first.headers["etag"]
    github.person(ANA).comment(1, "Hello")
    changed = ask(github, "GET", issues(github), headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status, github.quota_used) == (200, used + 1)
    assert [each.status for each in github.requests("issues/list-for-repo")] == [200, 304, 200]


def test_an_etag_is_good_for_its_token_only(github: Github) -> None:
    github.person(ANA).file("One")
    first = ask(github, "GET", issues(github))
    headers = {"If-None-Match": first.headers["etag"]}
    assert ask(github, "GET", issues(github), headers=headers, login=BEN).status == 200
    assert ask(github, "GET", issues(github), headers=headers).status == 304


def test_links_name_the_repository_by_number_and_can_be_followed(github: Github) -> None:
    for number in range(5):
        github.person(ANA).file(f"Issue {number}")
    address, seen = f"/repos/{github.full_name}/issues?per_page=2", []
    while address:
        page = ask(github, "GET", address)
        seen += [each["number"] for each in page.data]
        links = parse_header_links(page.headers.get("link", ""))
        following = [each["url"] for each in links if each["rel"] == "next"]
        address = "".join(following).removeprefix(github.api_url)
        assert not address or address.startswith(f"/repositories/{github.repo.id}/")
    assert seen == [5, 4, 3, 2, 1]


def test_the_last_page_is_known_from_the_first(github: Github) -> None:
    for number in range(5):
        github.person(ANA).file(f"Issue {number}")
    page = ask(github, "GET", f"/repos/{github.full_name}/issues?per_page=2&page=1")
    assert 'page=3>; rel="last"' in page.headers["link"]
    last = ask(github, "GET", f"/repos/{github.full_name}/issues?per_page=2&page=3")
    assert 'rel="next"' not in last.headers["link"] and 'rel="prev"' in last.headers["link"]

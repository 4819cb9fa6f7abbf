"""GraphQL on the server: GitHub's schema in front, the same records behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.github_server.client import ask
from tests.github_server.server import ContractBroken
from tests.github_server.verbs.checks import report
from tests.github_server.world import ANA, BEN, BOT, Github

PULLS = """
query($owner: String!, $name: String!, $after: String) {
  rateLimit { cost remaining }
  repository(owner: $owner, name: $name) {
    databaseId
    pullRequests(states: OPEN, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number title isDraft mergeable reviewDecision headRefOid
        author { __typename login ... on User { databaseId } }
        closingIssuesReferences(first: 10) { nodes { number } }
        reviews(last: 20) { nodes { state body author { login } } }
        commits(last: 1) { nodes { commit { oid statusCheckRollup {
          state contexts(first: 50) { nodes { __typename ... on CheckRun { name conclusion } } }
        } } } }
      }
    }
    issues(first: 100) { totalCount nodes {
      number
      labels(first: 100) { nodes { name } }
      timelineItems(itemTypes: [LABELED_EVENT], first: 10) { nodes {
        ... on LabeledEvent { actor { login } label { name } }
      } }
    } }
  }
}
"""


def query(github: Github, text: str, **variables: Any) -> Any:
    reply = ask(github, "POST", "/graphql", {"query": text, "variables": variables})
    assert reply.status == 200
    return reply.data


def test_the_viewer_is_the_tokens_account(github: Github) -> None:
    data = query(github, "query { viewer { login databaseId } rateLimit { cost } }")
    assert data["data"]["viewer"] == {"login": BOT, "databaseId": github.actor(BOT).id}
    assert data["data"]["rateLimit"]["cost"] == 1


def test_one_query_tells_all_of_the_open_pull_requests(github: Github) -> None:
    github.person(ANA).file("One", labels=frozenset({"loopcoder"}))
    number = github.propose("loopcoder/a", {"a": "1"}, "Closes #1")
    github.person(BEN).review(number, "Not yet")
    head = github.item(number).pull
    assert head is not None
    report(github.repo, github.hub.now(), head.head_sha, "test", "failure")
    owner, name = github.full_name.split("/")
    query(github, PULLS, owner=owner, name=name)  # GitHub has not worked out `mergeable` yet
    data = query(github, PULLS, owner=owner, name=name)["data"]["repository"]
    (pull,) = data["pullRequests"]["nodes"]
    assert (pull["number"], pull["mergeable"]) == (2, "MERGEABLE")
    assert pull["reviewDecision"] == "CHANGES_REQUESTED"
    assert pull["closingIssuesReferences"]["nodes"] == [{"number": 1}]
    commit = pull["commits"]["nodes"][0]["commit"]
    assert commit["oid"] == head.head_sha
    assert commit["statusCheckRollup"]["state"] == "FAILURE"
    (issue,) = data["issues"]["nodes"]
    assert issue["labels"]["nodes"] == [{"name": "loopcoder"}]
    assert issue["timelineItems"]["nodes"][0]["actor"] == {"login": ANA}


def test_a_draft_is_made_ready(github: Github) -> None:
    number = github.propose("loopcoder/a", {"a": "1"}, draft=True)
    pull = ask(github, "GET", f"/repos/{github.full_name}/pulls/{number}").data
    text = """mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) {
        pullRequest { isDraft } } }"""
    data = query(github, text, id=pull["node_id"])
    assert data["data"]["markPullRequestReadyForReview"]["pullRequest"] == {"isDraft": False}


def test_what_is_not_there_is_an_error_with_status_200(github: Github) -> None:
    data = query(github, 'query { repository(owner: "acme", name: "none") { id } }')
    assert data["errors"][0]["type"] == "NOT_FOUND"
    assert data["data"] == {"repository": None}


def test_a_spent_limit_is_an_error_with_status_200(github: Github) -> None:
    github.hub.limits.graphql = 1
    query(github, "query { viewer { login } }")
    data = query(github, "query { viewer { login } }")
    assert data["errors"][0]["type"] == "RATE_LIMITED"


def test_a_document_that_is_not_githubs_fails_the_test(github: Github) -> None:
    data = query(github, "query { viewer { loginn } }")
    assert "loginn" in data["errors"][0]["message"]
    with pytest.raises(ContractBroken, match="loginn"):
        github.server.check()
    github.violations().clear()


def test_a_field_that_is_not_served_fails_the_test(github: Github) -> None:
    query(github, "query { viewer { ... on User { bio } } }")
    with pytest.raises(ContractBroken, match=r"User\.bio is not served"):
        github.server.check()
    github.violations().clear()

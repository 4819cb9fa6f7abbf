"""Who changed an issue's text, and when: GitHub tells that through GraphQL alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loopcoder.adapters.github.mapping import read_time
from loopcoder.domain.diagnostic import NotFound
from loopcoder.domain.issues.issue import Actor, IssueText, TextEdit

# The newest edits are wanted, whichever end of the list they stand at.
QUERY = """
query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) {
      title body includesCreatedEdit
      some: userContentEdits(first: 50) { nodes { ...edit } }
      more: userContentEdits(last: 50) { nodes { ...edit } }
      timelineItems(itemTypes: [RENAMED_TITLE_EVENT], last: 50) {
        nodes { ... on RenamedTitleEvent { id createdAt actor { ...who } } }
      }
    }
  }
}
fragment edit on UserContentEdit { id editedAt editor { ...who } }
fragment who on Actor {
  login ... on User { databaseId } ... on Bot { databaseId } ... on Organization { databaseId }
}
"""


def variables(repository: str, number: int) -> dict[str, Any]:
    owner, _, name = repository.partition("/")
    return {"owner": owner, "name": name, "number": number}


def read_issue_text(data: Mapping[str, Any], number: int) -> IssueText:
    """The answer to `QUERY` in our words."""
    issue = (data.get("repository") or {}).get("issue")
    if issue is None:
        raise NotFound(f"There is no issue #{number}.")
    edits = sorted((*_body_edits(issue), *_renames(issue)), key=lambda edit: edit.at)
    return IssueText(str(issue["title"]), str(issue["body"] or ""), tuple(edits))


def _body_edits(issue: Mapping[str, Any]) -> Iterator[TextEdit]:
    nodes = [*issue["some"]["nodes"], *issue["more"]["nodes"]]
    unique = {node["id"]: node for node in nodes if node}
    ordered = sorted(unique.values(), key=lambda node: str(node["editedAt"]))
    # The text that the issue was filed with is listed as if it were an edit.
    for node in ordered[1 if issue["includesCreatedEdit"] else 0 :]:
        yield TextEdit(_who(node.get("editor")), read_time(node["editedAt"]))


def _renames(issue: Mapping[str, Any]) -> Iterator[TextEdit]:
    for node in issue["timelineItems"]["nodes"]:
        if node:
            yield TextEdit(_who(node.get("actor")), read_time(node["createdAt"]))


def _who(actor: Mapping[str, Any] | None) -> Actor | None:
    if not actor or actor.get("databaseId") is None:
        return None
    return Actor(int(actor["databaseId"]), str(actor["login"]))

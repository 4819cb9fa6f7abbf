"""Refs, branches, commits and contents over HTTP."""

from __future__ import annotations

import base64
from typing import Any

from tests.github_server.account import Role
from tests.github_server.call import Call
from tests.github_server.exchange import Reply
from tests.github_server.git_store import GitFailed
from tests.github_server.refusal import Refusal, not_found
from tests.github_server.registry import answers
from tests.github_server.sequence import node_id
from tests.github_server.verbs.branches import sync
from tests.github_server.verbs.guards import demand_role
from tests.github_server.wire.commits import branch, commit, git_commit


@answers("git/get-ref")
def get_ref(call: Call) -> Reply:
    name = f"refs/{call.params['ref']}"
    return Reply(200, _ref(call, name, _demand_ref(call, name)))


@answers("git/list-matching-refs")
def list_refs(call: Call) -> Reply:
    prefix = f"refs/{call.params['ref']}"
    found = [pair for pair in sorted(call.repo.git.refs().items()) if pair[0].startswith(prefix)]
    return Reply(200, [_ref(call, name, sha) for name, sha in found])


@answers("git/create-ref")
def create_ref(call: Call) -> Reply:
    demand_role(call.repo, call.who, Role.WRITE)
    name, sha = call.body["ref"], _demand_object(call, call.body["sha"])
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refusal(422, "Reference name must start with 'refs/'.")
    if name in call.repo.git.refs():
        raise Refusal(422, "Reference already exists")
    _move(call, name, sha)
    return Reply(201, _ref(call, name, sha))


@answers("git/update-ref")
def update_ref(call: Call) -> Reply:
    demand_role(call.repo, call.who, Role.WRITE)
    name, sha = f"refs/{call.params['ref']}", _demand_object(call, call.body["sha"])
    old = call.repo.git.refs().get(name)
    if old is None:
        raise Refusal(422, "Reference does not exist")
    if not call.body.get("force") and not call.repo.git.is_ancestor(old, sha):
        raise Refusal(422, "Update is not a fast forward")
    _move(call, name, sha)
    return Reply(200, _ref(call, name, sha))


@answers("git/delete-ref")
def delete_ref(call: Call) -> Reply:
    demand_role(call.repo, call.who, Role.WRITE)
    name = f"refs/{call.params['ref']}"
    if name not in call.repo.git.refs():
        raise Refusal(422, "Reference does not exist")
    if name == f"refs/heads/{call.repo.default_branch}":
        raise Refusal(422, "Cannot delete the default branch")
    _move(call, name, None)
    return Reply(204)


@answers("git/get-commit")
def get_git_commit(call: Call) -> Reply:
    sha = _demand_object(call, call.params["commit_sha"])
    return Reply(200, git_commit(call.view, call.repo, sha))


@answers("repos/get-commit")
def get_commit(call: Call) -> Reply:
    sha = call.repo.git.commit_of(call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    return Reply(200, commit(call.view, call.repo, sha))


@answers("pulls/list-commits")
def list_pull_commits(call: Call) -> Reply:
    from tests.github_server.verbs.guards import demand_pull

    made = demand_pull(call.repo, call.number("pull_number")).pull
    assert made is not None
    found = call.repo.git.commits_between(made.base_sha, made.head_sha)
    return call.page(found, lambda sha: commit(call.view, call.repo, sha))


@answers("repos/list-branches")
def list_branches(call: Call) -> Reply:
    heads = sorted(call.repo.git.refs("refs/heads").items())
    return call.page(heads, lambda pair: branch(call.view, call.repo, *pair))


@answers("repos/get-branch")
def get_branch(call: Call) -> Reply:
    name = f"refs/heads/{call.params['branch']}"
    sha = call.repo.git.refs(name).get(name)
    if sha is None:
        raise Refusal(404, "Branch not found")
    return Reply(200, branch(call.view, call.repo, name, sha, full=True))


@answers("repos/rename-branch")
def rename_branch(call: Call) -> Reply:
    """Open pull requests into it go along."""
    demand_role(call.repo, call.who, Role.ADMIN)
    old, new = call.params["branch"], call.body["new_name"]
    call.repo.rename_branch(old, new, call.hub.now())
    name = f"refs/heads/{new}"
    sha = call.repo.git.refs(name)[name]
    return Reply(201, branch(call.view, call.repo, name, sha, full=True))


@answers("repos/get-branch-protection")
def get_protection(call: Call) -> Reply:
    """Administrators only, so for a bot that writes it is never there."""
    demand_role(call.repo, call.who, Role.ADMIN)
    raise Refusal(404, "Branch not protected")


@answers("repos/get-branch-rules")
def get_rules(call: Call) -> Reply:
    """Of the rules that apply to a branch, those about checks."""
    wanted = call.repo.ruled_checks.get(call.params["branch"], [])
    rule = {
        "type": "required_status_checks",
        "parameters": {
            "required_status_checks": [{"context": each} for each in wanted],
            "strict_required_status_checks_policy": False,
        },
        "ruleset_source_type": "Repository",
        "ruleset_source": call.repo.full_name,
        "ruleset_id": 1,
    }
    return Reply(200, [rule] if wanted else [])


@answers("repos/get-content")
def get_content(call: Call) -> Reply:
    path = call.params["path"].strip("/")
    ref = call.query.get("ref") or call.repo.default_branch
    sha = call.repo.git.commit_of(ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    try:
        kind = call.repo.git.git("cat-file", "-t", f"{sha}:{path}")
    except GitFailed:
        raise not_found() from None
    if kind == "blob":
        return Reply(200, _file(call, sha, ref, path))
    names = call.repo.git.git("ls-tree", "--name-only", f"{sha}:{path}").splitlines()
    rows = [_entry(call, sha, ref, f"{path}/{name}".strip("/")) for name in names]
    return Reply(200, rows)


def _file(call: Call, sha: str, ref: str, path: str) -> dict[str, Any]:
    raw = call.repo.git.run("cat-file", "blob", f"{sha}:{path}").stdout
    content = base64.encodebytes(raw).decode()
    return {**_entry(call, sha, ref, path), "content": content, "encoding": "base64"}


def _entry(call: Call, sha: str, ref: str, path: str) -> dict[str, Any]:
    git, base = call.repo.git, call.view.repo_url(call.repo)
    blob = git.git("rev-parse", f"{sha}:{path}")
    kind = git.git("cat-file", "-t", blob)
    url = f"{base}/contents/{path}?ref={ref}"
    git_url = f"{base}/git/{'blobs' if kind == 'blob' else 'trees'}/{blob}"
    page = f"{call.view.repo_page(call.repo)}/blob/{ref}/{path}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob,
        "size": int(git.git("cat-file", "-s", blob)) if kind == "blob" else 0,
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": f"{page}?raw=true" if kind == "blob" else None,
        "type": "file" if kind == "blob" else "dir",
        "_links": {"self": url, "git": git_url, "html": page},
    }


def _demand_ref(call: Call, name: str) -> str:
    found = call.repo.git.refs(name).get(name)
    if found is None:
        raise not_found()
    return found


def _demand_object(call: Call, sha: str) -> str:
    found = call.repo.git.commit_of(sha)
    if found is None:
        raise Refusal(422, "Object does not exist")
    return found


def _move(call: Call, name: str, sha: str | None) -> None:
    if name.startswith("refs/pull/"):
        raise Refusal(422, "Reference cannot be updated")
    call.repo.git.move(name, sha)
    sync(call.repo, call.who)


def _ref(call: Call, name: str, sha: str) -> dict[str, Any]:
    base = call.view.repo_url(call.repo)
    return {
        "ref": name,
        "node_id": node_id("Ref", name),
        "url": f"{base}/git/{name}",
        "object": {"sha": sha, "type": "commit", "url": f"{base}/git/commits/{sha}"},
    }

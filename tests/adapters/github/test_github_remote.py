"""Branches on the host: moved forward only, never by force, and without leaking the token."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from loopcoder.domain.diagnostic import LoopcoderError, NotFound, Stale, Unavailable
from loopcoder.domain.issues.issue import PullDraft
from tests.github_server.world import BOT, TOKEN, Github
from tests.support.clone import Clone

ENCODED = "eC1hY2Nlc3MtdG9rZW46Z2hwX2JvdA=="
"""`x-access-token:ghp_bot`, as it stands in the header."""


def other_clone(clone: Clone, name: str = "other") -> Clone:
    return Clone.make(clone.folder.parent / name, clone.github)


# --- what is there


def test_the_bases_commits_are_brought_here(clone: Clone, clock: FixedClock) -> None:
    other = other_clone(clone)
    theirs = other.commit(other.run("rev-parse", "origin/main"), {"a": "theirs"})
    other.upload(theirs)
    clone.github.put_branch("main", theirs)
    _, host = clone.open(clock)
    assert host.branch_head("main") == theirs
    assert clone.run("show", f"{theirs}:a") == "theirs"
    assert clone.run("rev-parse", "main") != theirs, "the user's branch stays where it is"


def test_foreign_commits_on_our_branches_are_brought_here(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    other = other_clone(clone)
    for name in ("a", "b"):
        commit = other.commit(base, {name: "theirs"})
        other.upload(commit)
        clone.github.put_branch(f"loopcoder/{name}", commit)
    for name, head in host.list_branches("loopcoder/"):
        assert clone.run("cat-file", "-t", head) == "commit", name
    assert clone.run("branch", "--list", "loopcoder/*") == ""


def test_a_name_that_becomes_a_folder_is_no_trouble(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    other = other_clone(clone)
    for branch in ("loopcoder/a", "loopcoder/a/b"):
        commit = other.commit(base, {branch: "x"})
        other.upload(commit)
        clone.github.put_branch(branch, commit)
        assert host.branch_head(branch) == commit
        clone.github.put_branch(branch, None)
    assert host.branch_head("loopcoder/a") is None


def test_an_unchanged_remote_is_looked_at_once(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock, fresh_s=5)
    for _ in range(3):
        host.branch_head("main")
        host.list_branches("loopcoder/")
    assert len(clone.github.requests("git/info-refs")) == 1
    assert not [e for e in clone.github.requests() if not e.operation.startswith("git/")]


# --- moving


def test_two_who_push_at_once_never_overwrite_each_other(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    ours, theirs = clone.commit(base, {"a": "ours"}), clone.commit(base, {"a": "theirs"})
    clone.upload(theirs)
    clone.github.call("git/receive-pack", lambda: clone.github.put_branch("loopcoder/a", theirs))
    with pytest.raises(Stale):
        host.push_branch("loopcoder/a", ours, None)
    assert clone.github.git.head("loopcoder/a") == theirs


def test_a_branch_that_was_set_back_meanwhile_is_not_moved(clone: Clone, clock: FixedClock) -> None:
    """A plain push would take it for a step forward."""
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    one = clone.commit(base, {"a": "1"})
    two = clone.commit(one, {"a": "2"})
    host.push_branch("loopcoder/a", one, None)
    clone.github.put_branch("loopcoder/a", base)
    with pytest.raises(Stale):
        host.push_branch("loopcoder/a", two, one)
    assert clone.github.git.head("loopcoder/a") == base


def test_a_commit_that_is_not_here_is_not_pushed(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    with pytest.raises(NotFound):
        host.push_branch("loopcoder/a", "1" * 40, None)


def test_a_push_whose_answer_was_lost_is_found(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    commit = clone.commit(base, {"a": "1"})
    clone.github.fail("git/receive-pack", status=502, after=True)
    host.push_branch("loopcoder/a", commit, None)
    assert host.branch_head("loopcoder/a") == commit
    host.push_branch("loopcoder/a", commit, None)


@pytest.mark.parametrize("status", [500, 503])
def test_a_host_in_trouble_is_unavailable(clone: Clone, clock: FixedClock, status: int) -> None:
    _, host = clone.open(clock)
    clone.github.fail("git/*", times=9, status=status)
    with pytest.raises(Unavailable, match="could not be reached by git"):
        host.branch_head("main")


def test_a_host_that_is_not_there_is_unavailable(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    clone.github.close()
    with pytest.raises(Unavailable):
        host.branch_head("main")


# --- who may


def test_whoever_may_not_push_is_told_what_is_missing(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock, token=TOKEN["eve"])
    base = host.branch_head("main")
    assert base is not None
    with pytest.raises(LoopcoderError, match=r"contents: write"):
        host.push_branch("loopcoder/a", clone.commit(base, {"a": "1"}), None)
    assert clone.github.git.head("loopcoder/a") is None


def test_an_expired_token_is_told_apart_from_trouble(clone: Clone, clock: FixedClock) -> None:
    clone.github.repo.private = True
    _, host = clone.open(clock)
    clone.github.expire()
    with pytest.raises(LoopcoderError, match="does not accept the token for git") as caught:
        host.branch_head("main")
    assert not isinstance(caught.value, Unavailable)


def spying_git(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `git` that writes down how it was called before it goes on."""
    import shutil

    real, log, spy = shutil.which("git"), folder / "calls", folder / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{log}"\nexec "{real}" "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}{os.pathsep}{os.environ['PATH']}")
    return log


def test_the_token_is_in_no_argument_and_in_no_file(
    clone: Clone, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = spying_git(tmp_path, monkeypatch)
    clone.github.repo.private = True
    _, host = clone.open(clock)
    base = host.branch_head("main")
    assert base is not None
    host.push_branch("loopcoder/a", clone.commit(base, {"a": "1"}), None)
    host.delete_branch("loopcoder/a", clone.github.git.head("loopcoder/a") or "")
    calls = log.read_text()
    assert "ls-remote" in calls and "push" in calls
    secrets = (TOKEN[BOT], ENCODED)
    assert not any(secret in calls for secret in secrets)
    clone.session.close()
    for path in clone.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_a_token_that_the_checkout_left_behind_does_not_disturb(
    clone: Clone, clock: FixedClock
) -> None:
    """actions/checkout writes its own header into the repository; GitHub refuses two."""
    clone.github.repo.private = True
    for scope in (f"http.{clone.github.server.url}/", "http"):
        clone.run("config", f"{scope}.extraheader", "AUTHORIZATION: basic bm9ib2R5Om5vdGhpbmc=")
    _, host = clone.open(clock)
    assert host.branch_head("main") == clone.github.git.head("main")


def test_hooks_of_the_repository_are_not_run(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    hook = clone.folder / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\ntouch ../hooked\nexit 1\n")
    hook.chmod(0o755)
    base = host.branch_head("main")
    assert base is not None
    host.push_branch("loopcoder/a", clone.commit(base, {"a": "1"}), None)
    assert not list(clone.folder.parent.rglob("hooked"))


# --- pull requests


def proposed(clone: Clone, host: object, **more: object) -> PullDraft:
    base = host.branch_head("main")  # type: ignore[attr-defined]
    commit = clone.commit(base, {"a": "1"})
    host.push_branch("loopcoder/a", commit, None)  # type: ignore[attr-defined]
    return PullDraft("Do a", "why", "loopcoder/a", "main", **more)  # type: ignore[arg-type]


def requested(github: Github, number: int) -> list[str]:
    pull = github.item(number).pull
    assert pull is not None
    return [github.hub.accounts[each].login for each in pull.reviewers]


def test_a_review_is_requested(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    pull = host.create_pull(proposed(clone, host))
    for _ in range(2):
        host.request_reviews(pull.number, ("@ana", "ben"))
    assert len(clone.github.requests("pulls/request-reviewers")) == 1
    assert requested(clone.github, pull.number) == ["ana", "ben"]


def test_a_reviewer_who_cannot_be_asked_is_passed_over(clone: Clone, clock: FixedClock) -> None:
    _, host = clone.open(clock)
    pull = host.create_pull(proposed(clone, host))
    host.request_reviews(pull.number, ("eve",))
    assert requested(clone.github, pull.number) == []
    host.request_reviews(pull.number, ("eve", "ana", "acme/nobody"))
    assert requested(clone.github, pull.number) == ["ana"]


def test_a_pull_request_whose_answer_was_lost_is_not_made_twice(
    clone: Clone, clock: FixedClock
) -> None:
    _, host = clone.open(clock)
    draft = proposed(clone, host)
    clone.github.fail("pulls/create", after=True)
    with pytest.raises(Unavailable):
        host.create_pull(draft)
    with pytest.raises(Stale):
        host.create_pull(draft)
    assert [pull.title for pull in host.list_pulls()] == ["Do a"]

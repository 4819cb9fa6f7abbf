"""Secrets in what a person types: masked before anything is kept or shown, and said."""

from __future__ import annotations

import pytest

from loopcoder.adapters.secrecy.own_words import without_secrets
from tests.support.project import Project

ROADMAP = "- [ ] Store <!-- id: store -->\n"
KNOWN = "correct-horse-battery-9"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"[:36]
ANTHROPIC = "sk-ant-" + "api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2"
KEY = (
    "-----BEGIN OPENSSH "
    + "PRIVATE KEY-----\n"
    + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" * 3
    + "-----END OPENSSH PRIVATE KEY-----"
)


@pytest.mark.parametrize("secret", [KNOWN, KNOWN[::-1], GITHUB, ANTHROPIC, KEY])
def test_a_secret_is_masked_and_the_words_around_it_stay(secret: str) -> None:
    masked, kinds = without_secrets(f"use {secret} for it,\nthen go on", [KNOWN])
    assert masked == "use *** for it,\nthen go on"
    assert len(kinds) == 1


def test_what_holds_no_secret_stays_as_it_is() -> None:
    text = "Handle `token = os.environ['TOKEN']`, see 3f2a9c1 and https://example.org/a?b=c."
    assert without_secrets(text, [KNOWN]) == (text, ())


@pytest.mark.parametrize("secret", [KNOWN, GITHUB])
def test_no_verb_of_a_person_keeps_a_secret(project: Project, secret: str) -> None:
    project.begin(ROADMAP, work={"store": [{"outcome": {"status": "blocked", "reason": "no"}}]})
    project.env["MY_API_TOKEN"] = KNOWN
    project.tick()
    said = [
        project.run("retry", "store", "--note", f"the key is {secret}"),
        project.run("hold", "store", "--reason", f"until {secret} is changed"),
        project.run("hold", "--reason", f"until {secret} is changed"),
        project.run("issue", "comment", "1", f"log in with {secret}"),
        project.run("issue", "create", f"About {secret}", "--body", f"it is {secret}"),
        project.run("issue", "edit", "1", "--body", f"now {secret}"),
    ]
    for done in said:
        assert "held a secret, which was masked" in done.stderr
        assert secret not in done.stdout + done.stderr
    kept = [path for path in project.state.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if secret.encode() in path.read_bytes()]
    (comment,) = project.json("issue", "show", "1")["comments"][-1:]
    assert comment["body"] == "log in with ***"
    held = project.run("explain", "store").stdout
    assert "until *** is changed" in held


def test_a_comment_on_a_pull_request_is_masked(project: Project) -> None:
    work = {"store": [[{"write": {"store.txt": "kept"}}]]}
    project.begin(ROADMAP, work=work)
    project.tick()
    (number,) = project.pulls().values()
    for extra in ([], ["--note"]):
        done = project.run("pr", "comment", str(number), f"use {GITHUB}", *extra)
        assert "the comment held a secret" in done.stderr
    shown = project.run("pr", "show", str(number)).stdout
    assert GITHUB not in shown and "use ***" in shown


def test_a_roadmap_with_a_secret_is_not_filed_by_a_person(project: Project) -> None:
    project.begin(f"- [ ] Store with {KNOWN} <!-- id: store -->\n")
    project.env["MY_API_TOKEN"] = KNOWN
    done = project.run("compile", exit_code=None)
    assert "holds the value of a secret" in done.stdout + done.stderr
    assert project.json("issue", "list")["issues"] == []

"""What a person who trusts nobody can check, through the real commands."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from loopcoder.engine.tick.attest import ENVELOPE
from tests.support.project import Project, writes

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs OpenSSH")

ROADMAP = "- [ ] Store <!-- id: store -->\n"
REF = "refs/loopcoder/attestations"


@pytest.fixture
def proposed(project: Project) -> Project:
    project.begin(ROADMAP, work={"store": [writes(store="kept")]})
    project.tick()
    return project


def points(project: Project, *args: str, code: int = 0) -> dict[str, bool | None]:
    said = project.json("attest", "verify", *args, exit_code=code)
    assert said["holds"] is (code == 0)
    return {row["name"]: row["holds"] for row in said["points"]}


def test_a_pull_request_a_branch_and_a_commit_are_verified(proposed: Project) -> None:
    head = proposed.git("rev-parse", "loopcoder/store")
    for target in ("2", "#2", "loopcoder/store", head):
        assert set(points(proposed, target).values()) == {True}
    proposed.merge_all()
    assert set(points(proposed, "2").values()) == {True}
    body = proposed.json("pr", "show", "2")["body"]
    assert "loopcoder attest verify loopcoder/store" in body
    assert '"payloadType":"application/vnd.in-toto+json"' in body


def test_a_fresh_clone_verifies_with_only_the_public_key(proposed: Project, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text(proposed.run("attest", "key").stdout)
    clone = Project(tmp_path / "other")
    clone.folder.mkdir()
    proposed.git("clone", "-q", str(proposed.root), str(clone.root))
    clone.git("fetch", "-q", "origin", "loopcoder/store")
    assert set(points(clone, "loopcoder/store", "--key", str(key)).values()) == {True}
    untrusted = points(clone, "loopcoder/store", code=1)
    assert [name for name, holds in untrusted.items() if not holds] == ["signature"]
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "theirs")], check=True
    )
    other = points(clone, "loopcoder/store", "--key", str(tmp_path / "theirs.pub"), code=1)
    assert other["signature"] is False


def tamper(project: Project, name: str, change: tuple[str, str], commit: str = "") -> None:
    """Rewrite one file that is kept for the head, as somebody with write access could."""
    head = project.git("rev-parse", "loopcoder/store")
    place = f"{head[:2]}/{head}"
    text = project.git("show", f"{REF}:{place}/{name}")
    assert change[0] in text
    index = {"GIT_INDEX_FILE": str(project.folder / "index")}

    def git(*args: str, input: str = "") -> str:
        done = subprocess.run(
            ["git", *args], cwd=project.root, env={**project.environment, **index},
            input=input, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    blob = git("hash-object", "-w", "--stdin", input=text.replace(*change) + "\n" * ("\n" in text))
    git("read-tree", REF)
    target = f"{commit[:2]}/{commit}" if commit else place
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{target}/{name}")
    git("update-ref", REF, git("commit-tree", "-m", "x", "-p", REF, git("write-tree")))


def test_one_changed_byte_of_the_evidence_is_named(proposed: Project) -> None:
    tamper(proposed, "evidence.json", ("sh check.sh", "sh chEck.sh"))
    assert [n for n, holds in points(proposed, "2", code=1).items() if not holds] == ["evidence"]


def test_one_changed_byte_of_the_verdict_is_named(proposed: Project) -> None:
    tamper(proposed, "evidence.json", ('"approve"', '"reject"'))
    assert points(proposed, "2", code=1)["evidence"] is False


def test_one_changed_byte_of_the_statement_is_named(proposed: Project) -> None:
    text = proposed.git("show", f"{REF}:{_place(proposed)}/{ENVELOPE}")
    payload = json.loads(text)["payload"]
    swapped = payload[:-8] + ("A" if payload[-8] != "A" else "B") + payload[-7:]
    tamper(proposed, ENVELOPE, (payload, swapped))
    wrong = [n for n, holds in points(proposed, "2", code=1).items() if not holds]
    assert wrong[0] in ("signature", "attestation")


def test_a_changed_commit_has_no_statement_and_cannot_borrow_one(proposed: Project) -> None:
    proposed.git("switch", "-q", "loopcoder/store")
    proposed.write({"store.txt": "kepT"})
    proposed.git("commit", "-qam", "one byte")
    said = proposed.run("attest", "verify", "HEAD", exit_code=1)
    assert "No statement about" in said.stderr
    forged = proposed.git("rev-parse", "HEAD")
    proposed.git("switch", "-q", "main")
    proposed.git("update-ref", "refs/heads/loopcoder/store", f"{forged}^")
    for name in (ENVELOPE, "evidence.json"):
        tamper(proposed, name, ("", ""), commit=forged)
    wrong = [n for n, holds in points(proposed, forged, code=1).items() if not holds]
    assert wrong == ["commit", "tree", "diff"]


def test_without_attestation_nothing_is_kept_and_nothing_is_said(project: Project) -> None:
    project.begin(ROADMAP, work={"store": [writes(store="kept")]}, config={"attestation": False})
    project.tick()
    assert project.git("for-each-ref", REF) == ""
    assert "attest" not in project.json("pr", "show", "2")["body"]


def test_a_demanded_key_that_does_not_sign_keeps_the_work_back(project: Project) -> None:
    key = project.folder / "no-key"
    project.begin(
        ROADMAP, work={"store": [writes(store="kept")]}, config={"attestation": {"key": str(key)}}
    )
    row = project.tick()["units"]["store"]
    assert (row["outcome"], project.pulls()) == ("waiting", {})
    assert "attestation.key" in row["reason"] or "no-key" in row["reason"]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    assert project.run("attest", "verify", "2", "--key", f"{key}.pub").returncode == 0


def test_a_run_without_an_identity_proposes_unsigned_and_says_so(project: Project) -> None:
    project.env["GITHUB_ACTIONS"] = "true"
    project.begin(ROADMAP, work={"store": [writes(store="kept")]})
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    assert project.git("for-each-ref", REF) == ""
    assert "id-token: write" in project.json("pr", "show", "2")["body"]


def _place(project: Project) -> str:
    head = project.git("rev-parse", "loopcoder/store")
    return f"{head[:2]}/{head}"


def test_audit_derives_why_a_merged_pull_request_exists(proposed: Project) -> None:
    proposed.merge_all()
    proposed.tick()
    said = proposed.json("audit", "2")
    (derived,) = said["derivations"]
    assert derived["holds"]
    assert [point["name"] for point in derived["points"]] == [
        "approved", "claimed", "commit", "policy", "verify", "review", "integrate", "attested",
        "pushed",
    ]  # fmt: skip
    decided = [row for row in said["events"] if row["input_hash"]]
    assert {"round 1: work starts", "round 1: review starts"} <= {row["words"] for row in decided}
    assert "begin branch.push on loopcoder/store" in proposed.run("audit", "store").stdout


def test_an_edited_or_deleted_event_is_found(proposed: Project) -> None:
    for statement in (
        "UPDATE events SET row = replace(row, 'approve', 'reject') WHERE row LIKE '%review%'",
        "DELETE FROM events WHERE seq = 9",
    ):
        journal = proposed.state / "journal.db"
        kept = journal.read_bytes()
        db = sqlite3.connect(journal)
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute(statement)
        db.commit()
        db.close()
        said = proposed.run("audit", "2", exit_code=1).stdout
        assert "cannot be trusted from event" in said
        journal.write_bytes(kept)

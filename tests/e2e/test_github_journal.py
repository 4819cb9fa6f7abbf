"""The shared journal under real commands: every one in a fresh, shallow clone, as on a runner."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.domain.tick.branch import PREFIX
from loopcoder.domain.views.dashboard import TITLE
from loopcoder.entrypoints.wiring.bootstrap import open_house
from tests.support.github_project import GitHubProject
from tests.support.project import Project, writes

ROADMAP = "- [ ] Store <!-- id: store -->\n- [ ] Login (after: store) <!-- id: login -->\n"
REF = "refs/loopcoder/journal"


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[GitHubProject]:
    project = GitHubProject(tmp_path / "first")
    project.folder.mkdir()
    yield project
    project.close()


def fresh_clone(hosted: GitHubProject, name: str) -> Project:
    """A runner: a clone of the newest commit alone, with a cache of its own."""
    folder = hosted.folder.parent / name
    folder.mkdir()
    project = Project(folder, dict(hosted.env))
    address = f"{hosted.github.server.url}/{hosted.github.full_name}.git"
    source = f"file://{hosted.github.git.folder}"
    subprocess.run(["git", "clone", "-q", "--depth=1", source, str(project.root)], check=True)
    project.git("remote", "set-url", "origin", address)
    return project


def tip(hosted: GitHubProject) -> str:
    return hosted.github.git.git("for-each-ref", "--format=%(objectname)", REF).strip()


def test_a_runner_knows_what_another_did(hosted: GitHubProject) -> None:
    hosted.begin(ROADMAP, work={"store": [writes(store="kept")]})
    assert len(fresh_clone(hosted, "compiling").json("compile")["applied"]) == 2
    assert fresh_clone(hosted, "compiling-again").json("compile")["writes"] == 0
    worked = fresh_clone(hosted, "working").tick()
    assert worked["units"]["store"]["outcome"] == "proposed"
    before = tip(hosted)
    idle = fresh_clone(hosted, "looking").tick()
    assert idle["stop_reason"] == "waiting-for-merge"
    assert idle["units"]["store"]["outcome"] == "waiting"
    assert tip(hosted) == before
    assert len(hosted.issues.keys() - {TITLE}) == 2
    assert hosted.pulls() == {"store": 3}


def test_what_others_did_makes_a_look_old(hosted: GitHubProject) -> None:
    """Else a unit whose pull request is in the journal, and not in an older list, is taken for
    one to work on."""
    hosted.begin(ROADMAP, work={"store": [writes(store="kept")]})
    hosted.run("compile")
    house = open_house(hosted.root, from_base=True, environ=hosted.environment)
    house.journal.refresh()
    assert (house.code_host.list_pulls(), house.code_host.list_branches(PREFIX)) == ([], [])
    fresh_clone(hosted, "working").tick()
    assert house.code_host.list_pulls() == []
    house.journal.refresh()
    assert [pull.branch for pull in house.code_host.list_pulls()] == ["loopcoder/store"]
    assert [name for name, _ in house.code_host.list_branches(PREFIX)] == ["loopcoder/store"]


def test_a_persons_hold_reaches_every_clone_and_a_lost_ref_stops_them(
    hosted: GitHubProject,
) -> None:
    hosted.begin(ROADMAP, work={"store": [writes(store="kept")]})
    fresh_clone(hosted, "holding").run("hold", "--reason", "lunch")
    runner = fresh_clone(hosted, "working")
    assert runner.tick()["units"]["store"]["outcome"] == "held"
    hosted.github.git.git("update-ref", "-d", REF)
    for place in (runner, fresh_clone(hosted, "new")):
        said = place.run("tick", exit_code=1).stderr
        assert "The shared journal is gone" in said
    assert tip(hosted) == ""
    for place, way_out in (
        (runner, "is put back by: git --git-dir="),
        (fresh_clone(hosted, "third"), "in a clone that has a copy"),
    ):
        told = place.run("doctor", exit_code=1).stdout
        assert told.count("The shared journal is gone") == 1 and told.count(way_out) == 1
        audited = place.run("audit", "store", exit_code=1)
        assert "the whole ref is gone" in audited.stdout and way_out in audited.stderr


def test_a_forged_journal_is_named_with_the_way_out(hosted: GitHubProject) -> None:
    """Set back, and replaced by something else: nothing is used or changed by any verb."""
    hosted.begin(ROADMAP, work={"store": [writes(store="kept")]})
    hosted.tick()
    git, good = hosted.github.git, tip(hosted)
    first = git.git("rev-list", "--reverse", good).split()[0]
    foreign = git.git("commit-tree", "-m", "x", git.git("rev-parse", "main^{tree}").strip()).strip()
    for forged, where in ((first, "the ref ends here"), (foreign, "from the beginning")):
        git.git("update-ref", REF, forged)
        for verb in ("tick", "status", "doctor"):
            done = hosted.run(verb, exit_code=1)
            said = done.stdout + done.stderr
            assert where in said and "Find out who wrote to" in said, verb
        assert tip(hosted) == forged
        remedy = hosted.run("audit", "store", exit_code=1).stderr
        command = remedy.rsplit("is put back by: git ", 1)[1].split()
        assert command[2:] and command[-1] == f"+{good}:{REF}"
        git.git("update-ref", REF, good)
        assert hosted.tick()["stop_reason"] == "waiting-for-merge"


@pytest.mark.slow
def test_no_secret_reaches_the_shared_journal(hosted: GitHubProject) -> None:
    secret = "sesame-open-1234"
    hosted.env["DEPLOY_TOKEN"] = secret
    spoken = [{"print": f"the token is {secret}"}, *writes(store="RED")[0:]]
    told = {"outcome": {"status": "done", "summary": f"found {secret[::-1]}"}}
    hosted.begin(
        ROADMAP,
        work={"store": [[*spoken, told]]},
        files={"check.sh": f"echo {secret}; ! grep -rqs RED --include='*.txt' .\n"},
    )
    hosted.tick()
    hosted.run("retry", "store")
    names = hosted.github.git.git("ls-tree", "-r", "--name-only", REF).split()
    kept = "".join(hosted.github.git.git("show", f"{REF}:{name}") for name in names)
    assert '"kind":"attempt.finish"' in kept
    assert "***" in kept
    assert secret not in kept and secret[::-1] not in kept

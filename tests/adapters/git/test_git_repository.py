"""Finding the user's repository from anywhere, and saying what is wrong when it cannot be used."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from loopcoder.adapters.git.command import GitError
from loopcoder.adapters.git.repository import Repository
from loopcoder.domain.diagnostic import ConfigurationError, Unavailable
from loopcoder.domain.unit import UnitId
from loopcoder.ports.workspace import WorkspaceKey

KEY = WorkspaceKey(UnitId("unit"), 1)


def test_found_from_the_root_and_from_folders_below(project) -> None:
    found = project.repository
    assert found.root == project.root
    assert found.git_dir == found.common_dir == project.root / ".git"
    assert found.objects_dir == project.root / ".git" / "objects"
    assert found.state_dir == project.root / ".git" / "loopcoder"
    assert Repository.discover(project.root / "src") == found
    assert found.key.startswith("proj-ect-")
    assert found.current_branch() == "main"
    assert found.is_dirty()
    assert found.is_dirty("a.txt")
    assert not found.is_dirty("src")
    assert found.branch_head("main") == project.git("rev-parse", "HEAD")
    assert found.branch_head("none") is None
    project.assert_untouched()


def test_a_linked_worktree_shares_state_and_objects(project, tmp_path: Path) -> None:
    project.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "other tree"))
    found = Repository.discover(tmp_path / "other tree")
    assert found.root == tmp_path / "other tree"
    assert found.git_dir != found.common_dir == project.root / ".git"
    assert found.state_dir == project.repository.state_dir
    assert found.key == project.repository.key.replace("proj-ect", found.key[: -len("-0123456789")])
    assert found.current_branch() == "other"
    workspace = project.open()
    assert (workspace.tree / "a.txt").exists()


def test_not_a_repository(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not in a git repository"):
        Repository.discover(tmp_path)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="does not exist"):
        Repository.discover(tmp_path / "gone")


def test_bare(new_project) -> None:
    with pytest.raises(ConfigurationError, match="is a bare repository"):
        _ = new_project("--bare").repository


def test_inside_the_git_directory(project) -> None:
    with pytest.raises(ConfigurationError, match="inside a git directory"):
        Repository.discover(project.root / ".git")


def test_no_commit_yet(new_project) -> None:
    with pytest.raises(ConfigurationError, match="has no commit yet"):
        _ = new_project().repository


def test_an_unborn_branch_beside_others_is_fine(project) -> None:
    project.git("checkout", "-q", "-f", "--orphan", "new")
    assert project.repository.default_base() == "main"


def test_a_detached_head_is_fine(project) -> None:
    project.git("checkout", "-q", "--detach")
    found = project.repository
    assert found.current_branch() is None
    assert found.default_base() == "main"


def test_a_missing_base_names_what_there_is(project) -> None:
    project.git("branch", "develop")
    project.git("branch", "loopcoder/unit")
    with pytest.raises(ConfigurationError) as caught:
        project.repository.base_head("develp")
    assert "no branch named develp" in caught.value.summary
    assert "Did you mean develop?" in caught.value.remedy
    assert "There is: develop, main." in caught.value.remedy
    assert caught.value.exit_code == 2
    assert project.repository.base_head("main") == project.git("rev-parse", "main")


def test_the_default_base(new_project) -> None:
    project = new_project()
    project.commit({"a": "a"})
    project.git("branch", "-m", "only")
    assert project.repository.default_base() == "only"
    project.git("checkout", "-q", "-b", "feature")
    assert project.repository.default_base() == "feature"
    project.git("branch", "master")
    assert project.repository.default_base() == "master"
    project.git("update-ref", "refs/remotes/origin/only", "HEAD")
    project.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/only")
    assert project.repository.default_base() == "only"


def test_identity_is_the_users(project, home: Path) -> None:
    assert project.repository.identity() == ("Ana Example", "ana@example.org")
    project.git("config", "user.name", "Ana Local")
    assert project.repository.identity()[0] == "Ana Local"
    (home / ".gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    project.git("config", "--unset", "user.name")
    name, mail = project.repository.identity()
    assert name
    assert mail == f"{name}@localhost"


def test_remote_url(project) -> None:
    assert project.repository.remote_url() is None
    project.git("remote", "add", "origin", "../somewhere")
    assert project.repository.remote_url() == "../somewhere"
    assert project.repository.remote_url("--all") is None


def test_read_and_list_at_a_commit(project) -> None:
    (project.root / "AGENTS.md").symlink_to("src/guide.md")
    (project.root / "out.md").symlink_to("/etc/passwd")
    (project.root / "loop").symlink_to("loop")
    commit = project.commit(
        {"src/guide.md": "überall\r\n", "bin": b"\xff\0", "new\nline": "x", "empty": ""}
    )
    read = project.repository.read
    assert read(commit, "src/guide.md") == "überall\r\n"
    assert read(commit, "AGENTS.md") == "überall\r\n"
    assert read(commit, "bin") == "\ufffd\0"
    assert read(commit, "new\nline") == "x"
    assert read(commit, "empty") == ""
    assert read(commit, "./a.txt") == "one\ntwo\nedited by the user\n"
    for absent in ("nope", "src", "out.md", "loop", "src/nope/x", "../a.txt", "/a.txt"):
        assert read(commit, absent) is None, absent
    assert read("0" * 40, "a.txt") is None
    assert "new\nline" in project.repository.list_files(commit)


def test_borrowed_object_stores_are_followed(project, new_project, tmp_path: Path) -> None:
    borrower = tmp_path / "borrower"
    subprocess.run(["git", "clone", "-q", "--shared", project.root, borrower], check=True)
    stores = Repository.discover(borrower).object_stores
    assert stores == (borrower / ".git" / "objects", project.root / ".git" / "objects")
    project.root = borrower
    workspace = project.open()
    assert (workspace.tree / "a.txt").exists()


def test_too_old_a_git_is_said(project, tmp_path: Path, monkeypatch) -> None:
    repository = project.repository
    repository.require_git()
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=r"2\.30\.2 is too old"):
        repository.require_git()


@pytest.mark.parametrize("kind", ["sha256", "shallow", "worktree"])
def test_unusual_repositories_go_the_whole_way(new_project, tmp_path: Path, kind: str) -> None:
    project = new_project(*(["--object-format=sha256"] if kind == "sha256" else []))
    for number in range(3):
        project.commit({"a.txt": f"{number}\n"})
    if kind == "shallow":
        source = f"file://{project.root}"
        subprocess.run(["git", "clone", "-q", "--depth=1", source, tmp_path / "low"], check=True)
        project.root = tmp_path / "low"
    if kind == "worktree":
        project.git("worktree", "add", "-q", "-b", "w", str(tmp_path / "wt"))
        project.root = tmp_path / "wt"
    before = project.git("status", "--porcelain")
    spaces = project.workspaces
    workspace = project.open()
    log = subprocess.run(["git", "log", "--oneline"], cwd=workspace.tree, capture_output=True)
    assert log.returncode == 0
    assert len(log.stdout.splitlines()) == (1 if kind == "shallow" else 3)
    (workspace.tree / "new").write_text("new\n")
    change = spaces.collect(workspace)
    commit = spaces.commit(workspace, change, project.draft())
    assert len(commit) == (64 if kind == "sha256" else 40)
    fresh = spaces.checkout(commit, "verify")
    assert (fresh / "new").exists()
    assert subprocess.run(["git", "status"], cwd=fresh, capture_output=True).returncode == 0
    other = project.git("commit-tree", "-p", "HEAD", "-m", "side", "HEAD^{tree}")
    combined = spaces.combine(workspace.start, [commit, other], "merge")
    assert combined.merged == (commit, other)
    spaces.discard_workspace(KEY)
    assert project.git("status", "--porcelain") == before


def test_a_commit_that_comes_later_is_read_then(project, new_project) -> None:
    elsewhere = new_project(name="elsewhere")
    commit = elsewhere.commit({"late.txt": "late\n"})
    assert project.repository.read(commit, "late.txt") is None
    project.git("fetch", "-q", str(elsewhere.root), "HEAD")
    assert project.repository.read(commit, "late.txt") == "late\n"


def test_a_branch_is_read_as_it_stands_now(project) -> None:
    assert project.repository.read("main", "src/b.py") == "print(1)\n"
    project.commit({"src/b.py": "print(2)\n"})
    assert project.repository.read("main", "src/b.py") == "print(2)\n"

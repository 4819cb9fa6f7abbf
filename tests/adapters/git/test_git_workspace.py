"""An attempt's clone from opening to the kept commit, and what is saved before it goes."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from loopcoder.adapters.git.workspace import GitWorkspaces
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError, Stale
from loopcoder.domain.guard.change_set import FileMode
from loopcoder.domain.unit import UnitId
from loopcoder.ports.workspace import WorkspaceKey

KEY = WorkspaceKey(UnitId("unit"), 1)


def files(change):
    return {file.path: file for file in change.files}


def inside(tree: Path, *args: str) -> str:
    return subprocess.run(
        ["git", *args], cwd=tree, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_clone_of_its_own_without_a_remote(project) -> None:
    project.git("tag", "v1.2", "HEAD")
    project.git("pack-refs", "--all")
    project.before = project.fingerprint()
    workspace = project.open()
    tree = workspace.tree
    assert (tree / "a.txt").read_text() == "one\ntwo\n"
    assert (tree / ".git").is_dir()
    assert not (tree / ".git" / "objects" / "pack").exists()
    assert inside(tree, "remote") == ""
    assert inside(tree, "status", "--porcelain") == ""
    assert inside(tree, "branch", "--show-current") == "loopcoder/unit"
    assert inside(tree, "describe", "--tags") == "v1.2"
    assert not inside(tree, "worktree", "list").startswith(str(project.root))
    assert tree.parent.stat().st_mode & 0o777 == 0o700
    assert tree.stat().st_mode & 0o777 == 0o700
    project.assert_untouched()
    assert project.git("worktree", "list").count("\n") == 0


def test_collect_says_what_changed_and_is_idempotent(project) -> None:
    workspace = project.open()
    (workspace.tree / "a.txt").write_text("one\n2\nthree\n")
    (workspace.tree / "src" / "b.py").unlink()
    (workspace.tree / "src" / "run.sh").write_text("#!/bin/sh\n")
    (workspace.tree / "src" / "run.sh").chmod(0o755)
    (workspace.tree / "link").symlink_to("a.txt")
    (workspace.tree / "image.png").write_bytes(b"\x89PNG\0\0\xff" * 10)
    (workspace.tree / "noise.log").write_text("ignored")
    (workspace.tree / "empty").mkdir()
    change = project.workspaces.collect(workspace)
    seen = files(change)
    assert {path: (file.status, file.mode) for path, file in seen.items()} == {
        "a.txt": ("M", FileMode.REGULAR),
        "src/b.py": ("D", FileMode.ABSENT),
        "src/run.sh": ("A", FileMode.EXECUTABLE),
        "link": ("A", FileMode.SYMLINK),
        "image.png": ("A", FileMode.REGULAR),
    }
    assert seen["a.txt"].added == "2\nthree"
    assert seen["a.txt"].size == 12
    assert seen["src/b.py"].size == 0
    assert seen["link"].target == "a.txt"
    assert seen["image.png"].binary
    assert seen["image.png"].size == 70
    assert seen["image.png"].added == ""
    assert not any(file.cut for file in change.files)
    assert project.workspaces.collect(workspace) == change
    project.assert_untouched()


def test_the_hash_is_that_of_the_plain_git_diff(project) -> None:
    workspace = project.open()
    (workspace.tree / "a.txt").write_text("\r\nänderung\n")
    (workspace.tree / 'odd "name\n').write_bytes(bytes(range(256)))
    (workspace.tree / "src" / "b.py").rename(workspace.tree / "src" / "c.py")
    change = project.workspaces.collect(workspace)
    commit = project.workspaces.commit(workspace, change, project.draft())
    patch = project.workspaces.patch(workspace.start, commit)
    plain = subprocess.run(
        ["git", "-c", "core.quotePath=false", "diff", "--binary", "--full-index", "--no-renames",
         workspace.start, commit],
        cwd=project.root, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert patch == plain
    assert change.diff_sha256 == hashlib.sha256(plain).hexdigest()
    assert project.workspaces.change(workspace.start, commit) == change
    assert "rename from src/b.py" in project.workspaces.diff(workspace.start, commit)


def test_commits_and_index_of_the_agent_do_not_count(project) -> None:
    workspace = project.open()
    (workspace.tree / "a.txt").write_text("committed by the agent\n")
    inside(workspace.tree, "commit", "-q", "-am", "I am done")
    (workspace.tree / "staged.txt").write_text("s\n")
    inside(workspace.tree, "add", "staged.txt")
    (workspace.tree / "staged.txt").unlink()
    inside(workspace.tree, "update-index", "--assume-unchanged", "src/b.py")
    (workspace.tree / "src" / "b.py").write_text("hidden\n")
    assert set(files(project.workspaces.collect(workspace))) == {"a.txt", "src/b.py"}


def test_the_commit_is_kept_and_repeatable(project) -> None:
    workspace = project.open()
    (workspace.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(workspace)
    commit = project.workspaces.commit(workspace, change, project.draft())
    assert project.workspaces.commit(workspace, change, project.draft()) == commit
    assert project.git("rev-parse", "refs/loopcoder/attempts/unit/1") == commit
    assert project.git("rev-parse", f"{commit}^", f"{commit}^{{tree}}").split() == [
        workspace.start,
        change.tree,
    ]
    shown = project.git("log", "-1", "--format=%an <%ae>|%cn <%ce>|%aI|%cI|%(trailers)", commit)
    who = "loopcoder <loopcoder@localhost>"
    when = "2026-01-02T03:04:05+00:00"
    assert shown == f"{who}|{who}|{when}|{when}|Loopcoder-Unit: unit"
    project.workspaces.discard_workspace(KEY)
    assert not (project.cache / "units" / "unit").exists()
    assert project.git("show", f"{commit}:new.txt") == "new"
    again = project.open()
    (again.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(again)
    assert project.workspaces.commit(again, change, project.draft()) == commit
    project.assert_untouched()


def test_many_new_objects_arrive_as_one_pack(project) -> None:
    workspace = project.open()
    for number in range(300):
        (workspace.tree / f"file{number}").write_text(f"{number}\n")
    change = project.workspaces.collect(workspace)
    commit = project.workspaces.commit(workspace, change, project.draft())
    assert project.git("show", f"{commit}:file299") == "299"
    assert len(list((project.root / ".git" / "objects" / "pack").glob("*.pack"))) == 1
    project.assert_untouched()


def test_author_and_sign_off(project) -> None:
    workspace = project.open()
    (workspace.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(workspace)
    draft = replace(project.draft(), author="Ana Example <ana@example.org>", signoff=True)
    commit = project.workspaces.commit(workspace, change, draft)
    message = project.git("log", "-1", "--format=%an%n%B", commit).split("\n")
    assert message[0] == "Ana Example"
    assert message[-2:] == [
        "Loopcoder-Unit: unit",
        "Signed-off-by: Ana Example <ana@example.org>",
    ]
    with pytest.raises(ConfigurationError, match="not of the form"):
        author = "Ana\nparent 0 <x@y>"
        project.workspaces.commit(workspace, change, replace(draft, author=author))


def test_a_signature_by_the_users_key_is_kept_once_made(project, home) -> None:
    key = home / "key"
    made = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=False)
    if made.returncode != 0:
        pytest.skip("no ssh-keygen here")
    project.git("config", "gpg.format", "ssh")
    project.git("config", "user.signingKey", str(key))
    workspace = project.open()
    (workspace.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(workspace)
    draft = replace(project.draft(), sign=True)
    commit = project.workspaces.commit(workspace, change, draft)
    assert "gpgsig -----BEGIN SSH" in project.git("cat-file", "commit", commit)
    assert project.workspaces.commit(workspace, change, draft) == commit
    project.git("config", "user.signingKey", str(home / "gone"))
    with pytest.raises(LoopcoderError, match="could not be signed"):
        project.workspaces.commit(workspace, change, replace(draft, message="other"))


def test_opening_again_finds_the_work_as_it_stands(project) -> None:
    workspace = project.open()
    (workspace.tree / "half.txt").write_text("half done\n")
    again = project.open()
    assert again == workspace
    assert (again.tree / "half.txt").exists()


def test_a_workspace_from_another_start_is_saved_as_a_patch(project) -> None:
    first = project.open()
    (first.tree / "half.txt").write_text("half done\n")
    (first.tree / "bin").write_bytes(b"\0\1\2")
    project.git("commit", "-q", "--allow-empty", "-m", "moved on")
    second = project.open()
    assert not (second.tree / "half.txt").exists()
    (saved,) = (project.root / ".git" / "loopcoder" / "rescued").iterdir()
    assert saved.name == "unit-1.patch"
    fresh = project.workspaces.checkout(first.start, "apply")
    inside(fresh, "apply", "--binary", str(saved))
    assert (fresh / "half.txt").read_text() == "half done\n"
    assert (fresh / "bin").read_bytes() == b"\0\1\2"


@pytest.mark.parametrize("damage", ["owner", "repository", "clean", "foreign"])
def test_a_folder_that_is_not_ours_is_moved_aside_whole(project, damage: str) -> None:
    place = project.cache / "units" / "unit" / "1"
    if damage == "foreign":
        place.mkdir(parents=True)
    else:
        place = project.open().tree.parent
    (place / "precious").write_text("work")
    owner = place / "owner.json"
    if damage == "owner":
        owner.write_text("{")
    if damage == "repository":
        owner.write_text(json.dumps({**json.loads(owner.read_text()), "repository": "/other"}))
    if damage == "clean":
        (place / "clean.git" / "HEAD").unlink()
        project.git("commit", "-q", "--allow-empty", "-m", "moved on")
    fresh = project.open()
    assert (fresh.tree / "a.txt").exists()
    (aside,) = (project.cache / "rescued").iterdir()
    assert (aside / "workspace" / "precious").read_text() == "work"


def test_discarding_saves_only_what_exists_nowhere_else(project, tmp_path: Path) -> None:
    saved = tmp_path / "runs" / "saved.patch"
    workspace = project.open()
    project.workspaces.discard_workspace(KEY, rescue=saved)
    assert not saved.exists()
    workspace = project.open()
    (workspace.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(workspace)
    project.workspaces.commit(workspace, change, project.draft())
    project.workspaces.discard_workspace(KEY, rescue=saved)
    assert not saved.exists()
    workspace = project.open()
    (workspace.tree / "other.txt").write_text("other\n")
    project.workspaces.discard_workspace(KEY, rescue=saved)
    assert "+other" in saved.read_text()
    assert not workspace.tree.exists()
    project.workspaces.discard_workspace(KEY, rescue=saved)  # nothing there: nothing to do


def test_what_setup_left_is_not_the_agents_work(project) -> None:
    workspace = project.open()
    (workspace.tree / "pkg.egg-info").mkdir()
    (workspace.tree / "pkg.egg-info" / "PKG-INFO").write_text("made by setup")
    subprocess.run(["git", "init", "-q", workspace.tree / "vendored"], check=True)
    project.workspaces.settle(workspace)
    assert project.workspaces.collect(workspace).is_empty
    (workspace.tree / "pkg.egg-info" / "PKG-INFO").write_text("made again")
    (workspace.tree / "pkg.egg-info" / "work.txt").write_text("by the agent")
    (workspace.tree / "new.txt").write_text("by the agent")
    project.workspaces.settle(workspace)  # a restart settles again: the work stays work
    change = project.workspaces.collect(workspace)
    assert set(files(change)) == {"new.txt", "pkg.egg-info/work.txt"}


def test_a_checkout_is_clean_exact_and_for_one_use(project) -> None:
    project.git("tag", "-a", "-m", "one", "v1", "HEAD")
    commit = project.git("rev-parse", "HEAD")
    project.before = project.fingerprint()
    one = project.workspaces.checkout(commit, "verify: Unit/1 ../..")
    two = project.workspaces.checkout(commit, "verify: Unit/1 ../..")
    assert one != two
    assert one.parent == two.parent == project.cache / "checkouts"
    assert (one / "a.txt").read_text() == "one\ntwo\n"
    assert inside(one, "status", "--porcelain") == ""
    assert inside(one, "rev-parse", "HEAD") == commit
    assert inside(one, "describe") == "v1"
    assert inside(one, "remote") == ""
    (one / "closed").mkdir()
    (one / "closed" / "x").write_text("x")
    (one / "closed").chmod(0o000)
    project.workspaces.discard(one)
    assert not one.exists()
    with pytest.raises(LoopcoderError, match="not a checkout of ours"):
        project.workspaces.discard(project.root)
    project.workspaces.sweep()
    assert not two.exists()
    project.assert_untouched()


def test_list_workspaces_and_sweep_keep_what_is_whole(project) -> None:
    workspace = project.open()
    half = project.cache / "units" / "unit" / ".2.half"
    half.mkdir()
    project.workspaces.sweep()
    assert project.workspaces.list_workspaces() == [workspace]
    assert not half.exists()


def test_questions_about_commits(project) -> None:
    spaces = project.workspaces
    head = project.git("rev-parse", "HEAD")
    child = project.git("commit-tree", "-p", head, "-m", "x", "HEAD^{tree}")
    assert spaces.is_kept(child)
    assert not spaces.is_kept("0" * 40)
    assert spaces.is_ancestor(head, child)
    assert not spaces.is_ancestor(child, head)
    assert spaces.read(head, "a.txt") == "one\ntwo\n"
    assert spaces.read(head, "nope") is None
    assert spaces.list_files(head) == (".gitignore", "a.txt", "src/b.py")


def test_without_a_sandbox_objects_are_copied_and_share_nothing(project) -> None:
    spaces = GitWorkspaces(project.repository, project.cache, borrow=False)
    workspace = spaces.open(KEY, project.git("rev-parse", "HEAD"))
    objects = workspace.tree / ".git" / "objects"
    assert not (objects / "info" / "alternates").exists()
    copied = [path for path in objects.rglob("*") if path.is_file()]
    assert copied
    assert all(path.stat().st_nlink == 1 for path in copied)
    assert inside(workspace.tree, "fsck") == ""
    for path in copied:
        path.chmod(0o600)
        path.write_bytes(b"poison")
    (workspace.tree / "new").write_text("x")
    assert set(files(spaces.collect(workspace))) == {"new"}
    project.assert_untouched()


@pytest.fixture
def diverged(project):
    """A branch of ours and a base that both changed a.txt; returns both heads."""
    project.git("checkout", "-q", "--", "a.txt")
    (project.root / "untracked").unlink()
    start = project.git("rev-parse", "HEAD")
    base = project.commit({"a.txt": "ONE\ntwo\n", "base.txt": "from the base\n"})
    project.git("checkout", "-q", "-b", "side", start)
    branch = project.commit({"a.txt": "uno\ntwo\n", "ours.txt": "from the branch\n"})
    project.git("checkout", "-q", "main")
    project.before = project.fingerprint()
    return branch, base


def test_merging_the_base_leaves_the_conflict_for_the_agent(project, diverged) -> None:
    branch, base = diverged
    spaces = project.workspaces
    workspace = spaces.open(KEY, branch, base)
    assert workspace.conflicts == ("a.txt",)
    assert "<<<<<<< " in (workspace.tree / "a.txt").read_text()
    assert (workspace.tree / "base.txt").exists()
    assert "UU a.txt" in inside(workspace.tree, "status", "--porcelain")
    assert spaces.unresolved(workspace) == ("a.txt",)
    assert spaces.open(KEY, branch, base) == workspace
    (workspace.tree / "a.txt").write_text("UNO\ntwo\n")
    assert spaces.unresolved(workspace) == ()
    change = spaces.collect(workspace)
    assert {path: file.status for path, file in files(change).items()} == {
        "a.txt": "M",
        "ours.txt": "A",
    }
    commit = spaces.commit(workspace, change, project.draft("merge the base"))
    assert project.git("rev-parse", f"{commit}^1", f"{commit}^2").split() == [branch, base]
    assert project.git("show", f"{commit}:base.txt") == "from the base"
    project.assert_untouched()


def test_a_merge_without_conflict_needs_no_agent(project, diverged) -> None:
    branch, base = diverged
    clean = project.git("commit-tree", "-p", f"{branch}^", "-m", "x", f"{branch}^^{{tree}}")
    spaces = project.workspaces
    workspace = spaces.open(KEY, clean, base)
    assert workspace.conflicts == ()
    assert spaces.collect(workspace).is_empty


@pytest.mark.parametrize("where", ["file", "folder"])
def test_unresolved_follows_no_link_out_of_the_tree(project, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("<<<<<<< secret\n")
    workspace = project.open()
    if where == "file":
        (workspace.tree / "a.txt").unlink()
        (workspace.tree / "a.txt").symlink_to(outside / "a.txt")
        asked = replace(workspace, conflicts=("a.txt",))
    else:
        (workspace.tree / "dir").symlink_to(outside)
        asked = replace(workspace, conflicts=("dir/a.txt",))
    assert project.workspaces.unresolved(asked) == ()


def test_a_vanished_tree_is_said_and_made_anew(project) -> None:
    workspace = project.open()
    workspace.tree.rename(workspace.tree.parent / "elsewhere")
    with pytest.raises(Stale, match="gone"):
        project.workspaces.collect(workspace)
    assert (project.open().tree / "a.txt").exists()


def test_a_workspace_made_anew_shows_what_the_attempt_had_come_to(project) -> None:
    first = project.open()
    (first.tree / "new.txt").write_text("kept")
    work = project.workspaces
    commit = work.commit(first, work.collect(first), project.draft())
    work.discard_workspace(first.key)
    again = work.open(first.key, first.start, kept=commit)
    assert (again.tree / "new.txt").read_text() == "kept"
    (again.tree / "more.txt").write_text("more")
    change = work.collect(again)
    assert sorted(f.path for f in change.files) == ["more.txt", "new.txt"]
    then = work.commit(again, change, project.draft())
    assert project.git("rev-parse", f"{then}^") == first.start


def test_nothing_but_a_unit_id_becomes_a_path(project) -> None:
    for bad in ("../x", "a/b", ".git", ""):
        with pytest.raises(ValueError, match="no unit id"):
            project.workspaces.open(WorkspaceKey(UnitId(bad), 1), "0" * 40)

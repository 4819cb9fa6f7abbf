"""Every trick with a folder that git knows: nothing runs, nothing escapes, nothing is hidden.

Each trap touches one file in the home; after collecting, committing, patching and a checkout of
the result it must not be there, and the user's repository must be as it was, byte for byte.
"""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from loopcoder.adapters.git.scan import is_disguise
from loopcoder.adapters.git.work_tree import Limits
from loopcoder.adapters.git.workspace import GitWorkspaces
from loopcoder.domain.diagnostic import LoopcoderError, Stale
from loopcoder.domain.guard.change_set import ChangeSet, FileMode

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def trap(home: Path) -> Path:
    trap = home / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{home}/sprung'\ncat\n")
    trap.chmod(0o755)
    return trap


def git(folder: Path, *args: str) -> None:
    person = ["-c", "user.name=m", "-c", "user.email=m@x"]
    subprocess.run(["git", *person, *args], cwd=folder, capture_output=True, check=True)


def paths(change: ChangeSet) -> dict[str, FileMode]:
    return {file.path: file.mode for file in change.files}


def use_everything(project, workspace) -> ChangeSet:
    """What the loop does with a worker's folder, from collecting to a checkout of the result."""
    spaces = project.workspaces
    change = spaces.collect(workspace)
    commit = spaces.commit(workspace, change, project.draft())
    spaces.unresolved(workspace)
    assert spaces.change(workspace.start, commit).tree == change.tree
    spaces.patch(workspace.start, commit)
    spaces.diff(workspace.start, commit)
    fresh = spaces.checkout(commit, "verify")
    spaces.combine(workspace.start, [commit], "merge")
    spaces.discard(fresh)
    return change


def assert_harmless(project, home: Path) -> None:
    assert not (home / "sprung").exists()
    assert not (home / "hooked").exists()
    project.assert_untouched()


CONFIGS = {
    "fsmonitor": {"core.fsmonitor": "{trap}"},
    "hooksPath": {"core.hooksPath": "{hooks}"},
    "filter": {
        "filter.f.clean": "{trap}",
        "filter.f.smudge": "{trap}",
        "filter.f.process": "{trap}",
        "filter.f.required": "true",
    },
    "diff.external": {"diff.external": "{trap}", "diff.d.command": "{trap}"},
    "textconv": {"diff.d.textconv": "{trap}"},
    "merge driver": {"merge.m.driver": "{trap}", "merge.default": "m"},
    "sshCommand": {"core.sshCommand": "{trap}", "remote.origin.url": "ssh://x/y"},
    "include": {"include.path": "{include}"},
    "includeIf": {"includeIf.gitdir:/**.path": "{include}"},
    "worktree": {"core.worktree": "{user}"},
    "pager and editor": {"core.pager": "{trap}", "core.editor": "{trap}"},
    "credential": {"credential.helper": "!{trap}"},
    "excludes and attributes": {"core.excludesFile": "{all}", "core.attributesFile": "{all}"},
    "alias": {"alias.add": "!{trap}", "alias.write-tree": "!{trap}"},
    "gpg": {"gpg.program": "{trap}", "commit.gpgSign": "true"},
    "alternateRefs": {"core.alternateRefsCommand": "{trap}"},
}


@pytest.mark.parametrize("trick", CONFIGS)
def test_poisoned_configuration(project, home: Path, trap: Path, trick: str) -> None:
    workspace = project.open()
    hooks = home / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        (hooks / name).symlink_to(trap)
        (workspace.tree / ".git" / "hooks").mkdir(exist_ok=True)
        (workspace.tree / ".git" / "hooks" / name).symlink_to(trap)
    (home / "include").write_text(f"[core]\n\tfsmonitor = {trap}\n")
    (home / "all").write_text("*\n* filter=f\n")
    words = {
        "trap": trap, "hooks": hooks, "include": home / "include",
        "user": project.root, "all": home / "all",
    }  # fmt: skip
    for name, value in CONFIGS[trick].items():
        git(workspace.tree, "config", name, value.format(**words))
    (workspace.tree / ".gitattributes").write_text("* filter=f diff=d merge=m\n")
    (workspace.tree / "a.txt").write_text("changed\n")
    change = use_everything(project, workspace)
    assert set(paths(change)) == {"a.txt", ".gitattributes"}
    assert_harmless(project, home)


def test_git_directory_replaced_by_a_link_to_the_users(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / ".git").rename(home / "stolen")
    (workspace.tree / ".git").symlink_to(project.root / ".git")
    (workspace.tree / "a.txt").write_text("changed\n")
    assert set(paths(use_everything(project, workspace))) == {"a.txt"}
    project.workspaces.discard_workspace(workspace.key, rescue=home / "saved")
    assert_harmless(project, home)


@pytest.mark.parametrize("content", ["gitdir: {user}/.git\n", "nonsense", ""])
def test_git_directory_replaced_by_a_file(project, home: Path, content: str) -> None:
    workspace = project.open()
    (workspace.tree / ".git").rename(home / "stolen")
    (workspace.tree / ".git").write_text(content.format(user=project.root))
    (workspace.tree / "a.txt").write_text("changed\n")
    assert set(paths(use_everything(project, workspace))) == {"a.txt"}
    assert_harmless(project, home)


def test_git_directory_removed(project, home: Path) -> None:
    workspace = project.open()
    subprocess.run(["rm", "-rf", workspace.tree / ".git"], check=True)
    (workspace.tree / "a.txt").write_text("changed\n")
    assert set(paths(use_everything(project, workspace))) == {"a.txt"}
    assert_harmless(project, home)


def test_poisoned_exclude_attributes_and_alternates(project, home: Path) -> None:
    workspace = project.open()
    info = workspace.tree / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "exclude").write_text("*\n")
    (info / "attributes").write_text("* -diff\n")
    alternates = workspace.tree / ".git" / "objects" / "info" / "alternates"
    alternates.write_text("/nowhere\n")
    (workspace.tree / ".git" / "shallow").write_text("f" * 40 + "\n")
    (workspace.tree / "new.txt").write_text("seen\n")
    change = use_everything(project, workspace)
    assert [(file.path, file.added) for file in change.files] == [("new.txt", "seen")]
    assert_harmless(project, home)


def test_attributes_of_the_tree_hide_nothing_from_the_rules(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / ".gitattributes").write_text("* binary -diff -text linguist-generated\n")
    (workspace.tree / "secret.py").write_text("TOKEN = 'x'\n")
    change = use_everything(project, workspace)
    (secret,) = (file for file in change.files if file.path == "secret.py")
    assert secret.added == "TOKEN = 'x'"
    assert not secret.binary
    commit = project.git("rev-parse", "refs/loopcoder/attempts/unit/1")
    assert "+TOKEN = 'x'" in project.workspaces.diff(workspace.start, commit)


def test_added_text_over_the_limit_is_marked_and_links_are_still_read(project, home: Path) -> None:
    spaces = GitWorkspaces(project.repository, project.cache, limits=Limits(text=100_000))
    workspace = project.open()
    (workspace.tree / "a.txt").write_text("short\n")
    (workspace.tree / "filler").write_text("filler\n" * 100_000)
    (workspace.tree / "src" / "b.py").unlink()
    (workspace.tree / "z-link").symlink_to("/etc/passwd")
    (workspace.tree / "z-secret").write_text("TOKEN\n")
    change = spaces.collect(workspace)
    seen = {file.path: (file.cut, file.target) for file in change.files}
    assert seen == {
        "a.txt": (False, ""),
        "filler": (True, ""),
        "src/b.py": (False, ""),
        "z-link": (True, "/etc/passwd"),
        "z-secret": (True, ""),
    }
    full = project.workspaces.collect(workspace)
    assert full.diff_sha256 == change.diff_sha256
    assert not any(file.cut for file in full.files)


@pytest.mark.parametrize("kind", ["repository", "unborn", "file", "poisoned"])
def test_repositories_inside_are_named_and_never_entered(
    project, home: Path, trap: Path, kind: str
) -> None:
    workspace = project.open()
    inner = workspace.tree / "src" / "inner"
    inner.mkdir()
    (inner / "code.py").write_text("x\n")
    if kind == "file":
        (inner / ".git").write_text(f"gitdir: {project.root}/.git\n")
    else:
        git(inner, "init", "-q")
    if kind in ("repository", "poisoned"):
        git(inner, "add", "-A")
        git(inner, "commit", "-q", "-m", "inner")
    if kind == "poisoned":
        git(inner, "config", "core.fsmonitor", str(trap))
    (workspace.tree / "a.txt").write_text("changed\n")
    change = use_everything(project, workspace)
    assert paths(change) == {"a.txt": FileMode.REGULAR, "src/inner": FileMode.SUBMODULE}
    assert_harmless(project, home)


def test_a_repository_made_of_a_tracked_folder_is_named(project, home: Path) -> None:
    workspace = project.open()
    git(workspace.tree / "src", "init", "-q")
    change = use_everything(project, workspace)
    assert [(file.path, file.mode, file.status) for file in change.files] == [
        ("src", FileMode.SUBMODULE, "M")
    ]


def test_repositories_in_ignored_folders_are_nobodys_business(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / "out" / "dep").mkdir(parents=True)
    git(workspace.tree / "out" / "dep", "init", "-q")
    os.mkfifo(workspace.tree / "out" / "pipe")
    assert use_everything(project, workspace).is_empty


def test_a_submodule_entry_without_a_repository(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / ".gitmodules").write_text(
        '[submodule "x"]\n\tpath = x\n\turl = ../../etc\n\tupdate = !touch $HOME/sprung\n'
    )
    change = use_everything(project, workspace)
    assert paths(change) == {".gitmodules": FileMode.REGULAR}
    assert not (home / "sprung").exists()
    assert project.fingerprint() == project.before


def test_submodules_of_the_project_stay_as_they_are(new_project, home: Path) -> None:
    inner = new_project(name="inner")
    inner.commit({"x": "x"})
    project = new_project(name="outer")
    project.commit({"a.txt": "a"})
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root))
    project.git("commit", "-q", "-m", "with a submodule")
    project.before = project.fingerprint()
    workspace = project.open()
    assert (workspace.tree / "inner").is_dir()
    assert use_everything(project, workspace).is_empty
    git(workspace.tree / "inner", "init", "-q")
    (workspace.tree / "inner" / "y").write_text("y")
    assert project.workspaces.collect(workspace).is_empty
    project.assert_untouched()


def test_links_are_kept_as_links_and_never_followed(project, home: Path) -> None:
    (home / "outside").mkdir()
    (home / "outside" / "secret").write_text("secret")
    workspace = project.open()
    tree = workspace.tree
    (tree / "escape").symlink_to("../../../../../etc/passwd")
    (tree / "absolute").symlink_to(home / "outside" / "secret")
    (tree / "loop").symlink_to("loop")
    (tree / "src" / "b.py").unlink()
    (tree / "src").rmdir()
    (tree / "src").symlink_to(home / "outside")
    change = use_everything(project, workspace)
    seen = {file.path: (file.mode, file.target) for file in change.files}
    assert seen == {
        "absolute": (FileMode.SYMLINK, str(home / "outside" / "secret")),
        "escape": (FileMode.SYMLINK, "../../../../../etc/passwd"),
        "loop": (FileMode.SYMLINK, "loop"),
        "src": (FileMode.SYMLINK, str(home / "outside")),
        "src/b.py": (FileMode.ABSENT, ""),
    }
    assert (home / "outside" / "secret").read_text() == "secret"
    project.workspaces.discard_workspace(workspace.key)
    assert (home / "outside" / "secret").read_text() == "secret"
    assert_harmless(project, home)


def test_a_file_that_became_a_link_is_a_change_of_type(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / "a.txt").unlink()
    (workspace.tree / "a.txt").symlink_to("/etc/shadow")
    (workspace.tree / "b.txt").write_text("after\n")
    first, second = use_everything(project, workspace).files
    assert (first.path, first.status, first.target) == ("a.txt", "T", "/etc/shadow")
    assert (second.path, second.added) == ("b.txt", "after")


def test_the_tree_replaced_by_a_link(project, home: Path) -> None:
    workspace = project.open()
    workspace.tree.rename(home / "moved")
    workspace.tree.symlink_to(project.root)
    with pytest.raises(Stale):
        project.workspaces.collect(workspace)
    project.workspaces.discard_workspace(workspace.key, rescue=home / "saved")
    project.assert_untouched()


def test_a_hard_link_is_a_copy_of_its_content(project, home: Path) -> None:
    secret = home / "linked"
    secret.write_text("content\n")
    secret.chmod(0o600)
    workspace = project.open()
    os.link(secret, workspace.tree / "hard")
    assert paths(use_everything(project, workspace)) == {"hard": FileMode.REGULAR}
    project.workspaces.discard_workspace(workspace.key)
    assert (secret.read_text(), secret.stat().st_nlink) == ("content\n", 1)
    assert secret.stat().st_mode & 0o777 == 0o600


def test_pipes_and_sockets_do_not_block(project, home: Path, monkeypatch) -> None:
    workspace = project.open()
    os.mkfifo(workspace.tree / "pipe")
    (workspace.tree / "a.txt").unlink()
    os.mkfifo(workspace.tree / "a.txt")
    for name in (".gitignore", ".gitattributes", ".gitmodules"):
        os.mkfifo(workspace.tree / "src" / name)
    monkeypatch.chdir(workspace.tree)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock")
    (workspace.tree / "new.txt").write_text("new\n")
    assert set(paths(use_everything(project, workspace))) == {"new.txt"}


@pytest.mark.parametrize("name", [".gitignore", "src/.gitattributes"])
def test_rules_for_git_that_would_never_end_are_refused(project, home: Path, name: str) -> None:
    workspace = project.open()
    with (workspace.tree / name).open("wb") as file:
        file.truncate(200_000_000_000)
    with pytest.raises(LoopcoderError, match=f"{name} .*larger than"):
        project.workspaces.collect(workspace)


ODD_NAMES = [
    b"-rf", b"--force", b"new\nline", b"tab\t", b'quo"te', b"back\\slash", b" lead", b"trail ",
    "ünïcødé/日本".encode(), b"\xff\xfe-not-utf8", b":(exclude)a.txt", b"*", b"...", b"..a",
    b"a:b", b"CON", b"nul.txt", b"!neg", b"#hash", b".gitx", b"git", b"refs/heads/main",
    b"x" * 255,
]  # fmt: skip


def test_odd_names_are_taken_as_they_are(project, home: Path) -> None:
    workspace = project.open()
    for name in ODD_NAMES:
        path = workspace.tree / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content of " + name[:20] + b"\n")
    change = use_everything(project, workspace)
    assert set(paths(change)) == {name.decode("utf-8", "replace") for name in ODD_NAMES}
    commit = project.git("rev-parse", "refs/loopcoder/attempts/unit/1")
    fresh = project.workspaces.checkout(commit, "again")
    for name in ODD_NAMES:
        assert (fresh / os.fsdecode(name)).read_bytes() == b"content of " + name[:20] + b"\n"
    assert_harmless(project, home)


DISGUISES = [".GIT", ".Git", "git~1", "GIT~1", ".git.", ".git ", ".git::$INDEX_ALLOCATION",
             ".g\u200cit", "x\\.git", ".git\\x"]  # fmt: skip


@pytest.mark.parametrize("name", DISGUISES)
def test_names_that_another_file_system_takes_for_gits_own(project, home: Path, name: str) -> None:
    assert is_disguise(name.encode())
    workspace = project.open()
    (workspace.tree / "src" / name).mkdir()
    (workspace.tree / "src" / name / "config").write_text("[core]\n\tfsmonitor = x\n")
    (workspace.tree / "a.txt").write_text("changed\n")
    change = use_everything(project, workspace)
    assert paths(change) == {"a.txt": FileMode.REGULAR, f"src/{name}": FileMode.SUBMODULE}


@pytest.mark.parametrize("name", [".gitignore", ".github", "git", "legit", ".git-blame", "git~12"])
def test_ordinary_names_are_no_disguise(name: str) -> None:
    assert not is_disguise(name.encode())


def test_a_linked_gitmodules_is_refused_by_name(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / ".gitmodules").symlink_to("/etc/passwd")
    assert paths(use_everything(project, workspace)) == {".gitmodules": FileMode.SUBMODULE}


def test_names_that_differ_in_case_only_are_two_files(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / "A.TXT").write_text("upper\n")
    assert set(paths(use_everything(project, workspace))) == {"A.TXT"}
    assert (workspace.tree / "a.txt").read_text() == "one\ntwo\n"


def test_a_huge_file_is_named_and_not_taken(project, home: Path) -> None:
    workspace = project.open()
    for name in ("huge", "a.txt"):
        with (workspace.tree / name).open("wb") as file:
            file.truncate(200_000_000_000)  # sparse
    (workspace.tree / "new.txt").write_text("new\n")
    change = project.workspaces.collect(workspace)
    seen = {file.path: (file.status, file.size, file.cut) for file in change.files}
    assert seen == {
        "a.txt": ("M", 200_000_000_000, True),
        "huge": ("A", 200_000_000_000, True),
        "new.txt": ("A", 4, False),
    }
    with pytest.raises(LoopcoderError, match="larger than"):
        project.workspaces.commit(workspace, change, project.draft())


def test_endless_oddities_end_in_an_error_and_not_in_hours(project, home: Path) -> None:
    workspace = project.open()
    for number in range(1001):
        (workspace.tree / f"d{number}").mkdir()
        (workspace.tree / f"d{number}" / ".git").write_text("")
    with pytest.raises(LoopcoderError, match="1001 entries"):
        project.workspaces.collect(workspace)


def test_unreadable_files_and_folders_are_taken(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / "closed").mkdir()
    (workspace.tree / "closed" / "file").write_text("x\n")
    (workspace.tree / "closed" / "file").chmod(0o000)
    (workspace.tree / "closed").chmod(0o000)
    assert set(paths(use_everything(project, workspace))) == {"closed/file"}


def test_executable_bits_and_ten_thousand_files(project, home: Path) -> None:
    workspace = project.open()
    (workspace.tree / "a.txt").chmod(0o755)
    for folder in range(100):
        (workspace.tree / f"many{folder}").mkdir()
        for number in range(100):
            (workspace.tree / f"many{folder}" / f"{number}").write_text(f"{folder} {number}\n")
    change = use_everything(project, workspace)
    assert len(change.files) == 10_001
    assert paths(change)["a.txt"] is FileMode.EXECUTABLE
    assert_harmless(project, home)


@pytest.mark.parametrize("attributes", ["", "* text=auto\n*.bat text eol=crlf\n"])
def test_line_endings_are_the_projects_and_not_the_persons(
    new_project, home: Path, attributes: str
) -> None:
    with (home / ".gitconfig").open("a") as file:
        file.write("[core]\n\tautocrlf = true\n\tsafecrlf = false\n")
    project = new_project()
    project.git("config", "core.autocrlf", "false")
    project.commit({".gitattributes": attributes, "unix": "a\nb\n", "dos.bat": "a\r\nb\r\n"})
    project.git("config", "--unset", "core.autocrlf")
    project.before = project.fingerprint()
    workspace = project.open()
    assert (workspace.tree / "unix").read_bytes() == b"a\nb\n"
    assert (workspace.tree / "dos.bat").read_bytes() == b"a\r\nb\r\n"
    assert use_everything(project, workspace).is_empty
    (workspace.tree / "dos.bat").write_bytes(b"a\r\nB\r\n")
    change = use_everything(project, workspace)
    assert set(paths(change)) == {"dos.bat"}
    commit = project.git("rev-parse", "refs/loopcoder/attempts/unit/1")
    fresh = project.workspaces.checkout(commit, "verify")
    assert (fresh / "dos.bat").read_bytes() == b"a\r\nB\r\n"

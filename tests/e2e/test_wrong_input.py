"""Whatever the place, the roadmap or the machine is like: a sentence and the right exit code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import crashing
from tests.support.footprint import footprint
from tests.support.project import Project, writes

STORE = "- [ ] Store <!-- id: store -->\n"
VERBS = ("plan", "compile", "tick", "status", "run")
Expected = dict[str, int]


@dataclass(frozen=True)
class Said:
    """How a command ended, and all that it printed."""

    code: int
    text: str


def call(project: Project, *args: str) -> Said:
    """A command in a process of its own that starts fast: there are many of them here."""
    log = project.folder / "said.log"
    log.unlink(missing_ok=True)
    code, _ = crashing.run(project.root, args, {**project.environment, "CRASH_LOG": str(log)})
    text = log.read_text()
    assert "internal error" not in text, text
    assert "Traceback" not in text, text
    return Said(code, text)


def expect(project: Project, codes: Expected, words: str) -> None:
    """Every verb ends with its code; the ones that fail say why, and change nothing."""
    before = footprint(project.root)
    for verb, code in codes.items():
        done = call(project, verb)
        assert done.code == code, (verb, done)
        if code:
            assert re.search(words, done.text), (verb, done)
    assert footprint(project.root) == before


WRONG_ROADMAPS = [
    (
        "cycle",
        "- [ ] A (after: b) <!-- id: a -->\n- [ ] B (after: a) <!-- id: b -->\n",
        r"ROADMAP.md:\d.*wait for each other: a → b → a",
    ),
    (
        "duplicate id",
        "- [ ] A <!-- id: a -->\n- [ ] B <!-- id: a -->\n",
        r"ROADMAP.md:2",
    ),
    (
        "unknown reference",
        "- [ ] Store <!-- id: store -->\n- [ ] B (after: stroe) <!-- id: b -->\n",
        r"did you mean store\?",
    ),
    ("itself", "- [ ] A (after: a) <!-- id: a -->\n", r"ROADMAP.md:1"),
    ("empty box", "- [] A\n- [ ] <!-- id: b -->\n", r"ROADMAP.md:\d"),
]


@pytest.mark.parametrize(
    ("roadmap", "words"), [row[1:] for row in WRONG_ROADMAPS], ids=[r[0] for r in WRONG_ROADMAPS]
)
def test_a_roadmap_with_errors(project: Project, roadmap: str, words: str) -> None:
    project.begin(roadmap)
    expect(project, {"plan": 2, "compile": 2, "tick": 2, "run": 2}, words)
    assert call(project, "status").code == 0
    assert project.json("issue", "list")["issues"] == []


@pytest.mark.parametrize("text", ["", "# Plans\n\nNothing yet.\n", "\ufeff", "\n\n"])
def test_an_empty_roadmap_is_nothing_to_do(project: Project, text: str) -> None:
    project.begin(text)
    expect(project, dict.fromkeys(VERBS, 0), "")
    assert "no units" in project.run("status").stdout


def test_no_roadmap(project: Project) -> None:
    project.begin(STORE)
    project.git("rm", "-q", "ROADMAP.md")
    project.git("commit", "-q", "-m", "Remove")
    expect(project, dict.fromkeys(("plan", "compile", "tick", "run"), 2), r"ROADMAP\.md")


def test_a_roadmap_that_is_no_text(project: Project) -> None:
    project.begin(STORE)
    (project.root / "ROADMAP.md").write_bytes(b"- [ ] caf\xe9 <!-- id: cafe -->\n")
    project.commit("Latin")
    expect(project, dict.fromkeys(("plan", "compile", "tick", "run"), 2), r"ROADMAP\.md:1.*UTF-8")


WRONG_CONFIGS = [
    ("broken YAML", "base: [main\n", r"loopcoder\.yml:1"),
    ("unknown key", "version: 1\nsandbx: off\n", r"did you mean `sandbox`\?"),
    ("wrong type", "version: 1\njobs: many\n", r"jobs"),
    ("a list", "- version: 1\n", r"loopcoder\.yml"),
    ("no base", "version: 1\nbase: trunk\n", r"no branch trunk"),
]


@pytest.mark.parametrize(
    ("text", "words"), [row[1:] for row in WRONG_CONFIGS], ids=[row[0] for row in WRONG_CONFIGS]
)
def test_a_configuration_with_errors(project: Project, text: str, words: str) -> None:
    project.begin(STORE)
    project.write({"loopcoder.yml": text})
    project.commit("Break")
    verbs = [
        verb for verb in VERBS if words != r"no branch trunk" or verb not in ("plan", "compile")
    ]
    expect(project, dict.fromkeys(verbs, 2), words)


def test_a_configuration_that_only_the_working_tree_has(project: Project) -> None:
    project.begin(STORE)
    project.git("rm", "-q", "--cached", "loopcoder.yml")
    project.git("commit", "-q", "-m", "Forget")
    expect(project, {"tick": 2, "run": 2}, "not committed")


# --- places


def elsewhere(project: Project, folder: Path, *verbs: str) -> None:
    """Every verb works when called from this folder."""
    for verb in verbs:
        done = call(project, "-C", str(folder), verb)
        assert done.code == 0, (verb, done)


def begin_store(project: Project) -> Project:
    return project.begin(STORE, work={"store": [writes(store="kept")]})


def test_from_a_folder_deep_inside(project: Project) -> None:
    begin_store(project)
    folder = project.root / "deep" / "inside"
    folder.mkdir(parents=True)
    elsewhere(project, folder, "plan", "compile", "tick", "status")
    assert list(project.pulls()) == ["store"]


def test_a_path_with_spaces_and_letters_of_every_kind(tmp_path: Path) -> None:
    project = begin_store(Project(tmp_path / "mein Projekt 'ü' \"語\" $HOME ;-\u0301"))
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    project.merge_all()
    assert (project.root / "store.txt").read_text() == "kept"


def test_a_detached_head_and_a_dirty_tree(project: Project) -> None:
    begin_store(project)
    project.git("checkout", "-q", "--detach")
    project.write({"draft.md": "unsaved", "check.sh": "exit 1"})
    project.git("add", "draft.md")
    before = footprint(project.root)
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    assert footprint(project.root) == before


def test_a_worktree(project: Project) -> None:
    begin_store(project)
    side = project.folder / "side"
    project.git("worktree", "add", "-q", str(side), "-b", "mine")
    elsewhere(project, side, "plan", "compile", "tick", "status")
    assert list(project.pulls()) == ["store"]
    assert sorted(p.name for p in side.iterdir()) == [
        ".git",
        "ROADMAP.md",
        "check.sh",
        "loopcoder.yml",
    ]


def test_a_submodule(project: Project) -> None:
    begin_store(project)
    other = project.folder / "library"
    shutil.copytree(project.root, other)
    quiet = ("-c", "protocol.file.allow=always")
    project.git(*quiet, "submodule", "--quiet", "add", str(other), "library")
    project.commit("Add a library")
    before = footprint(project.root)
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    assert footprint(project.root) == before
    names = project.git("diff", "--name-only", "main...loopcoder/store")
    assert names == "store.txt"


def test_a_bare_repository(project: Project) -> None:
    begin_store(project)
    bare = project.folder / "bare.git"
    project.git("clone", "-q", "--bare", ".", str(bare))
    for verb in VERBS:
        done = call(project, "-C", str(bare), verb)
        assert done.code == 2, (verb, done)
        assert "bare" in done.text


def test_a_repository_without_a_commit(project: Project) -> None:
    project.root.mkdir(parents=True)
    project.git("init", "-q", "-b", "main")
    for verb in VERBS:
        done = call(project, verb)
        assert done.code == 2, (verb, done)
        assert re.search("no commit|loopcoder.yml|ROADMAP.md", done.text)


def test_no_repository(project: Project) -> None:
    project.root.mkdir(parents=True)
    for verb in VERBS:
        done = call(project, verb)
        assert done.code == 2, (verb, done)
        assert "git" in done.text


# --- machines


def as_nobody(argv: list[str]) -> list[str]:
    """The command without the rights that let root write anywhere."""
    if os.geteuid() != 0:
        return argv
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root writes everywhere, and there is no setpriv")
    drop = "-dac_override,-dac_read_search,-fowner"
    return [setpriv, f"--bounding-set={drop}", f"--inh-caps={drop}", *argv]


@pytest.fixture
def locked() -> Iterator[Callable[[Path], None]]:
    """Takes the right to write away from a folder until the test is over."""
    folders = []

    def lock(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o500)
        folders.append(folder)

    yield lock
    for folder in folders:
        folder.chmod(0o700)


@pytest.mark.parametrize("place", ["state", "cache"])
def test_a_folder_that_cannot_be_written(
    project: Project, locked: Callable[[Path], None], place: str
) -> None:
    begin_store(project)
    locked(project.state if place == "state" else project.folder / "cache")
    for verb in ("tick", "run") if place == "cache" else ("compile", "tick", "run"):
        done = subprocess.run(
            as_nobody([sys.executable, "-m", "loopcoder", verb]),
            cwd=project.root,
            env=project.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1, (verb, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        assert "internal error" not in done.stderr, done.stderr
        assert re.search("writ", done.stderr), done.stderr
    assert project.pulls() == {} if place == "cache" else True


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount one")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 60_000, 300_000])
def test_a_full_disk(project: Project, small_disk: Path, free: int) -> None:
    begin_store(project)
    project.run("compile")
    moved = small_disk / "project"
    shutil.copytree(project.root, moved, symlinks=True)
    stuffing = small_disk / "stuffing"
    room = shutil.disk_usage(small_disk).free - free
    stuffing.write_bytes(b"x" * max(room, 0))
    before = footprint(moved)
    for verb in ("compile", "tick", "status"):
        done = call(project, "-C", str(moved), verb)
        assert done.code in (0, 1), (verb, done)
    assert footprint(moved) == before
    stuffing.unlink()
    for _ in range(2):
        done = call(project, "-C", str(moved), "tick")
        assert done.code == 0, done.text
    listed = call(project, "-C", str(moved), "pr", "list").text
    assert listed.count("loopcoder/store") == 1

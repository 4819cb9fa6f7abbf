"""Whatever a tree holds, collecting, committing and checking out gives it back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAME = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12
).filter(lambda name: name not in (".", "..") and "git" not in name.casefold())
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join).filter(lambda p: len(p.encode()) < 200)
CONTENT = st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8"))
ENTRY = st.tuples(st.sampled_from(["file", "script", "link"]), CONTENT)


def write(tree: Path, entries: dict[str, tuple[str, bytes]]) -> None:
    for name, (kind, content) in entries.items():
        path = tree / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "link":
                path.symlink_to("to/" + content.hex()[:40])
            else:
                path.write_bytes(content)
                path.chmod(0o755 if kind == "script" else 0o644)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue  # a file where a folder is: this tree has only one of them


def picture(tree: Path) -> dict[str, object]:
    seen: dict[str, object] = {}
    for path in tree.rglob("*"):
        name = str(path.relative_to(tree))
        if name.split("/")[0] == ".git":
            continue
        if path.is_symlink():
            seen[name] = path.readlink()
        elif path.is_file():
            seen[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return seen


@settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(entries=st.dictionaries(PATH, ENTRY, max_size=8), keep=st.booleans())
def test_what_was_there_is_there_again(project, entries, keep: bool) -> None:
    spaces = project.workspaces
    workspace = project.open()
    if not keep:
        (workspace.tree / "a.txt").unlink()
        (workspace.tree / ".gitignore").unlink()
    write(workspace.tree, entries)
    change = spaces.collect(workspace)
    assert spaces.collect(workspace) == change
    commit = spaces.commit(workspace, change, project.draft())
    fresh = spaces.checkout(commit, "again")
    ignored = [n for n in picture(workspace.tree) if keep and (".log" in n or n.startswith("out"))]
    expected = {n: v for n, v in picture(workspace.tree).items() if n not in ignored}
    assert {n: v for n, v in picture(fresh).items() if n not in ignored} == expected
    # and the patch says the same as the commit
    plain = spaces.checkout(workspace.start, "patched")
    patch = spaces.patch(workspace.start, commit)
    if patch:
        subprocess.run(["git", "apply", "--binary", "-"], cwd=plain, input=patch, check=True)
    assert picture(plain) == picture(fresh)
    for path in (fresh, plain):
        spaces.discard(path)
    spaces.discard_workspace(workspace.key)
    shutil.rmtree(project.root / ".git" / "loopcoder", ignore_errors=True)

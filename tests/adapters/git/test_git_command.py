"""Running git: what it is started with, and what no folder can make it start."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopcoder.adapters.git.command import Git, GitError
from loopcoder.domain.diagnostic import LoopcoderError, Unavailable


@pytest.fixture
def git(tmp_path: Path) -> Git:
    folder = tmp_path / "a repository with spaces é"
    folder.mkdir()
    git = Git(folder)
    git.run("init", "-q", "-b", "main")
    return git


def test_text_is_stripped_and_stdout_is_bytes(git: Git) -> None:
    stored = git.run("hash-object", "-w", "--stdin", input=b"\xff\n").stdout
    assert git.run("cat-file", "blob", stored.decode().strip()).stdout == b"\xff\n"
    assert git.text("symbolic-ref", "HEAD") == "refs/heads/main"


def test_failure_speaks_in_git_own_words(git: Git) -> None:
    with pytest.raises(GitError, match=r"git show failed: fatal: .*nope") as caught:
        git.run("show", "nope")
    assert caught.value.code == 128
    assert isinstance(caught.value, LoopcoderError)
    assert git.run("rev-parse", "--verify", "nope", check=False).code == 128
    assert not git.succeeds("rev-parse", "--verify", "-q", "nope")


def test_missing_folder_and_missing_git_are_told_apart(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GitError, match="does not exist"):
        Git(tmp_path / "gone").run("version")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="git was not found"):
        git.run("version")
    with pytest.raises(Unavailable, match="git was not found"):
        list(git.stream("version"))


@pytest.mark.parametrize("trusted", [False, True])
def test_nothing_named_git_is_inherited(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "touch /nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "mallory")
    again = Git(git.directory, trusted=trusted)
    assert again.text("rev-parse", "--absolute-git-dir") == str(git.directory / ".git")
    assert "GIT_EXTERNAL_DIFF" not in again.environment()
    assert again.run("config", "user.name", check=False).stdout != b"mallory\n"


def test_a_person_configuration_counts_only_where_trusted(
    git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Ana\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    assert Git(git.directory, trusted=True).text("config", "user.name") == "Ana"
    assert git.run("config", "user.name", check=False).stdout == b""
    assert "AWS_SECRET_ACCESS_KEY" not in git.environment()
    assert "HOME" not in git.environment()


def test_hooks_and_fsmonitor_never_run_even_where_trusted(git: Git, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n")
    trap.chmod(0o755)
    hooks = git.directory / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("pre-commit", "post-commit", "post-checkout", "post-index-change"):
        (hooks / hook).symlink_to(trap)
    git.run("config", "core.fsmonitor", str(trap))
    git.run("config", "core.editor", str(trap))
    (git.directory / "a").write_text("a")
    person = ["-c", "user.name=A", "-c", "user.email=a@b"]
    for one in (git, Git(git.directory, trusted=True)):
        one.run("add", "-A")
        one.run(*person, "commit", "-q", "--allow-empty", "--amend", "-m", "x", check=False)
        one.run(*person, "commit", "-q", "--allow-empty", "-m", "x")
        one.run("checkout", "-q", "--detach")
        one.run("status")
    assert not (tmp_path / "sprung").exists()


def test_ext_remotes_are_refused(git: Git, tmp_path: Path) -> None:
    for trusted in (False, True):
        with pytest.raises(GitError, match="not allowed"):
            Git(git.directory, trusted=trusted).run(
                "ls-remote", f"ext::sh -c 'touch {tmp_path}/sprung'"
            )
    assert not (tmp_path / "sprung").exists()


def test_stream_yields_everything_and_reports_failure(git: Git) -> None:
    content = b"0123456789" * 50_000
    name = git.run("hash-object", "-w", "--stdin", input=content).stdout.decode().strip()
    assert b"".join(git.stream("cat-file", "blob", name)) == content
    for _ in git.stream("cat-file", "blob", name):
        break  # leaving early neither hangs nor raises
    with pytest.raises(GitError, match="git cat-file failed"):
        list(git.stream("cat-file", "blob", "0" * 40))


def test_timeout_is_an_error_with_a_figure(git: Git) -> None:
    with pytest.raises(GitError, match=r"did not end within 0\.2 seconds"):
        git.run("-c", "alias.nap=!sleep 5", "nap", timeout=0.2)

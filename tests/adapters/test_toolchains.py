"""Which folders of the person's tools a sandbox shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopcoder.adapters.sandbox.toolchains import find_toolchains


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "ana"
    for secret in (".ssh/id", ".aws/credentials", ".config/gh/hosts.yml"):
        (folder / secret).parent.mkdir(parents=True)
        (folder / secret).write_text("secret")
    return folder


def program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_system_folders_need_nothing(home: Path) -> None:
    found = find_toolchains("/usr/bin:/bin", home)
    assert found.read_only == ()
    assert found.path == "/usr/bin:/bin:/usr/local/bin"


def test_an_installation_is_shown_whole(home: Path) -> None:
    node = home / ".nvm" / "versions" / "node" / "v22"
    program(node / "bin" / "node")
    (node / "lib").mkdir()
    found = find_toolchains(f"{node}/bin:/usr/bin", home)
    assert found.read_only == (node,)
    assert found.path.startswith(f"{node}/bin:/usr/bin")


def test_a_virtual_environment_brings_its_interpreter(home: Path) -> None:
    base = home / ".local" / "share" / "uv" / "python" / "cpython-3.12"
    program(base / "bin" / "python3.12")
    (base / "lib").mkdir()
    venv = home / "project" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(base / "bin" / "python3.12")
    (venv / "pyvenv.cfg").write_text(f"home = {base}/bin\n")
    found = find_toolchains(f"{venv}/bin", home, hidden=[home / "project"])
    assert set(found.read_only) == {venv, base}


@pytest.mark.parametrize("folder", [".local/bin", "bin"])
def test_beside_the_persons_files_only_the_programs_are_shown(home: Path, folder: str) -> None:
    (home / ".local" / "lib").mkdir(parents=True)
    (home / "lib").mkdir()
    program(home / folder / "tool")
    assert find_toolchains(f"{home}/{folder}", home).read_only == (home / folder,)


def test_links_and_first_lines_are_followed(home: Path) -> None:
    venv = home / ".local" / "share" / "pipx" / "venvs" / "black"
    program(venv / "bin" / "black")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    other = home / "envs" / "lint"
    program(other / "bin" / "python")
    (other / "pyvenv.cfg").write_text("home = /usr/bin\n")
    package = home / ".local" / "lib" / "node_modules" / "agent"
    program(package / "cli.js")
    single = program(home / ".local" / "share" / "agent" / "versions" / "1.2")
    folder = home / ".local" / "bin"
    folder.mkdir(parents=True)
    (folder / "black").symlink_to(venv / "bin" / "black")
    (folder / "agent").symlink_to(package / "cli.js")
    (folder / "one").symlink_to(single)
    (folder / "dangling").symlink_to(home / "nowhere")
    (folder / "keys").symlink_to(home / ".ssh" / "id")
    program(folder / "lint", f"#!{other}/bin/python\n")
    shown = set(find_toolchains(str(folder), home).read_only)
    assert shown == {folder, venv, other, package.parent, single}


def test_a_repository_on_path_shows_its_programs_only(home: Path) -> None:
    project = home / "project"
    program(project / "bin" / "run")
    (project / "lib").mkdir()
    (project / ".git").mkdir()
    assert find_toolchains(f"{project}/bin", home).read_only == (project / "bin",)
    assert find_toolchains(f"{project}/bin", home, [project]).read_only == (project / "bin",)


@pytest.mark.parametrize("entry", ["", ".", "bin", "{home}", "{home}/.ssh", "{home}/missing", "/"])
def test_broad_relative_and_secret_entries_are_dropped(home: Path, entry: str) -> None:
    program(home / ".ssh" / "tool")
    program(home / "tool")
    found = find_toolchains(f"{entry.format(home=home)}:/usr/bin", home)
    assert found.read_only == ()
    assert found.path == "/usr/bin:/usr/local/bin:/bin"


def test_tools_that_look_below_home_are_told_where_it_was(home: Path) -> None:
    program(home / ".cargo" / "bin" / "cargo")
    (home / ".cargo" / "credentials.toml").write_text("token")
    (home / ".rustup").mkdir()
    found = find_toolchains(f"{home}/.cargo/bin", home)
    assert found.env == {"RUSTUP_HOME": str(home / ".rustup")}
    assert set(found.read_only) == {home / ".cargo" / "bin", home / ".rustup"}


def test_password_files_inside_a_tool_are_masked(home: Path) -> None:
    prefix = home / ".npm-global"
    program(prefix / "bin" / "agent")
    (prefix / "lib").mkdir()
    (prefix / "etc").mkdir()
    (prefix / "etc" / "npmrc").write_text("//registry/:_authToken=x")
    found = find_toolchains(f"{prefix}/bin", home)
    assert found.read_only == (prefix,)
    assert found.masked == (prefix / "etc" / "npmrc",)

"""Which installed tools a sandboxed program may read, found from PATH, and nothing beyond them.

Interpreters and tools often live in the person's home, next to their keys. For every folder on
PATH that is not part of the system, the smallest folder that makes its programs work is named.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_ROOTS = "usr bin sbin lib lib32 lib64 libx32 opt etc nix gnu snap"
SYSTEM = tuple(Path("/") / name for name in _ROOTS.split())

# Never shown, wherever they turn up on the way to a tool.
SECRET_NAMES = frozenset(
    {".ssh", ".aws", ".azure", ".gnupg", ".docker", ".kube", ".netrc", ".password-store"}
    | {".claude", ".codex", ".gemini", ".copilot", ".git-credentials", "gcloud", "gh", "keyrings"}
)
# Files at the top of a tool's folder which may hold a registry's password.
SECRET_FILES = (
    "pip.conf",
    "pip.ini",
    ".npmrc",
    "etc/npmrc",
    ".pypirc",
    ".netrc",
    ".env",
    "credentials",
    "credentials.toml",
    "config.toml",
    "auth.json",
)

# Tools that look for their data below HOME, which is another one in the sandbox.
_DATA_FOLDERS = (
    (".cargo/bin", ".rustup", "RUSTUP_HOME"),
    (".pyenv", ".pyenv", "PYENV_ROOT"),
    (".rbenv", ".rbenv", "RBENV_ROOT"),
    (".asdf", ".asdf", "ASDF_DATA_DIR"),
    (".volta", ".volta", "VOLTA_HOME"),
    (".local/share/mise", ".local/share/mise", "MISE_DATA_DIR"),
)
_PARTS = ("lib", "libexec", "installs", "versions", "conda-meta", "pyvenv.cfg")
_BINARY_FOLDERS = ("bin", "shims", "sbin", "libexec")


@dataclass(frozen=True, slots=True)
class Toolchains:
    """`read_only` are the folders and files to show, `env` what their tools need to be told,
    `path` the PATH that is left, `masked` files inside them to keep out of sight."""

    read_only: tuple[Path, ...]
    path: str
    env: Mapping[str, str] = field(default_factory=dict)
    masked: tuple[Path, ...] = ()


def find_toolchains(path: str, home: Path, hidden: Sequence[Path] = ()) -> Toolchains:
    """The tools on a PATH. Nothing at or above `home` or a `hidden` folder is named."""
    search = _Search(home, tuple(hidden))
    kept = [entry for entry in path.split(os.pathsep) if search.offer_folder(entry)]
    env = {}
    for tool, data, variable in _DATA_FOLDERS:
        uses = any(Path(entry).is_relative_to(home / tool) for entry in kept)
        if uses and search.offer(home / data):
            env[variable] = str(home / data)
    for entry in ("/usr/local/bin", "/usr/bin", "/bin"):
        if entry not in kept:
            kept.append(entry)
    shown = search.shown()
    masked = [folder / name for folder in shown for name in SECRET_FILES]
    return Toolchains(
        shown, os.pathsep.join(dict.fromkeys(kept)), env, tuple(p for p in masked if p.is_file())
    )


def is_system(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in SYSTEM)


def has_secret_name(path: Path) -> bool:
    return not SECRET_NAMES.isdisjoint(path.parts)


class _Search:
    def __init__(self, home: Path, hidden: tuple[Path, ...]) -> None:
        self._home = home
        self._walls = (home, home / ".local", home / ".config", home / ".cache", *hidden)
        self._found: dict[Path, None] = {}

    def shown(self) -> tuple[Path, ...]:
        """What was found, without what lies inside something else that was found."""
        return tuple(
            path
            for path in self._found
            if not any(other != path and path.is_relative_to(other) for other in self._found)
        )

    def offer_folder(self, entry: str) -> bool:
        """Take in a folder of PATH; whether its programs will be visible."""
        folder = Path(entry)
        if not folder.is_absolute() or not folder.is_dir():
            return False
        if is_system(folder):
            self._follow(folder.resolve(), is_system_folder=True)
            return True
        return self._take(folder)

    def offer(self, path: Path) -> bool:
        """Take in one file or folder, unless it is too broad or may hold secrets."""
        if is_system(path) or not path.exists():
            return is_system(path)
        if has_secret_name(path) or self._is_broad(path):
            return False
        self._found[path] = None
        with contextlib.suppress(OSError):
            if (real := path.resolve()) != path and not is_system(real):
                return self.offer(real)
        return True

    def _is_broad(self, path: Path) -> bool:
        return len(path.parts) < 3 or any(wall.is_relative_to(path) for wall in self._walls)

    def _take(self, folder: Path) -> bool:
        prefix = self._prefix_of(folder)
        if prefix is not None and prefix in self._found:
            return True
        if prefix is not None and self.offer(prefix):
            self._follow_venv(prefix)
            self._follow(folder)
            return True
        known = folder in self._found
        if known or not self.offer(folder):
            return known
        self._follow(folder)
        return True

    def _prefix_of(self, folder: Path) -> Path | None:
        """The tool's own folder above its `bin`, when there is one that is no more than that."""
        parent = folder.parent
        if folder.name not in _BINARY_FOLDERS or not any(
            (parent / part).exists() for part in _PARTS
        ):
            return None
        is_project = (parent / ".git").exists() and not parent.name.startswith(".")
        return None if is_project or self._is_broad(parent) else parent

    def _follow_venv(self, prefix: Path) -> None:
        """A virtual environment's interpreter belongs to another installation."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            for line in (prefix / "pyvenv.cfg").read_text("utf-8").splitlines():
                key, _, value = line.partition("=")
                if key.strip() == "home":
                    self.offer_folder(value.strip())

    def _follow(self, folder: Path, *, is_system_folder: bool = False) -> None:
        """Take in what the folder's links lead to, and the interpreters its scripts name."""
        for target in _targets(folder, read_scripts=not is_system_folder):
            if is_system(target) or has_secret_name(target):
                continue
            if any(target.is_relative_to(found) for found in self._found):
                continue
            self._take_file(target)

    def _take_file(self, target: Path) -> None:
        if "node_modules" in target.parts:
            depth = target.parts.index("node_modules") + 1
            self.offer(Path(*target.parts[:depth]))
        elif self._prefix_of(target.parent) is not None:
            self._take(target.parent)
        else:
            self.offer(target)


def _targets(folder: Path, *, read_scripts: bool) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError, RuntimeError):
                path = Path(entry.path)
                if entry.is_symlink():
                    yield path.resolve(strict=True)
                elif read_scripts and entry.is_file():
                    yield from _interpreter(path)


def _interpreter(script: Path) -> Iterator[Path]:
    with script.open("rb") as file:
        first = file.readline(256)
    if first.startswith(b"#!/"):
        words = first[2:].split()
        named = Path(os.fsdecode(words[0]))
        if named.is_file():
            yield named
            yield named.resolve()

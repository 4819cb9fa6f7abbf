"""What a folder and a machine offer: how its tests are run, and which agents are installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

_LARGEST = 1_000_000
_VERSION_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Suite:
    """A command that runs tests, what it was concluded from, and what must run before it."""

    command: str
    because: str
    setup: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent's program on PATH; `version` is empty when it did not say. `has_key`: a variable
    that opens its model is set, one of those in `keys`."""

    name: str
    version: str
    kind: str = ""
    keys: tuple[str, ...] = ()
    has_key: bool = False


def find_suites(root: Path, path: str) -> list[Suite]:
    """The test commands of a project, one a language; a Makefile's only when nothing else is.

    `path` is where programs are looked for.
    """
    found = [suite for find in (_python, _node, *_MARKED) if (suite := find(root))]
    if not found:
        found = [suite for find in (_make, _unittest) if (suite := find(root))][:1]
    if shutil.which("python", path=path) is None and shutil.which("python3", path=path):
        found = [replace(each, command=_python3(each.command)) for each in found]
    return found


def _python3(command: str) -> str:
    return re.sub(r"^python(?= )", "python3", command)


def _python(root: Path) -> Suite | None:
    for name, pattern in (
        ("pyproject.toml", r"pytest"),
        ("pytest.ini", r""),
        ("tox.ini", r"\[pytest\]|pytest"),
        ("setup.cfg", r"\[tool:pytest\]|pytest"),
        ("requirements-dev.txt", r"(?m)^pytest"),
        ("conftest.py", r""),
        ("tests/conftest.py", r""),
    ):
        text = _text(root / name)
        if text is not None and re.search(pattern, text):
            return Suite("python -m pytest -q", f"found {name}")
    return None


def _unittest(root: Path) -> Suite | None:
    for folder in ("tests", "test", "."):
        files = sorted((root / folder).glob("test*.py"))
        # Plain functions are tests to pytest alone; unittest would run none, and call that a pass.
        if any(re.search(r"(?m)^(async )?def test_", _text(file) or "") for file in files):
            return Suite("python -m pytest -q", f"found {folder}/test*.py")
        if files:
            return Suite(f"python -m unittest discover -s {folder}", f"found {folder}/test*.py")
    return None


def _node(root: Path) -> Suite | None:
    try:
        manifest = json.loads(_text(root / "package.json") or "{}")
        script = str(manifest["scripts"]["test"])
    except (ValueError, LookupError, TypeError):
        return None
    if "no test specified" in script:
        return None
    for lock, command, setup in (
        ("pnpm-lock.yaml", "pnpm test", "pnpm install --frozen-lockfile"),
        ("yarn.lock", "yarn test", "yarn install --immutable"),
        ("package-lock.json", "npm test", "npm ci"),
    ):
        if (root / lock).is_file():
            return Suite(command, "found package.json", setup)
    needs = manifest.get("dependencies") or manifest.get("devDependencies")
    return Suite("npm test", "found package.json", "npm install" if needs else "")


def _make(root: Path) -> Suite | None:
    for name in ("Makefile", "makefile", "GNUmakefile"):
        text = _text(root / name) or ""
        for target in ("test", "check"):
            if re.search(rf"(?m)^{target}\s*:(?!=)", text):
                return Suite(f"make {target}", f"found {name}")
    return None


@dataclass(frozen=True, slots=True)
class _Marked:
    """A language whose tests are run the same way wherever a certain file stands."""

    file: str
    command: str

    def __call__(self, root: Path) -> Suite | None:
        found = (root / self.file).is_file()
        return Suite(self.command, f"found {self.file}") if found else None


_MARKED = (
    _Marked("Cargo.toml", "cargo test --quiet"),
    _Marked("go.mod", "go test ./..."),
    _Marked("mix.exs", "mix test"),
    _Marked(".rspec", "bundle exec rspec"),
    _Marked("pom.xml", "mvn -q test"),
    _Marked("gradlew", "./gradlew test"),
    _Marked("deno.json", "deno test"),
)


def find_agents(environ: Mapping[str, str], kinds: Collection[str] | None = None) -> list[Agent]:
    """The agents that are installed, of these kinds or of all, asked for their version."""
    from loopcoder.adapters.agents.preset import presets

    return [
        Agent(
            preset.program,
            _version(program),
            preset.kind,
            preset.variables.keys,
            any(environ.get(name) for name in preset.variables.keys),
        )
        for preset in presets().values()
        if kinds is None or preset.kind in kinds
        if (program := shutil.which(preset.program, path=environ.get("PATH", ""))) is not None
    ]


def _version(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "--version"],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_VERSION_WAIT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"\d+(?:\.\d+)+", done.stdout)
    return found[0] if found else ""


def find_roadmap(root: Path) -> str | None:
    """The roadmap that is already there, if one is."""
    for folder in (root, root / "docs", root / ".github"):
        for path in _entries(folder):
            if path.name.lower() == "roadmap.md" and path.is_file():
                return path.relative_to(root).as_posix()
    return None


def missing_tools(commands: Sequence[str], root: Path, path: str) -> list[str]:
    """First words of command lines that are neither on PATH nor in the repository."""
    words = dict.fromkeys(word for line in commands if (word := _program(line)))
    return [word for word in words if not _exists(word, root, path)]


_SHELL_WORDS = frozenset({"if", "for", "while", "until", "case", "test", "true", "false", "cd"})
_SHELL_WORDS |= {"set", "export", "exec", "eval", "time", "echo", "printf", ".", ":", "source"}
_SHELL_WORDS |= {"command", "trap", "umask", "ulimit", "unset", "wait", "exit", "pwd", "kill"}


def _program(line: str) -> str:
    """The program a shell line starts; empty where only a shell could tell."""
    for word in line.split():
        if re.fullmatch(r"[A-Za-z_]\w*=\S*", word):
            continue
        plain = re.fullmatch(r"[\w./+@-]+", word)
        return word if plain and word not in _SHELL_WORDS else ""
    return ""


def _exists(word: str, root: Path, path: str) -> bool:
    if "/" in word:
        return (root / word).is_file()
    return shutil.which(word, path=path) is not None


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None

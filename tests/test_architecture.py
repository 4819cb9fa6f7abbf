"""The rooms of the house, and the direction of every import between them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "loopcoder"
ARROWS: dict[str, set[str]] = {
    "domain": set(),
    "ports": {"domain"},
    "engine": {"domain", "ports"},
    "adapters": {"domain", "ports"},
    "entrypoints": {"domain", "ports", "engine", "adapters"},
}
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE
}
MAY_READ_ENVIRONMENT = {
    "adapters/agents/scripted_agent.py",  # is a program of its own, run as an agent
    "adapters/git/command.py",  # hands on what git needs, such as PATH
    "adapters/local/attempt_guard.py",  # asks whether we run inside an attempt
    "adapters/sandbox/choice.py",  # the home to hide, where nobody names one
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.path.expanduser", "Path.home"}
WORLD = {"os", "subprocess", "socket", "sqlite3", "shutil", "tempfile", "time", "random", "secrets"}
CLOCK = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}
NOT_NOUNS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def room(name: str) -> str:
    return name.split("/")[0]


def imports(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def dotted(tree: ast.AST) -> set[str]:
    """Every `a.b` and `a.b.c` that is written in the module."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_no_import_runs_against_the_arrows() -> None:
    wrong = [
        (name, imported)
        for name, tree in TREES.items()
        for imported in imports(tree)
        if imported.startswith((".", "loopcoder."))
        and imported.split(".")[1] not in ARROWS[room(name)] | {room(name)}
    ]
    assert wrong == []
    assert {room(name) for name in TREES} == set(ARROWS)


def test_the_inner_rooms_need_the_standard_library_only() -> None:
    inner = {name: tree for name, tree in TREES.items() if room(name) in {"domain", "ports"}}
    foreign = {
        (name, imported)
        for name, tree in inner.items()
        for imported in imports(tree)
        if imported.split(".")[0] not in sys.stdlib_module_names | {"loopcoder"}
    }
    allowed = {("domain/markdown.py", "markdown_it"), ("domain/markdown.py", "markdown_it.token")}
    assert foreign <= allowed


def test_the_domain_touches_neither_the_world_nor_the_clock() -> None:
    wrong = [
        (name, found)
        for name, tree in TREES.items()
        if room(name) == "domain"
        for found in (WORLD & imports(tree)) | (CLOCK & dotted(tree))
    ]
    assert wrong == []


def test_nothing_inside_asks_where_issues_live() -> None:
    """Which adapters were chosen is known where they are, and settled in the configuration."""
    asking = [
        (name, ast.unparse(node))
        for name, tree in TREES.items()
        if room(name) in {"domain", "ports", "engine"}
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("settings.tracker")
    ]
    assert asking == []


def test_nothing_below_the_entry_points_reads_the_environment() -> None:
    reading = {
        name
        for name, tree in TREES.items()
        if room(name) != "entrypoints" and ENVIRONMENT & dotted(tree)
    }
    assert reading == MAY_READ_ENVIRONMENT


def test_the_code_host_has_no_verb_to_merge_or_approve() -> None:
    functions = ast.walk(TREES["ports/code_host.py"])
    verbs = {node.name for node in functions if isinstance(node, ast.FunctionDef)}
    assert "create_pull" in verbs
    assert not [verb for verb in verbs if any(w in verb for w in ("merge", "approve", "ready"))]


def test_packages_have_no_bodies() -> None:
    kinds = (ast.Expr, ast.Assign, ast.ImportFrom)
    inits = [tree for name, tree in TREES.items() if name.endswith("__init__.py")]
    assert all(isinstance(node, kinds) for tree in inits for node in tree.body)


def test_every_module_is_a_noun_and_says_which() -> None:
    nameless = [name for name in TREES if NOT_NOUNS & set(Path(name).stem.split("_"))]
    silent = [name for name, tree in TREES.items() if not ast.get_docstring(tree)]
    assert (nameless, silent) == ([], [])


def test_every_test_module_asserts_something() -> None:
    idle = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        tests = [n for n in nodes if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
        if not tests or not any(isinstance(n, ast.Assert) for n in nodes):
            idle.append(path.name)
    assert idle == []


def test_modules_that_are_named_in_texts_exist() -> None:
    texts = [*PACKAGE.rglob("*.py"), *(ROOT / "docs/reference").rglob("*.md"), ROOT / "README.md"]
    named = re.compile(rf"`((?:{'|'.join(ARROWS)})/[\w/]+(?:\.py|/))`")
    missing = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in texts
        for name in named.findall(path.read_text(encoding="utf-8"))
        if not (PACKAGE / name).exists()
    }
    assert missing == set()

"""Makes the logs beside this file, by running real test tools on small projects that fail.

    python -m tests.ci_logs.make_logs [TOOL...]

Tools are installed from their registries into a cache folder; what is not there is left out. Every
project has three faults (`a`, `b`, `c`). Each is run twice, and the second run differs in all that
must not matter: the checkout's folder, the lines above the fault, colours, and the tests' order.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("CI_LOGS_CACHE", Path.home() / ".cache" / "loopcoder-ci-logs"))
FAULTS = ("a", "b", "c")

Files = Mapping[str, str]


@dataclass(frozen=True)
class Tool:
    """`files` makes the project with one fault, with so many lines above it; `argv` runs it,
    `again` is how it is run with colours and in another order. `install` makes the tool's folder."""

    name: str
    files: Callable[[str, int], Files]
    argv: Callable[[Path], Sequence[str]]
    again: Callable[[Path], Sequence[str]] | None = None
    install: Callable[[Path], None] = lambda folder: None
    env: Mapping[str, str] = field(default_factory=dict)


def run(argv: Sequence[str], cwd: Path, **env: str) -> str:
    done = subprocess.run(
        list(argv), cwd=cwd, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600,
    )  # fmt: skip
    return done.stdout


# --- Python -----------------------------------------------------------------------------------


def pip(*packages: str) -> Callable[[Path], None]:
    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin/pip"), "install", "-q", *packages], check=True)

    return install


def python_tests(fault: str, lines: int) -> Files:
    top = "# a comment\n" * lines
    body = {
        "a": "def test_total():\n    assert total([1, 2]) == 4\n\n\ndef test_none():\n    assert total([]) == 0\n",
        "b": "import pytest\n\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_square(n):\n    raise ValueError(f'cannot square {n} at {id(n)}')\n\n\nclass TestSum:\n    def test_all(self):\n        assert total([1]) == 9\n",
        "c": "from shop import missing\n\n\ndef test_nothing():\n    assert missing\n",
    }[fault]
    head = "from shop import total\n" if fault != "c" else ""
    return {
        "shop.py": "def total(items):\n    return sum(items)\n",
        "tests/test_shop.py": top + head + "\n\n" + body,
        "tests/test_fine.py": "def test_fine():\n    assert True\n",
    }


def unittest_tests(fault: str, lines: int) -> Files:
    body = {
        "a": "        self.assertEqual(sum([1, 2]), 4)\n",
        "b": "        raise KeyError(f'no key {id(self)}')\n",
        "c": "        import nothing_there\n",
    }[fault]
    top = "# a comment\n" * lines
    name = {"a": "test_total", "b": "test_key", "c": "test_import"}[fault]
    text = f"{top}import unittest\n\n\nclass ShopTest(unittest.TestCase):\n    def {name}(self):\n{body}"
    return {"test_shop.py": text}


def python_module(fault: str, lines: int) -> Files:
    body = {
        "a": "import os\n\n\ndef total(items: list[int]) -> int:\n    return sum(items)\n",
        "b": "def total(items: list[int]) -> int:\n    return undefined_name\n",
        "c": "def total(items: list[int]) -> str:\n    return sum(items)\n\n\nx: int = 'one'\nl = lambda: 0\n",
    }[fault]
    return {"src/shop.py": "# a comment\n" * lines + body}


# --- JavaScript -------------------------------------------------------------------------------


def npm(*packages: str) -> Callable[[Path], None]:
    def install(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true}')
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages],
            cwd=folder, check=True,
        )  # fmt: skip

    return install


def js_tests(fault: str, lines: int, *, imports: str = "", file: str = "shop.test.js") -> Files:
    top = "// a comment\n" * lines
    body = {
        "a": "describe('shop', () => {\n  it('adds up', () => {\n    expect(1 + 2).toBe(4);\n  });\n  it('is fine', () => { expect(1).toBe(1); });\n});\n",
        "b": "describe('shop', () => {\n  describe('till', () => {\n    it('opens at ' + 'nine', () => {\n      throw new TypeError('no till ' + Math.random());\n    });\n  });\n});\n",
        "c": "const gone = require('./gone');\n\ndescribe('shop', () => {\n  it('is there', () => { expect(gone).toBe(1); });\n});\n",
    }[fault]
    if "import" in imports and fault == "c":
        body = "import gone from './gone';\n" + body.partition("\n")[2]
    return {
        f"src/{file}": top + imports + body,
        "src/fine.test.js": imports + "it('is fine', () => { expect(2).toBe(2); });\n",
        "package.json": '{"private": true}',
    }


def vitest_tests(fault: str, lines: int) -> Files:
    return js_tests(fault, lines, imports="import { describe, expect, it } from 'vitest';\n")


def mocha_tests(fault: str, lines: int) -> Files:
    files = js_tests(fault, lines)
    imports = "const assert = require('assert');\nconst expect = (v) => ({ toBe: (w) => assert.strictEqual(v, w) });\n"
    return {name: imports + text if name.endswith(".js") else text for name, text in files.items()}


def node_tests(fault: str, lines: int) -> Files:
    files = mocha_tests(fault, lines)
    imports = "const { describe, it } = require('node:test');\n"
    return {name: imports + text if name.endswith(".js") else text for name, text in files.items()}


def ts_module(fault: str, lines: int) -> Files:
    body = {
        "a": "export const total: number = 'three';\n",
        "b": "export function open(): string { return nothing; }\n",
        "c": "import { gone } from './gone';\nexport const x = gone;\n",
    }[fault]
    return {
        "src/shop.ts": "// a comment\n" * lines + body,
        "tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "include": ["src"]}',
    }


def lint_js(fault: str, lines: int) -> Files:
    body = {
        "a": "const unused = 1;\n",
        "b": "undefinedFunction();\n",
        "c": "function broken( {\n",
    }[fault]
    return {
        "src/shop.js": "// a comment\n" * lines + body,
        "eslint.config.js": "module.exports = [{ files: ['**/*.js'], languageOptions: {sourceType: 'commonjs'}, rules: { 'no-unused-vars': 'error', 'no-undef': 'error' } }];\n",
        ".eslintrc.json": '{"root": true, "env": {"es2022": true, "node": true}, "rules": {"no-unused-vars": "error", "no-undef": "error"}}',
    }


# --- compiled ---------------------------------------------------------------------------------


def rust_crate(fault: str, lines: int) -> Files:
    top = "// a comment\n" * lines
    tests = {
        "a": "    #[test]\n    fn adds_up() { assert_eq!(crate::total(&[1, 2]), 4); }\n",
        "b": '    #[test]\n    fn panics() { panic!("no till {:p}", &1); }\n',
        "c": '    #[test]\n    fn typed() { let x: i32 = "one"; assert!(x == 1); }\n',
    }[fault]
    return {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
        "src/lib.rs": f"{top}pub fn total(items: &[i32]) -> i32 {{ items.iter().sum() }}\n\n#[cfg(test)]\nmod tests {{\n{tests}    #[test]\n    fn fine() {{}}\n}}\n",
    }


def go_module(fault: str, lines: int) -> Files:
    top = "// a comment\n" * lines
    body = {
        "a": 'func TestTotal(t *testing.T) {\n\tif 1+2 != 4 {\n\t\tt.Errorf("got %d", 3)\n\t}\n}\n',
        "b": 'func TestTill(t *testing.T) {\n\tt.Run("opens", func(t *testing.T) { t.Fatalf("no till %p", t) })\n}\n',
        "c": 'func TestTyped(t *testing.T) {\n\tvar x int = "one"\n\t_ = x\n}\n',
    }[fault]
    return {
        "go.mod": "module example.org/shop\n\ngo 1.18\n",
        "shop.go": "package shop\n",
        "shop_test.go": f'{top}package shop\n\nimport "testing"\n\n{body}\nfunc TestFine(t *testing.T) {{}}\n',
    }


def c_project(fault: str, lines: int) -> Files:
    top = "/* a comment */\n" * lines
    main = {
        "a": "int main(void) { return 1; }\n",
        "b": "#include <stdlib.h>\nint main(void) { abort(); }\n",
        "c": "int main(void) { return missing; }\n",
    }[fault]
    return {
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.10)\nproject(shop C)\nenable_testing()\n"
        f"add_executable(till {'till.c'})\nadd_executable(fine fine.c)\n"
        f"add_test(NAME till_{fault} COMMAND till)\nadd_test(NAME fine COMMAND fine)\n",
        "till.c": top + main,
        "fine.c": "int main(void) { return 0; }\n",
    }


def java_class(fault: str, lines: int) -> Files:
    top = "// a comment\n" * lines
    body = {
        "a": 'int total() { return "three"; }',
        "b": "int open() { return nothing; }",
        "c": "Missing till;",
    }[fault]
    return {"src/Shop.java": f"{top}class Shop {{\n    {body}\n}}\n"}


JUNIT = "/usr/share/java/junit4.jar:/usr/share/java/hamcrest-core.jar"


def gradle_project(fault: str, lines: int) -> Files:
    top = "// a comment\n" * lines
    name, body = {
        "a": ("addsUp", "assertEquals(4, 1 + 2);"),
        "b": ("throwsUp", 'throw new IllegalStateException("no till " + hashCode());'),
        "c": ("isTyped", 'int x = "one";'),
    }[fault]
    return {
        "build.gradle": "apply plugin: 'java'\ndependencies { testCompile files("
        + ", ".join(repr(jar) for jar in JUNIT.split(":"))
        + ") }\n",
        "settings.gradle": "rootProject.name = 'shop'\n",
        "src/test/java/ShopTest.java": f"{top}import static org.junit.Assert.*;\nimport org.junit.Test;\n\n"
        f"public class ShopTest {{\n    @Test public void {name}() {{ {body} }}\n    @Test public void isFine() {{}}\n}}\n",
    }


def maven_project(fault: str, lines: int) -> Files:
    files = gradle_project(fault, lines)
    pom = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>org.example</groupId><artifactId>shop</artifactId><version>1</version>
<properties><maven.compiler.source>8</maven.compiler.source><maven.compiler.target>8</maven.compiler.target></properties>
<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope></dependency></dependencies>
</project>
"""
    test = "src/test/java/ShopTest.java"
    return {"pom.xml": pom, test: files[test]}


def plain(*argv: str) -> Callable[[Path], Sequence[str]]:
    return lambda tool: [word.replace("@", str(tool)) for word in argv]


TOOLS: tuple[Tool, ...] = (
    *(
        Tool(
            f"pytest-{version}",
            python_tests,
            plain("@/bin/python", "-m", "pytest", "-p", "no:cacheprovider"),
            plain("@/bin/python", "-m", "pytest", "-v", "--color=yes", "-p", "no:cacheprovider", "-n", "2"),
            pip(f"pytest=={version}.*", "pytest-xdist"),
        )
        for version in ("7.4", "8.4", "9.0")
    ),
    Tool("unittest-3.11", unittest_tests, plain(sys.executable, "-m", "unittest"), plain(sys.executable, "-m", "unittest", "-v")),
    *(
        Tool(
            f"ruff-{version}",
            python_module,
            plain("@/bin/ruff", "check", "--no-cache", "--select", "F,E7", "src"),
            plain("@/bin/ruff", "check", "--no-cache", "--select", "F,E7", "src"),
            pip(f"ruff=={version}.*"),
            {"FORCE_COLOR": "1"},
        )
        for version in ("0.2", "0.9", "0.14")
    ),
    *(
        Tool(
            f"mypy-{version}",
            python_module,
            plain("@/bin/mypy", "--strict", "src"),
            plain("@/bin/mypy", "--strict", "--pretty", "--show-column-numbers", "src"),
            pip(f"mypy=={version}.*"),
        )
        for version in ("1.5", "1.18")
    ),
    *(
        Tool(
            f"jest-{version}",
            js_tests,
            plain("@/node_modules/.bin/jest", "--ci", "--rootDir", "."),
            plain("@/node_modules/.bin/jest", "--ci", "--rootDir", ".", "--verbose", "--colors", "--maxWorkers=2"),
            npm(f"jest@{version}"),
        )
        for version in ("27", "29", "30")
    ),
    *(
        Tool(
            f"vitest-{version}",
            vitest_tests,
            plain("@/node_modules/.bin/vitest", "run", "--root", "."),
            plain("@/node_modules/.bin/vitest", "run", "--root", ".", "--reporter=verbose"),
            npm(f"vitest@{version}", "vite@5"),
            {"FORCE_COLOR": "1"},
        )
        for version in ("1", "3")
    ),
    *(
        Tool(
            f"mocha-{version}",
            mocha_tests,
            plain("@/node_modules/.bin/mocha", "src/**/*.test.js"),
            plain("@/node_modules/.bin/mocha", "--colors", "--parallel", "src/**/*.test.js"),
            npm(f"mocha@{version}"),
        )
        for version in ("9", "11")
    ),
    Tool("node-20", node_tests, plain("node", "--test", "src/"), plain("node", "--test", "--test-reporter=tap", "src/")),
    *(
        Tool(
            f"tsc-{version}",
            ts_module,
            plain("@/node_modules/.bin/tsc", "-p", "."),
            plain("@/node_modules/.bin/tsc", "-p", ".", "--pretty"),
            npm(f"typescript@{version}"),
        )
        for version in ("4.9", "5.9")
    ),
    *(
        Tool(
            f"eslint-{version}",
            lint_js,
            plain("@/node_modules/.bin/eslint", "src"),
            plain("@/node_modules/.bin/eslint", "--color", "src"),
            npm(f"eslint@{version}"),
        )
        for version in ("8", "9")
    ),
    Tool("cargo", rust_crate, plain("cargo", "test", "--offline"), plain("cargo", "test", "--offline", "--color=always", "--", "--test-threads=2")),
    Tool("go", go_module, plain("go", "test", "./..."), plain("go", "test", "-v", "-shuffle=on", "./..."), env={"GOFLAGS": "-mod=mod", "GOPROXY": "off"}),
    *(
        Tool(
            f"ctest-{version}",
            c_project,
            plain("sh", "-c", "cmake -S . -B build >/dev/null && cmake --build build && cd build && ctest"),
            plain("sh", "-c", "cmake -S . -B build && cmake --build build -j2 && cd build && ctest -V -j2"),
            pip(f"cmake=={version}.*"),
        )
        for version in ("3.18", "3.31", "4.1")
    ),
    Tool("javac-17", java_class, plain("javac", "-d", "out", "src/Shop.java"), plain("javac", "-Xlint:all", "-d", "out", "src/Shop.java")),
    Tool("gradle", gradle_project, plain("gradle", "--offline", "test"), plain("gradle", "--offline", "--info", "test")),
    Tool(
        "maven",
        maven_project,
        plain("mvn", "-B", "-o", "-Dmaven.repo.local=/usr/share/maven-repo", "test"),
        plain("mvn", "-o", "-Dstyle.color=always", "-Dmaven.repo.local=/usr/share/maven-repo", "test"),
    ),
)  # fmt: skip


def make(tool: Tool) -> None:
    """Every fault twice; nothing when the tool cannot be had here."""
    place = CACHE / tool.name
    if not place.exists():
        try:
            tool.install(place)
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(place, ignore_errors=True)
            sys.stderr.write(f"{tool.name} is left out: {error}\n")
            return
    place.mkdir(exist_ok=True)
    if shutil.which(str(tool.argv(place)[0])) is None:
        sys.stderr.write(f"{tool.name} is left out: {tool.argv(place)[0]} is not there\n")
        return
    for fault in FAULTS:
        for turn, argv in ((1, tool.argv), (2, tool.again or tool.argv)):
            with tempfile.TemporaryDirectory(prefix="checkout-" * turn) as folder:
                log = _run_once(tool, Path(folder), fault, turn, argv(place), place)
            target = HERE / tool.name / f"{fault}{turn}.log"
            target.parent.mkdir(exist_ok=True)
            target.write_text(log)


def _run_once(
    tool: Tool, folder: Path, fault: str, turn: int, argv: Sequence[str], place: Path
) -> str:
    for name, text in tool.files(fault, 0 if turn == 1 else 7).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if (place / "node_modules").exists():
        (folder / "node_modules").symlink_to(place / "node_modules")
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    colours = tool.env if turn == 2 else {k: v for k, v in tool.env.items() if k != "FORCE_COLOR"}
    text = run(argv, folder, PATH=path, **colours)
    # Where the tools themselves lie is no part of a project's log.
    return text.replace(str(place), "/opt/tools").replace(str(Path.home()), "/home/ci")


def main(names: Sequence[str]) -> None:
    for tool in TOOLS:
        if not names or any(tool.name.startswith(name) for name in names):
            make(tool)
            sys.stderr.write(f"{tool.name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])

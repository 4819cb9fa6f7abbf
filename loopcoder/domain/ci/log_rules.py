"""How test tools, compilers and linters say what failed: a table, tool by tool.

Every rule is a pattern for one clean line of a log (no colours, no time stamps). Its named groups
make the failure's name: `test` for a test; `file`, `code` and `text` for a message. A rule with
`follows` only counts on a line after one that matched that pattern, within a few lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """`weight` sorts out rules that match the same log: the heaviest kind that matched names the
    failure. Tests weigh more than the messages that led to them."""

    tool: str
    pattern: re.Pattern[str]
    weight: int = 2
    follows: re.Pattern[str] | None = None


def _rule(tool: str, pattern: str, weight: int = 2, follows: str = "") -> Rule:
    compiled = re.compile(pattern, re.VERBOSE)
    return Rule(tool, compiled, weight, re.compile(follows, re.VERBOSE) if follows else None)


_PATH = r"(?P<file>(?:[A-Za-z]:)?[\w./\\@+~-]+?\.[A-Za-z]\w{0,9})"

RULES: tuple[Rule, ...] = (
    # pytest: the short summary at the end; class and parameters are part of the name
    _rule("pytest", r"^(?:FAILED|ERROR)\ (?P<test>\S+?\.py(?:::.+?)?)(?:\ -\ .*)?$", 4),
    _rule("pytest", r"^_{3,}\ ERROR\ collecting\ (?P<test>\S+)\ _{3,}$", 3),
    _rule("pytest", r"^(?P<code>ImportError\ while\ loading\ conftest)\ '(?P<file>[^']+)'", 3),
    _rule("pytest", r"^_{3,}\ (?:ERROR\ at\ \w+\ of\ )?(?P<test>[\w.\[\]-]+)\ _{3,}$", 2),
    # unittest
    _rule("unittest", r"^(?:FAIL|ERROR):\ (?P<test>[\w.]+\ \([\w.]+\))", 4),
    # jest, vitest, mocha
    _rule("jest", r"^\ *●\ (?P<test>(?!Console|Test\ suite\ failed).+\ ›\ .+?)$", 4),
    _rule("jest", r"^\ *FAIL\ +(?:\w+\ +)?(?P<test>\S+\.(?:[cm]?[jt]sx?))(?:\ \([\d.]+\ ?m?s\))?$", 2),
    _rule(
        "vitest",
        r"^\ *(?:FAIL|❯|×)?\ *FAIL\ +(?:\|\w+\|\ )?(?P<test>\S+\.(?:[cm]?[jt]sx?)\ >\ .+?)$",
        4,
    ),
    _rule("vitest", r"^\ *FAIL\ +(?:\|\w+\|\ )?(?P<test>\S+\.(?:[cm]?[jt]sx?))(?:\ \[.*\])?$", 3),
    _rule("node", r"^\W*(?:Exception\ during\ run:\ )?(?:Uncaught\ )?(?:Error:\ )?Cannot\ find\ module\ '(?P<test>[^']+)'", 3),
    _rule("mocha", r"^\ +\d+\)\ (?P<test>(?!Uncaught\ error\ outside)\S.*?):?$", 2, r"^\ +\d+\ failing$|^\ +\d+\)\ "),
    # node's own runner: TAP and spec
    _rule("node", r"^\ *not\ ok\ \d+\ -\ (?P<test>.+?)(?:\ \#.*)?$", 3),
    _rule("node", r"^\ *✖\ (?P<test>(?!failing\ tests).+?)\ \([\d.]+ms\)$", 3),
    # cargo
    _rule("cargo", r"^test\ (?P<test>\S+(?:\ -\ .+)?)\ \.\.\.\ FAILED$", 4),
    _rule("cargo", r"^error(?:\[(?P<code>E\d+)\])?:\ (?P<text>(?!test\ failed|aborting|could\ not).+)$", 3),
    # go
    _rule("go", r"^\ *---\ FAIL:\ (?P<test>\S+)\ \([\d.]+s\)$", 4),
    _rule("go", r"^(?P<file>[\w./-]+\.go):\d+(?::\d+)?:\ (?P<text>.+)$", 3),
    _rule("go", r"^FAIL\t(?P<test>\S+)(?:\ \[(?P<code>.+)\])?", 2),
    _rule("go", r"^(?P<code>panic):\ (?P<text>.+)$", 2),
    # gradle, maven
    _rule("gradle", r"^(?P<test>\S+(?:\ >\ \S.*)+)\ FAILED$", 4),
    _rule("gradle", r"^>\ Task\ (?P<test>\S+)\ FAILED$", 2),
    _rule("gradle", r"^Execution\ failed\ for\ task\ '(?P<test>[^']+)'", 1),
    _rule("maven", r"^\[ERROR\]\ +(?P<test>[\w.$]+\.\w+(?:\[\d+\])?):\d+", 4),
    _rule("maven", r"^\[ERROR\]\ +(?P<test>[\w.$]+\.\w+)\ (?:»|--\ Time)", 4),
    _rule("maven", r"^(?:\[ERROR\]\ )?(?P<test>\w+\([\w.$]+\)).*(?:<<<\ (?:FAILURE|ERROR)!|expected)", 3),
    # gradle leaves the cursor behind the name of its task
    _rule("javac", r"^(?:\[ERROR\]\ |:\w+(?=/))?" + _PATH.replace(r"[A-Za-z]\w{0,9}", "java") + r":\[?\d+(?:,\d+\])?:?\ (?:error:\ )?(?P<text>.+)$", 3),
    # dotnet
    _rule("dotnet", r"^\ *(?:X|Failed)\ (?P<test>[\w.+`]+(?:\(.*\))?)\ \[.*\]$", 4),
    _rule("dotnet", r"^\ *" + _PATH + r"\(\d+,\d+\):\ error\ (?P<code>(?!TS)[A-Z]{2,}\d+):\ (?P<text>.+?)(?:\ \[.*\])?$", 3),
    # ctest
    _rule("ctest", r"^\s*\d+\ -\ (?P<test>\S+)\ \((?:Failed|Child\ .*|Timeout|SEGFAULT|Not\ Run|.*Exception.*|Subprocess.*)\)", 4),
    # compilers and linters
    _rule("tsc", r"^" + _PATH + r"(?:\(\d+,\d+\):|:\d+:\d+\ -)\ error\ (?P<code>TS\d+):\ (?P<text>.+)$", 3),
    _rule("eslint", r"^\ +\d+:\d+\ +(?:✖\ +)?error\ +(?P<text>\S.*?)\ {2,}(?P<code>\S+)$", 3),
    _rule("eslint", r"^\ +\d+:\d+\ +(?:✖\ +)?error\ +(?P<text>Parsing\ error:\ .+)$", 3),
    _rule("ruff", r"^" + _PATH + r":\d+:\d+:\ (?P<code>[A-Z]+\d+)(?:\ \[\*\])?\ (?P<text>.+)$", 3),
    _rule("ruff", r"^(?P<code>[A-Z]{1,4}\d{2,4})\ (?:\[\*\]\ )?(?P<text>\S.+)$", 3),
    # mypy wraps its messages where a terminal is narrow; what stands in parentheses comes last
    _rule("mypy", r"^" + _PATH.replace(r"[A-Za-z]\w{0,9}", "pyi?") + r":\d+(?::\d+)?:\ error:\ (?P<text>[^(\[]+?)\s*(?:[(\[].*)?$", 3),
    _rule("gcc", r"^" + _PATH + r":\d+:\d+:\ (?:fatal\ )?error:\ (?P<text>.+)$", 3),
    _rule("make", r"^make(?:\[\d+\])?:\ \*\*\*\ \[(?:.*?:\d+:\ )?(?P<test>.+?)\]\ Error\ \d+", 1),
    # what any tool may say
    _rule("generic", r"^(?:\w+\.)*(?P<code>\w+(?:Error|Exception))(?::\ (?P<text>.*))?$", 1),
    _rule("generic", r"^(?:error|Error|ERROR|fatal|FATAL|panic)(?::|\ -)\ (?P<text>.+)$", 1),
)  # fmt: skip

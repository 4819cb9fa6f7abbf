"""Names of failures, on real logs of real tools (tests/ci_logs, made by its make_logs.py)."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.ci.failure import Job, RunState, fingerprint
from loopcoder.domain.ci.job_log import clean_lines, find_failures

LOGS = Path(__file__).resolve().parents[1] / "ci_logs"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "discovery.md"
TOOLS = sorted(folder.name for folder in LOGS.iterdir() if list(folder.glob("*.log")))
CASES = [(tool, path.name[0]) for tool in TOOLS for path in sorted((LOGS / tool).glob("?1.log"))]


def named(log: str) -> str:
    job = Job("test", RunState.RED, "Run tests")
    return fingerprint("CI", job, find_failures(log))


def log_of(tool: str, fault: str, turn: int) -> str:
    return (LOGS / tool / f"{fault}{turn}.log").read_text("utf-8")


def as_on_a_runner(log: str, rng: random.Random) -> str:
    """The log as GitHub hands it out: time stamps, folds, another checkout, colours, CRLF."""
    log = re.sub(r"/tmp/checkout-[\w-]+/", "/home/runner/work/shop/shop/", log)
    lines = []
    for number, line in enumerate(log.splitlines()):
        second = f"2026-03-01T10:{number // 60 % 60:02}:{number % 60:02}.{rng.randrange(10**7):07}Z"
        colour = f"\x1b[{rng.randrange(30, 38)}m{line}\x1b[0m" if rng.random() < 0.3 else line
        lines.append(f"{second} {colour}")
    head = "2026-03-01T10:00:00.0000000Z ##[group]Run the tests\r\n"
    tail = "\r\n2026-03-01T10:59:59.0000000Z ##[error]Process completed with exit code 1.\r\n"
    return head + "\r\n".join(lines) + tail


def test_there_are_as_many_logs_as_promised() -> None:
    assert len(CASES) * 2 >= 120
    assert len({tool.partition("-")[0] for tool in TOOLS}) >= 12


@pytest.mark.parametrize(("tool", "fault"), CASES)
def test_the_same_failure_has_the_same_name(tool: str, fault: str) -> None:
    """Another checkout, other lines, colours, more words, another order of the tests."""
    first, second = log_of(tool, fault, 1), log_of(tool, fault, 2)
    assert find_failures(first), first[-2000:]
    assert named(first) == named(second), (find_failures(first), find_failures(second))
    rng = random.Random(f"{tool}{fault}")
    assert named(as_on_a_runner(first, rng)) == named(as_on_a_runner(second, rng))


@pytest.mark.parametrize("tool", TOOLS)
def test_different_failures_have_different_names(tool: str) -> None:
    names = {fault: named(log_of(tool, fault, 1)) for t, fault in CASES if t == tool}
    assert len(set(names.values())) == len(names), names


def test_the_order_in_which_tests_end_does_not_matter() -> None:
    lines = [f"FAILED tests/test_{name}.py::test_x - assert {name}" for name in "dbca"]
    rng = random.Random(1)
    names = set()
    for _ in range(5):
        rng.shuffle(lines)
        names.add(named("\n".join(lines)))
    assert len(names) == 1


DOTNET = """\
  Determining projects to restore...
  Failed Shop.Tests.TillTests.Opens(hour: 9) [12 ms]
  Error Message:
   Assert.Equal() Failure: Values differ
Failed!  - Failed:     1, Passed:     3, Skipped:     0, Total:     4, Duration: 21 ms - Shop.dll
"""
DOTNET_BUILD = (
    r"D:\a\shop\shop\src\Till.cs(4,13): error CS0103: The name 'nothing' does not exist in the "
    r"current context [D:\a\shop\shop\src\Shop.csproj]"
)


def test_dotnet_by_what_its_documentation_shows() -> None:
    (failed,) = find_failures(DOTNET)
    assert failed.key == ("dotnet", "Shop.Tests.TillTests.Opens(hour: 9)")
    assert named(DOTNET.replace("12 ms", "< 1 ms")) == named(DOTNET)
    (build,) = find_failures(DOTNET_BUILD)
    elsewhere = DOTNET_BUILD.replace(r"D:\a\shop\shop" + "\\", "/home/runner/work/shop/shop/")
    assert build.key[0] == "dotnet" and "CS0103" in build.name
    assert named(elsewhere.replace("src\\", "src/").replace("(4,13)", "(9,1)")) == named(
        DOTNET_BUILD
    )


MAVEN = """\
[INFO] Running ShopTest
[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.05 s <<< FAILURE!
[ERROR] Failures:
[ERROR]   ShopTest.addsUp:12 expected:<4> but was:<3>
[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0
"""


def test_maven_by_what_its_documentation_shows() -> None:
    (failed,) = find_failures(MAVEN)
    assert failed.key == ("maven", "ShopTest.addsUp")
    assert named(MAVEN.replace(":12", ":99").replace("0.05", "1.7")) == named(MAVEN)


@given(st.text(max_size=2000))
def test_no_log_makes_it_fail_and_reading_twice_is_once(log: str) -> None:
    assert find_failures(log) == find_failures(log)
    cleaned = "\n".join(clean_lines(log))
    assert "\x1b" not in cleaned


def test_the_page_has_the_table_of_what_was_tried() -> None:
    rows: dict[str, list[str]] = defaultdict(list)
    faults: dict[str, int] = defaultdict(int)
    for tool in TOOLS:
        name, _, version = tool.partition("-")
        rows[name].append(version or "one version")
        faults[name] += sum(1 for each, _ in CASES if each == tool)
    table = "\n".join(
        f"| {name} | {', '.join(rows[name])} | {faults[name]} × 2 | all | all |"
        for name in sorted(rows)
    )
    assert table in PAGE.read_text("utf-8"), table

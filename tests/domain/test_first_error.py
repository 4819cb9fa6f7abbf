"""What a person reads of a red check, without opening its log."""

from __future__ import annotations

import pytest

from loopcoder.domain.ci.first_error import first_error


@pytest.mark.parametrize(
    ("tool", "output", "told"),
    [
        (
            "pytest",
            "collected 2 items\n\nFAILED tests/test_ttl.py::test_ttl - assert 1 == 2\n1 failed\n",
            "FAILED tests/test_ttl.py::test_ttl - assert 1 == 2",
        ),
        (
            "unittest",
            "=====\nFAIL: test_it (tests.T.test_it)\n-----\nAssertionError: no\nFAILED (x)",
            "FAIL: test_it (tests.T.test_it)",
        ),
        ("go", "--- FAIL: TestIt (0.00s)\nFAIL\texample.org/x", "--- FAIL: TestIt (0.00s)"),
        (
            "gcc",
            "a.c:3:5: error: expected ';'\nmake: *** [a.o] Error 1",
            "a.c:3:5: error: expected ';'",
        ),
        (
            "rust",
            "   Compiling x\nerror[E0382]: use of moved value\n",
            "error[E0382]: use of moved value",
        ),
        ("nothing telling", "one\ntwo\n\n", "two"),
        ("silence", "", ""),
    ],
)
def test_the_telling_line(tool: str, output: str, told: str) -> None:
    assert first_error(output) == told, tool


def test_a_long_line_is_cut() -> None:
    assert len(first_error("E   " + "x" * 500)) == 160

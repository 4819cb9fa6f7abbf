"""The demo's project: a word counter, its roadmap, and the script its agents follow."""

from __future__ import annotations

import json
from typing import Any

ROADMAP = """\
# Roadmap of tally

- [x] A package with tests <!-- id: skeleton -->

## Now

- [ ] Count words [P1] <!-- id: count-words -->
  `count_words(text)` gives the words of a text with how often each occurs, without regard to case.
  Touches: `tally/counter.py`, `tests/test_counter.py`
- [ ] Stop words (after: count-words) <!-- id: stop-words -->
  `count_words(text, ignore=...)` leaves words out.
- [ ] Command line (after: count-words) <!-- id: command-line -->
  - [ ] `python -m tally FILE` prints the ten most frequent words
- [ ] Read minds [P3] <!-- id: read-minds -->
  Count the words the user is thinking of.
- [ ] Changelog [P4] <!-- id: changelog -->

## Then

- [ ] Release notes (after: stop-words, command-line) <!-- id: release-notes -->
"""

CONFIG = """\
version: 1
tracker: local
base: main
verify: [{run: "python3 -m unittest -q", timeout: 2m}]
workers:
  default: {kind: scripted, script: SCRIPT, cost: reported, timeout: 2m}
reviewer: {kind: scripted, script: SCRIPT, cost: free, calibration: off}
jobs: 2
limits: {units_per_tick: 4}
"""

FILES = {
    "README.md": "# tally\n\nCounts words.\n",
    "ROADMAP.md": ROADMAP,
    "tally/__init__.py": '"""Counts words."""\n',
    "tests/__init__.py": "",
    "tests/test_package.py": (
        "import unittest\n\nimport tally\n\n\n"
        "class PackageTest(unittest.TestCase):\n"
        "    def test_it_says_what_it_is(self):\n"
        '        self.assertIn("words", tally.__doc__)\n'
    ),
    ".gitignore": "__pycache__/\n",
}

_COUNTER = '''\
"""Words and how often they occur."""

import re
from collections import Counter


def count_words(text):
    return Counter(re.findall(r"[a-z']+", text.lower()))
'''

_COUNTER_TEST = """\
import unittest

from tally.counter import count_words


class CountWordsTest(unittest.TestCase):
    def test_case_does_not_matter(self):
        self.assertEqual(count_words("Tea tea TEA"), {"tea": 3})
"""

_FORGETS_CASE = _COUNTER.replace(
    'def count_words(text):\n    return Counter(re.findall(r"[a-z\']+", text.lower()))',
    "def count_words(text, ignore=()):\n"
    '    words = re.findall(r"[a-z\']+", text.lower())\n'
    "    return Counter(word for word in words if word not in ignore)",
)

_KEEPS_CASE = _FORGETS_CASE.replace(
    "word not in ignore)", "word not in {other.lower() for other in ignore})"
)

_STOP_TEST = """\
import unittest

from tally.counter import count_words


class StopWordsTest(unittest.TestCase):
    def test_stop_words_are_left_out_whatever_their_case(self):
        self.assertEqual(count_words("the tea", ignore=["The"]), {"tea": 1})
"""

_MAIN = '''\
"""Print the most frequent words of a file."""

import sys
from pathlib import Path

from tally.counter import count_words


def main(argv):
    for word, number in count_words(Path(argv[1]).read_text()).most_common(10):
        print(f"{number:6} {word}")


if __name__ == "__main__":
    main(sys.argv)
'''

_MAIN_WITH_USAGE = _MAIN.replace(
    "def main(argv):\n",
    "def main(argv):\n"
    "    if len(argv) != 2:\n"
    '        raise SystemExit("usage: python -m tally FILE")\n',
)

_MAIN_TEST = """\
import io
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

from tally.__main__ import main


class CommandLineTest(unittest.TestCase):
    def test_it_prints_the_most_frequent_first(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "text"
            file.write_text("tea milk tea")
            out = io.StringIO()
            with redirect_stdout(out):
                main(["tally", str(file)])
        self.assertEqual(out.getvalue().split(), ["2", "tea", "1", "milk"])
"""

_MINDS_TEST = """\
import unittest


class MindsTest(unittest.TestCase):
    def test_it_knows_what_you_think(self):
        self.fail("no idea")
"""


def _done(summary: str, usd: float = 0.04) -> dict[str, Any]:
    usage = {"input_tokens": 12_000, "output_tokens": 800}
    return {"outcome": {"status": "done", "summary": summary, "usage": usage, "cost_usd": usd}}


SCRIPT: dict[str, Any] = {
    "work": {
        "count-words": [
            [
                {"print": "reading tally/__init__.py"},
                {"write": {"tally/counter.py": _COUNTER, "tests/test_counter.py": _COUNTER_TEST}},
                _done("Adds count_words, which folds case."),
            ]
        ],
        "stop-words": [
            [
                {"write": {"tally/counter.py": _FORGETS_CASE, "tests/test_stop.py": _STOP_TEST}},
                _done("Adds `ignore`.", 0.05),
            ],
            [
                {"write": {"tally/counter.py": _KEEPS_CASE, "tests/test_stop.py": _STOP_TEST}},
                _done("Adds `ignore`, without regard to case.", 0.06),
            ],
        ],
        "command-line": [
            [
                {"write": {"tally/__main__.py": _MAIN, "tests/test_main.py": _MAIN_TEST}},
                _done("Adds `python -m tally FILE`."),
            ],
            [
                {"write": {"tally/__main__.py": _MAIN_WITH_USAGE}},
                _done("Says how it is used when called without a file."),
            ],
        ],
        "read-minds": [
            [
                {"write": {"tests/test_minds.py": _MINDS_TEST}},
                _done("Thinks very hard.", 0.02),
            ]
        ],
        "changelog": [
            {
                "rounds": [
                    [
                        {"write": {"CHANGELOG.md": "# Changelog\n"}},
                        _done("Adds a changelog.", 0.01),
                    ],
                    [
                        {"write": {"CHANGELOG.md": "# Changelog\n\n## 0.1\n\n- Counts words.\n"}},
                        _done("Adds a changelog with a first entry.", 0.01),
                    ],
                ]
            }
        ],
        "release-notes": [
            [
                {"write": {"NOTES.md": "# tally 0.1\n\nCounts words, and prints them.\n"}},
                _done("Adds release notes.", 0.01),
            ]
        ],
    },
    "review": {
        "changelog": [
            {
                "rounds": [
                    [
                        {
                            "verdict": "request_changes",
                            "summary": "A changelog without an entry says nothing.",
                            "findings": [
                                {
                                    "severity": "major",
                                    "file": "CHANGELOG.md",
                                    "line": 1,
                                    "claim": "the changelog is empty",
                                    "evidence": "the file has a heading and nothing below",
                                }
                            ],
                        }
                    ],
                    [{"verdict": "approve", "summary": "Has an entry now."}],
                ]
            }
        ],
        "*": [[{"verdict": "approve", "summary": "Does what was asked, with a test."}]],
    },
}


def script_text() -> str:
    return json.dumps(SCRIPT, indent=1)

"""Reviewers that are programs, good and bad, and small cases to measure them with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_HEAD = """\
import json, os, re, sys, time
prompt = sys.stdin.read()
seen = {"head": os.environ["LOOPCODER_HEAD"], "diff_sha256": os.environ["LOOPCODER_DIFF_SHA256"]}
diff = prompt[prompt.index("## What you judge"):]

def finding(file, line, claim):
    return {"severity": "blocker", "file": file, "line": line, "claim": claim}

def answer(verdict, findings=(), seen=seen):
    said = {"verdict": verdict, "summary": "", "findings": list(findings), "reviewed": seen}
    print(json.dumps({**said, "cost_usd": 0.01}))

def faults():
    file, line = "", 0
    for row in diff.splitlines():
        if row.startswith("+++ b/"):
            file = row[6:]
        elif row.startswith("@@"):
            line = int(re.search(r"\\+(\\d+)", row)[1]) - 1
        elif row[:1] in ("+", " "):
            line += 1
            if row.startswith("+") and "BUG" in row:
                yield finding(file, line, "there is a BUG")
"""

REVIEWERS: Mapping[str, str] = {
    "honest": "found = list(faults())\nanswer('request_changes' if found else 'approve', found)\n",
    "honest, and unsure of odd things": (
        "found = list(faults())\n"
        "unsure = 'abstain' if 'odd' in diff else 'approve'\n"
        "answer('request_changes' if found else unsure, found)\n"
    ),
    "approves everything": "answer('approve')\n",
    "rejects everything": "answer('request_changes', [*faults(), finding('', 0, 'no')])\n",
    "answers for another head": "answer('approve', (), {**seen, 'head': '0' * 40})\n",
    "echoes the diff": (
        "lines = [row[1:].strip(' #') for row in diff.splitlines() if row.startswith('+')]\n"
        "print('\\n'.join(lines).replace('HEAD', seen['head']))\n"
    ),
    "gives half a JSON": 'print(\'{"verdict": "approve", "summary": "fi\')\n',
    "times out": "time.sleep(60)\n",
    "leaks": (
        "print(prompt, dict(os.environ))\n"
        "told = finding('a', 1, json.dumps(dict(os.environ)))\n"
        "answer('approve', [{**told, 'severity': 'nit'}])\n"
    ),
}

BAD = tuple(name for name in REVIEWERS if not name.startswith("honest"))


def review_program(name: str) -> str:
    """The text of `review.py` for one of REVIEWERS."""
    return _HEAD + REVIEWERS[name]


def configured(**more: Any) -> dict[str, Any]:
    """A `reviewer:` section that runs `review.py` of the base commit."""
    return {"kind": "command", "run": ["python3", "review.py"], "cost": "free", **more}


def write_cases(folder: Path, defects: int = 12, clean: int = 8) -> Path:
    """Changes of one file each; a defect is a line that says BUG."""
    units, cases = {}, []
    for number in range(defects + clean):
        wrong = number < defects
        units[f"u{number}"] = {"title": f"Set value {number}"}
        text = f"value = {number}" + ("  # BUG" if wrong else "")
        patch = (
            "diff --git a/value.txt b/value.txt\n--- a/value.txt\n+++ b/value.txt\n"
            f"@@ -1,2 +1,2 @@\n-value = none\n+{text}\n the end\n"
        )
        case: dict[str, Any] = {"id": f"case-{number}", "unit": f"u{number}", "patch": patch}
        case["expected"] = "defect" if wrong else "clean"
        if wrong:
            case |= {"defect": "logic", "at": [{"file": "value.txt", "lines": [1, 1]}]}
        cases.append(case)
    base = {"value.txt": "value = none\nthe end\n"}
    made = {"version": 1, "base": base, "units": units, "cases": cases}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "set.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(made))))
    return folder

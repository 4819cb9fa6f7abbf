"""A worker or reviewer that follows a script. Standard library only: it runs inside the sandbox.

    python scripted_agent.py work|review|plan SCRIPT.json

The script names, for each role and unit, what to do in each attempt; `*` stands for every unit
that is not named, and the last attempt is repeated for ever:

    {"work":   {"login-form": [[step, ...], [step, ...]], "*": [[step, ...]]},
     "review": {"*": [[{"verdict": "approve"}]]}}

An attempt is a list of steps, or `{"rounds": [[step, ...], ...]}` where the rounds differ (the
last one repeats too). A step is an object with one of these keys:

    write     {"path": "content", ...}     write files, making their folders
    append    {"path": "content", ...}     add to files
    delete    ["path", ...]
    print     "text"                       with "times": N, and "stderr": true if wanted
    sleep     seconds
    touch     seconds                      change a file now and then, printing nothing
    spawn     seconds                      leave a child behind, in a session of its own
    ignore    "SIGTERM"                    ignore a signal
    run       ["program", "argument", ...] a failure of it is printed and otherwise ignored
    python    "source"                     run inside this process
    outcome   {...}                        written to LOOPCODER_OUTCOME_FILE as it stands
    verdict   "approve" | ...              with "summary" and "findings"; `reviewed` is filled in
                                           unless the step holds it
    exit      code                         end here

Without a matching script it prints a line and ends with code 0, having done nothing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Step = Mapping[str, Any]


def main(argv: Sequence[str]) -> int:
    role, script = argv[1], json.loads(Path(argv[2]).read_text("utf-8"))
    sys.stdin.read()
    for step in choose_steps(
        script.get(role, {}),
        os.environ["LOOPCODER_UNIT"],
        int(os.environ["LOOPCODER_ATTEMPT"]),
        int(os.environ.get("LOOPCODER_ROUND", "1")),
    ):
        if "exit" in step:
            return int(step["exit"])
        _do(step)
    return 0


def choose_steps(
    units: Mapping[str, Any], unit: str, attempt: int, round_: int = 1
) -> Sequence[Step]:
    """The steps for a unit's attempt and round, both counted from 1."""
    attempts = units.get(unit, units.get("*"))
    if not attempts:
        return [{"print": f"nothing is scripted for {unit}"}]
    chosen = attempts[min(max(attempt, 1), len(attempts)) - 1]
    if isinstance(chosen, Mapping):
        rounds = chosen["rounds"]
        chosen = rounds[min(max(round_, 1), len(rounds)) - 1]
    steps: Sequence[Step] = chosen
    return steps


def _do(step: Step) -> None:
    known = [name for name in step if name in _ACTS]
    if len(known) != 1:
        raise SystemExit(f"a step needs exactly one of {', '.join(_ACTS)}: {json.dumps(step)}")
    _ACTS[known[0]](step[known[0]], step)


def _write(files: Mapping[str, str], step: Step) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if "append" in step else "w", encoding="utf-8", newline="") as file:
            file.write(content)


def _delete(names: Sequence[str], _: Step) -> None:
    for name in names:
        Path(name).unlink(missing_ok=True)


def _print(text: str, step: Step) -> None:
    stream = sys.stderr if step.get("stderr") else sys.stdout
    times = int(step.get("times", 1))
    block = f"{text}\n" * min(times, 1000)
    for _ in range(times // 1000):
        stream.write(block)
    stream.write(f"{text}\n" * (times % 1000 if times >= 1000 else times))
    stream.flush()


def _sleep(seconds: float, _: Step) -> None:
    time.sleep(seconds)


def _touch(seconds: float, _: Step) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        Path("scripted-agent-is-busy").write_text(str(time.monotonic()), "ascii")
        time.sleep(0.1)
    Path("scripted-agent-is-busy").unlink()


def _spawn(seconds: float, _: Step) -> None:
    code = f"import time; time.sleep({float(seconds)})"
    subprocess.Popen([sys.executable, "-I", "-S", "-c", code], start_new_session=True)


def _ignore(name: str, _: Step) -> None:
    signal.signal(signal.Signals[name], signal.SIG_IGN)


def _run(argv: Sequence[str], _: Step) -> None:
    code = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode
    if code:
        _print(f"{argv[0]} ended with code {code}", {})


def _python(source: str, _: Step) -> None:
    exec(compile(source, "script", "exec"), {"__name__": "script"})


def _outcome(content: object, _: Step) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    Path(os.environ["LOOPCODER_OUTCOME_FILE"]).write_text(text, "utf-8")


def _verdict(decision: str, step: Step) -> None:
    seen = {
        "head": os.environ.get("LOOPCODER_HEAD", ""),
        "diff_sha256": os.environ.get("LOOPCODER_DIFF_SHA256", ""),
    }
    said = {"summary": "", "findings": [], "reviewed": seen, **step, "verdict": decision}
    _print(json.dumps(said), {})


_ACTS: Mapping[str, Callable[[Any, Step], None]] = {
    "write": _write,
    "append": _write,
    "delete": _delete,
    "print": _print,
    "sleep": _sleep,
    "touch": _touch,
    "spawn": _spawn,
    "ignore": _ignore,
    "run": _run,
    "python": _python,
    "outcome": _outcome,
    "verdict": _verdict,
}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))

"""Nobody acts as a person from inside an attempt, however the environment was scrubbed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
from loopcoder.adapters.local.attempt_guard import refuse_inside_attempt
from loopcoder.domain.diagnostic import LoopcoderError
try:
    refuse_inside_attempt()
except LoopcoderError as error:
    print("refused:", error.summary)
else:
    print("allowed")
"""


def outside() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "LOOPCODER_ATTEMPT"}


def probe(*prefix: str, env: dict[str, str]) -> str:
    command = [*prefix, sys.executable, "-c", PROBE]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_the_variable_itself_is_enough() -> None:
    assert "inside attempt 7" in probe(env={**outside(), "LOOPCODER_ATTEMPT": "7"})


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
@pytest.mark.parametrize("depth", [1, 3])
def test_an_emptied_environment_does_not_help(depth: int) -> None:
    keep_alive = ["sh", "-c", '"$@"; true', "sh"]  # a shell that stays as a parent
    scrub = ["env", "-u", "LOOPCODER_ATTEMPT"]
    command = [*keep_alive, *(scrub + keep_alive) * (depth - 1), *scrub]
    command += [sys.executable, "-c", PROBE]
    env = {**outside(), "LOOPCODER_ATTEMPT": "7"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert "inside attempt 7" in done.stdout, done.stderr


def test_outside_it_is_allowed() -> None:
    from loopcoder.adapters.local.attempt_guard import inherited_attempt

    if inherited_attempt():
        pytest.skip("these tests run inside an attempt")
    assert probe(env=outside()) == "allowed\n"

"""What a step of an agent costs besides the model's thinking: the built-in worker and another."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Sizes, at_least, at_most, counted, noted
from benchmarks.measure import compare
from loopcoder.adapters.builtin.seat import Seat
from loopcoder.adapters.builtin.tariff import PriceList
from loopcoder.adapters.builtin.tools import WORK_TOOLS
from loopcoder.adapters.builtin.worker import SYSTEM, AnthropicWorker
from loopcoder.adapters.sandbox.choice import choose_sandbox
from loopcoder.domain.settings import CostBasis, WorkerSpec
from loopcoder.domain.unit import UnitId
from loopcoder.ports.worker import WorkOrder
from tests.model_server.reply import call
from tests.model_server.request import tokens_of

PEER = "mini-swe-agent==2.4.6"
MODEL = "claude-sonnet-4-6"
MOST_SHARED = 2_000
PAGE_OF_OUTPUT = 150

DRIVER = """\
import sys
from pathlib import Path
from minisweagent.agents.default import DefaultAgent
from minisweagent.environments.local import LocalEnvironment
from minisweagent.models.litellm_model import LitellmModel
url, model, tree, saved = sys.argv[1:]
options = {"api_base": url, "api_key": "scripted", "max_tokens": 4096}
model = LitellmModel(model_name=f"anthropic/{model}", cost_tracking="ignore_errors",
                     set_cache_control="default_end", model_kwargs=options)
agent = DefaultAgent(model, LocalEnvironment(cwd=tree), system_template="You write software.",
                     instance_template="{{task}}", output_path=Path(saved))
agent.run("Id `peer`")
"""


def agent_steps(sizes: Sizes, folder: Path) -> Iterator[Figure]:
    """The same scripted conversation, as the model's server sees it."""
    numbers = itertools.count()
    what = "a step of the built-in worker"
    how = (
        f"{sizes.steps} commands of a scripted model, from request to request, the sandbox and the "
        f"session on disk included, against {PEER.replace('==', ' ')} without a sandbox"
    )

    def ours() -> float:
        return _step(folder / f"ours-{next(numbers)}", sizes.steps)

    python = None if sizes.turns == 1 else _peer()
    if python is None:
        yield noted(what, ours(), how)
    else:
        pair = compare(ours, lambda: _peer_step(python, folder / f"{next(numbers)}", sizes), 5)
        yield at_most(what, pair, 1.0, how)
    how = "20 steps that each bring a page of output, by the model server's own count"
    yield at_least("input that comes from the cache", _cached(folder / "cached"), 0.9, how)
    shared = tokens_of(SYSTEM) + sum(tokens_of(json.dumps(tool)) for tool in WORK_TOOLS)
    how = "system prompt and tools; 3.5 bytes a token"
    yield counted("tokens before the task", shared, MOST_SHARED, how)


def _step(folder: Path, steps: int) -> float:
    turns = [call("bash", command=f"echo step {n}") for n in range(steps)]
    with _model(folder, [*turns, call("finish", status="done", summary="")]) as url:
        _work(folder, url)
        return _between(url)


def _cached(folder: Path) -> float:
    turns = [call("bash", command=f"seq {n} {n + PAGE_OF_OUTPUT}") for n in range(19)]
    with _model(folder, [*turns, call("finish", status="done", summary="")]) as url:
        _work(folder, url)
        rows = [each["usage"] for each in _asked(url)]
    read = sum(row["cache_read_input_tokens"] for row in rows)
    return read / sum(sum(row.values()) for row in rows)


def _work(folder: Path, url: str) -> None:
    tree, outbox = folder / "tree", folder / "round-1" / "outbox"
    tree.mkdir(parents=True)
    outbox.mkdir(parents=True)
    spec = WorkerSpec("ours", "anthropic", MODEL, cost=CostBasis.METERED)
    seat = Seat(MODEL, "scripted", url, PriceList().tariff(MODEL))
    worker = AnthropicWorker(spec, seat, choose_sandbox("auto", environ=dict(os.environ)))
    prompt = "# Rules\n\n" + "Work with care. " * 150 + "\n# The unit: x\n\nId `ours`\n"
    order = WorkOrder(UnitId("ours"), 1, 1, prompt, tree, outbox, max_usd=Decimal(2))
    result = worker.run(order, lambda progress: None)
    assert result.failure is None, result


def _peer_step(python: Path, folder: Path, sizes: Sizes) -> float:
    turns = [call("bash", command=f"echo step {n}") for n in range(sizes.steps)]
    last = call("bash", command="echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
    with _model(folder, [*turns, last]) as url:
        argv = [str(python), "-c", DRIVER, url, MODEL, str(folder), str(folder / "saved.json")]
        environ = {"MSWEA_SILENT_STARTUP": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        subprocess.run(argv, env={**os.environ, **environ}, check=True, capture_output=True)
        return _between(url)


def _peer() -> Path | None:
    """The other agent's Python, installed once into the user's cache; None where it cannot be."""
    place = Path.home() / ".cache" / "loopcoder-bench" / PEER.replace("==", "-")
    python = place / "bin" / "python"
    try:
        if not (place / "ready").exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", PEER]
            subprocess.run(install, check=True, capture_output=True)
            (place / "ready").touch()
    except (OSError, subprocess.CalledProcessError):
        return None
    return python


@contextlib.contextmanager
def _model(folder: Path, turns: Sequence[Any]) -> Iterator[str]:
    """The scripted model as a process of its own, so that it shares nothing with who asks."""
    folder.mkdir(parents=True)
    (folder / "script.json").write_text(json.dumps({"work": {"*": list(turns)}}))
    argv = [sys.executable, "-m", "tests.model_server", "--script", str(folder / "script.json")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _asked(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/_test/asked") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def _between(url: str) -> float:
    """Seconds from one request to the next, on average."""
    times = [each["at"] for each in _asked(url)]
    return float((times[-1] - times[0]) / (len(times) - 1))

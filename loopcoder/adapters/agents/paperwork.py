"""The papers of one run: what an agent may read of ours, and the one folder it may write to.

In the outbox, only `drop` is writable inside the sandbox; prompt, program and transcript stay out
of the agent's reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from loopcoder.adapters.sandbox.choice import Job, Mount, Sandbox
from loopcoder.adapters.sandbox.process import supervise
from loopcoder.adapters.sandbox.watch import Finished, Watch
from loopcoder.adapters.scratch import remove_tree
from loopcoder.domain.guard.reach import reach_of
from loopcoder.domain.settings import WorkerSpec
from loopcoder.ports.reviewer import ReviewOrder
from loopcoder.ports.worker import WorkOrder

_PLACE = "/run/loopcoder"


@dataclass(frozen=True, slots=True)
class Program:
    """Arguments, some of which stand for a file of ours: `files` maps their place to content."""

    argv: tuple[str, ...]
    files: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paperwork:
    spec: WorkerSpec
    sandbox: Sandbox
    readable: tuple[Path, ...] = ()

    def run(
        self,
        program: Program,
        order: WorkOrder | ReviewOrder,
        watch: Watch,
        writable: tuple[Path, ...] = (),
        env: Mapping[str, str] | None = None,
        mounts: tuple[Mount, ...] = (),
        speaks: bool = True,
    ) -> Finished:
        """Run the program in the order's tree, with the prompt on its standard input unless not
        `speaks`."""
        prompt = order.prompt.encode("utf-8", "replace")
        paper, drop = _lay_out(order, prompt)
        argv, copies = self._copies(program, order.outbox)
        job = Job(
            argv,
            order.tree,
            {**self._environment(order, paper, drop), **(env or {})},
            writable,
            self.readable,
            (paper, drop, *copies, *mounts),
            network=reach_of(self.spec.network),
            network_log=order.outbox / "network.log",
        )
        with self.sandbox.wrap(job) as launch:
            said = prompt if speaks else b""
            return supervise(launch, watch, order.outbox / "transcript.log", said)

    def _copies(self, program: Program, outbox: Path) -> tuple[tuple[str, ...], list[Mount]]:
        argv, copies = list(program.argv), []
        for place, content in program.files.items():
            name = PurePosixPath(argv[place]).name
            copy = outbox / "program" / str(place) / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
            copy.chmod(0o755)
            copies.append(Mount(copy, f"{_PLACE}/program/{place}/{name}"))
            argv[place] = self.sandbox.inside(copies[-1])
        return tuple(argv), copies

    def _environment(
        self, order: WorkOrder | ReviewOrder, paper: Mount, drop: Mount
    ) -> dict[str, str]:
        return {
            **self.spec.env,
            "LOOPCODER_UNIT": str(order.unit),
            "LOOPCODER_ATTEMPT": str(order.attempt),
            "LOOPCODER_ROUND": str(order.round),
            "LOOPCODER_PROMPT_FILE": self.sandbox.inside(paper),
            "LOOPCODER_OUTCOME_FILE": f"{self.sandbox.inside(drop)}/outcome.json",
        }


def outcome_file(outbox: Path) -> Path:
    """Where the outcome is on our side."""
    return outbox / "drop" / "outcome.json"


def prompt_mount(outbox: Path) -> Mount:
    return Mount(outbox / "prompt.md", f"{_PLACE}/prompt.md")


def drop_mount(outbox: Path) -> Mount:
    return Mount(outbox / "drop", f"{_PLACE}/drop", writable=True)


def given_mount(outbox: Path) -> Mount:
    """Files of ours that the program may read."""
    return Mount(outbox / "given", f"{_PLACE}/given")


def home_mount(home: Path) -> Mount:
    """The agent's own state: settings and sessions."""
    return Mount(home, f"{_PLACE}/agent", writable=True)


def _lay_out(order: WorkOrder | ReviewOrder, prompt: bytes) -> tuple[Mount, Mount]:
    paper, drop = prompt_mount(order.outbox), drop_mount(order.outbox)
    remove_tree(drop.source)  # of an earlier, killed run, whatever that left there
    drop.source.mkdir(parents=True)
    paper.source.write_bytes(prompt)
    return paper, drop

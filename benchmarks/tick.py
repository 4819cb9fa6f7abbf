"""One tick in this process, watched: when its waves began and when their last unit ended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.roadmaps import flat_roadmap
from loopcoder.domain.tick.action import Dispatch
from loopcoder.domain.tick.report import UnitLine, UnitOutcome
from loopcoder.engine.tick.gathered import TickOptions
from loopcoder.engine.tick.tick import tick
from loopcoder.entrypoints.running.ticking import new_run
from loopcoder.entrypoints.wiring.bootstrap import open_house
from loopcoder.entrypoints.wiring.workshop import open_workshop
from loopcoder.ports.listener import SilentListener
from tests.support.project import Project

REVIEW = """\
#!/bin/sh
cat >/dev/null
printf '{"verdict": "approve", "summary": "", "findings": [], "reviewed": {"head": "%s",' \
"$LOOPCODER_HEAD"
printf '"diff_sha256": "%s"}}\\n' "$LOOPCODER_DIFF_SHA256"
"""


@dataclass
class Stopwatch(SilentListener):
    """`seconds` is the time of all waves together, from their start to their last proposal."""

    began: float = 0.0
    seconds: float = 0.0
    lines: list[UnitLine] = field(default_factory=list)

    def wave_began(self, number: int, steps: Sequence[Dispatch]) -> None:
        self.began = time.perf_counter()

    def unit_ended(self, line: UnitLine) -> None:
        now = time.perf_counter()
        self.seconds, self.began = self.seconds + now - self.began, now
        self.lines.append(line)


def project_of(
    folder: Path, units: int, work: str, *, jobs: int, cap: int = 50, **config: Any
) -> Project:
    """Independent units, each worked on by the shell script `work` and approved at once."""
    agent: Mapping[str, Any] = {"kind": "command", "cost": "free", "timeout": "5m"}
    settings = {
        "verify": [{"run": "true"}],
        "jobs": jobs,
        "limits": {"units_per_tick": units, "open_prs": units},
        "workers": {"default": {**agent, "run": ["sh", "work.sh"], "max_parallel": cap}},
        "reviewer": {**agent, "run": ["sh", "review.sh"], "calibration": "off"},
        **config,
    }
    files = {"work.sh": work, "review.sh": REVIEW}
    project = Project(folder).begin(flat_roadmap(units), config=settings, files=files)
    project.run("compile")
    return project


def watched_tick(project: Project) -> Stopwatch:
    """Tick once; every unit must be proposed."""
    house = open_house(project.root, from_base=True, environ=project.environment)
    watch = Stopwatch()
    tick(open_workshop(house, watch), TickOptions(run=new_run()))
    wrong = [line for line in watch.lines if line.outcome is not UnitOutcome.PROPOSED]
    assert watch.lines, wrong or "nothing was dispatched"
    assert not wrong, wrong
    return watch

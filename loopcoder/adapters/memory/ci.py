"""A CI in memory, that reports what it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from loopcoder.adapters.memory.forge import MemoryForge
from loopcoder.domain.ci.ci import CheckRun, CheckState
from loopcoder.domain.ci.failure import Job, WorkflowRun


@dataclass
class MemoryCi:
    """The port `ContinuousIntegration`. `required` names checks by branch."""

    forge: MemoryForge
    runs: list[CheckRun] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)
    required: dict[str, frozenset[str]] = field(default_factory=dict)
    workflows: list[tuple[WorkflowRun, Sequence[Job]]] = field(default_factory=list)

    def list_checks(self, commit: str) -> Sequence[CheckRun]:
        with self.forge.reading("list_checks"):
            return [run for run in self.runs if run.commit == commit]

    def required_checks(self, branch: str) -> frozenset[str]:
        with self.forge.reading("required_checks"):
            return self.required.get(branch, frozenset())

    def read_log(self, check: CheckRun) -> str:
        with self.forge.reading("read_log"):
            return self.logs.get(check.log, "") or check.summary

    def list_runs(self, branch: str) -> Sequence[WorkflowRun]:
        with self.forge.reading("list_runs"):
            return [run for run, _ in self.workflows if run.branch == branch]

    def list_jobs(self, run: WorkflowRun) -> Sequence[Job]:
        with self.forge.reading("list_jobs"):
            return next((jobs for known, jobs in self.workflows if known == run), ())

    def read_job_log(self, job: Job) -> str:
        with self.forge.reading("read_job_log"):
            return self.logs.get(job.log, "")

    def remarks(self) -> Sequence[str]:
        return ()

    def report(
        self, commit: str, name: str, state: CheckState, *, log: str = "", summary: str = ""
    ) -> CheckRun:
        """A check has been run, or is running."""
        number = str(len(self.runs) + 1)
        made = CheckRun(
            id=f"check-{number}",
            name=name,
            commit=commit,
            state=state,
            at=self.forge.clock.now(),
            summary=summary,
            log=number if log else "",
        )
        self.runs.append(made)
        self.logs[number] = log
        return made

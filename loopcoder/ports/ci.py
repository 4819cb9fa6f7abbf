"""What a continuous integration says of commits, where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loopcoder.domain.ci.ci import CheckRun
from loopcoder.domain.ci.failure import Job, WorkflowRun


class ContinuousIntegration(Protocol):
    """Reading only. A commit is named by its full hash."""

    def list_checks(self, commit: str) -> Sequence[CheckRun]:
        """Everything reported about a commit, earlier runs of a check included."""

    def required_checks(self, branch: str) -> frozenset[str]:
        """The names of the checks without which nothing may be merged into a branch.

        Empty when the host asks for none, or does not say.
        """

    def read_log(self, check: CheckRun) -> str:
        """The log of one report, else what its reporter says; empty when there is neither."""

    def list_runs(self, branch: str) -> Sequence[WorkflowRun]:
        """The newest workflow runs of a branch, some hundred of them at the most."""

    def list_jobs(self, run: WorkflowRun) -> Sequence[Job]:
        """The jobs of a run's newest attempt."""

    def read_job_log(self, job: Job) -> str:
        """The end of a job's log; empty when it is not kept any more."""

    def remarks(self) -> Sequence[str]:
        """What could not be read so far, and what to do about it, for the report."""


class NoChecks:
    """There is no CI here."""

    def list_checks(self, commit: str) -> Sequence[CheckRun]:
        return ()

    def required_checks(self, branch: str) -> frozenset[str]:
        return frozenset()

    def read_log(self, check: CheckRun) -> str:
        return ""

    def list_runs(self, branch: str) -> Sequence[WorkflowRun]:
        return ()

    def list_jobs(self, run: WorkflowRun) -> Sequence[Job]:
        return ()

    def read_job_log(self, job: Job) -> str:
        return ""

    def remarks(self) -> Sequence[str]:
        return ()

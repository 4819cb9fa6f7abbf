"""What was reported to GitHub about commits: check runs, commit statuses, and jobs' logs."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loopcoder.adapters.github.mapping import Payload, read_time
from loopcoder.adapters.github.session import Session
from loopcoder.domain.ci.ci import CheckRun, CheckState
from loopcoder.domain.ci.failure import Job, RunState, WorkflowRun
from loopcoder.domain.diagnostic import Forbidden, NotFound, Stale

LONGEST_LOG = 8_000_000
"""Bytes of a job's log that are read: its end, where what failed is told."""

_KEPT = "ci"
_MOST_KEPT = 300
_RUNS = 100
_SOON_S = 60.0
_JOB = re.compile(r"/actions/runs/\d+/job/(\d+)")
_CONCLUSIONS = {
    "success": CheckState.GREEN,
    "failure": CheckState.RED,
    "timed_out": CheckState.RED,
    "startup_failure": CheckState.RED,
}
_STATES = {
    "success": CheckState.GREEN,
    "pending": CheckState.PENDING,
    "failure": CheckState.RED,
    "error": CheckState.RED,
}


@dataclass(frozen=True, slots=True)
class _Looks:
    """What is kept about the statuses of one commit. Times in seconds since 1970."""

    first: float
    last: float
    runs: str
    any: bool

    def is_due(self, now: float, runs: str) -> bool:
        """Whether to look at the statuses again: ever more rarely where there were none."""
        pause = self.last - self.first + _SOON_S
        return self.any or runs != self.runs or now >= self.last + pause


class GitHubCi:
    """The port `ContinuousIntegration`. A look at a commit is good for `fresh_s` seconds.

    A token that may not read checks is no reason to stop: there are none then, and it is said.
    """

    def __init__(self, session: Session, *, fresh_s: float = 5.0) -> None:
        self._session, self._fresh_s = session, fresh_s
        self._lock = threading.RLock()
        self._seen: dict[str, tuple[float, list[CheckRun]]] = {}
        self._refused: dict[str, None] = {}

    def list_checks(self, commit: str) -> Sequence[CheckRun]:
        with self._lock:
            now = self._session.clock.now().timestamp()
            at, found = self._seen.get(commit, (now - self._fresh_s - 1, []))
            if now - at > self._fresh_s:
                found = self._looked(commit, now)
                self._seen[commit] = (now, found)
            return found

    def required_checks(self, branch: str) -> frozenset[str]:
        """Of the branch's protection and of its rules; both can be read by whoever may write."""
        session = self._session
        try:
            protection = session.read(session.path("branches", branch)).data.get("protection")
            rules = session.all(session.path("rules", "branches", branch))
        except Forbidden as refused:
            self._refused[str(refused)] = None
            return frozenset()
        except NotFound:
            return frozenset()
        return frozenset({*_of_protection(protection or {}), *_of_rules(rules)})

    def read_log(self, check: CheckRun) -> str:
        if not check.log:
            return check.summary
        session = self._session
        try:
            text = session.linked(session.path("actions", "jobs", check.log, "logs"), LONGEST_LOG)
        except (NotFound, Forbidden):  # logs are kept for some time only
            return check.summary
        return text or check.summary

    def list_runs(self, branch: str) -> Sequence[WorkflowRun]:
        path = self._session.path("actions", "runs")
        try:
            page = self._session.read(path, {"branch": branch, "per_page": _RUNS}).data
        except Forbidden as refused:
            self._refused[str(refused)] = None
            return []
        name = self._session.repository.lower()
        return [read_workflow_run(each, name) for each in page["workflow_runs"]]

    def list_jobs(self, run: WorkflowRun) -> Sequence[Job]:
        path = self._session.path("actions", "runs", run.id, "jobs")
        pages = self._session.pages(path, {"filter": "latest"})
        return [read_job(each) for page in pages for each in page["jobs"]]

    def read_job_log(self, job: Job) -> str:
        try:
            return self._session.linked(
                self._session.path("actions", "jobs", job.log, "logs"), LONGEST_LOG
            )
        except (NotFound, Forbidden):
            return ""

    def remarks(self) -> Sequence[str]:
        return [f"checks are not looked at: {each}" for each in self._refused]

    # --- inside

    def _looked(self, commit: str, now: float) -> list[CheckRun]:
        try:
            return self._look(commit, now)
        except Forbidden as refused:
            self._refused[str(refused)] = None
        except (NotFound, Stale):
            pass  # the commit is not, or not any more, on the host
        return []

    def _look(self, commit: str, now: float) -> list[CheckRun]:
        path = self._session.path("commits", commit)
        pages = self._session.pages(f"{path}/check-runs", {"filter": "all"})
        runs = [read_run(each) for page in pages for each in page["check_runs"]]
        print_ = " ".join(f"{run.id}:{run.state}" for run in runs)
        kept = self._kept()
        looks = kept.get(commit)
        if looks is not None and not looks.is_due(now, print_):
            return runs
        statuses = [read_status(each, commit) for each in self._session.all(f"{path}/statuses")]
        first = looks.first if looks else now
        kept[commit] = _Looks(first, now, print_, bool(statuses))
        self._keep(kept)
        return [*runs, *statuses]

    def _kept(self) -> dict[str, _Looks]:
        found = self._session.state.fact(_KEPT) or {}
        return {commit: _Looks(**fields) for commit, fields in found.items()}

    def _keep(self, looks: Mapping[str, _Looks]) -> None:
        newest = sorted(looks.items(), key=lambda pair: pair[1].last)[-_MOST_KEPT:]
        rows = {
            commit: {"first": each.first, "last": each.last, "runs": each.runs, "any": each.any}
            for commit, each in newest
        }
        self._session.state.keep_fact(_KEPT, rows)


def read_run(payload: Payload) -> CheckRun:
    """A check run. Runs of one suite with one name are the same check, run again."""
    done = payload["status"] == "completed"
    conclusion = _CONCLUSIONS.get(str(payload.get("conclusion")), CheckState.OTHER)
    url = str(payload.get("details_url") or payload.get("html_url") or "")
    job = _JOB.search(url)
    return CheckRun(
        id=f"check-{payload['id']}",
        name=str(payload["name"]),
        commit=str(payload["head_sha"]),
        state=conclusion if done else CheckState.PENDING,
        at=read_time(payload.get("completed_at") or payload.get("started_at") or _NEVER),
        series=str((payload.get("check_suite") or {}).get("id") or ""),
        summary=_words(payload.get("output") or {}),
        url=url,
        log=job[1] if job else "",
    )


def read_status(payload: Payload, commit: str) -> CheckRun:
    return CheckRun(
        id=f"status-{payload['id']}",
        name=str(payload["context"]),
        commit=commit,
        state=_STATES.get(str(payload["state"]), CheckState.OTHER),
        at=read_time(payload["created_at"]),
        series="status",
        summary=str(payload.get("description") or ""),
        url=str(payload.get("target_url") or ""),
    )


_RUN_STATES = {
    "success": RunState.GREEN,
    "failure": RunState.RED,
    "timed_out": RunState.RED,
    "startup_failure": RunState.RED,
}


def read_workflow_run(payload: Payload, repository: str) -> WorkflowRun:
    """`repository` is `owner/name` in small letters: what else ran is not ours."""
    source = str((payload.get("head_repository") or {}).get("full_name") or "").lower()
    done = payload["status"] == "completed"
    state = _RUN_STATES.get(str(payload.get("conclusion")), RunState.OTHER)
    return WorkflowRun(
        id=int(payload["id"]),
        attempt=int(payload.get("run_attempt") or 1),
        workflow=str(payload.get("name") or payload.get("path") or ""),
        commit=str(payload["head_sha"]),
        branch=str(payload.get("head_branch") or ""),
        event=str(payload["event"]),
        state=state if done else RunState.OTHER,
        at=read_time(payload["created_at"]),
        own=source == repository,
        url=str(payload.get("html_url") or ""),
    )


def read_job(payload: Payload) -> Job:
    done = payload["status"] == "completed"
    failed = (s for s in payload.get("steps") or () if s.get("conclusion") in _FAILED)
    return Job(
        name=str(payload["name"]),
        state=_RUN_STATES.get(str(payload.get("conclusion")), RunState.OTHER)
        if done
        else RunState.OTHER,
        step=next((str(step["name"]) for step in failed), ""),
        log=str(payload["id"]),
        url=str(payload.get("html_url") or ""),
    )


_FAILED = ("failure", "timed_out")
_NEVER = "1970-01-01T00:00:00Z"


def _words(output: Payload) -> str:
    parts = (str(output.get(key) or "").strip() for key in ("title", "summary", "text"))
    return "\n\n".join(part for part in parts if part)


def _of_protection(protection: Payload) -> Sequence[str]:
    return (protection.get("required_status_checks") or {}).get("contexts") or ()


def _of_rules(rules: Sequence[Any]) -> Sequence[str]:
    wanted = [rule for rule in rules if rule.get("type") == "required_status_checks"]
    return [
        str(each["context"])
        for rule in wanted
        for each in (rule.get("parameters") or {}).get("required_status_checks") or ()
    ]

"""Where an attempt is worked on."""

from __future__ import annotations

from dataclasses import dataclass, field

from loopcoder.engine.attempt.setup import run_setup
from loopcoder.engine.attempt.stage import Desk
from loopcoder.ports.workspace import Workspace, WorkspaceKey


@dataclass(slots=True)
class Bench:
    """The attempt's workspace, opened and set up when a stage first needs it."""

    desk: Desk
    _opened: Workspace | None = field(default=None, init=False)

    def open(self) -> Workspace:
        if self._opened is None:
            step, record = self.desk.step, self.desk.record
            made = record.last("commit")
            self._opened = self.desk.services.workspaces.open(
                WorkspaceKey(step.unit, step.attempt, self.desk.lane),
                step.start,
                step.merge,
                made.sha if made and made.passed else "",
            )
            self._set_up(self._opened)
        return self._opened

    def _set_up(self, workspace: Workspace) -> None:
        if self.desk.services.settings.setup:
            self.desk.check_stop()
            commit = "" if workspace.merge else workspace.start
            run_setup(self.desk.services, workspace.tree, commit, self.desk.folder(1), "work")
            self.desk.services.workspaces.settle(workspace)

"""The process that holds a claim or runs a tick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that can be recognised after it died: pids are reused, start times are not.

    `machine` names more than the host's name does, which another machine may bear too; `space` is
    the process namespace in which the pid counts. Empty: not known.
    """

    host: str
    boot: str
    pid: int
    started: float
    machine: str = ""
    space: str = ""

    def is_beside(self, other: Holder) -> bool:
        """Whether the other process can look this one up."""
        here = (other.host, other.boot, other.space)
        return (self.host, self.boot, self.space) == here

    def is_of_earlier_boot(self, other: Holder) -> bool:
        """Whether the other process runs on the same machine, which was started again since."""
        same = self.machine != "" and self.machine == other.machine
        return same and self.boot != other.boot

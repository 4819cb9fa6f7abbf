"""What the Action starts: a command with typed inputs, and what GitHub is told of its end.

Inputs come in variables and become arguments one by one: no text of theirs is ever read by a shell.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import ConfigurationError, Diagnostic, LoopcoderError, Severity
from loopcoder.domain.tick.report import StopReason, TickReport
from loopcoder.domain.views.job_summary import job_summary
from loopcoder.entrypoints.running.reported import Reported, reporting
from loopcoder.entrypoints.views.annotation import annotate, disobeyed

PREFIX = "LOOPCODER_INPUT_"
_RELAY: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "base": (("verify", "--base"), ("out",)),
    "wave": (("tick", "--plan-wave"), ("out", "base", "claim-minutes")),
    "work": (("work",), ("wave", "unit", "out")),
    "judge": (("review",), ("wave", "given", "unit", "out")),
    "integrate": (("integrate",), ("wave", "given", "out")),
    "publish": (("publish",), ("wave", "given")),
}
"""The jobs of a wave: the verb, and the inputs it takes."""

_OPTIONS = {"out": "--out", "base": "--base-checked", "claim-minutes": "--claim-minutes",
            "wave": "--wave", "given": "--given", "unit": "--unit"}  # fmt: skip
_PLAIN = frozenset(
    {"tick", "run", "compile", "plan", "discover", "doctor", "report", "status", "ready", "budget",
     "explain", "audit", "attest", "calibrate"}
)  # fmt: skip
"""Verbs that may be called as they are. A person's words are not among them."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The Action's inputs by name; an empty one was not given."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Inputs:
        names = (name for name in environ if name.startswith(PREFIX))
        return cls(
            {n.removeprefix(PREFIX).lower().replace("_", "-"): environ[n].strip() for n in names}
        )

    def argv(self) -> list[str]:
        """The command line. ConfigurationError for what the Action does not offer."""
        command = self.values.get("command") or "tick"
        directory = self.values.get("working-directory") or "."
        head = ["-C", directory]
        if config := self.values.get("config"):
            head += ["--config", config]
        return [*head, *self._verb(command), *self._arguments()]

    def _verb(self, command: str) -> list[str]:
        if command in _PLAIN:
            return [command]
        if command not in _RELAY:
            known = ", ".join(sorted({*_PLAIN, *_RELAY}))
            raise ConfigurationError(
                f"The input `command` is {command!r}, which the Action does not offer.",
                f"It is one of: {known}.",
            )
        verb, inputs = _RELAY[command]
        words = list(verb)
        for name in inputs:
            value = self.values.get(name)
            option = _OPTIONS[name]
            if command == "wave" and name == "out":
                words.append(value or "")  # the value of --plan-wave
            elif value:
                words += [option, value]
        return words

    def _arguments(self) -> list[str]:
        """Further arguments, one a line, so that none has to be quoted."""
        return [each for each in self.values.get("arguments", "").splitlines() if each.strip()]


def main(environ: Mapping[str, str] | None = None) -> int:
    """Run the command; write summary, outputs and annotations; return the exit code."""
    known = dict(os.environ if environ is None else environ)
    found: list[Diagnostic] = []
    with reporting() as reported, disobeyed(sys.stdout):
        code = _guarded(known, found)
    for line in annotate([*found, *_of_reports(reported.reports)]):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    _write_summary(known, reported)
    _write_outputs(known, reported)
    return code


def _guarded(environ: Mapping[str, str], found: list[Diagnostic]) -> int:
    from loopcoder.entrypoints.cli.boundary import guarded
    from loopcoder.entrypoints.cli.main import cli

    def run() -> object:
        try:
            argv = Inputs.of(environ).argv()
            return cli.main(argv, "loopcoder", standalone_mode=False)
        except LoopcoderError as error:
            found.extend(error.diagnostics or [_as_diagnostic(error)])
            raise
        except SystemExit as ended:
            return ended.code

    return guarded(run, ["-v"])  # a log file would be gone with its runner


def _as_diagnostic(error: LoopcoderError) -> Diagnostic:
    return Diagnostic(Severity.ERROR, error.summary, error.remedy)


def _of_reports(reports: Sequence[TickReport]) -> list[Diagnostic]:
    """What a report says of the roadmap, and a red base."""
    found = [each for report in reports for each in report.diagnostics]
    for report in reports:
        if report.stop_reason is StopReason.BASE_RED:
            found.append(Diagnostic(Severity.ERROR, "the base is red", report.base_failing))
    return found


# --- what the runner is told


def _write_summary(environ: Mapping[str, str], reported: Reported) -> None:
    place = environ.get("GITHUB_STEP_SUMMARY")
    if not place:
        return
    server, name = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    site = f"{server}/{name}" if server and name else ""
    with Path(place).open("a", encoding="utf-8") as file:
        file.writelines(f"{job_summary(report, site)}\n" for report in reported.reports)


def _write_outputs(environ: Mapping[str, str], reported: Reported) -> None:
    """Outputs that the next jobs are made from: the matrix holds unit ids and nothing else."""
    place = environ.get("GITHUB_OUTPUT")
    if not place:
        return
    last = reported.reports[-1] if reported.reports else None
    units = [str(unit) for unit in reported.wave]
    outputs = {
        "stop-reason": last.stop_reason.value if last else "",
        "has-work": "true" if units else "false",
        "matrix": json.dumps({"unit": units}),
        "report": str(reported.folder / "report.md") if reported.folder else "",
    }
    with Path(place).open("a", encoding="utf-8") as file:
        for name, value in outputs.items():
            mark = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{mark}\n{value}\n{mark}\n")


if __name__ == "__main__":
    sys.exit(main())

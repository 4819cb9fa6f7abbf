"""The workflows that `loopcoder init --github` writes: pure text, one constant for every pin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from loopcoder.entrypoints.setup import workflow_texts as texts

CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
UPLOAD = "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0"
DOWNLOAD = "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131 # v7.0.0"

TICK, CI = ".github/workflows/loopcoder.yml", ".github/workflows/loopcoder-ci.yml"


@dataclass(frozen=True, slots=True)
class WorkflowPlan:
    """`action` is what `uses:` names (`owner/loopcoder@<hash>`, or `./`); `keys` are the secrets
    that agents are handed; `token` the secret whose token proposes (with the workflow's own, CI
    does not run on proposals); `watched` the names of the workflows whose failures are looked at.
    """

    action: str
    base: str = "main"
    keys: Sequence[str] = ("ANTHROPIC_API_KEY",)
    token: str = "LOOPCODER_TOKEN"
    watched: Sequence[str] = ("ci",)
    minute: int = 17
    runner: str = "ubuntu-latest"
    single_job: bool = False
    discovers: bool = True


def starter_workflows(plan: WorkflowPlan) -> dict[str, str]:
    """The files to write, by path."""
    files = {TICK: single_job(plan) if plan.single_job else wave(plan)}
    if plan.discovers:
        files[CI] = discovery(plan)
    return files


def wave(plan: WorkflowPlan) -> str:
    """A tick as a relay: no job that runs an agent or a test holds a token that writes."""
    return _filled(texts.WAVE, plan)


def single_job(plan: WorkflowPlan) -> str:
    """A whole tick in one job, for small repositories: the sandbox is the only wall."""
    return _filled(texts.SINGLE, plan)


def discovery(plan: WorkflowPlan) -> str:
    """Failed runs become issues or fix-ups. Nothing of the run is checked out or executed."""
    return _filled(texts.DISCOVERY, plan)


def _filled(template: str, plan: WorkflowPlan) -> str:
    values = {
        "@HEAD@": texts.HEAD,
        "@BASE@": _quoted(plan.base),
        "@MINUTE@": str(plan.minute),
        "@OUR_LABELS@": texts.OUR_LABELS,
        "@CHECKOUT@": texts.CHECKOUT_STEP,
        "@TAKE_WAVE@": texts.TAKE_WAVE_STEP,
        "@EACH_UNIT@": texts.EACH_UNIT,
        "@RUNNER@": plan.runner,
        "@ACTION@": plan.action,
        "@UPLOAD@": UPLOAD,
        "@DOWNLOAD@": DOWNLOAD,
        "@PIN@": CHECKOUT,
        "@KEYS@": _keys(plan.keys),
        "@TOKEN@": f"${{{{ secrets.{plan.token} || github.token }}}}",
        "@WATCHED@": ", ".join(map(_quoted, plan.watched)),
    }
    text = _SHARED_STEP.sub(_shared_step, template)
    for name, value in values.items():
        text = text.replace(name, value)
    return text


_SHARED_STEP = re.compile(r"@(TAKE|LEAVE)\((.+)\)@")


def _shared_step(found: re.Match[str]) -> str:
    step = texts.TAKE_STEP if found[1] == "TAKE" else texts.LEAVE_STEP
    return step.replace("@NAME@", found[2])


def _keys(names: Sequence[str]) -> str:
    if not names:
        return "{}"
    return "\n" + "\n".join(f"          {name}: ${{{{ secrets.{name} }}}}" for name in names)


def _quoted(text: str) -> str:
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "")
    safe = plain.isascii() and plain.isalnum() and text[0].isalpha()
    return text if safe else "'" + text.replace("'", "''") + "'"

"""The files that `loopcoder init` writes: pure text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from loopcoder.entrypoints.agents import builtin
from loopcoder.entrypoints.doctor.detection import Agent, Suite

_CHOSEN = """\
# Who does the work, and who judges it, each in a sandbox: `loopcoder help workers`.
# The reviewer is measured once by `loopcoder calibrate`, and judges nothing before it has passed.
"""
_NO_JUDGE = """\
# Name a reviewer that is another model or program than the worker; no tick runs before that.
"""
_WORKERS = """\
# Who does the work, and who judges it: any program, started in a sandbox, with the prompt on
# standard input. A worker edits the files of its folder and ends with 0; a reviewer prints a
# verdict as JSON. Take the comment signs away and name your programs; no tick runs before that.
# The reviewer is measured once by `loopcoder calibrate`, and judges nothing before it has passed.
"""
_STUB = """\
#workers:
#  default: {kind: command, run: ["./agent.sh"], timeout: 50m, cost: free}
#reviewer: {kind: command, run: ["./review.sh"]}
"""

_BUILT_IN = f"""\
# Who does the work, and who judges it: models of Anthropic's, asked with ANTHROPIC_API_KEY from
# outside the sandbox that their tools run in. `loopcoder calibrate` measures the reviewer first.
workers:
  default: {{kind: anthropic, model: {builtin.WORKER_MODEL}}}
reviewer: {{kind: anthropic, model: {builtin.REVIEWER_MODEL}}}
"""


def choose_agents(agents: Sequence[Agent], has_key: bool) -> tuple[str, str]:
    """The kinds of a worker and of a reviewer that can be started here, as far as there are any.
    `has_key`: the built-in agent can be used. The two are never the same agent, unless the
    built-in one is both, with another model in each role."""
    kinds = [agent.kind for agent in agents if agent.has_key] + ([builtin.KIND] if has_key else [])
    worker = kinds[0] if kinds else ""
    if has_key:
        return worker, builtin.KIND
    return worker, kinds[1] if len(kinds) > 1 else ""


def config_text(
    base: str,
    roadmap: str,
    suites: Sequence[Suite],
    agents: Sequence[Agent],
    has_key: bool = False,
) -> str:
    """A short `loopcoder.yml`, valid as it is. `has_key`: whether ANTHROPIC_API_KEY is set."""
    lines = ["# `loopcoder help configuration` tells of every key.", "version: 1"]
    lines.append(f"base: {_quoted(base)}")
    if roadmap != "ROADMAP.md":
        lines.append(f"roadmap: {_quoted(roadmap)}")
    setups = list(dict.fromkeys(suite.setup for suite in suites if suite.setup))
    if setups:
        lines.append("setup:")
        lines += [f"  - {{run: {_quoted(each)}, timeout: 10m, network: true}}" for each in setups]
    lines += _verify(suites)
    return "\n".join(lines) + "\n" + _agents(*choose_agents(agents, has_key))


def _agents(worker: str, reviewer: str) -> str:
    if not worker:
        return _WORKERS + _STUB
    if worker == builtin.KIND:
        return _BUILT_IN
    text = _CHOSEN + f"workers:\n  default: {{kind: {worker}}}\n"
    if reviewer:
        model = f", model: {builtin.REVIEWER_MODEL}" if reviewer == builtin.KIND else ""
        return text + f"reviewer: {{kind: {reviewer}{model}}}\n"
    return text + _NO_JUDGE + f"#reviewer: {{kind: {worker}, model: NAME}}\n"


def _verify(suites: Sequence[Suite]) -> list[str]:
    if not suites:
        return [
            "# What must pass before anything is proposed. Without it nothing ever is.",
            '#verify: [{run: "make test", timeout: 20m}]',
        ]
    lines = ["verify:"]
    return lines + [f"  - {{run: {_quoted(suite.command)}, timeout: 20m}}" for suite in suites]


def _quoted(text: str) -> str:
    """A YAML scalar: bare where that is safe, else in double quotes."""
    bare = text.replace("/", "").replace("-", "").replace(".", "").replace("_", "")
    safe = bare.isascii() and bare.isalpha() and text.lower() not in {"on", "off", "yes", "no"}
    return text if safe and text[0].isalpha() else json.dumps(text, ensure_ascii=False)


ROADMAP_TEXT = """\
# Roadmap

Every box is one piece of work. `loopcoder plan` shows what would be filed, and writes the ids
of new boxes into this file. The three below are examples: replace them.

## Now

- [ ] Say in the README what this project is <!-- id: readme-purpose -->
  One paragraph for somebody who has never heard of it, and the command to start it.
- [ ] Explain how to contribute (after: readme-purpose) <!-- id: contributing -->
  - [ ] how the tests are run
  - [ ] how a change is proposed

## Later

- [ ] Begin a changelog (after: contributing) [P3] <!-- id: changelog -->
  Touches: `CHANGELOG.md`
"""

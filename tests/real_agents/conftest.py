"""Real agents, as `make test-agents` installs them, with a scripted model behind each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.model_server.dialects import GOOGLE_MODEL, speak_all
from tests.model_server.reply import call, say
from tests.model_server.request import Asked
from tests.model_server.world import KEY, Model
from tests.real_agents.install import search_path
from tests.support.project import Project

VERDICT: dict[str, Any] = {
    "verdict": "approve",
    "summary": "Good.",
    "findings": [],
    "reviewed": {"head": "{{head}}", "diff_sha256": "{{diff}}"},
}
Turn = Callable[[Asked], Mapping[str, Any]]


@dataclass(frozen=True)
class Real:
    """How an agent's own tool for a shell is called, and how it finds the model."""

    kind: str
    model: str
    tool: str = ""
    argument: str = "command"
    more: Mapping[str, str] = field(default_factory=dict)

    def script(self, *turns: Turn | Mapping[str, Any]) -> list[Turn]:
        """The turns one after the other, however many examples a program has in its prompt, and
        with a few words for requests without tools, for titles, from programs that use tools."""
        left = list(turns)

        def turn(asked: Asked) -> Mapping[str, Any]:
            if self.tool and not asked.body.get("tools"):
                return say("A title")
            following = left.pop(0) if left else say("Done.")
            return following(asked) if callable(following) else following

        return [turn] * 60

    def shell(self, command: str) -> Turn:
        """A turn that runs a command."""
        return lambda asked: call(self.tool, **{self.argument: command, **self.more})

    def write(self, name: str, text: str) -> Turn:
        if not self.tool:
            return lambda asked: say(f"Here it is.\n\n{name}\n```\n{text}\n```\n")
        return self.shell(f"printf '%s\\n' '{text}' > {name}")

    def verdict(self, **changes: Any) -> Turn:
        said = {**VERDICT, **changes}

        def turn(asked: Asked) -> Mapping[str, Any]:
            names = [tool.get("name") for tool in asked.body.get("tools") or []]
            if "StructuredOutput" in names:
                return call("StructuredOutput", **said)
            return say(f"I judged it.\n\n{json.dumps(said)}")

        return turn


WORDS = {"description": "what was asked for"}
REAL = {
    each.kind: each
    for each in (
        Real("claude-code", "claude-sonnet-4-5", "Bash", more=WORDS),
        Real("codex", "gpt-5", "exec_command", "cmd"),
        Real("gemini", GOOGLE_MODEL, "run_shell_command", more=WORDS),
        Real("copilot", "claude-sonnet-4-5", "bash", more=WORDS),
        Real("opencode", "anthropic/claude-sonnet-4-5", "bash", more=WORDS),
        Real("aider", "openai/scripted"),
    )
}


@pytest.fixture
def agents() -> str:
    folder = os.environ.get("LOOPCODER_TEST_AGENTS", "")
    if not folder:
        pytest.skip("real agents are tried by `make test-agents`")
    return search_path(Path(folder))


@pytest.fixture
def real(project: Project, model: Model, agents: str) -> Project:
    """A project whose agents find their programs, a key and the scripted model."""
    speak_all(model.server)
    url = model.server.url
    project.env |= {
        **model.env,
        "PATH": f"{os.environ['PATH']}:{agents}",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_BASE": f"{url}/v1",
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": url,
        "COPILOT_PROVIDER_API_KEY": KEY,
        "COPILOT_PROVIDER_TYPE": "anthropic",
        "COPILOT_PROVIDER_BASE_URL": url,
        "COPILOT_OFFLINE": "true",
    }
    return project

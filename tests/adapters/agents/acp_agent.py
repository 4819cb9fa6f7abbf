"""An agent that speaks the protocol by the library that others use, and does what a script says.

`python acp_agent.py SCRIPT.json`. A script is a list of steps, done in the one turn:

    {"say": "text"}                     words of the answer
    {"permit": "edit"}                  ask for permission; the answer is said as `permit=<option>`
    {"read": "path"}  {"write": ["path", "text"]}      ask the client for a file
    {"shell": "command"}                do something inside the sandbox
    {"stop": "end_turn"}  {"fail": "message"}  {"exit": 3}  {"hang": 60}  {"noise": "text"}
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from acp import (
    Agent,
    InitializeResponse,
    NewSessionResponse,
    PromptResponse,
    RequestError,
    run_agent,
    update_agent_message_text,
)
from acp.schema import PermissionOption, ToolCallUpdate

OPTIONS = [
    PermissionOption(option_id="always", name="Always", kind="allow_always"),
    PermissionOption(option_id="yes", name="Yes", kind="allow_once"),
    PermissionOption(option_id="no", name="No", kind="reject_once"),
]


class Scripted(Agent):
    def __init__(self, steps: list[dict[str, Any]]) -> None:
        self._steps = steps
        self._client: Any = None

    def on_connect(self, conn: Any) -> None:
        self._client = conn

    async def initialize(self, protocol_version: int, **_: Any) -> InitializeResponse:
        return InitializeResponse(protocol_version=protocol_version)

    async def new_session(self, cwd: str, mcp_servers: Any = None, **_: Any) -> NewSessionResponse:
        self._servers = [each.name for each in mcp_servers or []]
        assert cwd == str(Path.cwd())
        return NewSessionResponse(session_id="s1")

    async def prompt(self, prompt: Any, session_id: str, **_: Any) -> PromptResponse:
        for step in self._steps:
            ((verb, given),) = step.items()
            if verb == "stop":
                return PromptResponse(stop_reason=given)
            await self._do(verb, given, session_id)
        return PromptResponse(stop_reason="end_turn")

    async def _do(self, verb: str, given: Any, session: str) -> None:
        if verb == "say":
            await self._say(session, given)
        elif verb == "servers":
            await self._say(session, ",".join(self._servers))
        elif verb == "permit":
            asked = ToolCallUpdate(tool_call_id="t", kind=given, title=f"may I {given}?")
            answer = await self._client.request_permission(
                session_id=session, tool_call=asked, options=OPTIONS
            )
            chosen = getattr(answer.outcome, "option_id", "cancelled")
            await self._say(session, f"permit={chosen} ")
        elif verb in ("read", "write"):
            await self._file(verb, given, session)
        elif verb == "shell":
            subprocess.run(given, shell=True, check=False)
        elif verb == "fail":
            raise RequestError(-32000, given)
        elif verb == "exit":
            os._exit(given)
        elif verb == "hang":
            await asyncio.sleep(given)
        elif verb == "noise":
            os.write(1, given.encode() + b"\n")

    async def _file(self, verb: str, given: Any, session: str) -> None:
        try:
            if verb == "read":
                found = await self._client.read_text_file(path=given, session_id=session)
                await self._say(session, f"read={found.content!r} ")
            else:
                path, text = given
                await self._client.write_text_file(content=text, path=path, session_id=session)
                await self._say(session, "written ")
        except RequestError as error:
            await self._say(session, f"refused={error} ")

    async def _say(self, session: str, text: str) -> None:
        await self._client.session_update(session, update_agent_message_text(text))


if __name__ == "__main__":
    asyncio.run(run_agent(Scripted(json.loads(Path(sys.argv[1]).read_text("utf-8")))))

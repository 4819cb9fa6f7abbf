"""Who we are, and what others may do: asked by number, because names can be changed and taken."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from loopcoder.adapters.github.mapping import read_actor, read_permission
from loopcoder.adapters.github.session import Session
from loopcoder.domain.diagnostic import LoopcoderError, NotFound
from loopcoder.domain.issues.issue import Actor, Permission

_VIEWER = "query { viewer { login databaseId } }"
_INSTALLATION = "ghs_"


class People:
    """Answers are remembered as long as this object lives, which is one command or tick."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._me: Actor | None = None
        self._permissions: dict[int, Permission] = {}

    def whoami(self) -> Actor:
        """The token's account; kept between processes, because a token does not change hands."""
        if self._me is None:
            key = f"account {self._session.token_key()}"
            kept = self._session.state.fact(key)
            if kept is None:
                kept = self._ask_who()
                self._session.state.keep_fact(key, kept)
            self._me = Actor(int(kept["id"]), str(kept["login"]))
        return self._me

    def permission(self, actor: Actor) -> Permission:
        """What an account may do here. A bot's word counts nothing, whatever it may write."""
        if actor.id not in self._permissions:
            self._permissions[actor.id] = self._ask_permission(actor)
        return self._permissions[actor.id]

    def _ask_who(self) -> dict[str, Any]:
        if not self._session.token().startswith(_INSTALLATION):
            user = self._session.get("/user").data
            return {"id": user["id"], "login": user["login"]}
        # An installation's token may not read /user; GraphQL tells it who it is.
        viewer = self._session.graphql(_VIEWER)["viewer"]
        name = str(viewer["login"]).removesuffix("[bot]")
        return {"id": viewer["databaseId"], "login": f"{name}[bot]"}

    def _ask_permission(self, actor: Actor) -> Permission:
        session = self._session
        try:
            user = session.read(f"/user/{actor.id}").data
            if user.get("type") == "Bot" or user.get("id") != actor.id:
                return Permission.NONE
            login = quote(read_actor(user).login, safe="")
            answer = session.read(session.path("collaborators", login, "permission")).data
        except NotFound:
            return Permission.NONE
        if (answer.get("user") or user).get("id") != actor.id:
            raise LoopcoderError(
                f"@{read_actor(user).login} was renamed while being asked about.", "Try again."
            )
        return read_permission(answer)

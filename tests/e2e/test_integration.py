"""A wave is put together, and only those that stand in the others' way have to wait."""

from __future__ import annotations

from typing import Any

from tests.support.project import Project, writes

COUNTED = """\
#!/bin/sh
# Red when c and d are both there; every run leaves a line outside of the sandbox's reach.
echo checked $(ls *.txt | tr '\\n' ' ')
! { [ -e c.txt ] && [ -e d.txt ]; }
"""


def roadmap(*names: str) -> str:
    return "".join(f"- [ ] {name.upper()} <!-- id: {name} -->\n" for name in names)


def shared(text: str) -> list[dict[str, Any]]:
    return [{"write": {"shared.txt": f"{text}\n"}}]


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {unit: row["outcome"] for unit, row in report["units"].items()}


def integrations(project: Project) -> list[str]:
    """The verification logs of stage 2, in order."""
    return sorted(path.stem for path in project.state.rglob("integrate-*.log"))


def test_of_five_only_those_in_the_way_wait_and_in_the_same_tick_the_others_go_on(
    project: Project,
) -> None:
    project.begin(
        roadmap("a", "b", "c", "d", "e"),
        work={
            "a": [shared("from a")],
            "b": [shared("from b")],
            **{name: [writes(**{name: "x"})] for name in "cde"},
        },
        config={"jobs": 5},
        files={"check.sh": COUNTED},
    )
    report = project.tick()
    assert outcomes(report) == {
        "a": "proposed",
        "b": "waiting",
        "c": "proposed",
        "d": "waiting",
        "e": "proposed",
    }
    assert set(project.pulls()) == {"a", "c", "e"}
    reasons = {unit: row["reason"] for unit, row in report["units"].items()}
    assert reasons["b"] == "does not merge with a: conflicts in shared.txt"
    assert reasons["d"].startswith("red together with c: `sh check.sh` exited 1")
    for unit in "bd":
        assert project.json("explain", unit)["strikes"] == 0
    assert len(integrations(project)) <= 8
    project.merge_all()
    again = project.tick()
    assert again["units"]["b"]["outcome"] in ("proposed", "failed")


def test_one_that_conflicts_with_two_waits_alone(project: Project) -> None:
    both = [{"write": {"one.txt": "from a\n", "two.txt": "from a\n"}}]
    project.begin(
        roadmap("a", "b", "c"),
        work={"a": [both], "b": [writes(one="from b\n")], "c": [writes(two="from c\n")]},
    )
    report = project.tick()
    assert outcomes(report) == {"a": "waiting", "b": "proposed", "c": "proposed"}
    assert report["units"]["a"]["reason"] == "does not merge with b: conflicts in one.txt"
    assert len(integrations(project)) == 1


def test_a_wave_that_holds_together_is_verified_once_and_one_alone_not_again(
    project: Project,
) -> None:
    project.begin(
        roadmap("a", "b") + "- [ ] C (after: a) <!-- id: c -->\n",
        work={name: [writes(**{name: "x"})] for name in "abc"},
    )
    project.tick()
    assert integrations(project) == ["integrate-1-1"]
    project.merge_all()
    assert outcomes(project.tick())["c"] == "proposed"
    assert integrations(project) == ["integrate-1-1"]


def test_end_to_end_commands_run_on_the_combination(project: Project) -> None:
    project.begin(
        roadmap("a", "b"),
        work={name: [writes(**{name: "x"})] for name in "ab"},
        config={"e2e": "! { [ -e a.txt ] && [ -e b.txt ]; }"},
    )
    report = project.tick()
    assert outcomes(report) == {"a": "proposed", "b": "waiting"}
    assert "red together with a: `! { [ -e a.txt ]" in report["units"]["b"]["reason"]

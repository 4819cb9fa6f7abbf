"""A worker that pretends to be the person, with no wall around it."""

from __future__ import annotations

import sys
from pathlib import Path

import loopcoder
from tests.support.project import Project, writes

MERGE = """\
import subprocess
env = {{"PATH": "/usr/bin:/bin", "HOME": "/", "PYTHONPATH": {package!r}}}
for argv in (["pr", "merge", "{pull}"], ["pr", "close", "{pull}"], ["tick"]):
    done = subprocess.run(
        [{python!r}, "-m", "loopcoder", "-C", {root!r}, *argv],
        capture_output=True, text=True, env=env,
    )
    with open("said.txt", "a") as file:
        file.write(f"{{argv[-2:]}} {{done.returncode}} {{done.stderr}}\\n")
"""


def test_the_persons_verbs_are_refused_inside_an_attempt(project: Project) -> None:
    """Even with `sandbox: off` and an emptied environment."""
    project.begin(
        "- [ ] First <!-- id: first -->\n- [ ] Second <!-- id: second -->\n",
        work={"first": [writes(first="x")]},
        config={"sandbox": "off"},
    )
    project.tick("--unit", "first")
    (pull,) = project.pulls().values()
    package = str(Path(loopcoder.__file__).parents[1])
    source = MERGE.format(pull=pull, python=sys.executable, root=str(project.root), package=package)
    project.script({"second": [[{"python": source}]]})
    project.tick("--unit", "second")
    said = project.git("show", "loopcoder/second:said.txt").splitlines()
    verbs = [line for line in said if line.startswith("[")]
    assert len(verbs) == 3
    assert [line for line in verbs if "] 1 " not in line] == []
    assert (
        len([line for line in said if "inside attempt" in line or "inside an attempt" in line]) == 3
    )
    assert project.pulls()["first"] == pull
    assert project.subjects() == ["Begin"]

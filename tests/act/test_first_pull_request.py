"""From nothing to the first pull request: every step a person takes, counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loopcoder.entrypoints.setup.workflows import TICK
from tests.act.stage import COMMIT, NAME, Stage
from tests.support.project import writes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    project = Stage(tmp_path)
    yield project
    project.close()


def test_the_steps_of_the_page_lead_to_a_pull_request(stage: Stage) -> None:
    """docs/reference/action.md says four steps: init, edit, push, and the secret."""
    stage.begin_empty()
    steps = ["init"]
    said = stage.run("init", "--github", "--action", f"{NAME}@{COMMIT}").stdout
    assert TICK in said

    steps.append("edit")
    stage.write({"ROADMAP.md": "- [ ] Store <!-- id: store -->\n"})
    stage.name_agents({"store": [writes(store="kept")]})

    steps.append("push")
    stage.commit("Add loopcoder")
    stage.push()

    steps.append("secret")  # the stage hands ANTHROPIC_API_KEY to every run
    stage.event("push", {"ref": "refs/heads/main"})
    assert list(stage.pulls()) == ["store"]
    page = (Path(__file__).parents[2] / "docs" / "reference" / "action.md").read_text()
    told = page.split("## Setting it up", 1)[1].split("\n## ", 1)[0]
    assert [n for n in range(1, 9) if f"# {n} " in told or f"\n{n}. " in told] == [1, 2, 3, 4]
    assert len(steps) == 4

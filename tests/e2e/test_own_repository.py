"""loopcoder on a copy of its own repository, with its own ROADMAP.md and a prepared patch."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import Project

HERE = Path(__file__).resolve().parents[2]
UNIT = "mcp-server"
PATCH = """\
--- /dev/null
+++ b/docs/reference/mcp-server.md
@@ -0,0 +1,3 @@
+# MCP server
+
+The verbs as tools.
"""


@pytest.fixture
def copy(project: Project) -> Project:
    """A clone of what is committed here, and a configuration committed in it."""
    if shutil.which("git") is None or not (HERE / ".git").exists():
        pytest.skip("not in a git checkout")
    subprocess.run(
        ["git", "clone", "-q", "--no-hardlinks", str(HERE), str(project.root)], check=True
    )
    project.git("checkout", "-q", "-B", "main")
    project.git("config", "user.name", "Ana")
    project.git("config", "user.email", "ana@example.org")
    papers = project.folder / "papers"
    papers.mkdir()
    (papers / "change.patch").write_text(PATCH)
    project.script({})
    config = {
        "version": 1,
        "base": "main",
        "verify": [{"run": "python3 -m compileall -q loopcoder/domain", "timeout": "2m"}],
        "workers": {
            "default": {
                "kind": "command",
                "run": ["git", "apply", str(papers / "change.patch")],
                "cost": "free",
            }
        },
        "reviewer": {
            "kind": "scripted",
            "script": str(project.folder / "script.json"),
            "cost": "free",
            "calibration": "off",
        },
        "readable": [str(papers)],
    }
    project.write({"loopcoder.yml": json.dumps(config, indent=1) + "\n"})
    project.commit("Configure loopcoder")
    return project


def test_a_real_unit_goes_from_our_own_roadmap_to_a_merged_commit(copy: Project) -> None:
    tracked = set(copy.git("ls-files").splitlines())
    assert f"id: {UNIT}" in (copy.root / "ROADMAP.md").read_text()
    row = copy.tick("--unit", UNIT)["units"][UNIT]
    assert row["outcome"] == "proposed", row
    copy.run("pr", "merge", str(row["pr"]))
    trailers = copy.git("log", "-1", "--format=%(trailers)", row["head"])
    assert f"Loopcoder-Unit: {UNIT}" in trailers
    assert "Loopcoder-Attempt: 1" in trailers
    assert copy.git("merge-base", "main", row["head"]) == row["head"]
    assert set(copy.git("ls-files").splitlines()) - tracked == {"docs/reference/mcp-server.md"}
    assert copy.git("status", "--porcelain", "--ignored") == ""
    assert UNIT in [done["unit"] for done in copy.json("ready")["done"]]


def test_our_roadmap_is_valid_and_has_all_its_ids(copy: Project) -> None:
    plan = copy.json("plan")
    assert plan["applyable"]
    assert plan["diagnostics"] == []
    assert copy.git("status", "--porcelain") == ""

"""Two ticks at once, on two clones, as two runners would have them."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.support.github_project import GitHubProject
from tests.support.project import Project, writes

ROADMAP = """\
- [ ] Store <!-- id: store -->
- [ ] Notes <!-- id: notes -->
- [ ] Login (after: store) <!-- id: login -->
"""
WORK = {
    "store": [writes(store="kept")],
    "notes": [writes(notes="noted")],
    "login": [writes(login="in")],
}
REF = "refs/loopcoder/journal"
APART = ("unshare", "--pid", "--fork", "--mount-proc")
SLOW_AT = (
    "issues/create",
    "issues/list-for-repo",
    "pulls/create",
    "git/receive-pack",
    "git/upload-pack",
    "issues/remove-label",
)


def apart() -> tuple[str, ...]:
    """A command prefix that gives a process a namespace of its own: it cannot see, nor be seen by,
    the other one, as on another machine. Empty where the system does not allow it."""
    if shutil.which(APART[0]) is None:
        return ()
    allowed = subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0
    return APART if allowed else ()


class Race:
    """One server, two clones with caches of their own, and everything seeded."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = Random(seed)
        self.hosted = GitHubProject(folder / "origin")
        self.hosted.folder.mkdir()
        self.hosted.begin(ROADMAP, work=WORK, config={"sandbox": "off", "propose_ids": True})
        self.clones = [self._clone(folder / name) for name in ("one", "two")]
        self.prefix = apart()

    def _clone(self, folder: Path) -> Project:
        folder.mkdir()
        project = Project(folder, dict(self.hosted.env))
        source, address = (
            self.hosted.github.git.folder,
            self.hosted.git("remote", "get-url", "origin"),
        )
        subprocess.run(["git", "clone", "-q", str(source), str(project.root)], check=True)
        project.git("remote", "set-url", "origin", address)
        return project

    def run(self) -> None:
        """Both tick, one a little later; the server is slow here and there."""
        for _ in range(self.random.randrange(4)):
            pause = self.random.uniform(0.05, 0.7)
            match, skip = self.random.choice(SLOW_AT), self.random.randrange(6)
            self.hosted.github.call(match, lambda pause=pause: time.sleep(pause), skip=skip)
        late, order = self.random.uniform(0, 1.5), list(self.clones)
        self.random.shuffle(order)
        started = []
        for clone in order:
            started.append(self._start(clone))
            time.sleep(late)
        for process in started:
            out, err = process.communicate(timeout=240)
            assert process.returncode in (0, 75), f"{out}\n{err}"
            assert "Traceback" not in err, err

    def _start(self, clone: Project) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.prefix, *clone.argv("tick", "--json")],
            cwd=clone.root,
            env=clone.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def events(self) -> list[dict[str, object]]:
        """The shared journal, as any clone could read it."""
        git = self.hosted.github.git
        names = git.git("ls-tree", "-r", "--name-only", REF).split()
        files = sorted(name for name in names if name.endswith(".jsonl"))
        lines = [line for name in files for line in git.git("show", f"{REF}:{name}").splitlines()]
        return [json.loads(line.split(" ", 1)[1]) for line in lines]

    def worked(self) -> Counter[str]:
        """How often a worker was started on each unit, on both sides."""
        told = [path for clone in self.clones for path in clone.state.rglob("prompt.md")]
        work = [path for path in told if path.read_text().startswith("# How to work here")]
        units = {path.parts[path.parts.index("runs") + 2]: 0 for path in work}
        rounds = {path.parent for path in work if path.parent.name.startswith("round-")}
        return Counter({u: sum(u in path.parts for path in rounds) for u in units})

    def check(self) -> None:
        """Nothing twice, and nobody on a unit while somebody else was."""
        github = self.hosted.github
        titles = Counter(issue.title for issue in self.hosted.ana.tracker.list_issues())
        dashboard = "loopcoder: where everything stands"
        assert titles == {"Store": 1, "Notes": 1, "Login": 1, dashboard: 1}
        pulls = [item for item in github.repo.all_items() if item.pull is not None]
        heads = Counter(item.pull.head_ref for item in pulls if item.pull)
        assert max(heads.values(), default=0) <= 1, heads
        for item in github.repo.all_items():
            said = [each.body for each in github.repo.comments_of(item.number)]
            assert len(said) == len(set(said)) <= 1, said
        assert max(self.worked().values(), default=0) <= 1, self.worked()
        holding: dict[object, object] = {}
        for event in self.events():
            unit, epoch = event["unit"], event["epoch"]
            if event["kind"] == "claim.taken":
                assert unit not in holding, f"{unit} was taken twice"
                holding[unit] = epoch
            elif event["kind"] == "claim.released" and holding.get(unit) == epoch:
                del holding[unit]

    def close(self) -> None:
        self.hosted.close()


def first_wave(found: Race) -> None:
    """Race from an empty tracker: issues, claims, branches, pull requests."""
    found.run()
    found.check()
    if sorted(found.hosted.pulls()) != ["notes", "store"]:
        found.clones[0].run("tick", "--json", exit_code=None)
        found.check()
    assert sorted(found.hosted.pulls()) == ["notes", "store"]


def second_wave(found: Race) -> None:
    """Race after the merge: labels, what was unblocked, old branches, the books."""
    found.hosted.merge_all()
    found.run()
    found.check()
    found.clones[1].run("tick", "--json", exit_code=None)
    found.check()
    assert sorted(found.hosted.pulls()) == ["", "login"]
    assert found.hosted.github.git.refs("refs/heads/loopcoder/store") == {}


@pytest.mark.parametrize("seed", [0])
def test_two_ticks_at_once_do_nothing_twice(tmp_path: Path, seed: int) -> None:
    found = Race(tmp_path, seed)
    try:
        first_wave(found)
        second_wave(found)
    finally:
        found.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 201))
def test_two_hundred_races(tmp_path: Path, seed: int) -> None:
    """Every tenth goes on to a second race."""
    found = Race(tmp_path, seed)
    try:
        first_wave(found)
        if seed % 10 == 0:
            second_wave(found)
    finally:
        found.close()
    shutil.rmtree(tmp_path)

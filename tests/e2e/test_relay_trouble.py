"""A relay where jobs die, workers are enemies, and findings go back: what stands in the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from tests.github_server.world import TOKEN
from tests.support.project import APPROVE, writes
from tests.support.relay import Relay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ONE = "- [ ] Store <!-- id: store -->\n"
FINDING = {"severity": "major", "file": "store.txt", "line": 1, "claim": "too short"}


def test_a_work_job_that_was_killed_costs_no_strike_and_is_done_again(relay: Relay) -> None:
    relay.begin(ONE, work={"store": [[{"sleep": 60}], *[writes(store="kept")]]})
    relay.look()
    relay.plan()
    place = relay.clone("killed")
    out = relay.fresh("work-store")
    process = subprocess.Popen(
        [sys.executable, "-m", "loopcoder", "work", "--wave", str(relay.wave_dir), "--unit",
         "store", "--out", str(out)],
        cwd=place, env=relay.rights(place.parent, token=False), stdout=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(300):
        if (out / "events.jsonl").exists() and "work" in (out / "events.jsonl").read_text():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    relay.judge("store")
    relay.integrate()
    row = relay.publish()["store"]
    assert row["outcome"] == "waiting" and "the work job left nothing" in row["reason"]
    relay.script({"store": [writes(store="kept")]})
    again = relay.wave()["store"]
    assert (again["outcome"], again["attempt"]) == ("proposed", 1)
    assert relay.served("store.txt", "loopcoder/store") == "kept"


def to_the_barrier(relay: Relay) -> None:
    """A wave of one unit, up to where it is published."""
    relay.look()
    assert relay.plan()["wave"]["units"] == ["store"]
    relay.work("store")
    relay.judge("store")
    relay.integrate()


def test_what_people_stop_while_it_is_worked_on_is_not_proposed(relay: Relay) -> None:
    relay.begin(ONE, work={"store": [writes(store="kept"), writes(store="paid again")]})
    to_the_barrier(relay)
    issue = relay.issues["Store"].number
    relay.ana.label(issue, "loopcoder:hold")
    row = relay.publish()["store"]
    assert (row["outcome"], row["pr"]) == ("held", None)
    relay.later()
    relay.ana.unlabel(issue, "loopcoder:hold")
    to_the_barrier(relay)
    relay.ana.reject(issue)
    row = relay.publish()["store"]
    assert row["pr"] is None and f"its issue #{issue} was closed" in row["reason"]
    assert relay.pulls() == {}
    relay.later()
    relay.ana.reopen(issue)
    assert relay.wave()["store"]["outcome"] == "proposed"
    assert relay.served("store.txt", "loopcoder/store") == "kept"


def test_a_pull_request_closed_while_it_is_fixed_up_gets_no_second_one(relay: Relay) -> None:
    relay.begin(ONE, work={"store": [writes(store="kept"), writes(store="kept well")]})
    assert relay.wave()["store"]["outcome"] == "proposed"
    (number,) = relay.pulls().values()
    relay.ana.review(number, "Keep it well")
    to_the_barrier(relay)
    relay.ana.close_pull(number)
    row = relay.publish()["store"]
    assert f"#{number} was closed or merged meanwhile" in row["reason"]
    assert relay.pulls() == {}
    assert relay.served("store.txt", "loopcoder/store") == "kept"


def test_a_wave_that_nobody_published_is_taken_over_when_its_claims_expire(relay: Relay) -> None:
    relay.begin(ONE, work={"store": [writes(store="kept")]})
    relay.look()
    assert relay.plan("--claim-minutes", "0.3")["wave"]["units"] == ["store"]
    held = relay.plan()
    assert held["wave"] is None and "being worked on" in held["units"][0]["reason"]
    time.sleep(19)
    assert relay.wave()["store"]["outcome"] == "proposed"


def test_findings_go_back_to_work_in_the_next_tick_on_another_machine(relay: Relay) -> None:
    refuse = {"verdict": "request_changes", "summary": "more", "findings": [FINDING]}
    relay.begin(
        ONE,
        work={"store": [{"rounds": [writes(store="one"), writes(more="two")]}]},
        review={"store": [{"rounds": [[refuse], APPROVE["*"][0]]}]},
    )
    first = relay.wave()["store"]
    assert first["outcome"] == "waiting" and "round 2" in first["reason"], first
    git = relay.github.git
    kept = git.git("rev-parse", "refs/loopcoder/attempts/store/1")
    assert git.git("show", f"{kept}:store.txt") == "one"
    assert relay.pulls() == {}

    second = relay.wave()["store"]
    assert (second["outcome"], second["attempt"]) == ("proposed", 1), second
    assert relay.served("store.txt", "loopcoder/store") == "one"
    assert relay.served("more.txt", "loopcoder/store") == "two"
    assert git.git("for-each-ref", "refs/loopcoder/attempts") == ""


def test_red_gates_never_leave_the_judge(relay: Relay) -> None:
    relay.begin(ONE, work={"store": [writes(store="RED")]})
    row = relay.wave()["store"]
    assert row["outcome"] == "waiting"
    assert relay.pulls() == {} and relay.github.git.head("loopcoder/store") is None


def test_what_the_policy_refuses_is_pushed_nowhere(relay: Relay) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    relay.begin(ONE, work={"store": [writes(store=f"token = {secret}")]})
    row = relay.wave()["store"]
    assert row["outcome"] == "failed", row
    git = relay.github.git
    assert git.git("for-each-ref", "refs/loopcoder/attempts") == ""
    objects = git.git("cat-file", "--batch-all-objects", "--batch-check")
    blobs = [line.split()[0] for line in objects.splitlines() if " blob " in line]
    assert all(secret not in git.git("cat-file", "blob", blob) for blob in blobs)


@pytest.mark.parametrize("lost", [False, True])
def test_a_whole_tick_goes_on_with_what_a_machine_that_is_gone_had_committed(
    relay: Relay, lost: bool
) -> None:
    """Ticks in one job: the setup fails once there is work to verify, so the attempt rests."""
    config = {"setup": [{"run": "test ! -e store.txt"}]}
    relay.begin(ONE, work={"store": [writes(store="kept")]}, config=config)
    row = json.loads(relay.job("tick", "--json", token=True).stdout)["units"][0]
    assert row["outcome"] == "waiting" and "setup" in row["reason"], row
    git, ref = relay.github.git, "refs/loopcoder/attempts/store/1"
    assert git.git("show", f"{ref}:store.txt") == "kept"

    text = (relay.root / "loopcoder.yml").read_text()
    relay.write({"loopcoder.yml": text.replace("test ! -e store.txt", "true")})
    relay.commit("Mend the setup")
    relay.push()
    relay.script({"store": [writes(store="made again")]})
    if lost:
        git.git("update-ref", "-d", ref)
    for _ in range(2):
        relay.job("tick", token=True)
    assert relay.served("store.txt", "loopcoder/store") == ("made again" if lost else "kept")
    assert git.git("for-each-ref", "refs/loopcoder/attempts") == ""


EVIL = """#!/bin/sh
exec > loot.txt 2>&1
env
each=$$
while [ "$each" -gt 1 ]; do
  tr '\\0' '\\n' < /proc/$each/environ
  tr '\\0' ' ' < /proc/$each/cmdline
  each=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$each/status)
done
cat "$HOME/.netrc" "$HOME/.gitconfig" .git/config ../clean.git/config
git push origin HEAD:refs/heads/main
git -c http.extraHeader= push '@URL@' HEAD:refs/heads/main
git push '@URL@' HEAD:refs/loopcoder/journal
for place in '@OUT@' '@WAVE@'; do echo mine > $place/mine; echo mine > $place/wave.json; done
echo done > store.txt
"""


@pytest.mark.parametrize("sandbox", ["auto", "off"])
def test_an_enemy_at_work_finds_no_token_and_changes_nothing(relay: Relay, sandbox: str) -> None:
    """Without a sandbox, too, there is nothing on a work job's machine that writes to GitHub."""
    worker = {"default": {"kind": "command", "run": ["sh", "evil.sh"], "cost": "free"}}
    relay.begin(ONE, config={"workers": worker, "sandbox": sandbox}, files={"evil.sh": EVIL})
    url = f"{relay.github.server.url}/{relay.github.full_name}.git"
    text = EVIL.replace("@URL@", url).replace("@OUT@", str(relay.artifacts / "work-store"))
    relay.write({"evil.sh": text.replace("@WAVE@", str(relay.wave_dir))})
    relay.commit("Arm it")
    relay.push()
    relay.look()
    relay.plan()
    before = relay.github.git.git("for-each-ref")
    sealed = (relay.wave_dir / "manifest.json").read_bytes()
    relay.work("store")
    assert relay.github.git.git("for-each-ref") == before
    found = [path.read_text() for path in relay.folder.rglob("loot.txt")]
    loot = "\n".join(found)
    assert "LOOPCODER_UNIT" in loot, "it did look around"
    for secret in (*TOKEN.values(), "GITHUB_TOKEN", "ACTIONS_", "Authorization"):
        assert secret not in loot, loot
    if sandbox == "off":
        return  # it may spoil its own machine, whose artifact is not believed then
    assert (relay.wave_dir / "manifest.json").read_bytes() == sealed
    assert not (relay.wave_dir / "mine").exists()
    relay.judge("store")
    relay.integrate()
    assert relay.publish()["store"]["outcome"] == "proposed"

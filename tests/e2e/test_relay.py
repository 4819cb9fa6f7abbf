"""One tick as a relay of jobs: every job its own process, in its own clone, with its own rights."""

from __future__ import annotations

import json

import pytest

from tests.support.chain import CHAIN, WORK
from tests.support.relay import Relay

ONE = "- [ ] Store <!-- id: store -->\n"


@pytest.mark.slow
def test_from_roadmap_to_merged_work_over_jobs_of_their_own(relay: Relay) -> None:
    relay.begin(CHAIN, work=WORK)
    first = relay.wave()
    assert {name: row["outcome"] for name, row in first.items() if name != "_"} == {
        "store": "proposed",
        "notes": "proposed",
        "login": "blocked",
    }
    assert first["_"]["stop_reason"] == "waiting-for-merge"
    assert relay.served("store.txt", "loopcoder/store") == "kept"
    assert relay.wave()["_"]["wave"] is None

    relay.merge_all()
    assert relay.wave()["login"]["outcome"] == "proposed"
    relay.merge_all()
    assert relay.wave()["_"]["stop_reason"] == "sealed"
    assert relay.served("login.txt") == "in"


def test_one_unit_from_plan_to_proposal(relay: Relay) -> None:
    """The fast lane's sample of the relay: without the base job nothing is handed out."""
    relay.begin(ONE, work=WORK)
    assert relay.plan()["wave"] is None
    relay.look()
    assert relay.plan()["wave"]["units"] == ["store"]
    relay.work("store")
    relay.judge("store")
    relay.integrate()
    row = relay.publish()["store"]
    assert (row["outcome"], row["pr"]) == ("proposed", relay.pulls()["store"])
    assert relay.served("store.txt", "loopcoder/store") == "kept"


@pytest.mark.slow
def test_a_limit_ends_a_job_with_a_report_and_the_next_wave_goes_on(relay: Relay) -> None:
    """Wherever it comes: what was done, until when nothing more is, and no claim is left behind."""
    relay.begin(CHAIN, work=WORK)
    relay.look()
    relay.github.refuse("issues/list-for-repo", retry_after=3600)
    planned = relay.plan(exit_code=75)
    assert planned["stop_reason"] == "rate-limit" and planned["try_again_at"] > "20"
    planned = relay.plan()
    for unit in planned["wave"]["units"]:
        relay.work(unit)
        relay.judge(unit)
    relay.integrate()

    relay.github.refuse("pulls/create", retry_after=3600, skip=1)
    summary = relay.folder / "summary.md"
    report = relay.publish(exit_code=75)
    told = report.pop("_")
    assert told["stop_reason"] == "rate-limit" and told["try_again_at"] > "20"
    assert sorted(report[name]["outcome"] for name in ("store", "notes")) == ["proposed", "waiting"]
    waiting = next(row for row in report.values() if row["outcome"] == "waiting")
    assert "Try again at" in waiting["reason"]

    again = relay.wave()
    assert len(relay.pulls()) == 2, again
    relay.github.refuse("issues/list-for-repo", retry_after=3600)
    done = relay.job(
        "publish", "--json", token=True, exit_code=75, GITHUB_STEP_SUMMARY=str(summary)
    )
    assert json.loads(done.stdout)["stop_reason"] == "rate-limit"

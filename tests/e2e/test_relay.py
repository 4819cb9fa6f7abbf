"""One tick as a relay of jobs: every job its own process, in its own clone, with its own rights."""

from __future__ import annotations

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

"""Every interleaving of a few processes, with a death at every step: the protocol holds, and each
shortcut that one might take breaks it."""

from __future__ import annotations

import pytest

from tests.model.claim_model import Protocol, check

REAL = Protocol()


@pytest.mark.parametrize(
    ("processes", "deaths", "expiries", "outsiders"),
    [
        (1, 2, 1, 1),
        (2, 1, 1, 0),
        (2, 1, 0, 1),
        (3, 0, 1, 0),
        pytest.param(2, 2, 1, 1, marks=pytest.mark.slow),
        pytest.param(3, 1, 1, 0, marks=pytest.mark.slow),
    ],
)
def test_the_protocol_holds_in_every_state(
    processes: int, deaths: int, expiries: int, outsiders: int
) -> None:
    outcome = check(REAL, processes, deaths, expiries, outsiders)
    assert outcome.violation is None
    assert outcome.ends > 0
    assert outcome.states > 100


BROKEN = {
    "no compare-and-set": (Protocol(compare_and_set=False), {"two claims under one epoch"}),
    "no lease on the branch": (Protocol(lease=False), {"published twice"}),
    "receipt before effect": (
        Protocol(receipt_after_effect=False),
        {"not filed", "not bound", "bound to an outsider's issue"},
    ),
    "search instead of list": (Protocol(exhaustive_list=False), {"filed twice"}),
    "no author check": (Protocol(author_check=False), {"bound to an outsider's issue"}),
    "no waiting for what the dead sent": (Protocol(waits=False), {"filed twice"}),
    "no look-up after an open intent": (Protocol(looks_up=False), {"filed twice"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_shortcut_is_found_out(name: str) -> None:
    protocol, rules = BROKEN[name]
    violation = check(protocol, processes=2, deaths=1, expiries=1).violation
    assert violation is not None, f"{name}: nothing was found in any state"
    assert violation.rule in rules, violation
    assert len(violation.steps) >= 4


def test_receipt_before_effect_loses_an_issue_even_without_outsiders() -> None:
    protocol = Protocol(receipt_after_effect=False)
    violation = check(protocol, processes=1, deaths=1, expiries=0, outsiders=0).violation
    assert violation is not None
    assert violation.rule == "not filed"
    assert "0 dies at create" in violation.steps

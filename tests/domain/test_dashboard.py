"""The dashboard's text: golden pages, boxes, and what must not move or act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from loopcoder.domain.journal import event as e
from loopcoder.domain.journal.records.last_change import LastChange
from loopcoder.domain.tick.failure import FailureClass
from loopcoder.domain.tick.lifecycle import State
from loopcoder.domain.tick.snapshot import BaseState, Blocker, BlockerState, Snapshot
from loopcoder.domain.tick.summary import conclude
from loopcoder.domain.unit import Box as RoadmapBox
from loopcoder.domain.unit import UnitId, text_digest
from loopcoder.domain.views.dashboard import (
    Box,
    BoxVerb,
    box_of,
    known_boxes,
    render_dashboard,
    ticked_boxes,
)
from loopcoder.domain.views.unit_graph import Node, mermaid
from tests.support.golden import assert_golden
from tests.support.world import BASE, NOW, SETTINGS, Story, completed, pull, snapshot, unit, view

LAST = LastChange("6f2a91", "2026-03-01 11:58", "1 proposed", "https://github.example/runs/7")
HOSTILE = "Close #1 @ana <!-- x --> ![i](http://e) `|` [x] \u202e"


def page(seen: Snapshot, last: LastChange | None = LAST, note: str = "") -> str:
    return render_dashboard(seen, SETTINGS, plan="main", last=last, note=note)


def busy() -> Snapshot:
    """One unit in every state that people look for."""
    story = Story().bind("store", 1).bind("sso", 7).bind("login", 2)
    story.attempt("sso", 1, failure=FailureClass.GATE_RED, strike=True, usd="0.41")
    story.tell(e.NeedsHuman(("attempt 1: red", "the reviewer repeats: no tests")), unit="sso")
    story.attempt("notes", 1, failure=FailureClass.GATE_RED, strike=True)
    story.tell(e.Proposed(HOSTILE, "dusty", "follow-up", "store"), unit="fu-1")
    story.begin("search", 1)
    views = [
        view("store", 1, pull=pull(21, "store"), story=story),
        view("login", 2, unit=unit("login", after=(UnitId("store"),)), story=story,
             blockers=(Blocker("store", 1, BlockerState.OPEN),)),
        view("skeleton", 3, issue=completed(3)),
        view("sso", 7, story),
        view("fu-1", 31, story, standing=False, unit=unit("fu-1", title=HOSTILE)),
        view("notes", 5, story),
        view("search", 6, story, claim_alive=True),
        view("old", 8, story, commands=(("loopcoder:hold", "ana"),)),
    ]  # fmt: skip
    return snapshot(views, story)


def test_a_busy_page() -> None:
    assert_golden("dashboard-busy.md", page(busy()))


def test_a_proposal_of_a_finished_unit_is_to_be_closed() -> None:
    views = [
        view("store", 1, issue=completed(1), pull=pull(21, "store")),
        view("login", 2, unit=unit("login", box=RoadmapBox.DROPPED), pull=pull(22, "login")),
    ]
    text = page(snapshot(views))
    assert "- Close #21: `store` Store is done" in text
    assert "- Close #22: `login` Login is dropped" in text
    asked = conclude(snapshot(views), SETTINGS, (), finished_at=NOW).waiting_for_you
    assert asked == ("close #21 (store, which is done)", "close #22 (login, which is dropped)")


def test_a_page_with_nothing_to_do() -> None:
    seen = snapshot([view("store", 1, issue=completed(1))])
    assert_golden("dashboard-idle.md", page(seen, None))


def test_time_alone_changes_nothing() -> None:
    seen = busy()
    later = replace(seen, now=seen.now + timedelta(days=40))
    again = replace(seen, tick=replace(seen.tick, run="r9", attempted=frozenset({UnitId("notes")})))
    assert page(later) == page(seen) == page(again)


def test_a_red_base_and_a_note_are_said() -> None:
    seen = replace(busy(), base=BaseState(BASE, green=False, failing="make @check"))
    text = page(seen, note="not taken <b>")
    assert "Mend the base branch: make ＠check" in text
    assert "> not taken ‹b>" in text


def test_a_roadmap_that_cannot_be_read_waits_for_a_person_first() -> None:
    fault = "mend the roadmap, nothing is compiled until then: ROADMAP.md:8: `after: x` is @nobody"
    told = page(replace(busy(), faults=(fault,))).split("## Waiting for you\n\n")[1]
    assert told.startswith("- Mend the roadmap, nothing is compiled until then: ROADMAP.md:8: ")
    assert "@nobody" not in told


def test_everything_on_hold_is_said_first() -> None:
    story = Story().tell(e.Held("ana", "release week"))
    assert "**Everything is on hold** by ana: release week." in page(snapshot([], story))


def test_titles_do_nothing() -> None:
    text = page(busy())
    assert "@ana" not in text and "<!-- x" not in text and "![i]" not in text
    assert ticked_boxes(text) == ()


def test_boxes_are_read_back_when_somebody_ticks_them() -> None:
    seen = busy()
    text = page(seen).replace("- [ ]", "- [x]").replace("\n", "\r\n")
    approve = Box(BoxVerb.APPROVE, UnitId("fu-1"), text_digest(unit("fu-1", title=HOSTILE)))
    assert approve in known_boxes(seen)
    assert set(ticked_boxes(text)) == set(known_boxes(seen))
    assert {box.verb for box in known_boxes(seen)} == {BoxVerb.APPROVE, BoxVerb.RETRY}


def test_a_retry_box_is_about_what_was_read() -> None:
    story = Story().tell(e.NeedsHuman(("first",)), unit="a")
    before = box_of(view("a", 1, story), story.history)
    story.tell(e.NeedsHuman(("first", "second")), unit="a")
    assert before is not None and before != box_of(view("a", 1, story), story.history)


def test_boxes_of_others_are_not_boxes() -> None:
    for line in (
        "- [x] Approve <!-- loopcoder:approve unit=../etc state=ab -->",
        "- [x] Approve <!-- loopcoder:merge unit=a state=ab -->",
        "> - [x] Approve <!-- loopcoder:approve unit=a state=ab -->",
        "- [x] Approve <!-- loopcoder:approve unit=a state=ab --> more",
    ):
        assert ticked_boxes(line) == ()


def test_a_long_page_is_cut() -> None:
    text = page(snapshot([view(f"unit-{n}", n, unit=unit(f"unit-{n}", title="x" * 300))
                          for n in range(1, 400)]))  # fmt: skip
    assert len(text) < 65_000
    assert "… and 369 more" in text


def test_a_big_graph_keeps_what_is_not_done() -> None:
    nodes = [Node(UnitId(f"d{n}"), State.DONE) for n in range(70)]
    nodes += [Node(UnitId("open"), State.READY, after=(UnitId("d0"),))]
    text = mermaid(nodes, most=3)
    assert '["open"]:::ready' in text and "n1 --> n3" in text
    assert text.endswith("68 more units not drawn.")
    assert mermaid([]) == ""

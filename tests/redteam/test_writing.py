"""A worker that writes, links and forges outside its workspace."""

from __future__ import annotations

from tests.redteam.arena import Arena

GROUP = "writing"


def test_nothing_outside_the_workspace_is_written(arena: Arena) -> None:
    """Absolute paths, `..`, the repository, its hooks, home, the system. What an own /tmp took is
    gone; that nothing outside changed is checked after every attack."""
    assert arena.row("outside")["outcome"] == "proposed"
    assert _files(arena, "outside") == {"loot-outside.jsonl", "work-outside.txt"}
    assert not [name for what, name in arena.gained("outside") if name.startswith("/etc")]
    assert not [name for what, name in arena.gained("outside") if what == "did" and "mount" in name]


def test_no_sibling_is_seen_or_touched(arena: Arena) -> None:
    """Attempts run at the same time, each in a clone of its own."""
    gained = [row for row in arena.gained("others") if row[0] in ("seen", "neighbour")]
    assert gained == []


def test_the_journal_and_the_tracker_cannot_be_read_written_or_commanded(arena: Arena) -> None:
    gained = [row for row in arena.gained("journal") if "planted.txt" not in row[1]]
    assert gained == []
    (journal,) = [row for row in arena.seen["doctor"] if row["name"] == "journal"]
    assert journal["level"] == "ok", journal
    assert {row["state"] for row in arena.seen["pulls"]} == {"open"}
    assert arena.seen["subjects"] == ["Begin"]


def test_links_that_lead_out_carry_nothing_and_are_refused(arena: Arena) -> None:
    """Hard, soft, climbing, and through a folder that is a link."""
    row = arena.row("links")
    assert (row["outcome"], row["stage"]) == ("failed", "policy")
    assert "symlink" in row["reason"]
    assert not [got for what, got in arena.gained("links") if "hard" in got or "through" in got]
    assert arena.seen["kept"]["links"] == []


def test_a_file_swapped_for_a_link_is_refused(arena: Arena) -> None:
    """What we read of a workspace is never what a link in it leads to."""
    assert arena.row("swapped")["outcome"] == "failed"
    assert "check.sh" in arena.row("swapped")["reason"]
    assert arena.seen["kept"]["swapped"] == []


def _files(arena: Arena, unit: str) -> set[str]:
    names = arena.project.git("diff", "--name-only", f"main...loopcoder/{unit}")
    return set(names.splitlines())

"""Killed between any two steps and run again: the same world as without the kill."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopcoder.adapters.memory.journal import Crashed
from loopcoder.domain.issues.issue import IssueDraft
from tests.support.compiling import CompileWorld, CrashAt

BEFORE = """\
- [ ] Session store <!-- id: store -->
  SQLite, no Redis.
- [ ] Login form (after: store) <!-- id: login -->
- [ ] Single sign-on (after: login) <!-- id: sso -->
- [ ] Sign-out <!-- id: out -->
- [x] Skeleton <!-- id: skeleton -->
- [ ] Export (after: out) <!-- id: export -->
"""
AFTER = """\
- [x] Session store, done <!-- id: store -->
  SQLite, no server.
- [ ] Login form (after: store, export) <!-- id: login -->
- [-] Single sign-on (after: login) <!-- id: sso -->
- [ ] Sign-out button <!-- id: out -->
- [ ] Skeleton <!-- id: skeleton -->
- [ ] Export <!-- id: export -->
  Labels: data
- [ ] Import (after: export, skeleton) <!-- id: import -->
"""
THIRD = BEFORE.replace("no Redis", "no cache at all")


def after_a_kill(world: CompileWorld, text: str, kill: Callable[[CompileWorld], None]) -> bool:
    """Compile under a threat of death; whether it died."""
    kill(world)
    try:
        world.compile(text)
    except Crashed:
        return True
    finally:
        world.restart()
    return False


def at_append(nth: int, recorded: bool) -> Callable[[CompileWorld], None]:
    return lambda world: world.journal.crash_after(nth, recorded=recorded)


def at_write(nth: int, committed: bool) -> Callable[[CompileWorld], None]:
    def kill(world: CompileWorld) -> None:
        world.forge.faults = CrashAt(nth, committed)

    return kill


def kills() -> list[Callable[[int], Callable[[CompileWorld], None]]]:
    return [
        lambda nth: at_append(nth, True),
        lambda nth: at_append(nth, False),
        lambda nth: at_write(nth, True),
        lambda nth: at_write(nth, False),
    ]


def compiled(*texts: str, keeps_edges: bool = False) -> CompileWorld:
    world = CompileWorld(keeps_edges=keeps_edges)
    for text in texts:
        world.settle(text)
    return world


def by_unit(world: CompileWorld) -> dict[str, tuple[object, ...]]:
    """What people see of each unit; which number an issue has is of no account."""
    history = world.journal.history()
    names = {record.number: record.id for record in history.units.values()}
    seen, held = {}, world.forge.blocked_by
    for issue in world.forge.issues.values():
        plain = {label for label in issue.labels if not label.startswith("blocked-by:#")}
        blockers = {names[number] for number in issue.blocked_by}
        edges = {names[world.forge.by_id(id).number] for id in held.get(issue.number, ())}
        text = (issue.title, issue.body, issue.state, issue.close_reason)
        assert names[issue.number] not in seen, "a duplicate"
        seen[names[issue.number]] = (*text, sorted(plain), sorted(blockers), sorted(edges))
    return seen


@pytest.mark.parametrize("keeps_edges", [False, True], ids=["labels", "edges"])
@pytest.mark.parametrize("kind", range(4), ids=["recorded", "unrecorded", "written", "unwritten"])
@pytest.mark.parametrize("start", [(), (BEFORE,), (BEFORE, AFTER)], ids=["new", "changed", "back"])
def test_killed_at_every_step(kind: int, start: tuple[str, ...], keeps_edges: bool) -> None:
    target = BEFORE if len(start) != 1 else AFTER
    expected = by_unit(compiled(*start, target, keeps_edges=keeps_edges))
    steps = 0
    for nth in range(1, 200):
        world = compiled(*start, keeps_edges=keeps_edges)
        if not after_a_kill(world, target, kills()[kind](nth)):
            break
        steps += 1
        world.settle(target)
        assert by_unit(world) == expected, nth
        assert not world.journal.history().open_effects, nth
    assert steps >= 5


@pytest.mark.parametrize("kind", range(4), ids=["recorded", "unrecorded", "written", "unwritten"])
def test_killed_and_then_the_roadmap_changes_again(kind: int) -> None:
    """What a dead process wrote is ours, also when it is no longer what is asked for."""
    for nth in range(1, 200):
        world = compiled(BEFORE)
        if not after_a_kill(world, AFTER, kills()[kind](nth)):
            break
        world.settle(THIRD, prune=True, force_prune=True)
        seen = by_unit(world)
        expected = by_unit(compiled(THIRD))
        assert {id: seen[id] for id in expected} == expected, nth
        assert world.plan(THIRD).changes[0].action == "noop"


def test_killed_again_while_what_a_dead_process_wrote_is_taken_in() -> None:
    expected = by_unit(compiled(THIRD))
    for first in range(1, 12):
        for second in range(1, 8):
            world = compiled(BEFORE)
            after_a_kill(world, AFTER, at_write(first, True))
            after_a_kill(world, THIRD, at_append(second, True))
            world.settle(THIRD, prune=True, force_prune=True)
            seen = by_unit(world)
            assert {id: seen[id] for id in expected} == expected, (first, second)


def test_killed_twice_in_a_row() -> None:
    expected = by_unit(compiled(BEFORE))
    for first in range(1, 12):
        for second in range(1, 8):
            world = compiled()
            after_a_kill(world, BEFORE, at_append(first, True))
            after_a_kill(world, BEFORE, at_write(second, True))
            world.settle(BEFORE)
            assert by_unit(world) == expected, (first, second)


def test_killed_between_plan_facts_and_writes_keeps_a_waiver() -> None:
    expected = None
    for nth in range(1, 12):
        world = compiled(BEFORE)
        world.later()
        world.ana.remove_label(2, "blocked-by:#1")
        text = BEFORE.replace("- [ ] Login form", "- [ ] Login form, two fields")
        died = after_a_kill(world, text, at_append(nth, True))
        world.settle(text)
        expected = expected or by_unit(world)
        assert by_unit(world) == expected, nth
        assert world.issue("login").blocked_by == frozenset()
        if not died:
            break
    assert nth > 2


@pytest.mark.parametrize("kind", range(4), ids=["recorded", "unrecorded", "written", "unwritten"])
def test_killed_while_a_duplicate_is_closed(kind: int) -> None:
    steps = 0
    for nth in range(1, 20):
        world = compiled(BEFORE)
        store = world.issue("store")
        world.tracker.create_issue(IssueDraft(store.title, store.body, store.labels))
        if not after_a_kill(world, BEFORE, kills()[kind](nth)):
            break
        steps += 1
        world.settle(BEFORE)
        assert world.forge.issues[6].is_not_planned, nth
        assert world.issue("store").is_open, nth
        assert len(world.tracker.list_comments(6)) == 1, nth
        assert not world.journal.history().open_effects, nth
    assert steps >= 2


ids = [f"u{n}" for n in range(6)]


@st.composite
def roadmaps(draw: st.DrawFn) -> str:
    """A roadmap of up to six units, each waiting only for earlier ones."""
    lines = []
    for n, id in enumerate(ids):
        if not draw(st.booleans() | st.just(True)):
            continue
        box = draw(st.sampled_from("  x-"))
        present = [line.split("id: ")[1].split(" ")[0] for line in lines]
        after = draw(st.lists(st.sampled_from(present), unique=True, max_size=2)) if present else []
        title = f"Unit {n} {draw(st.sampled_from(['plain', 'fancy']))}"
        wait = f" (after: {', '.join(after)})" if after else ""
        body = draw(st.sampled_from(["", "\n  Text.", "\n  Other text.\n  Labels: data"]))
        lines.append(f"- [{box}] {title}{wait} <!-- id: {id} -->{body}")
    return "\n".join(lines) + "\n" if lines else "- [ ] Lone <!-- id: lone -->\n"


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(roadmaps(), min_size=1, max_size=5), st.booleans())
def test_after_any_edits_a_second_compile_writes_nothing(
    texts: list[str], keeps_edges: bool
) -> None:
    world = CompileWorld(keeps_edges=keeps_edges)
    for text in texts:
        world.settle(text)
        for issue in list(world.forge.issues.values()):
            if "Remark" not in issue.body:
                world.ana.update_issue(issue.number, body=issue.body + "\r\n\r\nRemark. \t\n")
    assert all(i.body.endswith("\r\n\r\nRemark. \t\n") for i in world.forge.issues.values())


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(roadmaps(), min_size=1, max_size=3),
    st.sampled_from(kills()),
    st.integers(1, 30),
    st.booleans(),
)
def test_killed_anywhere_over_any_roadmaps(
    texts: list[str],
    kind: Callable[[int], Callable[[CompileWorld], None]],
    nth: int,
    keeps_edges: bool,
) -> None:
    undisturbed = CompileWorld(keeps_edges=keeps_edges)
    world = CompileWorld(keeps_edges=keeps_edges)
    for text in texts:
        undisturbed.settle(text)
        after_a_kill(world, text, kind(nth))
        world.settle(text)
        assert by_unit(world) == by_unit(undisturbed)


@pytest.mark.slow
@settings(deadline=None, max_examples=800, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(roadmaps(), st.sampled_from(kills()), st.integers(1, 30)), max_size=6),
)
def test_killed_all_the_time(
    rounds: list[tuple[str, Callable[[int], Callable[[CompileWorld], None]], int]],
) -> None:
    undisturbed, world = CompileWorld(), CompileWorld()
    for text, kind, nth in rounds:
        undisturbed.settle(text)
        later = nth
        while after_a_kill(world, text, kind(later)):
            later += 3
        world.settle(text)
        assert by_unit(world) == by_unit(undisturbed)

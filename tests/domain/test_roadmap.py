"""What a roadmap file means, one statement at a time."""

from __future__ import annotations

from loopcoder.domain.roadmap import parse_roadmap


def test_the_documented_example_reads_as_described() -> None:
    reading = parse_roadmap(
        "## Now\n\n"
        "- [ ] Session store <!-- id: session-store -->\n"
        "  SQLite, no Redis.\n"
        "  Verify: `pytest tests/test_session.py`\n"
        "  Touches: `src/session/**`\n"
        "- [ ] Login form (after: session-store) [P1] <!-- id: login-form -->\n"
        "  - [ ] lockout after five tries\n"
    )
    store, login = reading.roadmap.units
    assert not reading.diagnostics
    assert (store.id, store.title, store.body) == (
        "session-store",
        "Session store",
        "SQLite, no Redis.",
    )
    assert store.verify == ("pytest tests/test_session.py",)
    assert store.touches == ("src/session/**",)
    assert (login.title, login.after, login.priority) == ("Login form", ("session-store",), 1)
    assert [step.text for step in login.steps] == ["lockout after five tries"]

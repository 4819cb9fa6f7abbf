"""The roadmap that most tests of the compiler begin with, and what becomes of it."""

from __future__ import annotations

from tests.support.compiling import CompileWorld

ROADMAP = """\
## Now

- [ ] Session store <!-- id: session-store -->
  SQLite, no Redis.
- [ ] Login form (after: session-store) <!-- id: login-form -->
  A form with two fields.
- [ ] Single sign-on (after: login-form, #1) <!-- id: sso -->
- [x] Skeleton <!-- id: skeleton -->
- [-] LDAP <!-- id: ldap -->
"""
TICKED = ROADMAP.replace("- [ ] Session", "- [x] Session")
DROPPED = ROADMAP.replace("- [ ] Single", "- [-] Single")
FIVE = "".join(f"- [ ] Unit number {n} <!-- id: u{n} -->\n" for n in range(5))


def blocked_by(world: CompileWorld, unit: str) -> set[int]:
    """The issues that the unit's labels say it waits for."""
    return set(world.issue(unit).blocked_by)

"""A roadmap of three units, one of which waits for another, and what agents do about them."""

from __future__ import annotations

from tests.support.project import writes

CHAIN = """\
- [ ] Store <!-- id: store -->
- [ ] Login (after: store) <!-- id: login -->
- [ ] Notes <!-- id: notes -->
"""

WORK = {
    "store": [writes(store="kept")],
    "login": [writes(login="in")],
    "notes": [writes(notes="noted")],
}

"""Bodies of issues and pull requests on a terminal."""

from __future__ import annotations

from loopcoder.entrypoints.views.body import body_text

BODY = """\
<!-- loopcoder:pr unit=a attempt=1 head=abc -->

Closes #1

<details>
<summary>What was asked: A</summary>

> SQLite, <!-- not ours --> no Redis.

</details>

```json
LONG
```
"""


def test_markers_and_folds_are_for_browsers_and_programs() -> None:
    shown = body_text(BODY.replace("LONG", "x" * 4002))
    assert shown.splitlines() == [
        "Closes #1",
        "",
        "What was asked: A",
        "",
        "> SQLite, <!-- not ours --> no Redis.",
        "",
        "```json",
        "(4002 characters for programs; --json shows them)",
        "```",
    ]


def test_what_strangers_wrote_is_made_safe() -> None:
    assert body_text("a\x1b[2Jb\r\nc") == "a\ufffd[2Jb\nc"

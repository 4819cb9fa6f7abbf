"""Bodies of issues and pull requests on a terminal."""

from __future__ import annotations

from loopcoder.entrypoints.views.body import body_text, without_pictures

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


def test_a_report_on_a_terminal_has_no_pictures() -> None:
    picture = "```mermaid\ngantt\n  section a\n```\n\n"
    text = (
        f"# Tick\n\n- one\n\n## Timeline\n\n{picture}## Worked on\n\n```text\n# no heading\n```\n"
    )
    assert without_pictures(text) == text.replace(f"## Timeline\n\n{picture}", "")


def test_what_strangers_wrote_is_made_safe() -> None:
    assert body_text("a\x1b[2Jb\r\nc") == "a\ufffd[2Jb\nc"

from pathlib import Path

from loopcoder.domain.guard.protected import PROTECTED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "change-policy.md"


def test_the_page_about_the_policy_holds_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for row in PROTECTED:
        paths = " ".join(f"`{pattern}`" for pattern in row.patterns)
        assert f"| {row.rule} | {row.ruling} | {row.why} | {paths} |\n" in page

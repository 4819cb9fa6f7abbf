from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.context.excerpt import excerpt, fair_shares, token_estimate


def test_small_texts_are_whole_and_large_ones_share_the_rest() -> None:
    assert fair_shares([10, 10_000, 40, 10_000], 250) == [10, 100, 40, 100]


def test_nothing_is_cut_when_everything_fits() -> None:
    assert fair_shares([5, 7], 100) == [5, 7]
    assert fair_shares([], 100) == []


@given(st.lists(st.integers(0, 1000)), st.integers(0, 3000))
def test_shares_never_exceed_the_total_or_the_need(sizes: list[int], total: int) -> None:
    shares = fair_shares(sizes, total)
    assert sum(shares) <= total
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))
    if sum(sizes) >= total:
        assert sum(shares) > total - max(1, len(sizes))


@given(st.text(), st.integers(0, 400))
def test_an_excerpt_fits(text: str, limit: int) -> None:
    assert len(excerpt(text, limit)) <= limit or len(text) <= limit


def test_an_excerpt_keeps_both_ends_and_says_what_is_missing() -> None:
    text = "".join(f"line {n}\n" for n in range(1000))
    cut = excerpt(text, 1000, "diff")
    assert cut.startswith("line 0\n") and cut.endswith("line 999\n")
    assert "or more characters of this diff are cut here" in cut


def test_four_characters_are_about_a_token() -> None:
    assert [token_estimate(t) for t in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]

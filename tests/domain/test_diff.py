from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.diff import fit_diff, split_diff

DIFF = """diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@
-diff --git a/old b/old
+diff --git a/fake b/fake
+++ b/also-fake
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/logo.png b/logo.png
Binary files a/logo.png and b/logo.png differ
diff --git "a/\\303\\244" "b/\\303\\244"
new file mode 100644
"""


def test_files_are_told_apart_and_not_by_their_contents() -> None:
    paths = [path for path, _ in split_diff(DIFF)]
    assert paths == ["a.py", "gone.py", "logo.png", '"a/\\303\\244" "b/\\303\\244"']


def test_the_parts_are_the_whole() -> None:
    assert "".join(text for _, text in split_diff(DIFF)) == DIFF
    assert "".join(file.text for file in fit_diff(DIFF, 10_000)) == DIFF
    assert split_diff("") == ()


@given(st.lists(st.integers(1, 300), max_size=6), st.integers(0, 4000))
def test_a_fitted_diff_fits_and_says_what_is_cut(sizes: list[int], limit: int) -> None:
    diff = "".join(
        f"diff --git a/f{n} b/f{n}\n+++ b/f{n}\n@@\n" + "+x\n" * size
        for n, size in enumerate(sizes)
    )
    files = fit_diff(diff, limit)
    assert sum(file.shown for file in files) <= limit
    assert [file.path for file in files] == [f"f{n}" for n in range(len(sizes))]
    assert any(file.is_cut for file in files) == (len(diff) > limit)

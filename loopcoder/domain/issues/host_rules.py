"""What GitHub accepts as text, labels and branches, so that no other host accepts more."""

from __future__ import annotations

import re
from collections.abc import Iterable

from loopcoder.domain.diagnostic import LoopcoderError
from loopcoder.domain.tick.branch import PREFIX, is_ours

TITLE_MAX = 256
BODY_MAX = 65_536
LABEL_MAX = 50
LABELS_MAX = 100

_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)|`[^`\n]*`", re.S | re.M
)
_CLOSING = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d{1,9})\b", re.I)
_BAD_BRANCH = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\.(?:/|\Z)|/\Z|/-"
)


def parse_closes(body: str) -> tuple[int, ...]:
    """The issues that merging closes: `Closes #1`, `fixes: #2`, each once, in order.

    Like GitHub, nothing is read inside code or HTML comments, and each number needs its keyword.
    """
    numbers = (int(found) for found in _CLOSING.findall(_HIDDEN.sub(" ", body)))
    return tuple(dict.fromkeys(number for number in numbers if number > 0))


def checked_title(title: str) -> str:
    """The title, stripped; raises when it is empty, longer than 256 characters or many lines."""
    title = _encodable(title, "title").strip()
    if not title:
        raise LoopcoderError("An issue or a pull request needs a title.")
    if len(title) > TITLE_MAX:
        raise LoopcoderError(f"The title has {len(title)} characters; the most is {TITLE_MAX}.")
    if len(title.splitlines()) > 1:
        raise LoopcoderError("A title is one line.", "Put the rest into the body.")
    return title


def checked_body(body: str) -> str:
    """The body, unchanged; raises when it is longer than 65,536 characters."""
    if len(_encodable(body, "body")) > BODY_MAX:
        raise LoopcoderError(f"The body has {len(body)} characters; the most is {BODY_MAX}.")
    return body


def checked_label(label: str) -> str:
    """The label, stripped; raises when it is empty, over 50 characters or not printable."""
    label = _encodable(label, "label").strip()
    if not label:
        raise LoopcoderError("A label needs a name.")
    if len(label) > LABEL_MAX:
        raise LoopcoderError(
            f"The label “{label[:20]}…” has {len(label)} characters; the most is {LABEL_MAX}."
        )
    if any(ord(character) < 32 for character in label):
        raise LoopcoderError("A label is one line of printable characters.")
    return label


def checked_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, each once whatever its case, in order; at most 100."""
    unique = {label.casefold(): label for label in sorted(map(checked_label, labels))}
    if len(unique) > LABELS_MAX:
        raise LoopcoderError(f"{len(unique)} labels are too many; the most is {LABELS_MAX}.")
    return tuple(unique[key] for key in sorted(unique))


def checked_branch(branch: str, base: str) -> str:
    """The branch, when it is one of ours and no base; raises LoopcoderError for every other."""
    if branch == base or not is_ours(branch):
        raise LoopcoderError(
            f"The branch {branch!r} is not ours to write: only {PREFIX}* branches are."
        )
    if branch == PREFIX or _BAD_BRANCH.search(branch):
        raise LoopcoderError(f"{branch!r} is no branch name that git accepts.")
    return branch


def _encodable(text: str, what: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LoopcoderError(f"The {what} has characters that are not valid Unicode.") from error
    if "\0" in text:
        raise LoopcoderError(f"The {what} has a NUL character.")
    return text

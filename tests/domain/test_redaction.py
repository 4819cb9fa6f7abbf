import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopcoder.domain.guard.redaction import MASK, Redactor
from loopcoder.domain.guard.secret import spellings

SECRET = "sesame/Token+with=odd&chars~"
SECRETS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="*"),
    min_size=8,
    max_size=40,
).filter(lambda s: s == s.strip())

SPELLED = [
    ("as it is", SECRET),
    ("reversed", SECRET[::-1]),
    ("hexadecimal", SECRET.encode().hex()),
    ("upper-case hexadecimal", SECRET.encode().hex().upper()),
    ("hexadecimal with colons", SECRET.encode().hex(":")),
    ("hexadecimal escapes", "".join(f"\\x{b:02x}" for b in SECRET.encode())),
    ("percent-encoded", quote(SECRET, safe="")),
    ("percent-encoded, digits too", "".join(f"%{b:02X}" for b in SECRET.encode())),
    (
        "percent-encoded in lower case",
        quote(SECRET, safe="")
        .replace("%2F", "%2f")
        .replace("%2B", "%2b")
        .replace("%3D", "%3d")
        .replace("%26", "%26"),
    ),
    ("HTML-escaped", SECRET.replace("&", "&amp;")),
]


@pytest.mark.parametrize(("how", "text"), SPELLED, ids=[row[0] for row in SPELLED])
def test_every_spelling_is_masked(how: str, text: str) -> None:
    assert Redactor([SECRET]).text(f"before {text} after") == f"before {MASK} after"


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(4))
def test_base64_is_masked_at_every_alignment(before: int, after: int) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(b"x" * before + SECRET.encode() + b"y" * after).decode()
        masked = Redactor([SECRET]).text(encoded)
        assert MASK in masked
        assert len(masked) <= 16


def test_a_json_string_is_masked() -> None:
    secret = 'pass"word\\with\nlines'
    assert "word" not in Redactor([secret]).text(json.dumps({"key": secret}))


def test_each_long_line_of_a_private_key_is_masked() -> None:
    key = (
        "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END KEY-----"
    )
    log = "12:01 | MIIEvQIBADANBgkqhkiG9w0B\n12:02 | AQEFAASCBKcwggSjAgEAAoIB\n"
    assert Redactor([key]).text(log) == f"12:01 | {MASK}\n12:02 | {MASK}\n"


def test_text_of_no_secret_is_left_alone() -> None:
    assert Redactor(["abcd-1"]).text("abcd -1") == "abcd -1"
    assert Redactor([]).text("anything") == "anything"


def test_a_value_too_short_to_hide_is_ignored() -> None:
    assert Redactor(["true", "1", "", "  "]).text("true 1") == "true 1"


@pytest.mark.parametrize("word", ["postgres", "Development", "CHANGEME"])
def test_a_plain_word_is_not_hidden(word: str) -> None:
    assert Redactor([word]).text(f"{word} is up") == f"{word} is up"
    assert Redactor([word + "1"]).text(f"{word}1 is up") == f"{MASK} is up"


def test_overlapping_secrets_leave_no_tail() -> None:
    assert Redactor(["ab1defgh", "fghij2lm"]).text("<ab1defghij2lm>") == f"<{MASK}>"


def test_the_repr_shows_no_secret() -> None:
    assert SECRET not in repr(Redactor([SECRET])) and SECRET[:6] not in repr(Redactor([SECRET]))


def test_bytes_that_are_not_text_are_masked_around() -> None:
    assert Redactor([SECRET]).data(b"\xff" + SECRET.encode() + b"\xfe") == b"\xff***\xfe"


def test_a_stream_holds_back_no_more_than_the_longest_spelling() -> None:
    stream = Redactor([SECRET]).stream()
    longest = max(len(form.encode()) for form in spellings(SECRET))
    given_, got = 0, 0
    for _ in range(100):
        given_, got = given_ + 64, got + len(stream.feed(b"a" * 64))
        assert given_ - got < longest
    assert got + len(stream.end()) == given_


def test_an_endless_secret_is_not_kept_in_memory() -> None:
    stream = Redactor(["a" * 16]).stream()
    out = b"".join(stream.feed(b"a" * 1000) for _ in range(50))
    assert len(stream._held) < 2000
    assert out + stream.end() == MASK.encode()


@given(st.lists(SECRETS, max_size=3), st.text(max_size=60))
def test_no_spelling_survives_and_twice_is_once(secrets: list[str], around: str) -> None:
    redactor = Redactor(secrets)
    text = around + around.join(form for secret in secrets for form in sorted(spellings(secret)))
    masked = redactor.text(text)
    assert not redactor.finds(masked)
    assert redactor.text(masked) == masked


@given(st.data())
def test_a_stream_masks_like_the_whole(data: st.DataObject) -> None:
    secrets = data.draw(st.lists(st.text("12c", min_size=6, max_size=9), max_size=3))
    chunks = data.draw(st.lists(st.text("12c ", max_size=12), max_size=12))
    chunks += data.draw(st.lists(st.sampled_from([*secrets, "-"]), max_size=4))
    redactor = Redactor(secrets)
    stream = redactor.stream()
    streamed = b"".join(stream.feed(chunk.encode()) for chunk in chunks) + stream.end()
    assert streamed == redactor.data("".join(chunks).encode())

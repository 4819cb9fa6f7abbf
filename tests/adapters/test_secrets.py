import base64
import secrets
import subprocess
import time
from pathlib import Path

import pytest

from loopcoder.adapters.secrecy.secrets import DetectSecretsScanner, find_shapes
from loopcoder.domain.guard.change_set import ChangeSet, FileChange, FileMode
from loopcoder.domain.guard.known_secrets import KnownSecrets
from loopcoder.domain.guard.secret import SecretFinding

ROOT = Path(__file__).resolve().parents[2]
B62 = "9aZ8bY7cX6dW5eV4fU3gT2hS1iR0jQkPlOmNnMoLpKqJrIsHtGuFvEwDxCyBzA"
KNOWN = "Tk9" + B62[:33]


def change(path: str, added: str, **facts: object) -> ChangeSet:
    file = FileChange(path, "M", FileMode.REGULAR, added=added, **facts)  # type: ignore[arg-type]
    return ChangeSet((file,), "tree", "digest")


def scan(added: str, path: str = "src/app.py", known: str = KNOWN) -> list[SecretFinding]:
    return list(DetectSecretsScanner([known]).scan(change(path, added)))


# Put together here, so that this file itself has nothing of a secret's shape in it.
SHAPED = [
    ("AWS Access Key", "AKIA" + "Z7Q2M4X9K1P8L5T3"),
    ("GitHub Token", "ghp" + "_" + B62[:36]),
    ("GitHub fine-grained token", "github" + "_pat_" + B62[:22] + "_" + B62[:59]),
    ("GitLab Token", "glpat" + "-" + B62[:20]),
    ("Anthropic API key", "sk-" + "ant-api03-" + B62),
    ("Stripe Access Key", "sk_" + "live_" + B62[:24]),
    ("Slack Token", "xox" + "b-8302957164-" + B62[:20].lower()),
    ("Google API key", "AIza" + B62[:35]),
    ("npm token", "npm" + "_" + B62[:36]),
    ("Assigned secret", 'api_key = "' + B62[:30] + '"'),
    ("Assigned secret", "db_password: '" + B62[:24] + "'"),
    ("Password in a URL", "postgres://app:" + B62[:16] + "@db.internal/app"),
    ("Private key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + B62 + "\n"),
    ("Private key", '"-----BEGIN ' + "PRIVATE KEY-----\\n" + B62 + '"'),
]


@pytest.mark.parametrize(("kind", "text"), SHAPED)
def test_what_has_a_secrets_shape_is_found(kind: str, text: str) -> None:
    found = list(find_shapes("src/app.py", f"first line\n{text}\nlast line"))
    assert (2, kind) in found


def test_a_comment_in_the_line_does_not_switch_the_search_off() -> None:
    line = f"{SHAPED[1][1]}  # pragma: allowlist secret"
    assert list(find_shapes("a.py", line)) == [(1, "GitHub Token")]


def test_a_secret_far_into_a_long_line_is_found() -> None:
    for before in (980, 5_000, 12_345):
        assert (1, "GitHub Token") in set(find_shapes("a.js", "a" * before + " " + SHAPED[1][1]))


ORDINARY = [
    "password = getpass()",
    'password = "hunter2"',
    'assert login("ana", password="correct horse battery staple")',
    'token = os.environ["GITHUB_TOKEN"]',
    'api_key = "${API_KEY}"',
    "secret: {{ vault.secret }}",
    'API_KEY = "your-api-key-goes-here-1234567"',
    "//registry.npmjs.org/:_authToken=${NPM_TOKEN}",
    "postgres://user:password@localhost/db",
    "uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'",
    'key = "0f8fad5b-d9cb-469f-a165-70867728950e"',
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    '"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgX=="',
    "uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
    'if "BEGIN PRIVATE KEY" in text:',
    "AKIAIOSFODNN7EXAMPLE",
    '"GITHUB_TOKEN": "ghp_0123456789abcdef"',
    "token_count = tokenizer.count(tokens)",
    'cache_key = "user-session-store-v2-primary"',
]


@pytest.mark.parametrize("line", ORDINARY)
def test_ordinary_lines_are_no_secrets(line: str) -> None:
    assert list(find_shapes("src/app.py", line)) == []


def test_a_lock_file_full_of_hashes_is_no_secret() -> None:
    rows = [
        f'key = "{secrets.token_hex(32)}"\nhash = "sha256-{secrets.token_urlsafe(32)}"'
        for _ in range(99)
    ]
    assert list(find_shapes("web/yarn.lock", "\n".join(rows))) == []
    assert list(find_shapes("go.sum", "\n".join(rows))) == []


def test_nothing_in_this_repository_looks_like_a_secret() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    found = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [(name, *finding) for finding in find_shapes(name, text)]
    assert found == []


SPELLED = [
    ("as it is", KNOWN),
    ("reversed", KNOWN[::-1]),
    ("in base64", base64.b64encode(b"x" + KNOWN.encode()).decode()),
    ("in hexadecimal", KNOWN.encode().hex()),
    ("in two strings on a line", f'"{KNOWN[:15]}" + "{KNOWN[15:]}"'),
    ("over lines", f'a = ("{KNOWN[:10]}"\n     "{KNOWN[10:20]}"\n     "{KNOWN[20:]}")'),
    ("half of it", KNOWN[:18]),
    (
        "base64 in pieces",
        "\n".join(base64.b64encode(KNOWN.encode()).decode()[i : i + 9] for i in (0, 9, 18, 27)),
    ),
]


@pytest.mark.parametrize(("how", "text"), SPELLED, ids=[row[0] for row in SPELLED])
def test_a_known_secret_is_found(how: str, text: str) -> None:
    found = scan(f"one\n{text}\nthree")
    assert "a known secret" in {f.kind for f in found}
    assert found[0].line == 2


def test_a_known_secret_in_a_file_name_is_found() -> None:
    assert scan("", path=f"notes/{KNOWN}.txt")[0].kind == "a known secret in its name"


def test_a_finding_does_not_repeat_the_secret() -> None:
    for finding in scan(KNOWN):
        assert KNOWN[:8] not in repr(finding)
    assert KNOWN[:8] not in repr(KnownSecrets([KNOWN]))


def test_words_of_a_known_secret_are_not_taken_for_it() -> None:
    pem = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{B62}\n-----END OPENSSH PRIVATE KEY-----"
    hook = "https://hooks.slack.example/services/" + B62[:20]
    text = (
        "BEGIN OPENSSH PRIVATE KEY is how it starts; post to https://hooks.slack.example/services/"
    )
    assert list(KnownSecrets([pem, hook, "correct horse battery"]).lines_with(text)) == []


def test_nothing_known_finds_nothing() -> None:
    assert list(DetectSecretsScanner().scan(change("a.py", "x = 1\n" * 10))) == []


@pytest.mark.parametrize(
    "text",
    [
        "://a:" * 40_000,
        "password" * 25_000,
        "eyJ" * 60_000,
        'key="' * 40_000,
        "//x/:_authToken=" * 10_000,
        "-----BEGIN PRIVATE KEY-----" * 8_000,
    ],
)
def test_hostile_lines_take_no_time(text: str) -> None:
    begun = time.perf_counter()
    scan(text)
    assert time.perf_counter() - begun < 10

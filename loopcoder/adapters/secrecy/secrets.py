"""Finding secrets in a change: known values in every spelling, and the shapes of unknown ones.

Shapes come from detect-secrets, used plugin by plugin: its own scan reads process-wide
settings and lets a comment in the scanned line (`pragma: allowlist`) switch it off. Plugins that
take every random-looking or keyword-named string for a secret are left out, and so are those whose
expressions take quadratic time on hostile input; the bounded ones below stand in for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from loopcoder.domain.guard.change_set import ChangeSet, FileChange
from loopcoder.domain.guard.known_secrets import KnownSecrets
from loopcoder.domain.guard.secret import SecretFinding

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

PLUGINS = (
    "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector",
    "jwt.JwtTokenDetector",
    "mailchimp.MailchimpDetector",
    "openai.OpenAIDetector",
    "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector",
    "slack.SlackDetector",
    "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector",
    "twilio.TwilioKeyDetector",
)

SHAPES = (
    ("GitHub fine-grained token", re.compile(r"github_pat_[A-Za-z0-9_]{60,100}")),
    ("Anthropic API key", re.compile(r"sk-ant-[A-Za-z0-9_-]{24,120}")),
    ("OpenAI project key", re.compile(r"sk-(?:proj|svcacct)-[A-Za-z0-9_-]{40,200}")),
    ("Google API key", re.compile(r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),
    ("Hugging Face token", re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{34,40}")),
    ("npm token", re.compile(r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])")),
    ("npm registry token", re.compile(r":_authToken=\s{0,3}[A-Fa-f0-9-]{36}")),
)
ASSIGNED = re.compile(
    r"(?i)(?:key|token|secret|passw(?:or)?d|passwd|pwd|credentials?)\w{0,20}[\"'\]]{0,2}"
    r"\s{0,5}(?::=|=>|={1,3}|:|\()\s{0,5}@?([\"'`])([^\s\"'`]{16,200})\1"
)
LOGIN_IN_URL = re.compile(r"://[^\s:/?#@{}]{1,80}:([^\s/?#@{}]{8,200})@")
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^-]{0,300}?[A-Za-z0-9+/]{40}"
)
PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|dummy|changeme|your[-_]|xxxx|redacted|012345|123456|abcdef|^[$<{%]"
)
LOCK_FILE = re.compile(r"(?i)(?:^|/)(?:[^/]*[.-]lock(?:\.\w+|b)?|go\.sum|npm-shrinkwrap\.json|"
                       r"pnpm-lock\.yaml|package\.resolved)$")  # fmt: skip
SLUG_PART = re.compile(r"[A-Za-z]*|[A-Za-z]?\d{1,4}")
WINDOW, OVERLAP = 1000, 250


class DetectSecretsScanner:
    """`known` are values that must never leave the machine, such as those of the environment."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = KnownSecrets(known)

    def scan(self, change: ChangeSet) -> Sequence[SecretFinding]:
        """Findings by path and line, one per line and kind."""
        found = {finding for file in change.files for finding in self._scan_file(file)}
        return sorted(found, key=lambda f: (f.path, f.line, f.kind))

    def _scan_file(self, file: FileChange) -> Iterator[SecretFinding]:
        for _ in self._known.lines_with(f"{file.path} {file.target}"):
            yield SecretFinding(file.path, 0, "a known secret in its name")
        for number in self._known.lines_with(file.added):
            yield SecretFinding(file.path, number, "a known secret")
        for number, kind in find_shapes(file.path, file.added):
            yield SecretFinding(file.path, number, kind)


def find_shapes(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Lines (from 1) that hold what has the shape of a secret, and of which."""
    for match in PRIVATE_KEY.finditer(text.replace("\\n", " \n")):
        yield text.count("\n", 0, match.start()) + 1, "Private key"
    locked = LOCK_FILE.search(path) is not None
    for number, line in enumerate(text.split("\n"), 1):
        for window in _windows(line):
            yield from ((number, kind) for kind in _kinds(window, locked))


def _windows(line: str) -> Iterator[str]:
    """A long line in overlapping parts, so that no expression sees more than one of them."""
    if len(line) <= WINDOW:
        yield line
        return
    for start in range(0, len(line), WINDOW - OVERLAP):
        yield line[start : start + WINDOW]


def secrets_in(text: str) -> Iterator[tuple[str, str]]:
    """Kind and value of everything in a text that has the shape of a secret, but private keys."""
    for line in text.split("\n"):
        for window in _windows(line):
            yield from _values(window, locked=False)


def _kinds(line: str, locked: bool) -> Iterator[str]:
    """Each kind once."""
    yield from dict.fromkeys(kind for kind, _ in _values(line, locked))


def _values(line: str, locked: bool) -> Iterator[tuple[str, str]]:
    if len(line) < 16:
        return
    for plugin in _plugins():
        if any(not PLACEHOLDER.search(value) for value in plugin.analyze_string(line)):
            # What a plugin calls the value may be no more than the prefix of a token.
            for shape in plugin.denylist:
                yield from ((plugin.secret_type, m[0]) for m in shape.finditer(line))
    for kind, shape in SHAPES:
        yield from ((kind, m[0]) for m in shape.finditer(line) if not PLACEHOLDER.search(m[0]))
    if locked:
        return
    for match in ASSIGNED.finditer(line):
        if _looks_random(match[2]):
            yield "Assigned secret", match[2]
    for match in LOGIN_IN_URL.finditer(line):
        if _looks_random(match[1], 12):
            yield "Password in a URL", match[1]


def _looks_random(value: str, shortest: int = 20) -> bool:
    """Whether a value is a credential rather than a word, a path, a sample or a template."""
    if len(value) < shortest or PLACEHOLDER.search(value) or re.search(r"[(){}<>$\[\]\s]", value):
        return False
    if re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        return False
    if all(SLUG_PART.fullmatch(part) for part in re.split(r"[-_./:=+]+", value)):
        return False
    has = [any(map(test, value)) for test in (str.isdigit, str.isalpha)]
    return all(has) and _entropy(value) > min(3.6, math.log2(len(value)) - 0.8)


def _entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    shares = [value.count(char) / len(value) for char in set(value)]
    return -sum(share * math.log2(share) for share in shares)


@lru_cache(maxsize=1)
def _plugins() -> tuple[RegexBasedDetector, ...]:
    """The chosen detectors; importing the library takes a quarter of a second."""
    found = []
    for name in PLUGINS:
        module, _, detector = name.partition(".")
        found.append(getattr(import_module(f"detect_secrets.plugins.{module}"), detector)())
    return tuple(found)

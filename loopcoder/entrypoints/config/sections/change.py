"""What a change may be, how it looks, how it lands and who vouches for it."""

from __future__ import annotations

import string
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from loopcoder.entrypoints.config.section import Section
from loopcoder.entrypoints.config.values import (
    Branch,
    Flag,
    Globs,
    Phrase,
    Positive,
    Size,
    Text,
    as_list,
    off_is_text,
)


class PolicySection(Section):
    protected: Globs = Field([], description="Further paths that a change must not touch.")
    escalate: Globs = Field([], description="Paths that mark the pull request for a person.")
    max_files: Positive = Field(100, description="Most files in one change.")
    max_bytes: Size = Field(4_000_000, description="Largest change.")


def _title_pattern(value: str) -> str:
    known = ("title", "unit", "issue")
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
    except ValueError:
        names = {"{"}
    if not names <= set(known) or "title" not in names:
        raise ValueError("write a pattern with {title}, and if wanted {unit} and {issue}")
    return value


class CommitSection(Section):
    author: Text | None = Field(None, description="`Name <mail>`; default: loopcoder's own.")
    signoff: Flag = Field(False, description="Add `Signed-off-by:`.")
    sign: Flag = Field(False, description="Sign commits with git's configured key.")
    title: Annotated[str, AfterValidator(_title_pattern), Phrase("pattern with `{title}`")] = Field(
        "{title}", description="Title of commits and pull requests."
    )


class LandingSection(Section):
    mode: Annotated[Literal["pull-request", "commit"], Phrase("`pull-request` or `commit`")] = (
        Field("pull-request", description="Propose for a person to merge, or commit (local only).")
    )
    work_branch: Branch | None = Field(None, description="Where `commit` lands; never the base.")
    push: Flag = Field(False, description="Push the work branch; never with force.")
    on_conflict: Annotated[Literal["task", "rebase"], Phrase("`task` or `rebase`")] = Field(
        "task", description="File a task, or rebase the unpushed commit."
    )


def _landing(value: object) -> object:
    return {"mode": value} if isinstance(value, str) else value


Landing = Annotated[LandingSection, BeforeValidator(_landing)]


def _signer(value: str) -> str:
    words = value.split()
    if len(words) < 2 or not any(w.startswith(("ssh-", "ecdsa-", "sk-")) for w in words[:2]):
        raise ValueError("write a line as in a .pub file, such as `ssh-ed25519 AAAA…`")
    return value


class AttestationSection(Section):
    sign: Annotated[
        Literal["auto", "ssh", "oidc", "off"],
        BeforeValidator(off_is_text),
        Phrase("`auto`, `ssh`, `oidc` or `off`"),
    ] = Field(
        "auto",
        description="Who signs the statement about a change: a key (`ssh`), the identity of an "
        "Actions run (`oidc`), whichever there is (`auto`), or nobody.",
    )
    key: Text = Field(
        "", description="Private SSH key on the machine that ticks; default: one made for it."
    )
    signers: Annotated[
        list[Annotated[str, AfterValidator(_signer)]],
        BeforeValidator(as_list),
        Phrase("list of public SSH keys"),
    ] = Field([], description="Public keys whose signatures `loopcoder attest verify` believes.")


def _attestation(value: object) -> object:
    return {"sign": value} if isinstance(value, str | bool) else value


Attestation = Annotated[AttestationSection, BeforeValidator(_attestation)]

"""Who signs what is stated about changes, where it is kept, and holding it against the world."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopcoder import __version__
from loopcoder.domain.diagnostic import ConfigurationError, LoopcoderError, NotFound, Unavailable
from loopcoder.domain.guard.redaction import Redactor
from loopcoder.domain.journal.canonical import sha256
from loopcoder.domain.proof.attestation import (
    EVIDENCE,
    MalformedStatement,
    Observed,
    Point,
    Statement,
    check_statement,
    parse_statement,
)
from loopcoder.domain.proof.dsse import Envelope, MalformedEnvelope, parse_envelope
from loopcoder.domain.settings import Signing
from loopcoder.engine.tick.attest import ENVELOPE
from loopcoder.ports.attestor import AttestationStore, Attestor, Signer

if TYPE_CHECKING:
    from loopcoder.adapters.git.attestations import GitAttestations
    from loopcoder.entrypoints.wiring.bootstrap import House


def open_attestor(house: House, redactor: Redactor) -> Attestor | None:
    """What publishing signs with; None where the configuration says `off`."""
    wanted = house.settings.attestation
    if wanted.sign is Signing.OFF:
        return None
    return Attestor(
        signer=lambda: signer_of(house),
        store=_LazyStore(house),
        redact=redactor.text,
        builder=f"loopcoder {__version__}",
        required=wanted.sign is not Signing.AUTO or bool(wanted.key),
    )


@dataclass(frozen=True, slots=True)
class _LazyStore:
    """Opens the ref when it is first used."""

    house: House

    def put(self, commit: str, files: Mapping[str, bytes]) -> None:
        open_store(self.house).put(commit, files)

    def get(self, commit: str) -> Mapping[str, bytes]:
        return open_store(self.house).get(commit)


def open_store(house: House, source: str = "") -> GitAttestations:
    """The ref in this repository; with `tracker: github` on GitHub; else at an address."""
    from loopcoder.adapters.git.attestations import REF, GitAttestations
    from loopcoder.adapters.journal.ref_store import RefStore

    on_github = not source and not house.unconfigured and house.on_github
    here = str(house.repository.common_dir)
    address = house.github.address.git if on_github else (source or here)
    name = "attestations" if not source else f"attestations-{sha256(source.encode())[:12]}"
    store = RefStore(
        folder=house.state_dir / f"{name}.git",
        remote="GitHub" if on_github else source or "this repository",
        url=lambda: address,
        ref=REF,
        environment=house.github.remote.environment if on_github else dict,
        object_format=house.repository.object_format,
        what="the statements about changes",
    )
    return GitAttestations(store, house.clock)


def signer_of(house: House) -> Signer:
    """The configured way to sign, or the one there is."""
    from loopcoder.adapters.signing.oidc import OidcSigner
    from loopcoder.adapters.signing.ssh import SshSigner

    wanted = house.settings.attestation
    identity = OidcSigner.of(house.environ)
    if wanted.sign is Signing.OIDC and identity is None:
        raise ConfigurationError(
            "`attestation: oidc` is configured, but this run has no identity to sign with.",
            "Give the Actions job the permission id-token: write, or set attestation.key.",
        )
    if identity and not wanted.key and wanted.sign is not Signing.SSH:
        return identity
    if house.environ.get("GITHUB_ACTIONS") == "true" and not wanted.key:
        raise Unavailable(
            "this run has no identity to sign with, and a key made here would be nobody's.",
            "Give the job the permission id-token: write, or set attestation.key.",
        )
    return SshSigner(signing_key(house))


def signing_key(house: House) -> Path:
    """The configured key, else this repository's own one, made when it is first asked for."""
    from loopcoder.adapters.signing.ssh import own_key

    configured = house.settings.attestation.key
    if configured:
        return Path(configured).expanduser()
    if not shutil.which("ssh-keygen"):
        raise Unavailable(
            "ssh-keygen was not found, so nothing can be signed.",
            "Install OpenSSH, or write `attestation: off` in loopcoder.yml.",
        )
    return own_key(house.state_dir)


# --- verifying --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: lines as in .pub files, and the key set of GitHub's issuer."""

    keys: tuple[str, ...]
    issuer: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, house: House, files: Sequence[Path], issuer: Path | None) -> Trust:
        """What the person names; else the configuration's signers and this machine's own key."""
        from loopcoder.adapters.signing.ssh import is_public_key, public_key

        named = [line for file in files for line in _lines(file)]
        for line in named:
            if not is_public_key(line):
                raise ConfigurationError(
                    f"{line[:40]!r} is no public SSH key.", "Name a .pub file."
                )
        if not named:
            own = house.repository.state_dir / "attestation_key"
            named = list(house.settings.attestation.signers)
            named += [public_key(own)] if own.exists() else []
        return cls(tuple(named), json.loads(issuer.read_text("utf-8")) if issuer else None)


@dataclass(frozen=True, slots=True)
class Verified:
    """One statement, held against the world. It holds only when every point does."""

    commit: str
    points: tuple[Point, ...]
    statement: Statement | None = None

    @property
    def holds(self) -> bool:
        return all(point.holds for point in self.points)


def verify_commit_statement(
    house: House, commit: str, trust: Trust, sources: Sequence[str]
) -> Verified:
    """Find the statement about a commit and check all of it. NotFound where there is none."""
    files = find_statement(house, commit, sources)
    return Verified(*_verified(house, commit, files, trust))


def find_statement(house: House, commit: str, sources: Sequence[str]) -> Mapping[str, bytes]:
    """The files kept for a commit, in this repository or at the first address that has them."""
    troubles = []
    for source in ("", *sources):
        store: AttestationStore = open_store(house, source)
        try:
            found = store.get(commit)
        except LoopcoderError as error:
            troubles.append(str(error))
            continue
        if found:
            return found
    reason = f" ({'; '.join(troubles)})" if troubles else ""
    raise NotFound(
        f"No statement about {commit[:12]} is kept here or at origin{reason}.",
        "It was not proposed by loopcoder, or attestation was off; `--from` names another place.",
    )


def _verified(
    house: House, commit: str, files: Mapping[str, bytes], trust: Trust
) -> tuple[str, tuple[Point, ...], Statement | None]:
    try:
        envelope = parse_envelope(files.get(ENVELOPE, b""))
        statement = parse_statement(envelope.payload)
    except (MalformedEnvelope, MalformedStatement) as error:
        return commit, (Point("attestation", False, f"it cannot be read: {error}"),), None
    observed = Observed(
        commit=commit,
        tree=house.repository.git.text("rev-parse", f"{commit}^{{tree}}"),
        diff_sha256=_diff(house, statement.text("diff", "from"), commit),
        evidence=files.get(EVIDENCE),
    )
    points = (_signature(envelope, trust), *check_statement(statement, observed))
    return commit, points, statement


def _signature(envelope: Envelope, trust: Trust) -> Point:
    """Whether anybody who is trusted signed exactly these bytes."""
    reasons = []
    for signature in envelope.signatures:
        by, reason = _signer(signature, envelope.signed, trust)
        if by:
            return Point("signature", True, by)
        reasons.append(reason)
    return Point("signature", False, "; ".join(reasons) or "nobody signed it")


def _signer(signature: Any, data: bytes, trust: Trust) -> tuple[str, str]:
    """Who signed, or why nobody can say so."""
    from loopcoder.adapters.signing import oidc, ssh

    if oidc.is_oidc(signature):
        if trust.issuer is None:
            return "", "it is signed by an Actions run: name the issuer's keys with --issuer-keys"
        by = oidc.identity_of(signature, data, trust.issuer)
        return by, "" if by else "the run's identity does not match what is stated"
    if not ssh.is_ssh(signature):
        return "", "it is signed in an unknown way"
    if not trust.keys:
        return "", "no key is trusted here: name one with --key, or under attestation.signers"
    if ssh.verifies(signature, data, trust.keys):
        return signature.keyid, ""
    return "", "no trusted key made it, or what it is about was changed"


def _diff(house: House, origin: str, commit: str) -> str | None:
    if not house.repository.resolve(origin):
        return None
    return house.workspaces.fingerprint(origin, commit)


def _lines(file: Path) -> Iterator[str]:
    for line in file.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()

"""Signatures by an SSH key, made and checked by OpenSSH itself (`ssh-keygen -Y`)."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loopcoder.domain.diagnostic import LoopcoderError, Unavailable
from loopcoder.domain.proof.dsse import Signature

NAMESPACE = "loopcoder"
IDENTITY = "loopcoder"
_ARMOUR = b"-----BEGIN SSH SIGNATURE-----"
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class SshSigner:
    """`key` is a private key without passphrase, or the public half of one that an agent holds."""

    key: Path

    def sign(self, data: bytes) -> Signature:
        argv = ["ssh-keygen", "-q", "-Y", "sign", "-n", NAMESPACE, "-f", str(self.key)]
        if self.key.suffix != ".pub":  # an agent is asked first otherwise, and may never answer
            argv = ["env", "-u", "SSH_AUTH_SOCK", *argv]
        done = _run(argv, data)
        if done.returncode != 0 or not done.stdout.startswith(_ARMOUR):
            words = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise LoopcoderError(
                f"The key {self.key} does not sign: {words or 'ssh-keygen said nothing'}.",
                "Set attestation.key in loopcoder.yml to a key without passphrase, or to the .pub "
                "file of one that your SSH agent holds.",
            )
        return Signature(fingerprint(public_key(self.key)), done.stdout)


def is_ssh(signature: Signature) -> bool:
    return signature.sig.startswith(_ARMOUR)


def verifies(signature: Signature, data: bytes, keys: Sequence[str]) -> bool:
    """Whether one of the public keys (lines as in a .pub file) made this signature."""
    with tempfile.TemporaryDirectory() as folder:
        allowed, sig = Path(folder, "allowed_signers"), Path(folder, "sig")
        lines = [f'{IDENTITY} namespaces="{NAMESPACE}" {_bare(key)}\n' for key in keys]
        allowed.write_text("".join(lines))
        sig.write_bytes(signature.sig)
        argv = ["ssh-keygen", "-q", "-Y", "verify", "-n", NAMESPACE, "-I", IDENTITY]
        done = _run([*argv, "-f", str(allowed), "-s", str(sig)], data)
    return done.returncode == 0


def own_key(folder: Path) -> Path:
    """The key of this repository on this machine, made when there is none. It never leaves."""
    key = folder / "attestation_key"
    if not key.exists():
        with tempfile.TemporaryDirectory(dir=folder) as draft:
            made = Path(draft, key.name)
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", IDENTITY, "-f", str(made)]
            done = _run(argv, b"")
            if done.returncode != 0:
                words = " ".join(done.stderr.decode("utf-8", "replace").split())
                raise LoopcoderError(f"No signing key could be made: {words}.")
            made.with_suffix(".pub").replace(key.with_suffix(".pub"))
            made.replace(key)
    return key


def public_key(key: Path) -> str:
    """The public half, as one line. Raises `LoopcoderError` when it cannot be read."""
    public = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    if public.is_file():
        return " ".join(public.read_text("utf-8").split())
    done = _run(["ssh-keygen", "-y", "-f", str(key)], b"")
    if done.returncode != 0:
        raise LoopcoderError(
            f"The key {key} cannot be read.", "Set attestation.key in loopcoder.yml."
        )
    return " ".join(done.stdout.decode().split())


def fingerprint(public: str) -> str:
    """As `ssh-keygen -l` prints it."""
    blob = base64.b64decode(_bare(public).split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def is_public_key(text: str) -> bool:
    """Whether this is a line as in a .pub file, with or without a name before it."""
    try:
        fingerprint(text)
    except (ValueError, IndexError):
        return False
    return True


def _bare(key: str) -> str:
    """Type and blob, without a name before or a comment after them."""
    words = key.split()
    at = next((i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-", "sk-"))), 0)
    return " ".join(words[at : at + 2])


def _run(argv: list[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            argv, input=data, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise Unavailable(
            "ssh-keygen was not found, so nothing can be signed or checked.",
            "Install OpenSSH, or write `attestation: off` in loopcoder.yml.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable("ssh-keygen did not answer in time.") from error

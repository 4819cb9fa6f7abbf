"""Signatures by the identity of a GitHub Actions run, for where no key is.

GitHub's issuer signs a token for whoever runs the job. Its audience is ours to choose: it is the
hash of what is signed, so the token is a signature over it, and is good for nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loopcoder.domain.diagnostic import LoopcoderError, Unavailable
from loopcoder.domain.proof.dsse import Signature

ISSUER = "https://token.actions.githubusercontent.com"
REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_PREFIX = b"loopcoder-oidc "
_TIMEOUT_S = 30.0
_ALGORITHMS = ["RS256"]


def audience_of(data: bytes) -> str:
    return f"loopcoder-sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class OidcSigner:
    """`url` and `token` are what the runner gives a job with `id-token: write`."""

    url: str
    token: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> OidcSigner | None:
        """The run's identity; None outside a job that may ask for one."""
        url, token = environ.get(REQUEST_URL, ""), environ.get(REQUEST_TOKEN, "")
        return cls(url, token) if url and token else None

    def __repr__(self) -> str:
        return "OidcSigner(…)"

    def sign(self, data: bytes) -> Signature:
        import requests

        try:
            answer = requests.get(
                self.url,
                params={"audience": audience_of(data)},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
            answer.raise_for_status()
            given = answer.json()["value"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise Unavailable(
                f"GitHub gave no identity token to sign with ({type(error).__name__}).",
                "Give the job the permission id-token: write, or set attestation.key.",
            ) from error
        return Signature("actions-oidc", _PREFIX + str(given).encode())


def is_oidc(signature: Signature) -> bool:
    return signature.sig.startswith(_PREFIX)


def identity_of(signature: Signature, data: bytes, keys: Mapping[str, Any]) -> str:
    """Who signed, as `repository@workflow`; empty when it is not a signature of these bytes.

    `keys` is the issuer's key set (JWKS). The token's expiry is not asked: it says how long the
    run could use it, and the signature stands for ever. Raises LoopcoderError for a bad key set.
    """
    import jwt

    token = signature.sig.removeprefix(_PREFIX).decode("ascii", "replace")
    try:
        known = jwt.PyJWKSet.from_dict(dict(keys))
    except (jwt.PyJWTError, AttributeError, KeyError, TypeError) as error:
        raise LoopcoderError(f"The file of the issuer's keys cannot be used: {error}.") from error
    for key in known.keys:
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=_ALGORITHMS,
                audience=audience_of(data),
                issuer=ISSUER,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            continue
        return f"{claims.get('repository', '?')}@{claims.get('job_workflow_ref', '?')}"
    return ""

"""Signing by the identity of a run: real HTTP, a real key, an issuer of our own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from loopcoder.adapters.signing.oidc import (
    ISSUER,
    REQUEST_TOKEN,
    REQUEST_URL,
    OidcSigner,
    identity_of,
    is_oidc,
)
from loopcoder.domain.diagnostic import Unavailable

CLAIMS = {
    "iss": ISSUER,
    "exp": 1,
    "repository": "ana/parcel",
    "job_workflow_ref": "ana/parcel/.github/workflows/loopcoder.yml@refs/heads/main",
}


@dataclass
class Issuer:
    """Gives out tokens as GitHub's does, to whoever has the run's own one."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    asked: list[str] = field(default_factory=list)

    @property
    def key_set(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}

    def token(self, audience: str) -> str:
        claims = {**CLAIMS, "aud": audience}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "k1"})

    def serve(self) -> HTTPServer:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.headers.get("Authorization", ""))
                allowed = issuer.asked[-1] == "Bearer run-token"
                audience = parse_qs(urlsplit(self.path).query)["audience"][0]
                body = json.dumps({"value": issuer.token(audience)} if allowed else {}).encode()
                self.send_response(200 if allowed else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def url(issuer: Issuer) -> Iterator[str]:
    server = issuer.serve()
    yield f"http://127.0.0.1:{server.server_port}/token?api-version=2"
    server.shutdown()
    server.server_close()


def test_the_runs_identity_signs_these_bytes_and_no_others(issuer: Issuer, url: str) -> None:
    signer = OidcSigner.of({REQUEST_URL: url, REQUEST_TOKEN: "run-token"})
    assert signer is not None and "run-token" not in repr(signer)
    signature = signer.sign(b"statement")
    assert is_oidc(signature)
    who = identity_of(signature, b"statement", issuer.key_set)
    assert who == f"ana/parcel@{CLAIMS['job_workflow_ref']}"
    assert identity_of(signature, b"Statement", issuer.key_set) == ""
    assert identity_of(signature, b"statement", Issuer().key_set) == ""


def test_without_the_permission_it_says_which_one(url: str) -> None:
    signer = OidcSigner(url, "another")
    with pytest.raises(Unavailable, match="no identity token") as refused:
        signer.sign(b"statement")
    assert "id-token: write" in refused.value.remedy


def test_outside_of_actions_there_is_no_identity() -> None:
    assert OidcSigner.of({}) is None

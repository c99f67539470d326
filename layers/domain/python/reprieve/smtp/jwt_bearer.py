"""The JWT bearer grant (RFC 7523): a token for an assertion that the client's own key has signed."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reprieve.clock import Seconds
from reprieve.smtp.errors import Reason, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
#: long enough for clocks that disagree a little, and of little use to an attacker who finds one in a log
_LIFETIME_S = 300
#: RFC 7518 section 3.3
_MIN_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtBearer:
    """The grant for `token.fetch`.

    Args:
        endpoint: the token endpoint's URL.
        client_id: the client's name, for endpoints that identify it by this instead of by the issuer.
        key_id: which of the client's keys signs (`kid`).
        issuer: who signs (`iss`).
        subject: the account that the token is for (`sub`).
        audience: who is to accept the assertion (`aud`), usually the endpoint's URL.
        scopes: what the token is to allow. They go into the form, as RFC 7521 says, and into the assertion, as Google
            requires.
        private_key: an RSA key of 2,048 bits or more in PEM (PKCS#8 or PKCS#1), not encrypted.
    """

    endpoint: str
    client_id: str
    key_id: str
    issuer: str
    subject: str
    audience: str
    scopes: tuple[str, ...] = ()
    private_key: str = field(repr=False)

    def headers(self) -> Mapping[str, str]:
        """No headers: the signature authenticates."""
        return {}

    def form(self) -> Mapping[str, str]:
        """The grant with a freshly signed assertion.

        Raises:
            TokenRefused: the key cannot sign.
        """
        form = {
            "grant_type": _GRANT_TYPE,
            "assertion": self.assertion(Seconds(int(time.time()))),
            "client_id": self.client_id,
        }
        if self.scopes:
            form["scope"] = " ".join(self.scopes)
        return form

    def assertion(self, issued_at: Seconds) -> str:
        """Sign an assertion, in the compact form of RFC 7515 with RS256.

        Args:
            issued_at: seconds since the epoch; it expires 300 seconds later.

        Raises:
            TokenRefused: the key cannot sign.
        """
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "iat": issued_at,
            "exp": issued_at + _LIFETIME_S,
            "jti": uuid4().hex,
        }
        if self.scopes:
            claims["scope"] = " ".join(self.scopes)
        signed = f"{_part(header)}.{_part(claims)}"
        signature = _signing_key(self.private_key).sign(signed.encode("ascii"), PKCS1v15(), SHA256())
        return f"{signed}.{_base64url(signature)}"


def _signing_key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # not a key, encrypted, or of an unsupported kind
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _MIN_BITS:
        raise TokenRefused(Reason.GRANT)
    return key


def _part(members: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode("ascii"))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")

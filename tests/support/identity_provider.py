"""An identity provider in memory, with the behaviour of a real one: it authorizes, redeems each code once, and signs.

provider = Provider()
back = provider.authorize(url, "ann")       # as if Ann had signed in there: the query that her browser comes back with
provider.redeem(url, form, client, "")       # the port, as `net.identity_provider` has it

The stack's tests do the same with Cognito, over HTTP.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from reprieve.access import jose
from reprieve.access.issuer import Grant
from reprieve.access.sign_in_settings import METADATA, Wanted
from reprieve.clock import to_seconds
from reprieve.errors import Unauthenticated, Unavailable
from reprieve.role import Role
from tests.support.oauth import pair_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprieve.access.jose import Key
    from reprieve.clock import Millis

URL = "https://acme.okta.example/oauth2/default"
CLIENT = "0oa1client"
SECRET = "s3cret: +/"
REDIRECT = "https://reprieve.example.com/console/oidc"
GRANTS = (Grant("Mail team", Role.ADMIN, frozenset()), Grant("Help desk", Role.HELP_DESK, frozenset()))
WANTED = Wanted(issuer=URL, client_id=CLIENT, claim="groups", grants=GRANTS, endpoints={}, secret=SECRET)
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"sub": "00u1", "name": "Ann Lee", "email": "ann@acme.example", "groups": ["Everyone", "Help desk"]},
    "bob": {"sub": "00u2", "preferred_username": "bob", "groups": ["Mail team", "Help desk"]},
    "eve": {"sub": "00u3", "name": "Eve", "groups": ["Everyone"]},
}


@cache
def own_key() -> Key:
    """The key that it signs with, until a test gives it another."""
    return pair_for("RS256")


@dataclass
class Provider:
    """`access.ports.IdentityProviders`, and the issuer behind it.

    Attributes:
        now: its clock.
        changes: what its ID tokens say otherwise; a claim that is None is left out.
        header: the same of their headers.
        published: its keys; the first one signs.
        sign: signs instead, given the header and the claims.
        down: whether it does not answer.
        redeemed: the forms that came to its token endpoint.
    """

    now: Callable[[], Millis]
    redirect: str = REDIRECT
    changes: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    published: list[Key] = field(default_factory=lambda: [own_key()])
    sign: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    down: bool = False
    redeemed: list[Mapping[str, str]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    codes: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)

    def authorize(self, url: str, person: str) -> dict[str, str]:
        """What a browser that is sent to a URL comes back with, once its person has signed in."""
        assert url.startswith(f"{URL}/v1/authorize?")
        asked = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
        assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, self.redirect)
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, person
        return {"code": code, "state": asked["state"]}

    def may_call(self, url: str) -> bool:
        return url.startswith("https://")

    def document(self, url: str, private_ca: str) -> object:
        self.read.append(url)
        assert private_ca == ""
        if self.down:
            raise Unavailable("no answer")
        documents = {f"{URL}{METADATA}": metadata(), f"{URL}/v1/keys": self.keys()}
        if url not in documents:
            raise Unavailable("the server answered 404")
        return documents[url]

    def redeem(self, url: str, form: Mapping[str, str], client: tuple[str, str], private_ca: str) -> object:
        self.redeemed.append(form)
        if self.down:
            raise Unavailable("no answer")
        assert (url, private_ca) == (f"{URL}/v1/token", "")
        if client != (CLIENT, SECRET):
            raise Unauthenticated("the token endpoint refused: invalid_client")
        asked, person = self.codes.pop(form["code"], ({}, ""))
        challenge = encoded(hashlib.sha256(form["code_verifier"].encode()).digest())
        good = (form["grant_type"], form["redirect_uri"], challenge)
        if good != ("authorization_code", asked.get("redirect_uri"), asked.get("code_challenge")):
            raise Unauthenticated("the token endpoint refused: invalid_grant")
        assert asked["code_challenge_method"] == "S256"
        return {"token_type": "Bearer", "access_token": "at", "id_token": self.id_token(asked["nonce"], person)}

    def id_token(self, nonce: str, person: str) -> str:
        """An ID token for a person."""
        now = to_seconds(self.now())
        said = {
            "iss": URL,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 3600,
            "nonce": nonce,
            **PEOPLE[person],
            **self.changes,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        key = self.published[0]
        alg = "RS256" if isinstance(key, RSAKey) else "ES256"
        whole = {"alg": alg, "kid": key.kid, **self.header}
        header = {name: value for name, value in whole.items() if value is not None}
        if self.sign:
            return self.sign(header, claims)
        return jwt.encode(header, claims, key, algorithms=[header["alg"]], default_type=None)

    def keys(self) -> dict[str, Any]:
        """Its JWK set."""
        return {"keys": [jose.public_jwk(key) for key in self.published]}


def metadata(**changes: object) -> dict[str, object]:
    """What it publishes about itself."""
    return {
        "issuer": URL,
        "authorization_endpoint": f"{URL}/v1/authorize",
        "token_endpoint": f"{URL}/v1/token",
        "jwks_uri": f"{URL}/v1/keys",
        "code_challenge_methods_supported": ["S256"],
        **changes,
    }


def encoded(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

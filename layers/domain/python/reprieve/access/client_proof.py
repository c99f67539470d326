"""Whether a client is who it says: by its secret, or by an assertion that it has signed (RFC 7523).

What a request alone decides is answered precisely. Whether a client exists shows in nothing: an unknown one costs the
same read and the same comparison or signature as one that gives a wrong proof, and gets the same answer.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from joserfc.jwk import ECKey, RSAKey

from reprieve.access import claims, jose
from reprieve.access.client import ClientKind, organization_of_client
from reprieve.access.credential import digest_of
from reprieve.access.oauth import ClientAssertion, ClientSecret, GrantError, GrantRefused
from reprieve.clock import HOUR, SKEW_ALLOWANCE, Millis
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprieve.access.client import Client
    from reprieve.access.jose import Key
    from reprieve.access.ports import TokenStore

#: the longest that an assertion may count, as at Okta
MAX_ASSERTION_LIFETIME: Final = HOUR
#: the types that an assertion may have: none, the general one, and its own (RFC 7523, as updated)
ASSERTION_TYPES: Final = (None, "jwt", "client-authentication+jwt")
#: no secret has this digest
_NO_DIGEST: Final = "0" * 64
#: an organization and a client that cannot exist
_NOWHERE: Final = ("-", "-")
#: a modulus of 2,048 bits for which no signature is good
_NO_MODULUS: Final = "gA" + "A" * 339 + "Q"


@dataclass(frozen=True, slots=True)
class _Asserted:
    """What an assertion says, before it is verified."""

    client_id: str
    jti: str | None
    expires_at: Millis


def prove(
    store: TokenStore,
    proof: ClientSecret | ClientAssertion,
    *,
    kinds: Collection[ClientKind],
    url: str,
    now: Millis,
) -> Client:
    """The client that a proof is of.

    Args:
        store: the clients, and the assertions that were used.
        proof: what came with the request.
        kinds: the kinds of client that may come this way.
        url: the URL that was called; an assertion must be for exactly that audience.
        now: in milliseconds.

    Raises:
        GrantRefused: INVALID_CLIENT; the description depends on the request alone.
    """
    if isinstance(proof, ClientAssertion):
        return _by_assertion(store, proof, kinds, url, now)
    client = _find(store, proof.client_id)
    stored = client.secret_digest if client and client.kind in kinds else ""
    # always compared, and always with a digest, so that the time says nothing
    same = hmac.compare_digest(digest_of(proof.secret), stored or _NO_DIGEST)
    if client is None or not same:
        raise GrantRefused(GrantError.INVALID_CLIENT, "Client authentication failed.")
    return client


def _by_assertion(
    store: TokenStore, proof: ClientAssertion, kinds: Collection[ClientKind], url: str, now: Millis
) -> Client:
    try:
        asserted = _asserted(proof, url, now)
    except Unauthenticated as problem:
        raise GrantRefused(GrantError.INVALID_CLIENT, f"The client_assertion is not valid: {problem}.") from None
    found = _find(store, asserted.client_id)
    client = found if found and found.kind in kinds and found.jwks else None
    known = jose.public_keys(json.loads(client.jwks)) if client else ()
    try:
        jose.claims_of(
            proof.assertion,
            _candidates(proof.assertion, known),
            algorithms=jose.PUBLIC_KEY_ALGORITHMS,
            types=ASSERTION_TYPES,
        )
    except Unauthenticated:
        client = None
    if client is None:
        raise GrantRefused(GrantError.INVALID_CLIENT, "The client_assertion signature is invalid.")
    if asserted.jti is not None:
        until = Millis(asserted.expires_at + SKEW_ALLOWANCE)
        if not store.spend(client.organization_id, client.id, asserted.jti, until=until):
            raise GrantRefused(GrantError.INVALID_CLIENT, "The client_assertion token has already been used.")
    return client


def _asserted(proof: ClientAssertion, url: str, now: Millis) -> _Asserted:
    """What an assertion says, if it could be good.

    Raises:
        Unauthenticated: it could not, whatever the client's keys are.
    """
    said = jose.unverified_claims(proof.assertion)
    client_id = claims.text(said, "sub")
    if claims.text(said, "iss") != client_id or proof.client_id not in {None, client_id}:
        raise Unauthenticated("its issuer, its subject and the client_id must be the same")
    if claims.texts(said, "aud") != (url,):
        raise Unauthenticated("its audience must be exactly the URL of this endpoint")
    end = claims.check_time(said, now)
    if end > now + MAX_ASSERTION_LIFETIME + SKEW_ALLOWANCE:
        raise Unauthenticated("it must expire within an hour")
    return _Asserted(client_id, claims.text(said, "jti") if "jti" in said else None, end)


def _find(store: TokenStore, client_id: str) -> Client | None:
    """The client; text that is not a client's id costs the same read, in an organization that cannot exist."""
    organization_id = organization_of_client(client_id)
    return store.client(*((organization_id, client_id) if organization_id else _NOWHERE))


def _candidates(assertion: str, known: tuple[Key, ...]) -> tuple[Key, ...]:
    """The client's keys that the assertion may be signed with, or a key with which it is verified in vain."""
    header = jose.header_of(assertion)
    kid = header.get("kid")
    named = tuple(key for key in known if kid is None or key.kid == kid)
    return named or _decoy(header, kid)


def _decoy(header: dict[str, Any], kid: object) -> tuple[Key, ...]:
    alg = header.get("alg")
    # by the curve alone, since what is kept must not grow with what callers write
    key = dict(_decoy_jwk(jose.CURVES.get(alg) if isinstance(alg, str) else None))
    return jose.public_keys({"keys": [key | ({"kid": kid} if isinstance(kid, str) else {})]})


@cache
def _decoy_jwk(curve: str | None) -> tuple[tuple[str, Any], ...]:
    """A public key on a curve, or of RSA without one, that has no private half, or none that is kept."""
    if curve:
        return tuple(jose.public_jwk(ECKey.generate_key(curve)).items())
    return tuple(RSAKey.import_key({"kty": "RSA", "n": _NO_MODULUS, "e": "AQAB"}).as_dict(private=False).items())

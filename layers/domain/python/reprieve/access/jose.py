"""Signed tokens (JWS, RFC 7515), through joserfc.

Nothing here believes what a token says about itself: which algorithms, types and keys count is the caller's decision,
and a header cannot name a key by URL or bring one. joserfc takes long to import, so a module that not every request
needs imports this one where it is needed.
"""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jwk import import_key as joserfc_import
from joserfc.jws import JWSRegistry, extract_compact

from reprieve.errors import InvalidInput, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    Key = ECKey | RSAKey

_Key = TypeVar("_Key", bound=ECKey | RSAKey)
#: the algorithms on an elliptic curve, and the curve of each (RFC 7518 section 3.4)
CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
#: what clients may sign their assertions with
PUBLIC_KEY_ALGORITHMS: Final = ("RS256", "RS384", "RS512", *CURVES)
#: what our own tokens are signed with
OWN_ALGORITHM: Final = "ES256"
#: RFC 7518 section 3.3, and a bound on the time that a signature takes to verify
RSA_BITS: Final = range(2048, 4096 + 1)
#: characters of the shortest modulus, in base64url; joserfc warns about shorter ones instead of refusing them
_MIN_MODULUS: Final = 342
#: the largest token that is looked at, in characters; API Gateway passes at most 10,240 bytes of headers
MAX_TOKEN: Final = 8_192
#: the most keys of one client
MAX_KEYS: Final = 50
#: members of a JWK that are not public (RFC 7518 sections 6.2.2 and 6.3.2)
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
#: what parsing makes of hostile input, besides errors of joserfc's own
_UNREADABLE: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error)
_REFUSED: Final = "not a token with a good signature"


def claims_of(
    token: str,
    keys: Iterable[Key],
    *,
    algorithms: Collection[str],
    types: Collection[str | None],
) -> dict[str, Any]:
    """The claims of a signed token.

    Args:
        token: in the compact form.
        keys: the public keys of those who may have signed it. A token that names its key (`kid`) is verified by keys of
            that name alone, one that does not by each of them.
        algorithms: the algorithms that count.
        types: the types (`typ`) that count, in lower case; None among them accepts a token without one.

    Raises:
        Unauthenticated: it is not a token, or not signed by one of the keys; nothing says which.
    """
    header = header_of(token)
    kind, kid = header.get("typ"), header.get("kid")
    # a hostile header can hold anything, also what has no hash
    if (kind.lower() if isinstance(kind, str) else kind) not in tuple(types) or header.get("alg") not in tuple(
        algorithms
    ):
        raise Unauthenticated(_REFUSED)
    registry = JWSRegistry(algorithms=list(algorithms), strict_check_header=False)
    for key in keys:
        if kid is not None and key.kid != kid:
            continue
        try:
            claims = jwt.decode(token, key, algorithms=list(algorithms), registry=registry).claims
        except _UNREADABLE:
            continue
        return dict(claims)
    raise Unauthenticated(_REFUSED)


def header_of(token: str) -> dict[str, Any]:
    """A token's header, not verified.

    Raises:
        Unauthenticated: it has none, or one with an extension that must be understood (`crit`).
    """
    return _parts(token)[0]


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token claims, not verified: good for finding the keys that it must be verified by, and for nothing else.

    Raises:
        Unauthenticated: it is not a token.
    """
    return _parts(token)[1]


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Unauthenticated(_REFUSED)
    try:
        found = extract_compact(token.encode())
        header, claims = dict(found.headers()), json.loads(found.payload or b"")
    except _UNREADABLE:
        raise Unauthenticated(_REFUSED) from None
    if "crit" in header or not isinstance(claims, dict):
        raise Unauthenticated(_REFUSED)
    return header, claims


def sign(claims: Mapping[str, Any], *, key: Key, kind: str) -> str:
    """A token that one of our own keys has signed, of a type (`typ`)."""
    header = {"alg": OWN_ALGORITHM, "typ": kind, "kid": key.kid}
    return jwt.encode(header, dict(claims), key, algorithms=[OWN_ALGORITHM])


def new_key() -> ECKey:
    """A new key pair for ES256, named by its thumbprint (RFC 7638)."""
    return _named(ECKey.generate_key("P-256", {"use": "sig", "alg": OWN_ALGORITHM}))


def new_client_key() -> RSAKey:
    """A new key pair for a client: RS256, because Okta's Python SDK signs with nothing else."""
    return _named(RSAKey.generate_key(RSA_BITS.start, {"use": "sig", "alg": "RS256"}))


def public_jwk(key: Key) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    return dict(key.as_dict(private=False))


def private_jwk(key: Key) -> dict[str, Any]:
    """A whole key as a JWK: a secret."""
    return dict(key.as_dict(private=True))


def own_key(text: str) -> Key:
    """One of our own keys, public or whole, from its JWK as JSON."""
    return _imported(json.loads(text))


def public_keys(document: object, *, field: str = "jwks") -> tuple[Key, ...]:
    """The keys of a JWK set (RFC 7517), or the one of a JWK, that can verify a signature here.

    Keys of another use, kind or curve are passed over, since a set may hold some.

    Args:
        document: the parsed JSON.
        field: the input's name, for the error.

    Raises:
        InvalidInput: it is not a JWK set, holds a private key, or has no usable key.
    """
    listed = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InvalidInput("a JWK, or a JWK set with the member keys", field=field)
    if len(listed) > MAX_KEYS:
        raise InvalidInput(f"at most {MAX_KEYS} keys", field=field)
    if any(PRIVATE & one.keys() for one in listed):
        raise InvalidInput("holds a private key; give public keys only", field=field)
    found = tuple(key for one in listed if (key := _usable(one)) is not None)
    if not found:
        raise InvalidInput("needs an RSA key of 2,048 to 4,096 bits, or one on P-256, P-384 or P-521", field=field)
    return found


def public_keys_in(text: str, *, field: str = "jwks") -> tuple[Key, ...]:
    """The public keys in a text: a JWK, a JWK set, or one key in PEM (SubjectPublicKeyInfo).

    A key without a name (`kid`) is named by its thumbprint (RFC 7638).

    Raises:
        InvalidInput: see `public_keys`; or it is neither JSON nor a key in PEM.
    """
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise InvalidInput("not JSON", field=field) from None
        return tuple(_named(key) for key in public_keys(document, field=field))
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(text)
        except _UNREADABLE:
            continue
        if key.is_private:
            raise InvalidInput("holds a private key; give the public key only", field=field)
        return public_keys(public_jwk(_named(key)), field=field)
    raise InvalidInput("not a public key in PEM", field=field)


def _usable(jwk: Mapping[str, Any]) -> Key | None:
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", OWN_ALGORITHM) not in PUBLIC_KEY_ALGORITHMS:
        return None
    if jwk.get("kty") == "RSA" and len(str(jwk.get("n"))) < _MIN_MODULUS:
        return None
    try:
        key = _imported({name: value for name, value in jwk.items() if name != "key_ops"})
        good = key.public_key.key_size in RSA_BITS if isinstance(key, RSAKey) else key.curve_name in CURVES.values()
    except _UNREADABLE:
        return None
    return key if good else None


def _imported(jwk: Mapping[str, Any]) -> Key:
    key = joserfc_import(dict(jwk))
    if not isinstance(key, ECKey | RSAKey):
        raise TypeError("neither RSA nor EC")
    return key


def _named(key: _Key) -> _Key:
    key.ensure_kid()
    return key

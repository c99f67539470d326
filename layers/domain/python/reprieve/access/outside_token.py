"""Access tokens of outside issuers: which organization one speaks for, and what it may do there.

Vendors mark access tokens differently, or not at all. What is certain is refused: a type that is neither missing,
general nor of access tokens, and whatever has a claim that OpenID Connect has for ID tokens alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.access import claims, jose
from reprieve.access.access_token import AccessToken
from reprieve.access.signing_key import TRUST_AGE
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.access.issuer import Issuer
    from reprieve.access.key_sets import KeySets
    from reprieve.access.ports import TrustStore
    from reprieve.clock import Millis

#: the types that an access token of another issuer may have: none, the general one, and its own (RFC 9068)
TYPES: Final = (None, "jwt", "at+jwt", "application/at+jwt")
#: claims of ID tokens alone (OpenID Connect Core, sections 2 and 3.3.2.11)
OF_ID_TOKENS: Final = ("nonce", "at_hash", "c_hash")
#: audiences of a token that are looked at
MAX_AUDIENCES: Final = 5
#: issuers that a process remembers, known or not; beyond, it forgets them all and reads again
MAX_REMEMBERED: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Looked:
    """When a pair was looked up, in milliseconds, and its issuer; None if it is not trusted."""

    at: Millis
    issuer: Issuer | None


class OutsideTokens:
    """The verifier of outside issuers' access tokens in one process.

    Args:
        store: has the issuers, which are read at most once a minute each.
        key_sets: has their keys.
    """

    def __init__(self, store: TrustStore, key_sets: KeySets) -> None:
        self._store = store
        self._key_sets = key_sets
        self._looked: dict[tuple[str, str], _Looked] = {}

    def read(self, text: str, now: Millis) -> AccessToken:
        """What an access token says, if an organization trusts its issuer and all of it holds.

        Raises:
            Unauthenticated: it is not an access token that counts at this moment.
            Unavailable: the issuer's keys could not be read, or the store did not answer.
        """
        issuer = self._issuer(jose.unverified_claims(text), now)
        keys = self._key_sets.keys(issuer, jose.header_of(text).get("kid"), now)
        said = jose.claims_of(text, keys, algorithms=jose.PUBLIC_KEY_ALGORITHMS, types=TYPES)
        if said.get("iss") != issuer.url or issuer.audience not in _audiences(said):
            raise Unauthenticated("a token of another issuer, or for another audience")
        if any(name in said for name in OF_ID_TOKENS) or said.get("token_use", "access") != "access":
            raise Unauthenticated("an ID token")
        end = claims.check_time(said, now)
        grant = issuer.grant_for(_values(said, issuer.claim))
        if grant is None:
            raise Unauthenticated("a token to which the organization has granted nothing")
        subject = claims.text(said, "sub")
        # what goes into function logs must not be an address, which a subject can be
        digest = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return AccessToken(
            id=hashlib.sha256(text.encode()).hexdigest()[:32],
            organization_id=issuer.organization_id,
            client_id=f"{issuer.id}.{digest}",
            scopes=tuple(sorted(grant.scopes)),
            issued=claims.moment(said, "iat") or now,
            expires_at=end,
            role=grant.role,
            name=subject,
        )

    def _issuer(self, claimed: Mapping[str, Any], now: Millis) -> Issuer:
        """The trusted issuer that a token names, before anything of it is verified."""
        url = claims.text(claimed, "iss")
        for audience in _audiences(claimed)[:MAX_AUDIENCES]:
            issuer = self._look_up(url, audience, now)
            if issuer is not None:
                return issuer
        raise Unauthenticated("a token of an issuer that no organization trusts")

    def _look_up(self, url: str, audience: str, now: Millis) -> Issuer | None:
        looked = self._looked.get((url, audience))
        if looked is None or not 0 <= now - looked.at < TRUST_AGE:
            if len(self._looked) >= MAX_REMEMBERED:
                self._looked.clear()
            looked = self._looked[url, audience] = _Looked(now, self._store.issuer(url, audience))
        return looked.issuer


def _audiences(said: Mapping[str, Any]) -> tuple[str, ...]:
    """For whom a token is; Cognito's access tokens have only the client's id for it."""
    names = said if "aud" in said else {"aud": said.get("client_id")}
    return tuple(one for one in claims.texts(names, "aud") if len(one) <= claims.MAX_CLAIM)


def _values(said: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The values of a claim: an array's, or the words of a text, as scopes are written, and the whole of it."""
    values = claims.texts(said, claim)
    return frozenset(values) | (frozenset(values[0].split(" ")) if isinstance(said.get(claim), str) else frozenset())

"""What verifies access tokens: the published keys, and what has been revoked, read at most once a minute per process.

A request with an access token costs the same one read of its organization as any other. The read brings the keys and
the revocations with it when what was read before is a minute old: a revocation holds everywhere within a minute.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access import access_token, jose
from reprieve.access.signing_key import TRUST_AGE, SigningKey
from reprieve.clock import EPOCH, Millis
from reprieve.errors import Unauthenticated
from reprieve.organization import ORGANIZATION_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.access_token import AccessToken
    from reprieve.access.jose import Key
    from reprieve.access.outside_token import OutsideTokens
    from reprieve.access.ports import TrustStore
    from reprieve.organization import Organization

#: organizations whose revocations a process keeps; beyond, it forgets them all and reads again
MAX_ORGANIZATIONS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Read:
    """Something, and the moment before it was read."""

    at: Millis

    def counts(self, now: Millis) -> bool:
        """Whether it may be gone by."""
        return 0 <= now - self.at < TRUST_AGE


@dataclass(frozen=True, slots=True)
class _Keys(_Read):
    keys: tuple[tuple[SigningKey, Key], ...]


@dataclass(frozen=True, slots=True)
class _Denied(_Read):
    until: Mapping[str, Millis]


class Trust:
    """The verifier of access tokens in one process.

    Args:
        store: reads organizations, keys, revocations and outside issuers.
        issuer: the deployment's name as an issuer.
        outside: verifies the tokens of every other issuer.
    """

    def __init__(self, store: TrustStore, issuer: str, outside: OutsideTokens) -> None:
        self._store = store
        self._issuer = issuer
        self._outside = outside
        self._keys: _Keys | None = None
        self._denied: dict[str, _Denied] = {}

    def verify(self, text: str, now: Millis) -> tuple[Organization, AccessToken]:
        """The organization that an access token speaks for, and what it says.

        Raises:
            Unauthenticated: it is not an access token of this deployment or of an issuer that an organization trusts,
                or it is expired or revoked.
            Unavailable: the store or the issuer did not answer.
        """
        token = self._read_early(text, now)
        organization_id = token.organization_id if token else _claimed_organization(text)
        denied = self._denied.get(organization_id)
        fresh = denied is not None and denied.counts(now)
        found = self._store.trusted(organization_id, keys=token is None, denied=not fresh)
        if token is None:
            self._keys = _Keys(now, tuple((key, jose.own_key(key.jwk)) for key in found.keys))
            token = self._read(text, now)
        if denied is None or not fresh:
            denied = self._remember(organization_id, _Denied(now, found.denied))
        if found.organization is None or any(denied.until.get(name, EPOCH) > now for name in token.names):
            raise Unauthenticated("a revoked access token, or one of an unknown organization")
        return found.organization, token

    def _read_early(self, text: str, now: Millis) -> AccessToken | None:
        """What a token says, before its organization is read; None if it is our own and our keys must be read first."""
        if jose.unverified_claims(text).get("iss") != self._issuer:
            return self._outside.read(text, now)
        # once the keys are known, what is not signed by us costs no read
        return self._read(text, now) if self._keys and self._keys.counts(now) else None

    def _remember(self, organization_id: str, denied: _Denied) -> _Denied:
        if len(self._denied) >= MAX_ORGANIZATIONS:
            self._denied.clear()
        self._denied[organization_id] = denied
        return denied

    def _read(self, text: str, now: Millis) -> AccessToken:
        keys = self._keys.keys if self._keys else ()
        verifying = [parsed for key, parsed in keys if key.verifies(now)]
        return access_token.read(text, verifying, issuer=self._issuer, now=now)


def _claimed_organization(text: str) -> str:
    """The organization that a token names, before it is verified: where to read."""
    claimed = jose.unverified_claims(text).get("org")
    if not isinstance(claimed, str) or not ORGANIZATION_ID.fullmatch(claimed):
        raise Unauthenticated("not an access token of this service")
    return claimed


def jwks(keys: Sequence[SigningKey]) -> dict[str, list[object]]:
    """A key set (RFC 7517): the public halves of keys."""
    return {"keys": [json.loads(key.jwk) for key in keys]}

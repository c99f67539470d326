"""Outside issuers: an organization's own Okta, Entra or Cognito, whose access tokens it lets count here.

A token belongs to the organization that trusts its issuer for its audience, and to no other: a pair of the two is
trusted by one organization at most. What the token may do follows from one claim of it, such as its groups.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.clock import EPOCH

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprieve.clock import Millis
    from reprieve.role import Role

#: what the ids of issuers begin with
ISSUER_ID: Final = "idp"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do that has a value in the issuer's claim.

    Attributes:
        value: such as the name of a group, or a scope of the issuer's.
        role: how far it may go.
        scopes: what it allows, in the dialects' own spellings.
    """

    value: str
    role: Role
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer that an organization trusts for one audience.

    Attributes:
        organization_id: which organization.
        url: the issuer's name, exactly as its tokens have it (`iss`).
        audience: what its tokens are for (`aud`).
        jwks_url: where its public keys are.
        claim: the claim that decides what a token may do: text, or an array of texts.
        grants: in order; the first whose value a token has counts, and no other.
        created: in milliseconds.
        private_ca: the only authority that the server of the keys is verified by, in PEM; "" for the public ones.
    """

    organization_id: str
    url: str
    audience: str
    jwks_url: str
    claim: str
    grants: tuple[Grant, ...]
    created: Millis = EPOCH
    private_ca: str = ""

    @property
    def id(self) -> str:
        """The name of the trust, for people and logs."""
        return f"{ISSUER_ID}{digest_of_pair(self.url, self.audience)[:16]}"

    def grant_for(self, values: Collection[str]) -> Grant | None:
        """What a token with these values of the claim may do; None if it may do nothing."""
        return next((grant for grant in self.grants if grant.value in values), None)


def digest_of_pair(url: str, audience: str) -> str:
    """The digest by which the trust in an issuer for an audience is found."""
    return hashlib.sha256(f"{url}\0{audience}".encode("utf-8", "surrogatepass")).hexdigest()

"""Authentication: from the Authorization header to a verified caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

from reprieve.access.caller import Caller
from reprieve.access.credential import digest_of, organization_of
from reprieve.errors import NoCredential, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reprieve.access.access_token import AccessToken
    from reprieve.access.ports import AccessStore
    from reprieve.clock import Millis
    from reprieve.organization import Organization

#: how many characters of the header are read: API Gateway passes at most 10,240 bytes of headers
MAX_HEADER: Final = 8_192
#: what every JWT begins with: `{"` in base64
JWT: Final = "eyJ"
#: the scheme that Okta has for long-lived tokens alone
LONG_LIVED: Final = "SSWS"
#: the one sentence for every credential that is not good, so that it says nothing about what exists
BAD_CREDENTIAL: Final = "unknown, revoked or expired credential"


class AccessTokens(Protocol):
    """The verifier of access tokens."""

    def verify(self, text: str, now: Millis) -> tuple[Organization, AccessToken]:
        """What an access token says, and the organization that it speaks for; see `Trust.verify`."""


def token_in(authorization: str | None, schemes: Collection[str]) -> str:
    """The token in an Authorization header's value.

    Args:
        authorization: the value, or None without the header.
        schemes: the words that may precede the token, matched in any letter case. A space between them is
            optional, because Okta's Python SDK sends none.

    Raises:
        NoCredential: there is no header, or it is blank.
        Unauthenticated: it does not hold a token in one of the schemes.
    """
    if not authorization or not authorization.strip():
        raise NoCredential("no credential in the Authorization header")
    words = "|".join(map(re.escape, sorted(schemes)))
    found = re.fullmatch(rf"\s*(?:{words})\s*(\S+)\s*", authorization[:MAX_HEADER], re.IGNORECASE)
    if not found:
        raise Unauthenticated(BAD_CREDENTIAL)
    return found[1]


def authenticate(
    store: AccessStore,
    authorization: str | None,
    *,
    schemes: Collection[str],
    tokens: Callable[[], AccessTokens],
    now: Millis,
) -> Caller:
    """Verify a credential, by one read.

    The organization named in a long-lived token says where to look; it is believed because the digest matches a record
    there. Whatever is wrong with a token of ours, the same is read and the same is answered.

    Args:
        store: organizations and credentials.
        authorization: the value of the Authorization header, or None.
        schemes: see `token_in`.
        tokens: makes the verifier of access tokens, which most requests do not need.
        now: in milliseconds.

    Raises:
        NoCredential: there is no header, or it is blank.
        Unauthenticated: not a token, or one that is unknown, revoked or expired; the error does not distinguish these.
        Unavailable: the store did not answer.
    """
    token = token_in(authorization, schemes)
    if token.startswith(JWT):
        return _by_access_token(token_in(authorization, set(schemes) - {LONG_LIVED}), tokens(), now)
    organization_id = organization_of(token)
    if organization_id is None:
        raise Unauthenticated(BAD_CREDENTIAL)
    return caller_with(store, organization_id, digest_of(token), now=now)


def caller_with(store: AccessStore, organization_id: str, digest: str, *, now: Millis) -> Caller:
    """The caller with a long-lived credential, by one read.

    Args:
        store: organizations and credentials.
        organization_id: where to look.
        digest: of the token.
        now: in milliseconds.

    Raises:
        Unauthenticated: there is no such credential, or it has expired.
        Unavailable: the store did not answer.
    """
    organization, credential = store.credential(organization_id, digest)
    if organization is None or credential is None or not credential.valid(now):
        raise Unauthenticated(BAD_CREDENTIAL)
    return Caller(
        organization,
        credential.id,
        credential.scopes,
        credential.expires_at,
        role=credential.role,
        name=credential.name,
    )


def _by_access_token(text: str, tokens: AccessTokens, now: Millis) -> Caller:
    try:
        organization, token = tokens.verify(text, now)
    except Unauthenticated:
        raise Unauthenticated(BAD_CREDENTIAL) from None
    return Caller(
        organization,
        token.client_id,
        frozenset(token.scopes),
        token.expires_at,
        by_access_token=True,
        role=token.role,
        name=token.name,
    )

"""Authentication: from the Authorization header to a verified caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.access.caller import Caller
from reprieve.access.credential import digest_of, organization_of
from reprieve.errors import NoCredential, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprieve.access.ports import AccessStore
    from reprieve.clock import Millis

#: how many characters of the header are read
MAX_HEADER: Final = 512
#: the one sentence for every credential that is not good, so that it says nothing about what exists
BAD_CREDENTIAL: Final = "unknown, revoked or expired credential"


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


def authenticate(store: AccessStore, authorization: str | None, *, schemes: Collection[str], now: Millis) -> Caller:
    """Verify a credential, by one read.

    The organization named in the token says where to look; it is believed because the digest matches a record there.
    Whatever is wrong with a token of ours, the same is read and the same is answered.

    Args:
        store: organizations and credentials.
        authorization: the value of the Authorization header, or None.
        schemes: see `token_in`.
        now: in milliseconds.

    Raises:
        NoCredential: there is no header, or it is blank.
        Unauthenticated: not a token, or one that is unknown, revoked or expired; the error does not distinguish these.
        Unavailable: the store did not answer.
    """
    token = token_in(authorization, schemes)
    organization_id = organization_of(token)
    if organization_id is None:
        raise Unauthenticated(BAD_CREDENTIAL)
    organization, credential = store.credential(organization_id, digest_of(token))
    if organization is None or credential is None or not credential.valid(now):
        raise Unauthenticated(BAD_CREDENTIAL)
    return Caller(organization, credential.id, credential.scopes)

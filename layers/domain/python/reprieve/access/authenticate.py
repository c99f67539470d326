"""Who is calling: from the Authorization header to a verified caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.access.caller import Caller
from reprieve.access.credential import digest_of, organization_of
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprieve.access.ports import AccessStore
    from reprieve.clock import Millis

#: characters of the header that are looked at
MAX_HEADER: Final = 512


def token_in(authorization: str | None, schemes: Collection[str]) -> str:
    """The token in an Authorization header's value.

    Args:
        authorization: the value, or None without the header.
        schemes: the words that may stand before the token, matched in any letter case. A space between them is
            optional, because Okta's Python SDK sends none.

    Raises:
        Unauthenticated: there is no header, or it does not hold a token in one of the schemes.
    """
    words = "|".join(map(re.escape, sorted(schemes)))
    pattern = rf"\s*(?:{words})\s*(\S+)\s*"
    found = re.fullmatch(pattern, authorization[:MAX_HEADER], re.IGNORECASE) if authorization else None
    if not found:
        raise Unauthenticated("no credential in the Authorization header")
    return found[1]


def authenticate(store: AccessStore, authorization: str | None, *, schemes: Collection[str], now: Millis) -> Caller:
    """Verify a credential.

    The organization named in the token says where to look; it is believed because the digest matches a record there.

    Args:
        store: organizations and credentials.
        authorization: the value of the Authorization header, or None.
        schemes: see `token_in`.
        now: in milliseconds.

    Raises:
        Unauthenticated: no token, or one that is unknown, revoked or expired; these are not told apart.
    """
    token = token_in(authorization, schemes)
    organization_id = organization_of(token)
    if organization_id is None:
        raise Unauthenticated("not a token of ours")
    digest = digest_of(token)
    credential = store.credential(organization_id, digest)
    organization = store.organization(organization_id)
    if credential is None or organization is None or not credential.valid(now):
        raise Unauthenticated("unknown, revoked or expired credential")
    return Caller(organization, credential.id, credential.scopes)

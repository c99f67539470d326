"""Who is calling: from the Authorization header to a verified caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reprieve.access.caller import Caller
from reprieve.access.credential import digest_of, organization_of
from reprieve.errors import Unauthenticated

if TYPE_CHECKING:
    from reprieve.access.ports import AccessStore

#: Okta's Python SDK sends `SSWStoken` without a space, others send one; the scheme is matched in any letter case
SCHEME: Final = re.compile(r"\s*(?:ssws|bearer|zoho-oauthtoken)\s*(\S+)\s*", re.IGNORECASE)
MAX_HEADER: Final = 512


def token_in(authorization: str | None) -> str:
    """The token in an Authorization header's value.

    Raises:
        Unauthenticated: there is no header, or it holds no token in a scheme that we know.
    """
    found = SCHEME.fullmatch(authorization[:MAX_HEADER]) if authorization else None
    if not found:
        raise Unauthenticated("no credential in the Authorization header")
    return found[1]


def authenticate(store: AccessStore, authorization: str | None, *, now: int) -> Caller:
    """Verify a credential.

    The organization named in the token says where to look; it is believed because the digest matches a record there.

    Raises:
        Unauthenticated: no token, or one that is unknown, revoked or expired; these are not told apart.
    """
    token = token_in(authorization)
    organization_id = organization_of(token)
    if organization_id is None:
        raise Unauthenticated("not a token of ours")
    digest = digest_of(token)
    credential = store.credential(organization_id, digest)
    organization = store.organization(organization_id)
    if credential is None or organization is None or not credential.valid(now):
        raise Unauthenticated("unknown, revoked or expired credential")
    return Caller(organization, credential.id, credential.scopes)

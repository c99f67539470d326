"""Where the people of organizations sign in, and their attempts to, in Access.

    partition    sort
    {org}        sign-in                                          the organization's sign-in
    {org}        attempt#{digest of what the browser holds}       an attempt: `attempt_ends` in milliseconds

An attempt is used up by an update that removes its end; see `store.sessions` for why it is not deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.access.sign_in import SignIn
from reprieve.clock import to_seconds
from reprieve.store.access import ORGANIZATION, organization_from
from reprieve.store.issuers import issuer_from, issuer_item
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

SIGN_IN: Final = "sign-in"
ATTEMPT: Final = "attempt#"
#: it was begun, not used, and has not ended
OPEN: Final = "#attempt_ends > :now"


class SignIns:
    """`access.ports.SignInStore` on DynamoDB."""

    def __init__(self, access: Table) -> None:
        self._access = access

    def sign_in(self, organization_id: str) -> tuple[Organization | None, SignIn | None]:
        """See the port. One BatchGetItem."""
        keys: list[Item] = [{"partition": organization_id, "sort": sort} for sort in (ORGANIZATION, SIGN_IN)]
        found = {item["sort"]: item for item in self._access.get_many(keys, consistent=True)}
        organization, sign_in = (found.get(sort) for sort in (ORGANIZATION, SIGN_IN))
        return organization_from(organization) if organization else None, _sign_in(sign_in) if sign_in else None

    def set_sign_in(self, sign_in: SignIn) -> None:
        """See the port."""
        item: Item = {
            "partition": sign_in.issuer.organization_id,
            "sort": SIGN_IN,
            **issuer_item(sign_in.issuer),
            "authorization_url": sign_in.authorization_url,
            "token_url": sign_in.token_url,
            "sealed_secret": sign_in.sealed_secret or None,
        }
        self._access.put(item)

    def remove_sign_in(self, organization_id: str) -> bool:
        """See the port."""
        return self._access.delete({"partition": organization_id, "sort": SIGN_IN}) is not None

    def begin(self, organization_id: str, digest: str, *, ends: Millis) -> None:
        """See the port. One UpdateItem."""
        update = Update(set=["#attempt_ends = :ends", "#expires_at = :expires_at"])
        values: Item = {":ends": ends, ":expires_at": to_seconds(ends)}
        self._access.update(_attempt(organization_id, digest), update, values, returning="UPDATED_NEW")

    def use(self, organization_id: str, digest: str, *, now: Millis) -> bool:
        """See the port. One UpdateItem."""
        update = Update(remove=["#attempt_ends"], condition=OPEN)
        key = _attempt(organization_id, digest)
        return self._access.update(key, update, {":now": now}, returning="UPDATED_NEW") is not None


def _attempt(organization_id: str, digest: str) -> Item:
    return {"partition": organization_id, "sort": ATTEMPT + digest}


def _sign_in(item: Item) -> SignIn:
    return SignIn(
        issuer_from(item),
        cast("str", item["authorization_url"]),
        cast("str", item["token_url"]),
        cast("bytes", item.get("sealed_secret", b"")),
    )

"""Counting what the help desk lifts: one item per organization, caller and day (UTC), one write per request.

table     partition    sort
Access    {org}        lifts#{day}#{SHA-256 of the caller's id}
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from reprieve.clock import DAY, Millis, to_seconds
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

LIFTS: Final = "lifts#"


class LiftCounts:
    """`removals.ports.LiftCounts` on DynamoDB."""

    def __init__(self, access: Table) -> None:
        self._access = access

    def add(self, organization: Organization, caller: str, number: int, *, most: int, now: Millis) -> bool:
        """See the port."""
        if number > most:
            return False
        day = now // DAY
        # an outside issuer's ids can hold anything, an address too
        digest = hashlib.sha256(caller.encode("utf-8", "surrogatepass")).hexdigest()
        key: Item = {"partition": organization.id, "sort": f"{LIFTS}{day}#{digest}"}
        update = Update(
            set=["#expires_at = :expires_at"],
            add=["#lifts :number"],
            condition="attribute_not_exists(#lifts) OR #lifts <= :room",
        )
        values = {":number": number, ":room": most - number, ":expires_at": to_seconds(Millis((day + 2) * DAY))}
        return self._access.update(key, update, values, returning="UPDATED_NEW") is not None

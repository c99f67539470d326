"""Claims on senders: who owns one, and what an organization owns; in the table ProviderAccounts.

    partition                    sort
    sender#{kind}#{sender}       sender           its owner, and the name of the owner's account
    {org}                        sender#{kind}#{sender}

The two are written together. A sender's partition cannot be an organization's: no id has the sign #.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.access.provider_account import DEFAULT
from reprieve.store.language import arguments_of, marshal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.store.language import Item
    from reprieve.store.table import Table

SENDER: Final = "sender"
FREE_OR_OURS: Final = "attribute_not_exists(#partition) OR #owner = :owner"
CLAIM_ATTRIBUTES: Final = ("owner", "account")
OURS: Final = "#owner = :owner"


class Senders:
    """`access.ports.SenderStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, organization_id: str, kind: str, sender: str, *, account: str, now: Millis) -> bool:
        """See the port."""
        claim: Item = {**_claim(kind, sender), "owner": organization_id, "account": account}
        owned: Item = {**_owned(organization_id, kind, sender), "created": now, "account": account}
        condition = arguments_of(condition=FREE_OR_OURS, values={":owner": organization_id})
        return self._table.transact([("Put", {"Item": marshal(claim), **condition}), ("Put", {"Item": marshal(owned)})])

    def release(self, organization_id: str, kind: str, sender: str) -> bool:
        """See the port."""
        condition = arguments_of(condition=OURS, values={":owner": organization_id})
        return self._table.transact(
            [
                ("Delete", {"Key": marshal(_claim(kind, sender)), **condition}),
                ("Delete", {"Key": marshal(_owned(organization_id, kind, sender))}),
            ]
        )

    def claimed(self, organization_id: str) -> list[tuple[str, str, str]]:
        """See the port."""
        items = self._table.items_under(organization_id, f"{SENDER}#")
        return sorted((*_kind_and_sender(cast("str", item["sort"])), _account(item)) for item in items)

    def owner(self, kind: str, senders: Sequence[str]) -> tuple[str, str] | None:
        """See the port."""
        for sender in senders:
            # one by one: most notifications are claimed by their first sender
            claim = self._table.get(_claim(kind, sender), only=CLAIM_ATTRIBUTES)
            if claim is not None:
                return cast("str", claim["owner"]), _account(claim)
        return None


def _claim(kind: str, sender: str) -> Item:
    return {"partition": f"{SENDER}#{kind}#{sender}", "sort": SENDER}


def _owned(organization_id: str, kind: str, sender: str) -> Item:
    return {"partition": organization_id, "sort": f"{SENDER}#{kind}#{sender}"}


def _account(item: Item) -> str:
    return cast("str", item.get("account", DEFAULT))


def _kind_and_sender(sort: str) -> tuple[str, str]:
    _, kind, sender = sort.split("#", 2)
    return kind, sender

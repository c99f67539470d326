"""Holds by hand: records of a list of their own. A domain's has no removal, and expires a while after its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import Millis, to_seconds
from reprieve.errors import Unavailable
from reprieve.removals.hold import Hold, is_of_domain
from reprieve.removals.removal import TOMBSTONE, RemovalRequest, RemovalState, findable_id
from reprieve.store import keys
from reprieve.store.removal_requests import adding
from reprieve.store.suppression_item import entry_of, record_key, removal_of
from reprieve.store.table import pauses
from reprieve.suppressions.suppression import HOLDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import Suppression

#: how many records of holds a shard may have, lifted ones included, to be read together
FEW: Final = 50
#: the attributes of an entry that a hold sets, beside `email`
ENTRY: Final = (
    *("bounced_at", "reason", "permanence", "classification", "provider", "event_id", "by_time"),
    *("author", "until"),
)


class Holds:
    """`removals.ports.HoldStore` and `suppressions.ports.HeldAddresses` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def hold(self, context: Context, hold: Suppression) -> Hold:
        """See the port. One BatchGetItem and one UpdateItem; of a domain one PutItem.

        The write is made over the record as it was read. If another request is in the record when the write comes, then
        either this one was there before it, and its answer was lost, or both were under way at the same time. In both
        cases the other one counts: a hold that was lifted meanwhile is not held again.
        """
        key = record_key(context.organization, HOLDS, hold.key)
        if is_of_domain(hold.key):
            expires = None if hold.until is None else to_seconds(Millis(hold.until + TOMBSTONE))
            self._table.put({**key, **_entry(hold), "expires_at": expires})
            return Hold(hold, None)
        seen = next(self._table.get_many([key], consistent=True), {})
        for pause in (0.0, *pauses()):
            (tried,) = self._table.try_many([_holding(context, hold, seen)])
            item = tried.item if tried.refused is None else tried.refused
            if tried.refused is None or tried.refused.get("removal_id") != seen.get("removal_id"):
                return Hold(hold, removal_of(cast("Item", item)))
            seen = tried.refused
            self._table.wait(pause)
        raise Unavailable("the removal job kept getting in the way of a hold")

    def of(self, organization: Organization, keys: Sequence[str]) -> list[Hold]:
        """See the port. One BatchGetItem."""
        wanted = [record_key(organization, HOLDS, key) for key in keys]
        items = {cast("str", item["address"]): item for item in self._table.get_many(wanted, consistent=True)}
        found = [(items[key], entry) for key in keys if key in items and (entry := entry_of(items[key]))]
        return [Hold(entry, removal_of(item) if "removal_id" in item else None) for item, entry in found]

    def lift_domain(self, organization: Organization, key: str) -> bool:
        """See the port."""
        return self._table.delete(record_key(organization, HOLDS, key)) is not None

    def held(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, Millis | None]:
        """See the port. One batch read per hundred addresses."""
        wanted = [record_key(organization, HOLDS, key) for key in keys]
        return _in_force(self._table.get_many(wanted, consistent=True), now)

    def held_of_many(self, organization: Organization, keys: Sequence[str], *, now: Millis) -> dict[str, Millis | None]:
        """See the port. One Query per shard while each has few holds, or as `held`.

        A read of a record that is not there costs as much as of one that is, and most addresses are not held.
        """
        records = self._few(organization) if len(keys) > organization.shards else None
        if records is None:
            return self.held(organization, keys, now=now)
        found = _in_force(records, now)
        return {key: found[key] for key in keys if key in found}

    def _few(self, organization: Organization) -> list[Item] | None:
        """The records of all holds, read consistently; None where a shard has more than `FEW`."""
        found: list[Item] = []
        for shard in range(organization.shards):
            values: Item = {":partition": keys.suppressions(organization, HOLDS, shard)}
            page = self._table.query("#partition = :partition", values, limit=FEW, consistent=True)
            if page.after:
                return None
            found += page.items
        return found


def _in_force(records: Iterable[Item], now: Millis) -> dict[str, Millis | None]:
    """What is held by records of holds, with the ends: of a domain in time, of an address with a removal."""
    found = {
        cast("str", item["address"]): cast("Millis | None", item.get("until"))
        for item in records
        if "by_time" in item or item.get("removal_state") in {RemovalState.PENDING, RemovalState.FAILED}
    }
    return {key: until for key, until in found.items() if until is None or until > now or not is_of_domain(key)}


def _holding(context: Context, hold: Suppression, seen: Item) -> Change:
    """The write that holds an address and requests its addition."""
    request = RemovalRequest(findable_id(context.request_id, 0, hold.key), HOLDS, hold.key, hold.email)
    key, update, values = adding(context, request, seen, listing=True)
    entry = _entry(hold)
    given = [name for name in ENTRY if entry[name] is not None]
    gone = [f"#{name}" for name in ENTRY if name not in given]
    listing = [f"#{name} = :entry_{name}" for name in given]
    update = replace(update, set=[*update.set, *listing], remove=[*update.remove, *gone])
    return key, update, values | {f":entry_{name}": entry[name] for name in given}


def _entry(hold: Suppression) -> dict[str, Value]:
    return {
        "bounced_at": hold.created,
        "reason": hold.reason,
        "permanence": hold.permanence.value,
        "classification": hold.classification.value,
        "provider": hold.provider,
        "event_id": hold.event_id,
        "by_time": keys.by_time(hold.created, hold.key),
        "author": hold.author,
        "until": hold.until,
    }

"""Event webhooks: one item per organization, in the table of the lists.

    partition, address      {org}#webhooks, all
    webhooks                a JSON list of [id, url, enabled, kinds, name, created, updated, public key, sealed key in
                            base64], oldest first
    version                 the number of changes

Their number and the length of a URL keep it below 20 kB.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final, cast

from reprieve.access.event_webhook import EventWebhook, EventWebhookSet
from reprieve.store import keys

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

#: the sort key of the only item
ALL: Final = "all"
#: the webhooks have not changed since they were read
SAME: Final = "(attribute_not_exists(#version) OR #version = :before)"


class EventWebhooks:
    """`access.ports.EventWebhookStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def event_webhooks(self, organization: Organization) -> EventWebhookSet:
        """See the port. One GetItem."""
        item = self._table.get(_key(organization), consistent=True)
        if item is None:
            return EventWebhookSet()
        rows = json.loads(cast("str", item["webhooks"]))
        return EventWebhookSet(tuple(_webhook(row) for row in rows), cast("int", item["version"]))

    def replace_event_webhooks(self, organization: Organization, after: EventWebhookSet) -> bool:
        """See the port. One PutItem."""
        rows = json.dumps([_row(one) for one in after.webhooks], ensure_ascii=False, separators=(",", ":"))
        item = _key(organization) | {"webhooks": rows, "version": after.version}
        return self._table.put(item, condition=SAME, values={":before": after.version - 1})


def _key(organization: Organization) -> Item:
    return {"partition": keys.webhooks(organization), "address": ALL}


def _row(one: EventWebhook) -> list[object]:
    kept = [one.id, one.url, one.enabled, sorted(one.events), one.friendly_name, one.created, one.updated]
    return [*kept, one.public_key, base64.b64encode(one.sealed_key).decode()]


def _webhook(row: list[Any]) -> EventWebhook:
    identifier, url, enabled, events, name, created, updated, public, sealed = row
    key = base64.b64decode(sealed)
    return EventWebhook(identifier, url, enabled, frozenset(events), name, created, updated, public, key)

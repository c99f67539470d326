"""The address whitelists: one item per organization, with these attributes.

    partition, address      {org}#whitelist, whitelist
    enabled                 whether it applies
    entries                 a JSON list of the entries as they were given
    hits_{digest}           how many events an entry has spared; the digest is of its key

DynamoDB takes 400 kB of an item, which bounds the entries (`suppressions.whitelist.MAX_ENTRIES`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from reprieve.store import keys
from reprieve.store.language import Update
from reprieve.suppressions.whitelist import Whitelist, entry_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

NAME: Final = "whitelist"
#: counts of one write: DynamoDB takes 4 kB of an expression
COUNTS: Final = 50
NEW: Final = "attribute_not_exists(#partition)"
UNCHANGED: Final = "#enabled = :enabled AND #entries = :entries"


class Whitelists:
    """`suppressions.ports.WhitelistStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def whitelist(self, organization: Organization) -> Whitelist:
        """See the port."""
        item = self._table.get(_key(organization), consistent=True)
        if item is None:
            return Whitelist()
        entries = {entry_key(entry): entry for entry in json.loads(cast("str", item["entries"]))}
        counted = {key: cast("int", item[name]) for key in entries if (name := _count(key)) in item}
        return Whitelist(cast("bool", item["enabled"]), entries, counted)

    def replace_whitelist(self, organization: Organization, before: Whitelist, after: Whitelist) -> bool:
        """See the port."""
        item = _key(organization) | _facts(after) | {_count(key): count for key, count in after.hits.items()}
        if before == Whitelist() and self._table.put(item, condition=NEW):
            return True
        return self._table.put(
            item, condition=UNCHANGED, values={f":{name}": value for name, value in _facts(before).items()}
        )

    def count_hits(self, organization: Organization, entries: Iterable[str]) -> None:
        """See the port. One write per 50 entries that were hit."""
        counted = list(Counter(_count(entry_key(entry)) for entry in entries).items())
        for start in range(0, len(counted), COUNTS):
            group = dict(counted[start : start + COUNTS])
            update = Update(add=[f"#{name} :{name}" for name in group], condition="attribute_exists(#partition)")
            values: dict[str, Value] = {f":{name}": count for name, count in group.items()}
            self._table.update(_key(organization), update, values, returning="UPDATED_NEW")


def _key(organization: Organization) -> Item:
    return {"partition": keys.whitelist(organization), "address": NAME}


def _facts(whitelist: Whitelist) -> dict[str, Value]:
    entries = json.dumps(list(whitelist.entries.values()), ensure_ascii=False)
    return {"enabled": whitelist.enabled, "entries": entries}


def _count(key: str) -> str:
    """The attribute that counts an entry: a name of letters, digits and an underscore."""
    return f"hits_{hashlib.sha256(key.encode()).hexdigest()[:16]}"

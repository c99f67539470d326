"""The counts of delivery events: one item per organization, shard and hour, in the table of the lists.

partition, address      {org}#rates (of the first shard, {org}#rates#{shard} of others), the hour as `2026-01-01T13`
a_{account}_{k}         of a provider account, by the first letter of what happened (`LETTERS`)
d_{domain}_{k}          of a domain, with `_` for a dot and `__` for a hyphen; `d_other_{k}` of all others
c_{number}_{k}          of a class of refusal, by its place among `Classification`
domains                 the domains that are counted by their names, as in the names: at most `counts.MAX_DOMAINS`

Counting costs one write per hour that events are of, which is one for an ordinary post, to any of the shards. A process
remembers which domains an hour has, so that a full hour does not refuse each of its writes.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from secrets import randbelow
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import DAY, Millis, from_timestamp, timestamp, to_seconds
from reprieve.rates.counts import KEPT, MAX_DOMAINS, Dimension, among, busiest, tally
from reprieve.store import keys
from reprieve.store.language import Update
from reprieve.store.table import side_by_side
from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.suppression import Classification

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from reprieve.organization import Organization
    from reprieve.rates.counts import Cell, Tally
    from reprieve.store.language import Item
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table
    from reprieve.suppressions.delivery import DeliveryEvent

LETTERS: Final = {
    DeliveryKind.DELIVERED: "d",
    DeliveryKind.BOUNCE: "b",
    DeliveryKind.BLOCKED: "k",
    DeliveryKind.DEFERRED: "f",
    DeliveryKind.DROPPED: "x",
    DeliveryKind.SPAM_REPORT: "s",
}
KINDS: Final = {letter: kind for kind, letter in LETTERS.items()}
CLASSES: Final = tuple(Classification)
#: there is room for as many domains more
ROOM: Final = "(attribute_not_exists(#domains) OR size(#domains) <= :room)"
#: hours of which a process remembers the domains
REMEMBERED: Final = 1_000


class Rates:
    """`rates.ports.RateStore` and `suppressions.ports.DeliveryCounts` on DynamoDB.

    Args:
        table: over a client that does not repeat calls by itself: a write whose answer was lost would count twice.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._domains: dict[tuple[str, str], frozenset[str]] = {}

    def add(self, organization: Organization, events: Iterable[DeliveryEvent], *, account: str, now: Millis) -> None:
        """See the port."""
        hours = tally(events, account=account, now=now).items()
        side_by_side(lambda one: self._add(organization, *one), list(hours))

    def hours(self, organization: Organization, *, since: Millis) -> dict[Millis, dict[Cell, int]]:
        """See the port. One Query per shard, more beyond 1 MB."""

        def ask(shard: int) -> list[Item]:
            values: Item = {":partition": keys.rates(organization, shard), ":since": _hour(since)}
            return list(self._table.query_all("#partition = :partition AND #address >= :since", values))

        hours: dict[Millis, Counter[Cell]] = {}
        for item in chain.from_iterable(side_by_side(ask, range(organization.shards))):
            hours.setdefault(_moment(item), Counter()).update(_cells(item))
        return {hour: dict(hours[hour]) for hour in sorted(hours)}

    def _add(self, organization: Organization, hour: Millis, counted: Counter[Cell]) -> None:
        key: Item = {"partition": keys.rates(organization, randbelow(organization.shards)), "address": _hour(hour)}
        place = (cast("str", key["partition"]), cast("str", key["address"]))
        known = self._domains.get(place, frozenset())
        (tried,) = self._table.try_many([_change(key, hour, counted, known, _admitted(counted, known))])
        item = tried.item
        if tried.refused is not None:
            known = cast("frozenset[str]", tried.refused.get("domains", frozenset()))
            item = self._table.update(*_change(key, hour, counted, known, ()))
        if len(self._domains) >= REMEMBERED:
            self._domains.clear()
        self._domains[place] = cast("frozenset[str]", (item or {}).get("domains", frozenset()))


def _admitted(counted: Tally, known: Collection[str]) -> Sequence[str]:
    """The domains that are not known of an hour yet and that there may be room for, the busiest first."""
    return [one for one in busiest(counted) if _written(one) not in known][: max(0, MAX_DOMAINS - len(known))]


def _change(key: Item, hour: Millis, counted: Tally, known: Collection[str], admitted: Sequence[str]) -> Change:
    """The write that counts, with the domains that are known and those that are admitted by their names."""
    named = [*(one for one in busiest(counted) if _written(one) in known), *admitted]
    cells = list(enumerate(among(counted, named).items()))
    values: Item = {f":v{place}": number for place, (_, number) in cells}
    update = Update(
        set=["#expires_at = :expires_at"],
        add=[*(f"#n{place} :v{place}" for place, _ in cells), *(["#domains :domains"] if admitted else [])],
        condition=ROOM if admitted else "",
        # not by their own names: those of many domains are longer than an expression may be
        names={f"#n{place}": _name(cell) for place, (cell, _) in cells},
    )
    return (
        key,
        update,
        values
        | {
            ":domains": frozenset(map(_written, admitted)),
            ":room": MAX_DOMAINS - len(admitted),
            ":expires_at": to_seconds(Millis(hour + KEPT + 2 * DAY)),
        },
    )


def _hour(hour: Millis) -> str:
    return timestamp(hour)[:13]


def _moment(item: Item) -> Millis:
    return from_timestamp(cast("str", item["address"]) + ":00:00.000Z")


def _name(cell: Cell) -> str:
    dimension, value, kind = cell
    if dimension is Dimension.CLASS:
        value = str(CLASSES.index(Classification(value)))
    return f"{dimension.value[0]}_{_written(value)}_{LETTERS[kind]}"


def _written(name: str) -> str:
    """A domain or the name of an account, in the letters that DynamoDB takes in an expression."""
    return name.replace("-", "__").replace(".", "_")


def _read(name: str) -> str:
    """The reverse: a name has no two dots in a row, and no hyphen beside a dot."""
    return re.sub("_+", lambda found: "." if len(found[0]) == 1 else "-" * (len(found[0]) // 2), name)


def _cells(item: Item) -> dict[Cell, int]:
    return {
        (dimension, value, kind): cast("int", item[name])
        for name in item
        if (found := _CELL.fullmatch(name))
        for dimension, value, kind in [_cell(*found.groups())]
    }


_DIMENSIONS: Final = {one.value[0]: one for one in (Dimension.ACCOUNT, Dimension.DOMAIN)} | {"c": Dimension.CLASS}
_CELL: Final = re.compile(f"([adc])_([a-z0-9_]+)_([{''.join(KINDS)}])")


def _cell(dimension: str, value: str, letter: str) -> Cell:
    name = CLASSES[int(value)].value if dimension == "c" else _read(value)
    return _DIMENSIONS[dimension], name, KINDS[letter]

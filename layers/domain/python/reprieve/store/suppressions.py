"""The writes to the records of addresses (store/suppression_item.py): incoming bounces, and requested removals."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import to_millis, to_seconds
from reprieve.errors import Unavailable
from reprieve.organization import MAX_SOFT_BOUNCES
from reprieve.removals.removal import RemovalRequest, findable_id, watermark
from reprieve.store import keys
from reprieve.store import resubscriptions as resubscriptions_
from reprieve.store.language import Update
from reprieve.store.removal_requests import LISTED, adding, blind, is_adding, is_overtaken, over, provided, recording
from reprieve.store.suppression_item import (
    accounts_in,
    attributes_of,
    key_attributes,
    latest_known,
    outcomes_in,
    outcomes_of,
    primary_key,
    record_key,
)
from reprieve.store.table import pauses
from reprieve.suppressions.evidence import MAX_OUTCOMES, Outcome, newest
from reprieve.suppressions.recorded import Recorded
from reprieve.suppressions.suppression import Permanence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table
    from reprieve.suppressions.listing import Since
    from reprieve.suppressions.suppression import AnyList, Resubscription, Suppression

#: newer than the event we hold, so that order of arrival never matters; in the same millisecond the greater id counts
NEWER: Final = (
    "(attribute_not_exists(#bounced_at) OR #bounced_at < :at OR (#bounced_at = :at AND #event_id < :event_id))"
)
#: later than what an acknowledged removal forgave, so that a late or repeated webhook brings nothing back
NOT_FORGIVEN: Final = (
    "(attribute_not_exists(#forgiven_until) OR #forgiven_until < :at)"
    " AND (attribute_not_exists(#forgiven_bounce) OR #forgiven_bounce < :at)"
)
#: there is room to count one more event; what is beyond makes no difference to any threshold
ROOM: Final = "(attribute_not_exists(#events) OR size(#events) < :most)"
#: on the list and shown: neither cleared nor expired
LISTED_AND_SHOWN: Final = (
    "attribute_exists(#by_time) AND ((#permanence = :hard AND #bounced_at >= :hard_since)"
    " OR (#permanence <> :hard AND #bounced_at >= :soft_since))"
)
#: on the list, but cleared or expired, and no newer bounce has come since
LISTED_AND_HIDDEN: Final = (
    "attribute_exists(#by_time) AND ((#permanence = :hard AND #bounced_at < :hard_since)"
    " OR (#permanence <> :hard AND #bounced_at < :soft_since))"
)
ENTRY: Final = ("email", "reason", "status", "permanence", "classification", "provider", "ip", "event_id")
#: what the events since the last lift add up to
COUNTED: Final = ("events", "accounts")


class Suppressions:
    """`suppressions.ports.SuppressionStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, organization: Organization, suppressions: Sequence[Suppression], *, by: str = "") -> Recorded:
        """See the port. New addresses go in by batches of inserts; known ones are read, and only news costs a write."""
        groups, mark = _by_address(suppressions), _mark(by)
        items = [item_of(organization, events, mark) for events in groups]
        known: dict[tuple[str, str], Item] = {primary_key(item): {} for item in self._table.insert_many(items)}
        reads = self._table.get_many([attributes_of(key) for key in known], consistent=True)
        known |= {primary_key(item): item for item in reads}
        pairs = list(zip(groups, items, strict=True))
        fresh = [events for events, item in pairs if primary_key(item) not in known]
        met = [(events, known[primary_key(item)]) for events, item in pairs if primary_key(item) in known]
        late = [one for events, stored in met for one in _late(organization, events, stored, mark)]
        tries = self._table.try_many([_overwrite(item, known[primary_key(item)]) for item in late])
        refused = [(item, tried.refused) for item, tried in zip(late, tries, strict=True) if tried.refused is not None]
        again = [(item, change) for item, stored in refused if (change := _try_again(item, stored))]
        tried_again = self._table.try_many([change for _, change in again])
        done = [*zip(late, tries, strict=True), *zip((item for item, _ in again), tried_again, strict=True)]
        written = [item for item, tried in done if tried.item is not None]
        counted = [
            *(one.event_id for events in fresh for one in events),
            *(cast("str", item["event_id"]) for item in written),
            *(one.event_id for events, stored in met for one in events if _counts(stored, one.event_id, _digests(one))),
            # a write whose answer was lost was made again, and refused because of itself
            *(
                cast("str", item["event_id"])
                for item, stored in refused
                if _counts(stored, cast("str", item["event_id"]), cast("frozenset[str]", item["events"]))
            ),
        ]
        # what was written already, its answer lost, has the mark
        marked = [one for one in (*known.values(), *(stored for _, stored in refused)) if _is_by(one, mark)]
        changed = {primary_key(item) for item in (*written, *marked)}
        entries = {
            (events[0].list, events[0].key)
            for events, item in pairs
            if primary_key(item) not in known or primary_key(item) in changed
        }
        return Recorded(frozenset(entries), frozenset(filter(None, counted)))

    def resubscribe(
        self, organization: Organization, resubscriptions: Sequence[Resubscription], *, now: Millis
    ) -> None:
        """See the port."""
        resubscriptions_.resubscribe(self._table, organization, resubscriptions, now=now)

    def barred(self, organization: Organization, suppression_list: AnyList, keys: Sequence[str]) -> dict[str, Millis]:
        """See the port. One batch read per hundred addresses."""
        wanted = [record_key(organization, suppression_list, key) for key in keys]
        found = {cast("str", item["address"]): item for item in self._table.get_many(wanted, consistent=True)}
        unlisted = {key: item for key in keys if "by_time" not in (item := found.get(key, {}))}
        return {key: latest_known(item) for key, item in unlisted.items()}

    def request_removals(self, context: Context, requests: Sequence[RemovalRequest]) -> None:
        """See the port."""
        if not requests:
            return
        alone = _enqueue(self._table, context, requests)
        self._record_removals(context, requests, alone=alone, forgiven_until=watermark(context.now))

    def request_listed(
        self,
        context: Context,
        requests: Sequence[RemovalRequest],
        *,
        since: Since,
        hidden: bool,
        forgiven_until: Millis,
    ) -> list[bool]:
        """See the port."""
        if not requests:
            return []
        # what may not be there is queued individually: a part would outlive its removals. It has no note, which would
        # cost as much as a removal: each is found by its address
        alone = _enqueue(self._table, context, requests) if hidden else {request.id for request in requests}
        bounds: dict[str, Value] = {
            ":hard": Permanence.HARD.value,
            ":hard_since": to_millis(since.hard),
            ":soft_since": to_millis(since.soft),
        }
        return self._record_removals(
            context,
            requests,
            alone=alone,
            forgiven_until=forgiven_until,
            listed=(LISTED_AND_HIDDEN if hidden else LISTED_AND_SHOWN, bounds),
        )

    def request_entries(self, context: Context, entries: Sequence[Suppression]) -> list[bool]:
        """See the port. A write that was made already, its answer lost, finds its own removal."""

        def write(number: int, one: Suppression) -> Change:
            request_id = findable_id(context.request_id, number, one.key)
            request = RemovalRequest(request_id, one.list, one.key, one.email, hide=True)
            change = provided(recording(context, request, queued=True), LISTED)
            return blind(change, until=one.created)

        changes = [write(number, one) for number, one in enumerate(entries)]
        tries = self._table.try_many(changes)
        return [
            tried.refused is None or tried.refused.get("removal_id") == values[":id"]
            for (_, _, values), tried in zip(changes, tries, strict=True)
        ]

    def request_additions(self, context: Context, entries: Sequence[Suppression]) -> list[bool]:
        """See the port. One conditional write per address; one more where a removal was ever requested."""
        requests = [
            RemovalRequest(findable_id(context.request_id, number, one.key), one.list, one.key, one.email)
            for number, one in enumerate(entries)
        ]
        requested = [False] * len(requests)
        seen: dict[int, Item] = {at: {} for at in range(len(requests))}
        for pause in (0.0, *pauses()):
            tries = self._table.try_many([adding(context, requests[at], before) for at, before in seen.items()])
            refusals = {at: tried.refused for at, tried in zip(seen, tries, strict=True)}
            for at, refused in refusals.items():
                # what another request adds is as good; a write whose answer was lost finds its own addition
                requested[at] = (
                    refused is None
                    or refused.get("removal_id") == requests[at].id
                    or ("by_time" in refused and is_adding(refused))
                )
            seen = {at: item for at, item in refusals.items() if item and "by_time" in item and not requested[at]}
            if not seen:
                return requested
            self._table.wait(pause)
        raise Unavailable("other requests kept getting in the way of an addition")

    def _record_removals(
        self,
        context: Context,
        requests: Sequence[RemovalRequest],
        *,
        alone: set[str],
        forgiven_until: Millis,
        listed: tuple[str, dict[str, Value]] = ("", {}),
    ) -> list[bool]:
        """Record removals with their watermark, one conditional write per address.

        A write that others overtook is repeated over what they left, and its removal is then queued individually, since
        its part may have left the queue.

        Args:
            context: who asks.
            requests: all but those that are alone wait in parts already.
            alone: the ids of those that are queued individually.
            forgiven_until: the watermark; a later one that is there stays.
            listed: a condition that each record must meet besides, and its values.

        Returns:
            Whether each is recorded; False only where `listed` did not hold.

        Raises:
            Unavailable: others kept getting in the way.
        """

        def write(request: RemovalRequest, seen: Item | None) -> Change:
            queued = seen is not None or request.id in alone
            change = provided(recording(context, request, queued=queued), *listed)
            return blind(change, until=forgiven_until) if seen is None else over(change, seen, until=forgiven_until)

        recorded = [False] * len(requests)
        seen: dict[int, Item | None] = dict.fromkeys(range(len(requests)))
        for pause in (0.0, *pauses()):
            tries = self._table.try_many([write(requests[at], before) for at, before in seen.items()])
            for at, tried in zip(seen, tries, strict=True):
                recorded[at] = tried.refused is None or tried.refused.get("removal_id") == requests[at].id
            seen = {
                at: tried.refused
                for (at, before), tried in zip(seen.items(), tries, strict=True)
                if tried.refused and not recorded[at] and is_overtaken(tried.refused, before, until=forgiven_until)
            }
            if not seen:
                return recorded
            self._table.wait(pause)
        raise Unavailable("other requests kept getting in the way of a removal")


def _late(organization: Organization, events: Sequence[Suppression], stored: Item, mark: str) -> list[Item]:
    """The items of those events of one address that are news to its record.

    Event by event, because a removal may have forgiven some of them and not others; each has the outcomes of all, since
    one of them may be the last that is written.
    """
    news = [(one, event) for event in events if _try_again(one := item_of(organization, [event], mark), stored)]
    outcomes = outcomes_in(newest(Outcome.of(event) for _, event in news))
    return [one | {"outcomes": outcomes} for one, _ in news]


def item_of(organization: Organization, events: Sequence[Suppression], mark: str = "") -> Item:
    """The item of an address's events on one list, oldest first: the newest, and a digest of each; see `_mark`."""
    suppression = events[-1]
    return record_key(organization, suppression.list, suppression.key) | {
        "email": suppression.email,
        "bounced_at": suppression.created,
        "reason": suppression.reason,
        "status": suppression.status,
        "permanence": suppression.permanence.value,
        "classification": suppression.classification.value,
        "provider": suppression.provider,
        "ip": suppression.ip,
        "event_id": suppression.event_id,
        "events": frozenset([digest for one in events for digest in _digests(one)][:MAX_SOFT_BOUNCES]),
        "outcomes": outcomes_in(newest(map(Outcome.of, events))),
        "by_time": keys.by_time(suppression.created, suppression.key),
        **({"recorded_by": mark} if mark else {}),
        **_accounts(events),
    }


def _enqueue(table: Table, context: Context, requests: Sequence[RemovalRequest]) -> set[str]:
    from reprieve.store import pending  # noqa: PLC0415  (a webhook asks for no removals)

    return pending.enqueue(table, context, requests)


def _accounts(events: Sequence[Suppression]) -> Item:
    """The attribute with the provider accounts that reported some of an address's events, if any did."""
    key = events[-1].key
    accounts = accounts_in(frozenset().union(*(one.accounts for one in events[:MAX_SOFT_BOUNCES])), key)
    return {"accounts": accounts} if accounts else {}


def _overwrite(item: Item, stored: Item) -> Change:
    """The update that puts an entry over an older one; `stored` is the record as it was read."""
    names = [name for name in (*ENTRY, "by_time", "recorded_by") if name in item]
    update = Update(
        set=["#bounced_at = :at", *(f"#{name} = :{name}" for name in names)],
        remove=["#expires_at"],
        add=[f"#{name} :{name}" for name in COUNTED if name in item],
        condition=f"{NEWER} AND {NOT_FORGIVEN} AND {ROOM}",
    )
    values = {f":{name}": item[name] for name in (*names, *COUNTED) if name in item} | {":at": item["bounced_at"]}
    return _with_outcomes((key_attributes(item), update, values | {":most": MAX_SOFT_BOUNCES}), item, stored)


def _with_outcomes(change: Change, item: Item, stored: Item) -> Change:
    """A write that also keeps the outcomes of an item: it adds them, or puts the newest in the place of too many.

    What others add between the read of the record and the second form is lost; MAX_OUTCOMES others are there then.
    """
    key, update, values = change
    held, said = (cast("frozenset[str]", one.get("outcomes", frozenset())) for one in (stored, item))
    kept = outcomes_in(outcomes_of({**stored, "outcomes": held | said}))
    if len(held | kept) <= MAX_OUTCOMES:
        update = replace(update, add=[*update.add, "#outcomes :outcomes"])
    else:
        update = replace(update, set=[*update.set, "#outcomes = :outcomes"])
    return key, update, {**values, ":outcomes": kept}


def _try_again(item: Item, stored: Item) -> Change | None:
    """The write that remains for an event that could not be put over what is stored; None when it is not news.

    An event that comes after a newer one is counted all the same, so that the count does not depend on their order; one
    that finds the count full is put there without counting.
    """
    counted = cast("frozenset[str]", stored.get("events", frozenset()))
    digests = cast("frozenset[str]", item["events"])
    newest = (cast("int", stored.get("bounced_at", 0)), cast("str", stored.get("event_id", "")))
    newer = newest < (cast("Millis", item["bounced_at"]), cast("str", item["event_id"]))
    forgiven = max(cast("int", stored.get(name, -1)) for name in ("forgiven_until", "forgiven_bounce"))
    old_news = _repeats(item, stored) or (digests <= counted and not newer)
    if cast("Millis", item["bounced_at"]) <= forgiven or old_news:
        return None
    if newer:
        key, update, values = _overwrite(item, stored)
        left_out = [f"#{name} :{name}" for name in COUNTED]
        added = [clause for clause in update.add if clause not in left_out]
        return key, replace(update, add=added, condition=f"{NEWER} AND {NOT_FORGIVEN}"), values
    if len(counted) >= MAX_SOFT_BOUNCES:
        return None
    added = [name for name in COUNTED if name in item]
    update = Update(add=[f"#{name} :{name}" for name in added], condition=f"{NOT_FORGIVEN} AND {ROOM}")
    values = {f":{name}": item[name] for name in added} | {":at": item["bounced_at"], ":most": MAX_SOFT_BOUNCES}
    return _with_outcomes((key_attributes(item), update, values), item, stored)


def _is_by(stored: Item, mark: str) -> bool:
    """Whether a record is on its list, and was put there under a mark; "" is none."""
    return bool(mark) and "by_time" in stored and stored.get("recorded_by") == mark


def _mark(by: str) -> str:
    """What a record keeps of what has written it; "" for nothing."""
    return hashlib.sha256(by.encode()).hexdigest()[:12] if by else ""


def _counts(stored: Item, event_id: str, digests: Iterable[str]) -> bool:
    """Whether a record is on its list, and an event is one of those that it counts or the newest."""
    events = cast("frozenset[str]", stored.get("events", frozenset()))
    return "by_time" in stored and (events.issuperset(digests) or stored.get("event_id") == event_id)


def _repeats(item: Item, stored: Item) -> bool:
    """Whether an event without an id (a row of a file or of a provider's list) is the very event that is stored.

    Such rows have whole seconds, and are known by what they say. Counting them anew would block an address by exporting
    its list and importing that file.
    """
    if item["event_id"] or "bounced_at" not in stored:
        return False
    (at, stored_at) = (to_seconds(cast("Millis", one["bounced_at"])) for one in (item, stored))
    return at == stored_at and all(stored.get(name) == item[name] for name in ("reason", "status"))


def _digests(suppression: Suppression) -> list[str]:
    """Short texts that distinguish the events of an entry; an import can stand for more than one."""
    identity = suppression.event_id or str(suppression.created)
    names = [identity, *(f"{identity}#{number}" for number in range(1, min(suppression.count, MAX_SOFT_BOUNCES)))]
    return [hashlib.sha256(name.encode()).hexdigest()[:16] for name in names]


def _distinct(suppressions: Iterable[Suppression]) -> list[Suppression]:
    """Each event once, oldest first."""
    once = {(one.list, one.key, *_digests(one)): one for one in suppressions}
    return sorted(once.values(), key=lambda one: (one.created, one.event_id))


def _by_address(suppressions: Iterable[Suppression]) -> list[list[Suppression]]:
    """The distinct events of each list and address, oldest first."""
    groups: dict[tuple[AnyList, str], list[Suppression]] = {}
    for one in _distinct(suppressions):
        groups.setdefault((one.list, one.key), []).append(one)
    return list(groups.values())

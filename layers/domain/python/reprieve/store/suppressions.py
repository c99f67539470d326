"""The suppression records: one item an organization, list and address, with its bounce, watermark and removal.

Attributes of an item, all but the keys optional:

    partition, address                    the key
    email, bounced_at, reason, status, permanence, classification, provider, ip, event_id
                                          the newest event that put it on the list; they stay after a lift
    events                                digests of the events counted since the last lift, MAX_SOFT_BOUNCES at most
    by_time                               sort key of ByTime; present while the entry is listed
    forgiven_until, forgiven_bounce       the watermark
    removal_id, removal_state, requested_at, requested_by, request_id, attempts, fence, lease_until, finished_at,
    last_answer                           the latest removal
    queue, due_at                         key of Pending: while the removal waits there itself, or has failed; a removal
                                          that waits in a part of its request (store/request_items.py) has no queue
    lifts                                 how often it was lifted
    unblocks, kept_until                  see store/unblocks.py
    expires_at                            in seconds; when a lifted record may be forgotten
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.errors import Unavailable
from reprieve.organization import MAX_SOFT_BOUNCES
from reprieve.removal import SECOND, Removal, RemovalRequest, RemovalState, Requester, watermark
from reprieve.store import keys, request_items
from reprieve.store.table import Item, Table, Update, Value
from reprieve.suppression import Classification, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprieve.listing import Since
    from reprieve.organization import Organization

    Change = tuple[Item, Update, dict[str, Value]]

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
#: the watermark moves on, whatever clock the request came by; so a write that is done once more, or late, is refused
LATER_WATERMARK: Final = "(attribute_not_exists(#forgiven_until) OR #forgiven_until < :forgiven_until)"
#: nobody has asked for the address, or taken its removal, since the record was seen
AS_SEEN: Final = "(attribute_not_exists(#fence) OR #fence = :seen)"
#: on the list and shown: neither cleared nor expired
LISTED_AND_SHOWN: Final = (
    "attribute_exists(#by_time) AND ((#permanence = :hard AND #bounced_at >= :hard_since)"
    " OR (#permanence = :soft AND #bounced_at >= :soft_since))"
)
#: on the list, but cleared or expired, and no newer bounce has come since
LISTED_AND_HIDDEN: Final = (
    "attribute_exists(#by_time) AND ((#permanence = :hard AND #bounced_at < :hard_since)"
    " OR (#permanence = :soft AND #bounced_at < :soft_since))"
)

#: a worker that is under way with an older request, or with an earlier try, may no longer end this one
FENCE_OUT: Final = "#fence = if_not_exists(#fence, :zero) + :one"
#: how often a removal is written over what has changed meanwhile, before its request counts as not answered
TRIES: Final = 8
ENTRY: Final = ("email", "reason", "status", "permanence", "classification", "provider", "ip", "event_id")


class Suppressions:
    """`ports.suppressions.SuppressionStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, organization: Organization, suppressions: Sequence[Suppression]) -> int:
        """See the port. New addresses go in by batches of inserts; only those already known cost a write each."""
        items = [self._item(organization, events) for events in _by_address(suppressions)]
        known = {(item["partition"], item["address"]) for item in self._table.insert_many(items)}
        # event by event, because a removal may have forgiven some of an address's events and not others
        events = _distinct(suppressions)
        late = [item for one in events if place_of(item := self._item(organization, [one])) in known]
        tries = self._table.try_many([_overwrite(item) for item in late])
        again = [
            _try_again(item, tried.refused)
            for item, tried in zip(late, tries, strict=True)
            if tried.refused is not None
        ]
        done = [*tries, *self._table.try_many([change for change in again if change])]
        changed = {place_of(tried.item) for tried in done if tried.item is not None}
        return len(items) - len(known) + len(changed)

    def request_removals(
        self, organization: Organization, requests: Sequence[RemovalRequest], requester: Requester, *, now: int
    ) -> None:
        """See the port."""
        if not requests:
            return
        alone = self._stand_in_line(organization, requests, now)
        self._record_removals(organization, requests, requester, alone=alone, forgiven_until=watermark(now), now=now)

    def request_listed(
        self,
        organization: Organization,
        requests: Sequence[RemovalRequest],
        requester: Requester,
        *,
        since: Since,
        hidden: bool,
        forgiven_until: int,
        now: int,
    ) -> list[bool]:
        """See the port."""
        if not requests:
            return []
        # a single removal is found by its address; a note would cost as much as the removal itself
        alone = {requests[0].id} if len(requests) == 1 else self._stand_in_line(organization, requests, now)
        bounds: dict[str, Value] = {
            ":hard": Permanence.HARD.value,
            ":hard_since": since.hard * SECOND,
            ":soft": Permanence.SOFT.value,
            ":soft_since": since.soft * SECOND,
        }
        asked = self._record_removals(
            organization,
            requests,
            requester,
            alone=alone,
            forgiven_until=forgiven_until,
            now=now,
            listed=(LISTED_AND_HIDDEN if hidden else LISTED_AND_SHOWN, bounds),
        )
        # a part of an earlier try is none of ours to change
        kept = alone | {request.id for request, done in zip(requests, asked, strict=True) if done}
        self._keep(organization, requests, kept, now)
        return asked

    def get(self, organization: Organization, suppression_list: SuppressionList, key: str) -> Suppression | None:
        """See the port."""
        item = self._table.get(record_key(organization, suppression_list, key), consistent=True)
        return suppression_of(item) if item and "by_time" in item else None

    def _record_removals(
        self,
        organization: Organization,
        requests: Sequence[RemovalRequest],
        requester: Requester,
        *,
        alone: set[str],
        forgiven_until: int,
        now: int,
        listed: tuple[str, dict[str, Value]] = ("", {}),
    ) -> list[bool]:
        """Record removals with their watermark, one conditional write an address.

        A write may be done without an answer, be sent again by boto3, and arrive late, when the job has carried the
        removal out or another request has replaced it. Its watermark tells: done once more, it does not move it on.
        Where a record has a watermark as late as this one's, it is written as it was seen and no other way, and its
        removal waits in the queue itself, since nobody may be looking at its part any more.

        Args:
            organization: whose.
            requests: all but those that are alone wait in parts already.
            requester: who asks.
            alone: the ids of those that stand in the queue themselves.
            forgiven_until: the watermark; a later one that is there stands.
            now: in milliseconds.
            listed: a condition that each record must meet besides, and its values.

        Returns:
            Whether each is recorded; False only where `listed` did not hold.

        Raises:
            Unavailable: others kept getting in the way.
        """

        def write(request: RemovalRequest, seen: Item | None) -> Change:
            queued = seen is not None or request.id in alone
            change = self._ask(organization, request, requester, now, queued=queued)
            return _provided(_forgiving(change, forgiven_until, seen), *listed)

        recorded = [False] * len(requests)
        seen: dict[int, Item | None] = dict.fromkeys(range(len(requests)))
        for _ in range(TRIES):
            tries = self._table.try_many([write(requests[at], before) for at, before in seen.items()])
            for at, tried in zip(seen, tries, strict=True):
                recorded[at] = tried.refused is None or tried.refused.get("removal_id") == requests[at].id
            seen = {
                at: tried.refused
                for (at, before), tried in zip(seen.items(), tries, strict=True)
                if tried.refused and not recorded[at] and _is_overtaken(tried.refused, before, forgiven_until)
            }
            if not seen:
                return recorded
        raise Unavailable("other requests kept getting in the way of a removal")

    def _stand_in_line(self, organization: Organization, requests: Sequence[RemovalRequest], now: int) -> set[str]:
        """Note what is asked for, and have it wait in parts, before anything is recorded.

        Returns:
            The ids of those that have to wait in the queue themselves: a single one; and those of a part whose name is
            taken, by an earlier try of the same request.
        """
        if len(requests) == 1:
            self._table.update(*request_items.note(organization, requests, now=now))
            return {requests[0].id}
        parts = request_items.parts(organization, requests, now=now)
        taken = {place_of(item) for item in self._table.insert_many([item for item, _ in parts])}
        return {one.id for item, pack in parts if place_of(item) in taken for one in pack}

    def _keep(self, organization: Organization, requests: Sequence[RemovalRequest], ids: set[str], now: int) -> None:
        """Take all but these ids out of a request's parts."""
        packs = [pack for _, pack in request_items.parts(organization, requests, now=now)]
        self._table.update_many(
            [
                request_items.rewritten(organization, pack, kept)
                for pack in packs
                if len(kept := [one for one in pack if one.id in ids]) < len(pack)
            ]
        )

    def _ask(
        self,
        organization: Organization,
        request: RemovalRequest,
        requester: Requester,
        now: int,
        *,
        queued: bool = True,
    ) -> Change:
        """The update that records a removal, all but its watermark; `queued` when it stands in the queue itself."""
        key = record_key(organization, request.list, request.key)
        update = Update(
            set=[
                "#removal_id = :id",
                "#removal_state = :pending",
                "#requested_at = :now",
                "#requested_by = :credential",
                "#request_id = :request_id",
                "#forgiven_bounce = if_not_exists(#bounced_at, :zero)",
                "#email = if_not_exists(#email, :email)",
                "#due_at = :now",
                "#attempts = :zero",
                FENCE_OUT,
                *(["#queue = :queue"] if queued else []),
            ],
            remove=[
                *([] if queued else ["#queue"]),
                "#lease_until",
                "#finished_at",
                "#last_answer",
                "#expires_at",
                *(["#by_time", "#events"] if request.hide else []),
            ],
        )
        values: dict[str, Value] = {
            ":id": request.id,
            ":pending": RemovalState.PENDING.value,
            ":now": now,
            ":credential": requester.credential,
            ":request_id": requester.request_id,
            ":zero": 0,
            ":one": 1,
            ":email": request.email,
        }
        if queued:
            values[":queue"] = queue_of(organization, RemovalState.PENDING, request.key)
        return key, update, values

    def _item(self, organization: Organization, events: Sequence[Suppression]) -> Item:
        """The item of an address's events on one list, oldest first: the newest, and a digest of each."""
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
            "by_time": keys.by_time(suppression.created, suppression.key),
        }


def record_key(organization: Organization, suppression_list: SuppressionList, key: str) -> Item:
    """The key of an address's record on one list."""
    shard = keys.shard_of(organization, key)
    return {"partition": keys.suppressions(organization, suppression_list, shard), "address": key}


def key_of(item: Item) -> Item:
    """The key of an item of the table, or of its line in an index."""
    return {"partition": item["partition"], "address": item["address"]}


def place_of(item: Item) -> tuple[str, str]:
    """The same, as what can be looked up in a mapping."""
    return cast("str", item["partition"]), cast("str", item["address"])


def list_of(item: Item) -> SuppressionList:
    """Which list a record is of."""
    return SuppressionList(place_of(item)[0].split("#")[1])


def queue_of(organization: Organization, state: RemovalState, key: str) -> str:
    """The partition of Pending in which a removal of an address stands itself."""
    return keys.queue(organization, state, keys.shard_of(organization, key))


def _forgiving(change: Change, until: int, seen: Item | None) -> Change:
    """A removal's write with its watermark, which has to move on; or, where a record was seen, that stays as late."""
    key, update, values = change
    forgiving = key, replace(update, set=[*update.set, "#forgiven_until = :forgiven_until"]), values
    if seen is None:
        return _provided(forgiving, LATER_WATERMARK, {":forgiven_until": until})
    later = max(until, cast("int", seen.get("forgiven_until", until)))
    return _provided(forgiving, AS_SEEN, {":forgiven_until": later, ":seen": seen.get("fence", 0)})


def _provided(change: Change, condition: str, more: Mapping[str, Value]) -> Change:
    """A write with one more condition, and its values; "" for none."""
    key, update, values = change
    both = " AND ".join(filter(None, (update.condition, condition)))
    return key, replace(update, condition=both), {**values, **more}


def _is_overtaken(refused: Item, seen: Item | None, until: int) -> bool:
    """Whether a record refused a write for what another request, or a worker, did to it."""
    if seen is None:
        return cast("int", refused.get("forgiven_until", -1)) >= until
    return refused.get("fence") != seen.get("fence")


def _overwrite(item: Item) -> tuple[Item, Update, dict[str, Value]]:
    """The update that puts an entry over an older one."""
    names = [name for name in (*ENTRY, "by_time") if name in item]
    update = Update(
        set=["#bounced_at = :at", *(f"#{name} = :{name}" for name in names)],
        remove=["#expires_at"],
        add=["#events :events"],
        condition=f"{NEWER} AND {NOT_FORGIVEN} AND {ROOM}",
    )
    values = {f":{name}": item[name] for name in (*names, "events")} | {":at": item["bounced_at"]}
    return key_of(item), update, values | {":most": MAX_SOFT_BOUNCES}


def _try_again(item: Item, stored: Item) -> Change | None:
    """What is still to be done with an event that could not be put over what is stored; None when it is old news.

    An event that comes after a newer one is counted all the same, so that the count does not depend on their order; one
    that finds the count full is put there without counting.
    """
    counted = cast("frozenset[str]", stored.get("events", frozenset()))
    digests = cast("frozenset[str]", item["events"])
    newest = (cast("int", stored.get("bounced_at", 0)), cast("str", stored.get("event_id", "")))
    newer = newest < (cast("int", item["bounced_at"]), cast("str", item["event_id"]))
    forgiven = max(cast("int", stored.get(name, -1)) for name in ("forgiven_until", "forgiven_bounce"))
    if cast("int", item["bounced_at"]) <= forgiven or (digests <= counted and not newer):
        return None
    if newer:
        key, update, values = _overwrite(item)
        condition = f"{NEWER} AND {NOT_FORGIVEN}"
        left_out = (":events", ":most")
        kept = {name: value for name, value in values.items() if name not in left_out}
        return key, replace(update, add=(), condition=condition), kept
    if len(counted) >= MAX_SOFT_BOUNCES:
        return None
    update = Update(add=["#events :events"], condition=f"{NOT_FORGIVEN} AND {ROOM}")
    return key_of(item), update, {":events": digests, ":at": item["bounced_at"], ":most": MAX_SOFT_BOUNCES}


def _digests(suppression: Suppression) -> list[str]:
    """What tells the events of an entry from others, in few characters each; an import can stand for more than one."""
    identity = suppression.event_id or str(suppression.created)
    names = [identity, *(f"{identity}#{number}" for number in range(1, min(suppression.count, MAX_SOFT_BOUNCES)))]
    return [hashlib.sha256(name.encode()).hexdigest()[:16] for name in names]


def _distinct(suppressions: Iterable[Suppression]) -> list[Suppression]:
    """Each event once, oldest first."""
    once = {(one.list, one.key, *_digests(one)): one for one in suppressions}
    return sorted(once.values(), key=lambda one: (one.created, one.event_id))


def _by_address(suppressions: Iterable[Suppression]) -> list[list[Suppression]]:
    """The distinct events of each list and address, oldest first."""
    groups: dict[tuple[SuppressionList, str], list[Suppression]] = {}
    for one in _distinct(suppressions):
        groups.setdefault((one.list, one.key), []).append(one)
    return list(groups.values())


def suppression_of(item: Item) -> Suppression:
    """The entry in a record or in its line of ByTime."""

    def text(name: str) -> str:
        return cast("str", item.get(name, ""))

    return Suppression(
        list=list_of(item),
        key=text("address"),
        email=text("email"),
        created=cast("int", item["bounced_at"]),
        reason=text("reason"),
        status=text("status"),
        permanence=Permanence(text("permanence")),
        classification=Classification(text("classification")),
        provider=text("provider"),
        ip=text("ip"),
        event_id=text("event_id"),
        count=max(1, len(cast("frozenset[str]", item.get("events", frozenset())))),
    )


def removal_of(item: Item) -> Removal:
    """The latest removal in a record."""

    def text(name: str) -> str:
        return cast("str", item.get(name, ""))

    def number(name: str) -> int | None:
        return cast("int | None", item.get(name))

    return Removal(
        id=text("removal_id"),
        list=list_of(item),
        key=text("address"),
        email=text("email"),
        state=RemovalState(text("removal_state")),
        requested_at=number("requested_at") or 0,
        requested_by=text("requested_by"),
        request_id=text("request_id"),
        forgiven_until=number("forgiven_until") or 0,
        forgiven_bounce=number("forgiven_bounce") or 0,
        bounced_at=number("bounced_at"),
        attempts=number("attempts") or 0,
        fence=number("fence") or 0,
        due_at=number("due_at"),
        finished_at=number("finished_at"),
        last_answer=text("last_answer"),
        queued="queue" in item,
        lifts=number("lifts") or 0,
        kept_until=number("kept_until") or 0,
    )

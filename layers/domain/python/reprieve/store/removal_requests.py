"""Recording a removal in an address's record, so that no write does harm, however often or late it is made.

A write may be done without an answer, be sent again by boto3, and arrive when the job has carried the removal out long
ago, another request has replaced it, or a newer bounce has come. So a write has one of two forms:

* blind: nothing is known of the record. The watermark must be later than the record's, which it is only once, and must
  cover the bounce that is there;
* as seen: over a record that was read. No other removal or bounce may have been recorded since. Only this form
  forgives a bounce that is younger than the watermark.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import Millis
from reprieve.removals.removal import LEASE, RemovalState
from reprieve.store.language import Update
from reprieve.store.queue_index import IN, OUT, rescheduled, values_of
from reprieve.store.suppression_item import queued_at, record_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.context import Context
    from reprieve.removals.removal import RemovalRequest
    from reprieve.store.language import Item, Value

    Change = tuple[Item, Update, dict[str, Value]]

#: the watermark moves on, whatever clock the request came by
LATER_WATERMARK: Final = "(attribute_not_exists(#forgiven_until) OR #forgiven_until < :forgiven_until)"
#: no bounce that is newer than the watermark has come
COVERED: Final = "(attribute_not_exists(#bounced_at) OR #bounced_at <= :forgiven_until)"
#: no removal or addition has been recorded or claimed since the record was seen: a copy of the write that comes late
#: finds its own, or what has replaced it, whatever clock either came by
UNTOUCHED: Final = "(attribute_not_exists(#fence) OR #fence = :seen_fence)"
#: no bounce has come since the record was seen
SAME_BOUNCE: Final = "(attribute_not_exists(#bounced_at) OR #bounced_at = :seen_bounce)"
#: no addition waits or is under way: a removal over one must wait for the end of its lease
NO_ADDITION: Final = "(attribute_not_exists(#adds) OR #removal_state <> :pending)"
#: the address is on the list, so that nothing is put on the provider's that ours does not show
LISTED: Final = "attribute_exists(#by_time)"
#: the entry is the one that is meant, and no later hold has taken its place
SAME_ENTRY: Final = "#event_id = :entry"
#: a worker that is under way with an older request, or with an earlier try, may no longer end this one
FENCE_OUT: Final = "#fence = if_not_exists(#fence, :zero) + :one"


def recording(context: Context, request: RemovalRequest, *, queued: bool) -> Change:
    """The update that records a removal, without its watermark.

    Args:
        context: who asks.
        request: what to remove.
        queued: whether it is queued individually, and not in a part of its request.
    """
    update = Update(
        set=[
            "#removal_id = :id",
            "#removal_state = :pending",
            "#requested_at = :now",
            "#requested_by = :credential",
            "#request_id = :request_id",
            "#email = if_not_exists(#email, :email)",
            "#due_at = :due",
            "#attempts = :zero",
            FENCE_OUT,
            *(IN if queued else []),
        ],
        remove=[
            *(["#queue"] if queued else OUT),
            "#adds",
            "#lease_until",
            "#finished_at",
            "#last_answer",
            "#carried",
            "#ending",
            "#retries",
            "#expires_at",
            *(["#by_time", "#events"] if request.hide else []),
        ],
        condition=SAME_ENTRY if request.event_id else "",
    )
    values: dict[str, Value] = {
        ":id": request.id,
        ":pending": RemovalState.PENDING.value,
        ":now": context.now,
        ":due": context.now,
        ":credential": context.actor.id,
        ":request_id": context.request_id,
        ":zero": 0,
        ":one": 1,
        ":email": request.email,
        **values_of(queued_at(context.organization, RemovalState.PENDING, request.key, context.now)),
        **({":entry": request.event_id} if request.event_id else {}),
    }
    return record_key(context.organization, request.list, request.key), update, values


def blind(change: Change, *, until: Millis) -> Change:
    """A recording over whatever the watermark covers."""
    return _forgiving(
        provided(change, f"{LATER_WATERMARK} AND {COVERED} AND {NO_ADDITION}"),
        ["#forgiven_until = :forgiven_until"],
        until,
    )


def as_seen(change: Change, *, fence: int, bounced_at: Millis, until: Millis) -> Change:
    """A recording over a record as it was read; the bounce that was there is forgiven.

    Args:
        change: a recording.
        fence: the record's, 0 when it had none.
        bounced_at: of its bounce, 0 when it had none.
        until: the watermark, no earlier than the record's.
    """
    seen: dict[str, Value] = {":seen_fence": fence, ":seen_bounce": bounced_at}
    forgiven = ["#forgiven_until = :forgiven_until", "#forgiven_bounce = :seen_bounce"]
    return _forgiving(provided(change, f"{UNTOUCHED} AND {SAME_BOUNCE}", seen), forgiven, until)


def over(change: Change, seen: Item, *, until: Millis) -> Change:
    """The same recording over the item that refused a write; it is due when no addition can be under way any more."""
    key, update, values = change
    if is_adding(seen):
        due = Millis(max(cast("int", values[":due"]), cast("int", seen.get("lease_until", 0))))
        values = {**values, ":due": due, ":rank": rescheduled(values[":rank"], due)}
    change = key, update, values
    fence = cast("int", seen.get("fence", 0))
    bounced_at, forgiven = (cast("Millis", seen.get(name, 0)) for name in ("bounced_at", "forgiven_until"))
    return as_seen(change, fence=fence, bounced_at=bounced_at, until=max(until, forgiven))


def provided(change: Change, condition: str, values: Mapping[str, Value] | None = None) -> Change:
    """A write with one more condition, and its values; "" for none."""
    key, update, known = change
    both = " AND ".join(filter(None, (update.condition, condition)))
    return key, replace(update, condition=both), {**known, **(values or {})}


def is_overtaken(refused: Item, seen: Item | None, *, until: Millis) -> bool:
    """Whether a record refused a write for what others have done to it, and not for another condition.

    Args:
        refused: the record.
        seen: as it was before the write, None when the write was blind.
        until: the watermark of a blind write.
    """
    if seen is None:
        return is_adding(refused) or any(
            cast("Millis", refused.get(name, -1)) >= until for name in ("forgiven_until", "bounced_at")
        )
    return any(refused.get(name) != seen.get(name) for name in ("fence", "bounced_at"))


def is_adding(item: Item) -> bool:
    """Whether an addition of the address waits or is under way."""
    return "adds" in item and item["removal_state"] == RemovalState.PENDING


def adding(context: Context, request: RemovalRequest, seen: Item, *, listing: bool = False) -> Change:
    """The update that records an addition; it forgives nothing, and waits in the queue individually.

    Args:
        context: who asks.
        request: what to add.
        seen: the record as it is; an empty one stands for a record of which nothing was ever requested. A worker may be
            under way with a removal or an addition that waits in it, so the new addition is then due after the longest
            lease that this worker can have.
        listing: whether the write lists the entry itself; if not, the entry must be listed.
    """
    key, update, values = recording(context, replace(request, hide=False), queued=True)
    update = replace(
        update,
        set=[*update.set, "#adds = :true"],
        remove=[name for name in update.remove if name not in {"#adds", "#lease_until"}],
        condition="" if listing else LISTED,
    )
    waits = seen.get("removal_state") == RemovalState.PENDING
    due = Millis(context.now + (LEASE if waits else 0))
    changed: dict[str, Value] = {
        ":true": True,
        ":due": due,
        ":rank": rescheduled(values[":rank"], due),
        ":seen_fence": cast("int", seen.get("fence", 0)),
    }
    return provided((key, update, values), UNTOUCHED, changed)


def _forgiving(change: Change, clauses: list[str], until: Millis) -> Change:
    key, update, values = change
    return key, replace(update, set=[*update.set, *clauses]), {**values, ":forgiven_until": until}

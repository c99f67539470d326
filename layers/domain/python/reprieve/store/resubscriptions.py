"""Taking addresses off lists because their recipients asked the provider for mail again.

A resubscription is a removal that needs no job: the provider has carried it out. It has the same watermark, so that
news may arrive in any order, and often: an address is on the list exactly if it was last put there no earlier than it
was last taken off. A removal that is under way stays so; the provider will answer that the address is not there. An
addition that is under way ends superseded: the recipient's wish is newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.clock import Millis, to_seconds
from reprieve.errors import Unavailable
from reprieve.removals.removal import TOMBSTONE, RemovalState
from reprieve.store.language import Update
from reprieve.store.queue_index import OUT
from reprieve.store.removal_requests import COVERED, FENCE_OUT, LATER_WATERMARK, UNTOUCHED
from reprieve.store.suppression_item import record_key
from reprieve.store.table import pauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.store.language import Item, Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import Resubscription

#: no removal needs the record any longer than the watermark does
FREE: Final = "(attribute_not_exists(#removal_state) OR #removal_state = :done OR #removal_state = :superseded)"
#: the removals that a record without them would lose
KEPT_FOR: Final = frozenset({RemovalState.PENDING.value, RemovalState.FAILED.value})


def resubscribe(
    table: Table, organization: Organization, resubscriptions: Sequence[Resubscription], *, now: Millis
) -> None:
    """See `suppressions.ports.SuppressionStore.resubscribe`. One write per address, and one more where it is refused.

    Raises:
        Unavailable: other writes kept getting in the way.
    """
    latest = {(one.list, one.key): one for one in sorted(resubscriptions, key=lambda one: one.at)}
    todo: list[tuple[Resubscription, Item]] = [(one, {}) for one in latest.values()]
    for pause in (0.0, *pauses()):
        tries = table.try_many([_write(organization, one, seen, now) for one, seen in todo])
        refused = [(one, tried.refused) for (one, _), tried in zip(todo, tries, strict=True) if tried.refused]
        todo = [(one, stored) for one, stored in refused if cast("int", stored.get("forgiven_until", -1)) < _until(one)]
        if not todo:
            return
        table.wait(pause)
    raise Unavailable("other writes kept getting in the way of a resubscription")


def _until(one: Resubscription) -> Millis:
    """What happened up to the millisecond before is undone: in a tie the address stays on the list."""
    return Millis(one.at - 1)


def _write(organization: Organization, one: Resubscription, seen: Item, now: Millis) -> Change:
    """The write over a record as it was seen, {} where it was not.

    It takes the address off the list, unless something newer is there; and the record may expire, unless a removal
    needs it.
    """
    newer, kept = cast("int", seen.get("bounced_at", 0)) > _until(one), seen.get("removal_state") in KEPT_FOR
    adding = kept and "adds" in seen
    values: dict[str, Value] = {
        ":forgiven_until": _until(one),
        ":email": one.email,
        ":expires_at": to_seconds(Millis(now + TOMBSTONE)),
        ":done": RemovalState.DONE.value,
        ":superseded": RemovalState.SUPERSEDED.value,
        ":now": now,
        ":seen_fence": seen.get("fence"),
        ":zero": 0,
        ":one": 1,
    }
    forgiving = ["#forgiven_until = :forgiven_until", "#email = if_not_exists(#email, :email)"]
    if newer:
        update = Update(set=forgiving, condition=LATER_WATERMARK)
    elif adding:
        update = Update(
            set=[
                *forgiving,
                "#expires_at = :expires_at",
                "#removal_state = :superseded",
                "#finished_at = :now",
                FENCE_OUT,
            ],
            remove=["#by_time", "#events", "#accounts", *OUT, "#due_at", "#lease_until", "#carried"],
            condition=f"{LATER_WATERMARK} AND {COVERED} AND {UNTOUCHED}",
        )
    elif kept:
        update = Update(set=forgiving, remove=["#by_time", "#events"], condition=f"{LATER_WATERMARK} AND {COVERED}")
    else:
        update = Update(
            set=[*forgiving, "#expires_at = :expires_at"],
            remove=["#by_time", "#events", "#accounts"],
            condition=f"{LATER_WATERMARK} AND {COVERED} AND {FREE}",
        )
    return record_key(organization, one.list, one.key), update, values

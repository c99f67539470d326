"""The removal queue: the entries of the index Queue, and the outcomes that a worker may write.

What an entry stands for, and how it is claimed, is up to `store.pending`. Whatever is settled then is a conditional
write of one record, under the fence that was read in it: what another worker, a newer request or a newer bounce did
meanwhile refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis, to_seconds
from reprieve.removals.removal import RemovalState
from reprieve.store import pending, queue_index
from reprieve.store.language import Update
from reprieve.store.queue_index import IN, OUT, values_of
from reprieve.store.removal_requests import FENCE_OUT
from reprieve.store.suppression_item import entry_of, queued_at, record_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.removals.queue import Claim, Due, Settlement
    from reprieve.removals.removal import Removal
    from reprieve.store.language import Value
    from reprieve.store.removal_requests import Change
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import AnyList

#: the removal has not ended, and nothing has been written of it since it was read
SAME_FENCE: Final = "#removal_state = :pending AND #fence = :fence"
#: what we hold is forgiven, so lifting loses no newer bounce
FORGIVEN: Final = "#bounced_at <= :forgiven"
#: we held no bounce and still hold none
NO_BOUNCE: Final = "attribute_not_exists(#bounced_at)"
#: giving a removal back, or noting its end, raises its fence, so that earlier readers cannot write to it
NEXT_FENCE: Final = "#fence = :next"
#: it is still this removal, and it was given up
RETRIABLE: Final = "#removal_id = :id AND #removal_state = :failed"


class RemovalQueue:
    """`removals.ports.RemovalQueue` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def slots(self) -> int:
        """See the port."""
        return queue_index.SLOTS

    def due_organizations(self, slot: int, *, now: Millis) -> dict[str, Millis]:
        """See the port. One Query while little waits in the slot; see `queue_index.due_organizations`."""
        return pending.due_organizations(self._table, slot, now=now)

    def due(self, organization: Organization, *, now: Millis, limit: int) -> list[Due]:
        """See the port."""
        return pending.due(self._table, organization, now=now, limit=limit)

    def claim(
        self, organization: Organization, entries: Sequence[Due], *, now: Millis, lease: Millis
    ) -> list[Claim | None]:
        """See the port. One write per entry; one read per hundred removals of parts, eventually consistent."""
        return pending.claim(self._table, organization, entries, now=now, lease=lease)

    def note_ends(self, organization: Organization, settlements: Sequence[Settlement]) -> list[bool]:
        """See the port."""
        return self._table.update_batches([_note(organization, one) for one in settlements])

    def settle(self, organization: Organization, settlements: Sequence[Settlement], *, now: Millis) -> list[bool]:
        """See the port."""
        return self._table.update_batches([_settlement(organization, one, now) for one in settlements])

    def listed(
        self, organization: Organization, lists: Sequence[AnyList], keys: Sequence[str], *, now: Millis
    ) -> set[str]:
        """See the port. One batch read per hundred records."""
        wanted = [record_key(organization, name, key) for name in lists for key in keys]
        entries = [entry_of(item) for item in self._table.get_many(wanted, consistent=True)]
        return {one.key for one in entries if one and (one.until is None or one.until > now)}

    def release(self, claims: Sequence[Claim], settled: set[str], *, now: Millis) -> None:
        """See the port."""
        pending.release(self._table, claims, settled, now=now)

    def retry(self, organization: Organization, failed: Removal, *, now: Millis) -> bool:
        """See the port."""
        update = Update(
            set=[
                *("#removal_state = :pending", *IN, "#due_at = :now", "#attempts = :zero", FENCE_OUT),
                "#retries = if_not_exists(#retries, :zero) + :one",
            ],
            remove=["#finished_at", "#lease_until", "#queue"],
            condition=RETRIABLE,
        )
        values: dict[str, Value] = {
            ":pending": RemovalState.PENDING.value,
            ":failed": RemovalState.FAILED.value,
            ":id": failed.id,
            **values_of(queued_at(organization, RemovalState.PENDING, failed.key, now)),
            ":now": now,
            ":zero": 0,
            ":one": 1,
        }
        return self._table.update(record_key(organization, failed.list, failed.key), update, values) is not None


def _note(organization: Organization, settlement: Settlement) -> Change:
    """The update that notes how a removal that was taken ends."""
    row = settlement.removal
    update = Update(
        set=[
            *("#ending = :ending", "#attempts = :attempts", "#last_answer = :answer", NEXT_FENCE),
            *(["#carried = :carried"] if settlement.carried else []),
        ],
        condition=SAME_FENCE,
    )
    values: dict[str, Value] = {
        ":pending": RemovalState.PENDING.value,
        ":fence": row.fence,
        ":next": row.fence + 1,
        ":ending": settlement.state.value,
        ":attempts": settlement.attempts,
        ":answer": settlement.answer,
        ":carried": settlement.carried,
    }
    return record_key(organization, row.list, row.key), update, values


def _settlement(organization: Organization, settlement: Settlement, now: Millis) -> Change:
    """The update that ends a removal that was taken, or queues it individually."""
    row, state = settlement.removal, settlement.state
    if state is RemovalState.DONE and row.adds and row.until is not None:
        return _ends_later(organization, settlement, row.until)
    changes = ["#removal_state = :state", "#attempts = :attempts", "#last_answer = :answer"]
    gone, condition = ["#lease_until"], SAME_FENCE
    values: dict[str, Value] = {
        ":pending": RemovalState.PENDING.value,
        ":fence": row.fence,
        ":state": state.value,
        ":attempts": settlement.attempts,
        ":answer": settlement.answer,
    }
    if state is RemovalState.PENDING:
        changes += ["#due_at = :due_at", NEXT_FENCE]
        values |= {":due_at": settlement.due_at, ":next": row.fence + 1}
    else:
        changes.append("#finished_at = :now")
        values[":now"] = now
        gone.append("#ending")
    if state in {RemovalState.PENDING, RemovalState.FAILED}:
        changes += IN
        gone.append("#queue")
        due_at = row.due_at if settlement.due_at is None else settlement.due_at
        values |= values_of(queued_at(organization, state, row.key, row.requested_at if due_at is None else due_at))
    else:
        gone += [*OUT, "#due_at"]
    if settlement.carried:
        changes.append("#carried = :carried")
        values[":carried"] = settlement.carried
    else:
        gone.append("#carried")
    if state is RemovalState.DONE and not row.adds:
        changes += ["#expires_at = :expires_at", "#lifts = :lifts"]
        values |= {":expires_at": to_seconds(row.forgotten_at(now)), ":lifts": row.lifts + 1}
        gone += ["#by_time", "#events", "#accounts"]
        condition = f"{SAME_FENCE} AND {NO_BOUNCE if row.bounced_at is None else FORGIVEN}"
        values[":forgiven"] = max(row.forgiven_until, row.forgiven_bounce)
    return record_key(organization, row.list, row.key), Update(set=changes, remove=gone, condition=condition), values


def _ends_later(organization: Organization, settlement: Settlement, until: Millis) -> Change:
    """The update that ends the addition of a hold with an end: it becomes the removal that is due then."""
    row = settlement.removal
    update = Update(
        set=[
            "#requested_at = :until",
            "#due_at = :until",
            *IN,
            "#attempts = :zero",
            "#last_answer = :answer",
            "#forgiven_bounce = :bounced_at",
            NEXT_FENCE,
        ],
        remove=["#adds", "#lease_until", "#carried", "#queue"],
        condition=SAME_FENCE,
    )
    values: dict[str, Value] = {
        ":pending": RemovalState.PENDING.value,
        ":fence": row.fence,
        ":next": row.fence + 1,
        ":until": until,
        **values_of(queued_at(organization, RemovalState.PENDING, row.key, until)),
        ":zero": 0,
        ":answer": settlement.answer,
        ":bounced_at": row.bounced_at,
    }
    return record_key(organization, row.list, row.key), update, values

"""What a request asked for, so that each of its removals can be followed whatever came after it.

    partition, address      {org}#requests#{n}, {request id}#{number of its first removal}
    requested_at            in milliseconds
    removals                a JSON list of [number, list, email]; the removal's id is {request id}-{number}
    expires_at              in seconds; not while it waits
    queue, due_at           key of Pending; present while it waits
    fence, lease_until      see `removal`

The record of an address knows only the latest removal of it. An address takes some 40 bytes here, so a thousand of them
cost 63 write units where an item each would cost a thousand.

A `note` is that and no more. A `part`, of at most `PART` removals, also stands in the queue for them: it is
written before their records, so that no recorded removal is ever without a place in the queue.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from reprieve.address import comparison_key
from reprieve.clock import DAY, SECOND
from reprieve.removals.queue import PART
from reprieve.removals.removal import RemovalState
from reprieve.store import keys
from reprieve.store.expressions import Update
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.removals.removal import RemovalRequest
    from reprieve.store.items import Item, Value

    Pack = Sequence[RemovalRequest]

#: as long as the system log
NOTE_RETENTION: Final = 90 * DAY
#: where these items are, instead of in a list
REQUESTS: Final = "requests"


@dataclass(frozen=True, slots=True)
class Asked:
    """One removal of a request."""

    id: str
    list: SuppressionList
    key: str
    email: str
    requested_at: int


def note(
    organization: Organization, requests: Sequence[RemovalRequest], *, now: int
) -> tuple[Item, Update, dict[str, Value]]:
    """The write that notes some removals of one request: repeating it changes nothing.

    Args:
        organization: whose request it is.
        requests: at least one; their ids are `{request id}-{number}`, in order.
        now: in milliseconds.
    """
    update = Update(set=["#requested_at = :now", "#removals = :removals", "#expires_at = :expires_at"])
    values: dict[str, Value] = {":now": now, ":removals": _text(requests), ":expires_at": forgotten_at(now)}
    return _key(organization, requests), update, values


def parts(organization: Organization, requests: Sequence[RemovalRequest], *, now: int) -> list[tuple[Item, Pack]]:
    """The items in which some removals of one request wait, due at once, each with the removals that are in it."""
    packs = [requests[start : start + PART] for start in range(0, len(requests), PART)]
    return [(_part(organization, pack, now), pack) for pack in packs]


def _part(organization: Organization, pack: Pack, now: int) -> Item:
    key = _key(organization, pack)
    shard = keys.shard_of(organization, cast("str", key["address"]))
    return key | {
        "requested_at": now,
        "removals": _text(pack),
        "queue": keys.queue(organization, RemovalState.PENDING, shard),
        "due_at": now,
    }


def _key(organization: Organization, requests: Sequence[RemovalRequest]) -> Item:
    request_id = request_of(requests[0].id)
    return {
        "partition": keys.requests(organization, request_id),
        "address": keys.request_part(request_id, number_of(requests[0].id)),
    }


def _text(requests: Sequence[RemovalRequest]) -> str:
    removals = [[number_of(one.id), one.list.value, one.email] for one in requests]
    return json.dumps(removals, ensure_ascii=False, separators=(",", ":"))


def forgotten_at(now: int) -> int:
    """When a note that is complete `now` may be forgotten, in seconds."""
    return (now + NOTE_RETENTION) // SECOND


def is_part(partition: str) -> bool:
    """Whether an item of a queue is a part of a request, and not the record of an address."""
    return partition.split("#")[1] == REQUESTS


def weight(partition: str) -> int:
    """How many removals an item of a queue stands for, at most."""
    return PART if is_part(partition) else 1


def read(item: Item) -> list[Asked]:
    """The removals that an item notes."""
    request_id = cast("str", item["address"]).rsplit("#", 1)[0]
    return [
        Asked(
            f"{request_id}-{number}",
            SuppressionList(name),
            comparison_key(email),
            email,
            cast("int", item["requested_at"]),
        )
        for number, name, email in json.loads(cast("str", item["removals"]))
    ]


def number_of(removal_id: str) -> str:
    """The part of a removal's id behind its request's."""
    return removal_id.rpartition("-")[2]


def request_of(removal_id: str) -> str:
    """The request that a removal's id names; "" when it names none."""
    return removal_id.rpartition("-")[0]

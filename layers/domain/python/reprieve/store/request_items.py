"""The note of what a request asked for, so that each removal can be followed whatever came after it.

    partition, address      {org}#requests#{n}, {request id}#{number of its first removal}
    requested_at            in milliseconds
    removals                a JSON list of [number, list, email]; the removal's id is {request id}-{number}
    expires_at              in seconds

The record of an address knows only the latest removal of it. An address takes some 40 bytes here, so a thousand of them
cost 63 write units where an item each would cost a thousand.

A `note` is that and no more. While an item also waits in the queue for its removals, it has what `store.pending` says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from reprieve.address import comparison_key
from reprieve.clock import Millis, days, to_seconds
from reprieve.store import keys
from reprieve.store.language import Update
from reprieve.store.suppression_item import key_attributes
from reprieve.suppressions.suppression import list_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Seconds
    from reprieve.organization import Organization
    from reprieve.removals.removal import RemovalRequest
    from reprieve.store.language import Item, Value
    from reprieve.suppressions.suppression import AnyList

#: as long as the system log
NOTE_RETENTION: Final = days(90)


@dataclass(frozen=True, slots=True)
class Asked:
    """One removal of a request."""

    id: str
    list: AnyList
    key: str
    email: str
    requested_at: Millis


def note(
    organization: Organization, requests: Sequence[RemovalRequest], *, now: Millis
) -> tuple[Item, Update, dict[str, Value]]:
    """The write that notes some removals of one request: repeating it changes nothing.

    Args:
        organization: whose request it is.
        requests: at least one; their ids are `{request id}-{number}`, in order.
        now: in milliseconds.
    """
    item = noted(organization, requests, now=now)
    update = Update(set=["#requested_at = :now", "#removals = :removals", "#expires_at = :expires_at"])
    values: dict[str, Value] = {":now": now, ":removals": item["removals"], ":expires_at": forgotten_at(now)}
    return key_attributes(item), update, values


def noted(organization: Organization, requests: Sequence[RemovalRequest], *, now: Millis) -> Item:
    """The item that notes some removals of one request, without its end."""
    removals = [[number_of(one.id), one.list.value, one.email] for one in requests]
    return _key(organization, requests) | {
        "requested_at": now,
        "removals": json.dumps(removals, ensure_ascii=False, separators=(",", ":")),
    }


def _key(organization: Organization, requests: Sequence[RemovalRequest]) -> Item:
    request_id = request_of(requests[0].id)
    return {
        "partition": keys.requests(organization, request_id),
        "address": keys.request_part(request_id, number_of(requests[0].id)),
    }


def forgotten_at(now: Millis) -> Seconds:
    """The moment at which a note that is complete `now` may be forgotten, in seconds."""
    return to_seconds(Millis(now + NOTE_RETENTION))


def read(item: Item) -> list[Asked]:
    """The removals that an item notes."""
    request_id = cast("str", item["address"]).rsplit("#", 1)[0]
    return [
        Asked(
            f"{request_id}-{number}",
            list_named(name),
            comparison_key(email),
            email,
            cast("Millis", item["requested_at"]),
        )
        for number, name, email in json.loads(cast("str", item["removals"]))
    ]


def number_of(removal_id: str) -> str:
    """The part of a removal's id after its request's."""
    return removal_id.rpartition("-")[2]


def request_of(removal_id: str) -> str:
    """The request that a removal's id names; "" when it names none."""
    return removal_id.rpartition("-")[0]

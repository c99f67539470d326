"""The record of an address on one list, with its bounce, watermark and removal: its key, and what can be read from it.

Attributes of an item, all but the keys optional:

    partition, address                    the key
    email, bounced_at, reason, status, permanence, classification, provider, ip, event_id
                                          the newest event that put it on the list; they stay after a lift
    events                                digests of the events counted since the last lift, MAX_SOFT_BOUNCES at most
    accounts                              the provider accounts that reported it since the last lift: each by its name,
                                          with a space and the spelling that it used where that is not the key
    by_time                               sort key of ByTime; present while the entry is listed
    forgiven_until, forgiven_bounce       the watermark
    removal_id, removal_state, requested_at, requested_by, request_id, attempts, fence, lease_until, finished_at,
    last_answer, adds                     the latest removal; `adds` is there when it is an addition
    carried                               the marks of the provider accounts that have carried it out, while others have
                                          not (`access.provider_account.ProviderAccount.mark`)
    queue, due_at                         key of Pending: while the removal is queued individually, or has failed; one
                                          that waits in a part of its request (store/pending.py) has no queue
    author, until                         of a hold: who held it, and when it ends
    lifts                                 how often it was lifted
    unblocks, kept_until                  see store/unblocks.py; in seconds, because it becomes the next one
    expires_at                            in seconds; when a lifted record may be forgotten
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import EPOCH, to_millis
from reprieve.removals.removal import Removal, RemovalState
from reprieve.store import keys
from reprieve.suppressions.suppression import NOT_REPORTED, Classification, Permanence, Suppression, list_named

if TYPE_CHECKING:
    from reprieve.clock import Millis, Seconds
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.suppressions.suppression import AnyList


def record_key(organization: Organization, suppression_list: AnyList, key: str) -> Item:
    """The key of an address's record on one list."""
    shard = keys.shard_of(organization, key)
    return {"partition": keys.suppressions(organization, suppression_list, shard), "address": key}


def key_attributes(item: Item) -> Item:
    """The key of an item of the table, or of its line in an index."""
    return {"partition": item["partition"], "address": item["address"]}


def primary_key(item: Item) -> tuple[str, str]:
    """The same, as a pair that can be looked up in a mapping."""
    return cast("str", item["partition"]), cast("str", item["address"])


def attributes_of(handle: tuple[str, str]) -> Item:
    """The key attributes that a pair stands for; see `primary_key`."""
    return {"partition": handle[0], "address": handle[1]}


def list_of(item: Item) -> AnyList:
    """The list that a record is of."""
    return list_named(primary_key(item)[0].split("#")[1])


def queue_of(organization: Organization, state: RemovalState, key: str) -> str:
    """The partition of Pending in which a removal of an address is queued individually."""
    return keys.queue(organization, state, keys.shard_of(organization, key))


def latest_known(item: Item) -> Millis:
    """The moment that an event must be later than to put the address on its list; -1 where nothing is known."""
    return max(cast("Millis", item.get(name, -1)) for name in ("bounced_at", "forgiven_until", "forgiven_bounce"))


def entry_of(item: Item | None) -> Suppression | None:
    """The entry in a record, None where there is none, or where it is not on its list."""
    return suppression_of(item) if item and "by_time" in item else None


def suppression_of(item: Item) -> Suppression:
    """The newest event in a record or in its line of ByTime."""

    def text(name: str) -> str:
        return cast("str", item.get(name, ""))

    return Suppression(
        list=list_of(item),
        key=text("address"),
        email=text("email"),
        created=cast("Millis", item["bounced_at"]),
        reason=text("reason"),
        status=text("status"),
        permanence=Permanence(text("permanence")),
        classification=Classification(text("classification")),
        provider=text("provider"),
        ip=text("ip"),
        event_id=text("event_id"),
        author=text("author"),
        until=cast("Millis | None", item.get("until")),
        count=max(1, len(cast("frozenset[str]", item.get("events", frozenset())))),
        accounts=accounts_of(item),
    )


def accounts_in(accounts: frozenset[tuple[str, str]], key: str) -> frozenset[str]:
    """Provider accounts and their spellings of an address, as the address's record holds them."""
    return frozenset(name if spelling == key else f"{name} {spelling}" for name, spelling in accounts)


def accounts_of(item: Item) -> frozenset[tuple[str, str]]:
    """The provider accounts that reported what is in a record, each with its spelling of the address."""
    if "accounts" not in item:
        # from before an organization could have several accounts
        reported = "by_time" in item and item.get("provider") not in NOT_REPORTED
        return frozenset({(DEFAULT, cast("str", item["email"]))}) if reported else frozenset()
    pairs = (text.partition(" ") for text in cast("frozenset[str]", item["accounts"]))
    return frozenset((name, spelling or cast("str", item["address"])) for name, _, spelling in pairs)


def removal_of(item: Item) -> Removal:
    """The latest removal in a record."""

    def text(name: str) -> str:
        return cast("str", item.get(name, ""))

    def number(name: str) -> int:
        return cast("int", item.get(name) or 0)

    def moment(name: str) -> Millis | None:
        return cast("Millis | None", item.get(name))

    return Removal(
        id=text("removal_id"),
        list=list_of(item),
        key=text("address"),
        email=text("email"),
        state=RemovalState(text("removal_state")),
        requested_at=moment("requested_at") or EPOCH,
        requested_by=text("requested_by"),
        request_id=text("request_id"),
        forgiven_until=moment("forgiven_until") or EPOCH,
        forgiven_bounce=moment("forgiven_bounce") or EPOCH,
        bounced_at=moment("bounced_at"),
        attempts=number("attempts"),
        fence=number("fence"),
        due_at=moment("due_at"),
        finished_at=moment("finished_at"),
        last_answer=text("last_answer"),
        queued="queue" in item,
        lifts=number("lifts"),
        adds=bool(item.get("adds")),
        until=moment("until"),
        kept_until=to_millis(cast("Seconds", item.get("kept_until") or 0)),
        accounts=accounts_of(item),
        carried=cast("frozenset[str]", item.get("carried", frozenset())),
    )

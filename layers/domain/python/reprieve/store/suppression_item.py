"""The record of an address on one list, with its bounce, watermark and removal: its key, and what can be read from it.

Attributes of an item, all but the keys optional:

    partition, address                    the key
    email, bounced_at, reason, status, permanence, classification, provider, ip, event_id
                                          the newest event that put it on the list; they stay after a lift
    events                                digests of the events counted since the last lift, MAX_SOFT_BOUNCES at most
    outcomes                              the newest events, those of before a lift included, each as a short text (see
                                          `outcomes_in`); read, they are at most MAX_OUTCOMES
    accounts                              the provider accounts that reported it since the last lift: each by its name,
                                          with a space and the spelling that it used where that is not the key
    recorded_by                           a mark of the import or the comparison that wrote it last, by which that finds
                                          what it has written
    by_time                               sort key of ByTime; present while the entry is listed
    forgiven_until, forgiven_bounce       the watermark
    removal_id, removal_state, requested_at, requested_by, request_id, attempts, fence, lease_until, finished_at,
    last_answer, adds, retries            the latest removal; `adds` is there when it is an addition, and `retries` when
                                          it was put back after it had failed: how often
    carried                               the marks of the provider accounts that have carried it out, while others have
                                          not (`access.provider_account.ProviderAccount.mark`)
    slot, rank, queue                     key of Queue (`queue` of the index of the release before, see
                                          store/queue_index.py): while the removal is queued individually, or has
                                          failed; one that waits in a part of its request (store/pending.py) has none
    ending                                how it ends, while it is still pending: see `RemovalQueue.note_ends`
    due_at                                when a waiting removal may be taken
    author, until                         of a hold: who held it, and when it ends
    lifts                                 how often it was lifted
    unblocks, kept_until                  see store/unblocks.py; in seconds, because it becomes the next one
    expires_at                            in seconds; when a lifted record may be forgotten
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import EPOCH, Millis, to_millis
from reprieve.removals.removal import Removal, RemovalState
from reprieve.store import keys, queue_index
from reprieve.suppressions.evidence import Evidence, Outcome, newest
from reprieve.suppressions.suppression import NOT_REPORTED, Classification, Permanence, Suppression, list_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprieve.clock import Seconds
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.suppressions.suppression import AnyList


#: the words of outcomes by their first letters
PERMANENCE_OF: Final = {one[0]: one for one in Permanence}
CLASSIFICATION_OF: Final = {one[0]: one for one in Classification}


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


def queued_at(organization: Organization, state: RemovalState, key: str, due: Millis) -> Item:
    """The attributes by which a removal of an address is queued individually."""
    return queue_index.entry(organization, state, keys.shard_of(organization, key), due)


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


def outcomes_in(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """Outcomes as an address's record holds them: `{milliseconds} {permanence}{classification} {status}`.

    Permanence and classification are the first letters of their words. A text has at most 26 octets.
    """
    return frozenset(f"{one.at:013d} {one.permanence[0]}{one.classification[0]} {one.status}" for one in outcomes)


def outcomes_of(item: Item) -> tuple[Outcome, ...]:
    """The outcomes in a record; of one from before they were kept, its newest event."""
    found = map(_outcome, cast("frozenset[str]", item.get("outcomes", frozenset())))
    return newest([*found, *([Outcome.of(suppression_of(item))] if "bounced_at" in item else [])])


def evidence_of(item: Item) -> Evidence:
    """The evidence in a record; it does not say when a message was delivered."""
    lifts = cast("int", item.get("lifts", 0))
    forgiven = [cast("Millis", item[name]) for name in ("forgiven_until", "forgiven_bounce") if name in item]
    in_removal = item.get("removal_state") in {RemovalState.PENDING, RemovalState.FAILED}
    return Evidence(outcomes_of(item), lifts, max(forgiven, default=None) if lifts else None, in_removal=in_removal)


def _outcome(text: str) -> Outcome:
    at, letters, status = text.split(" ")
    return Outcome(Millis(int(at)), PERMANENCE_OF[letters[0]], CLASSIFICATION_OF[letters[1]], status)


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
        queued=queue_index.is_queued(item),
        lifts=number("lifts"),
        adds=bool(item.get("adds")),
        until=moment("until"),
        kept_until=to_millis(cast("Seconds", item.get("kept_until") or 0)),
        accounts=accounts_of(item),
        carried=cast("frozenset[str]", item.get("carried", frozenset())),
        ending=RemovalState(text("ending")) if "ending" in item else None,
        retries=number("retries"),
    )

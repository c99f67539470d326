"""Everything that is stored of an organization, as rows for exports and imports.

A row has the attributes of its item without the keys that follow from others, and without the marks by which workers
recognize each other (fences, leases, versions). Sets are sorted lists, and attributes that hold JSON are values.

Left out are the counters of requests and connections, which last a day at most, and the addresses that recipients hold,
which follow from the recipients. A removal that waits in a part of its request is queued individually when it is added:
parts and records are read at different moments, so an export could have one without the other.
"""

from __future__ import annotations

import heapq
import json
import zlib
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from reprieve.access.provider_account import DEFAULT, without_secrets
from reprieve.address import Address
from reprieve.clock import Millis, to_seconds
from reprieve.email_servers.email_server import AuthType, EmailServer, OAuth, Settings, TokenAuth
from reprieve.errors import Conflict, Unavailable
from reprieve.exports.kinds import KEYS, Kind, key_of
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.removal import RemovalState
from reprieve.store import keys, request_items
from reprieve.store.access import CREDENTIAL, NEW, ORGANIZATION, PROVIDER, account_key, account_name
from reprieve.store.groups import ALL as ALL_GROUPS
from reprieve.store.groups import GroupStore
from reprieve.store.suppression_item import list_of, queued_at, record_key
from reprieve.store.table import WRITES_A_BATCH, side_by_side
from reprieve.store.whitelists import NAME as WHITELIST
from reprieve.suppressions.suppression import HOLDS, GroupList, SuppressionList, list_named
from reprieve.system_log.span import LOG_RETENTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprieve.clock import Seconds
    from reprieve.exports.kinds import Row
    from reprieve.organization import Organization
    from reprieve.store.email_servers import EmailServers
    from reprieve.store.language import Item, Value
    from reprieve.store.recipients import Recipients
    from reprieve.store.table import Table
    from reprieve.suppressions.suppression import AnyList

#: the kinds that are in the table of suppressions
IN_SUPPRESSIONS: Final = (Kind.ANSWERS, Kind.REQUESTS, Kind.WHITELIST, Kind.GROUPS, Kind.SUPPRESSIONS)
#: the attributes of items that no row has: keys, what follows from others, marks of workers, and secrets
LEFT_OUT: Final = frozenset(
    {
        *("partition", "address", "sort", "kind"),
        *("by_time", "slot", "rank", "queue"),
        *("fence", "lease_until", "ending", "recorded_by", "version"),
        "sealed_key",
    }
)
#: the attributes that are JSON in items
JSON_ATTRIBUTES: Final = {
    Kind.REQUESTS: ("removals",),
    Kind.WHITELIST: ("entries",),
    Kind.GROUPS: ("groups", "deleted"),
    Kind.RECIPIENTS: ("profile",),
}
#: the attributes of rows of the Suppressions table that are in the keys of their items
IN_KEY: Final = frozenset({"digest", "part", "list", "address", "listed"})
#: the states in which a removal is in a queue
QUEUED: Final = frozenset({RemovalState.PENDING, RemovalState.FAILED})
#: the item counts as deleted, which DynamoDB does within days
EXPIRED: Final = "#expires_at <= :now"
#: more than any organization may enrol; an import is not held to that limit
MAX_SERVERS: Final = 1_000


class OrganizationRows:
    """`exports.ports.OrganizationRows` on DynamoDB.

    Args:
        suppressions: the table of lists, notes and kept answers.
        log: the table of the system log.
        access: the table of organizations and credentials.
        accounts: the table of provider accounts.
        recipients: the recipients.
        recipient_table: the table that they are in.
        servers: the email servers.
        modules: the CRM modules that every organization has.
    """

    def __init__(
        self,
        *,
        suppressions: Table,
        log: Table,
        access: Table,
        accounts: Table,
        recipients: Recipients,
        recipient_table: Table,
        servers: EmailServers,
        modules: frozenset[str],
    ) -> None:
        self._suppressions = suppressions
        self._accounts = accounts
        self._recipients = recipients
        self._servers = servers
        self._modules = modules
        self._tables = {
            **dict.fromkeys(IN_SUPPRESSIONS, suppressions),
            **dict.fromkeys((Kind.CREDENTIALS, Kind.ORGANIZATION), access),
            Kind.PROVIDER_ACCOUNT: accounts,
            Kind.RECIPIENTS: recipient_table,
            Kind.SYSTEM_LOG: log,
        }

    def rows(self, organization: Organization, kind: Kind, *, now: Millis) -> Iterator[Row]:
        """See the port. A Query per partition and megabyte; a GetItem where there is at most one row."""
        second = to_seconds(now)
        return (row for row in self._rows(organization, kind) if not _has_expired(kind, row, second))

    def add(self, organization: Organization, kind: Kind, rows: Sequence[Row], *, now: Millis) -> list[Row]:
        """See the port. Inserts, 25 per call; recipients and email servers by their own transactions.

        An item that has expired, and that DynamoDB has not deleted yet, makes room by a DeleteItem.
        """
        match kind:
            case Kind.RECIPIENTS:
                added = side_by_side(partial(self._add_recipient, organization), rows)
            case Kind.EMAIL_SERVERS:
                added = [self._add_server(organization, row) for row in rows]
            case Kind.PROVIDER_ACCOUNT | Kind.CREDENTIALS | Kind.ORGANIZATION:
                added = [self._tables[kind].put(_access_item(organization, kind, row), condition=NEW) for row in rows]
            case _:
                added = self._insert(organization, kind, rows, now)
        return [row for row, done in zip(rows, added, strict=True) if not done]

    def remove(self, organization: Organization, kind: Kind, rows: Sequence[Row]) -> None:
        """See the port. A DeleteItem per row, side by side; recipients and email servers by their own transactions."""
        match kind:
            case Kind.RECIPIENTS:
                side_by_side(
                    lambda row: self._recipients.change(organization, row["module"], row["id"], lambda _: None), rows
                )
            case Kind.EMAIL_SERVERS:
                for row in rows:
                    if server := self._servers.get(organization, row["id"]):
                        self._servers.remove(organization, server)
            case _:
                side_by_side(lambda row: self._tables[kind].delete(ITEM_KEY[kind](organization, row)), rows)

    def without_secret(self, organization: Organization) -> list[tuple[Kind, str]]:
        """See the port. Two Queries."""
        accounts = [
            one
            for one in self._accounts.items_under(organization.id, PROVIDER, consistent=True)
            if not one["sealed_key"]
        ]
        servers = [server for server in self._servers.all(organization) if not server.sealed]
        return [
            *((Kind.PROVIDER_ACCOUNT, account_name(one)) for one in accounts),
            *((Kind.EMAIL_SERVERS, server.id) for server in servers),
        ]

    def _rows(self, organization: Organization, kind: Kind) -> Iterator[Row]:
        found: Iterator[Row]
        match kind:
            case Kind.ANSWERS:
                answers = self._merged(kind, keys.all_repeats(organization))
                found = (row for row in answers if "answer" in row)
            case Kind.REQUESTS:
                found = self._merged(kind, keys.all_requests(organization))
            case Kind.SUPPRESSIONS:
                shards = range(organization.shards)
                names = sorted(self._lists(organization))
                lists = [[keys.suppressions(organization, name, n) for n in shards] for name in names]
                found = chain.from_iterable(self._merged(kind, one) for one in lists)
            case Kind.RECIPIENTS:
                modules = sorted({USERS, *self._modules, *organization.modules})
                places = [keys.recipients(organization, module) for module in modules]
                found = chain.from_iterable(self._merged(kind, [place]) for place in places)
            case Kind.EMAIL_SERVERS:
                found = map(_server_row, self._servers.all(organization))
            case Kind.SYSTEM_LOG:
                found = self._merged(kind, keys.logs(organization), name="#log")
            case Kind.CREDENTIALS:
                items = self._tables[kind].items_under(organization.id, CREDENTIAL, consistent=True)
                found = map(partial(_row, kind), items)
            case Kind.PROVIDER_ACCOUNT:
                items = self._accounts.items_under(organization.id, PROVIDER, consistent=True)
                found = map(partial(_row, kind), items)
            case Kind.WHITELIST | Kind.GROUPS | Kind.ORGANIZATION:
                item = self._tables[kind].get(ITEM_KEY[kind](organization, {}), consistent=True)
                found = map(partial(_row, kind), [item] if item else [])
        return found

    def _lists(self, organization: Organization) -> list[AnyList]:
        """The five lists, the holds, and the groups' lists; a deleted group's while records of it remain."""
        groups = GroupStore(self._suppressions).all(organization)
        numbers = {*(group.id for group in groups.groups), *groups.unswept}
        return [*SuppressionList, HOLDS, *map(GroupList.of, numbers)]

    def _merged(self, kind: Kind, partitions: Sequence[str], name: str = "#partition") -> Iterator[Row]:
        """The rows of some partitions, in order."""
        streams = (
            self._tables[kind].query_all(f"{name} = :partition", {":partition": partition}, consistent=True)
            for partition in partitions
        )
        rows = [map(partial(_row, kind), stream) for stream in streams]
        return heapq.merge(*rows, key=partial(key_of, kind))

    def _insert(self, organization: Organization, kind: Kind, rows: Sequence[Row], now: Millis) -> list[bool]:
        table = self._tables[kind]
        items = [_item(organization, kind, row, now) for row in rows]
        batches = [items[start : start + WRITES_A_BATCH] for start in range(0, len(items), WRITES_A_BATCH)]
        taken = [item for batch in side_by_side(table.insert_many, batches) for item in batch]
        values: Item = {":now": to_seconds(now)}
        side_by_side(lambda item: table.delete(_key_in(kind, item), condition=EXPIRED, values=values), taken)
        left_out = {id(item) for item in table.insert_many(taken)}
        return [id(item) not in left_out for item in items]

    def _add_recipient(self, organization: Organization, row: Row) -> bool:
        def address(name: str) -> Address | None:
            return Address.parse(row[name]) if name in row else None

        recipient = Recipient(
            id=row["id"],
            module=row["module"],
            email=address("email"),
            secondary_email=address("secondary_email"),
            created=row["created"],
            updated=row["updated"],
            profile=row["profile"],
        )
        try:
            self._recipients.add(organization, recipient)
        except Conflict:
            return False
        except Unavailable:
            if self._recipients.get(organization, recipient.module, recipient.id) is None:
                raise
            return False
        return True

    def _add_server(self, organization: Organization, row: Row) -> bool:
        oauth = row.get("oauth")
        auth = oauth and {
            **oauth,
            "scopes": tuple(oauth["scopes"]),
            "client_auth": TokenAuth(oauth["client_auth"]) if oauth["client_auth"] else None,
        }
        facts = {name: value for name, value in row.items() if name not in {"id", "oauth", "auth_type"}}
        settings = Settings(**facts, auth_type=AuthType(row["auth_type"]), oauth=OAuth(**auth) if auth else None)
        try:
            server = EmailServer(id=row["id"], settings=settings, sealed=b"")
            self._servers.add(organization, server, maximum=MAX_SERVERS)
        except Conflict:
            return False
        return True


def _has_expired(kind: Kind, row: Row, now: Seconds) -> bool:
    if kind is Kind.SYSTEM_LOG:
        return to_seconds(Millis(row["published"] + LOG_RETENTION)) <= now
    return cast("int", row.get("expires_at", now + 1)) <= now


def _row(kind: Kind, item: Item) -> Row:
    """The row of an item of a table."""
    if kind is Kind.SYSTEM_LOG:
        return _log_row(item)
    row = {name: _plain(value) for name, value in item.items() if name not in LEFT_OUT} | _key_of_row(kind, item)
    for name in JSON_ATTRIBUTES.get(kind, ()):
        row[name] = json.loads(row[name])
    if kind is Kind.PROVIDER_ACCOUNT:
        row["webhook_key"] = without_secrets(row["webhook_key"])
    if kind is Kind.SUPPRESSIONS:
        row["listed"] = "by_time" in item
    if kind is Kind.REQUESTS:
        row.pop("due_at", None)
        # a part that waits has no end yet
        row.setdefault("expires_at", request_items.forgotten_at(row["requested_at"]))
    return row


def _key_of_row(kind: Kind, item: Item) -> dict[str, Any]:  # noqa: PLR0911  (a line for each kind)
    """The attributes of a row that are in the key of its item."""
    match kind:
        case Kind.ANSWERS:
            return {"digest": item["address"]}
        case Kind.REQUESTS:
            return {"part": item["address"]}
        case Kind.SUPPRESSIONS:
            return {"list": list_of(item).value, "address": item["address"]}
        case Kind.RECIPIENTS:
            return {"module": cast("str", item["partition"]).partition("#")[2], "id": item["sort"]}
        case Kind.CREDENTIALS:
            return {"digest": cast("str", item["sort"]).removeprefix(CREDENTIAL)}
        case Kind.PROVIDER_ACCOUNT:
            return {} if (name := account_name(item)) == DEFAULT else {"name": name}
        case _:
            return {}


def _log_row(item: Item) -> Row:
    published, _, uuid = cast("str", item["entry"]).partition("#")
    return {
        "published": int(published),
        "uuid": uuid,
        "arrival": int(cast("str", item["arrival"]).partition("#")[0]),
        "target": cast("str", item["target"]).partition("#")[2],
        "event": json.loads(zlib.decompress(cast("bytes", item["event"]))),
    }


def _server_row(server: EmailServer) -> Row:
    """The row of a server: its settings, with tuples and enumerations as JSON has them."""
    facts: dict[str, Any] = json.loads(json.dumps(asdict(server.settings)))
    return {"id": server.id, **{name: value for name, value in facts.items() if value is not None}}


def _item(organization: Organization, kind: Kind, row: Row, now: Millis) -> Item:
    """The item of a row of the Suppressions or the EventLog table."""
    if kind is Kind.SYSTEM_LOG:
        return _log_item(organization, row)
    as_json = JSON_ATTRIBUTES.get(kind, ())
    item = {name: _value(value) for name, value in row.items() if name not in IN_KEY and name not in as_json}
    for name in as_json:
        # as their writers have it: a whitelist is compared as text
        compact = (",", ":") if kind is Kind.REQUESTS else None
        item[name] = json.dumps(row[name], ensure_ascii=False, separators=compact)
    if kind is Kind.GROUPS:
        item["version"] = 1
    if kind is Kind.SUPPRESSIONS:
        if row["listed"]:
            item["by_time"] = keys.by_time(row["bounced_at"], row["address"])
        if row.get("removal_state") in QUEUED:
            item |= queued_at(organization, RemovalState(row["removal_state"]), row["address"], row["due_at"])
        if "removal_state" in row:
            # higher than any that a worker may hold who was under way with a record that this one replaces
            item["fence"] = to_seconds(now)
    return item | ITEM_KEY[kind](organization, row)


#: the key of a row's item, by kind; those of recipients and email servers are known to their own stores
ITEM_KEY: Final[Mapping[Kind, Callable[[Organization, Row], Item]]] = {
    Kind.ANSWERS: lambda owner, row: {"partition": keys.repeats(owner, row["digest"]), "address": row["digest"]},
    Kind.REQUESTS: lambda owner, row: {
        "partition": keys.requests(owner, row["part"].rpartition("#")[0]),
        "address": row["part"],
    },
    Kind.WHITELIST: lambda owner, _: {"partition": keys.whitelist(owner), "address": WHITELIST},
    Kind.GROUPS: lambda owner, _: {"partition": keys.groups(owner), "address": ALL_GROUPS},
    Kind.SUPPRESSIONS: lambda owner, row: record_key(owner, list_named(row["list"]), row["address"]),
    Kind.SYSTEM_LOG: lambda owner, row: {
        "log": keys.log(owner, row["uuid"]),
        "entry": keys.log_position(row["published"], row["uuid"]),
    },
    Kind.PROVIDER_ACCOUNT: lambda owner, row: account_key(owner.id, row.get("name", DEFAULT)),
    Kind.CREDENTIALS: lambda owner, row: {"partition": owner.id, "sort": CREDENTIAL + row["digest"]},
    Kind.ORGANIZATION: lambda owner, _: {"partition": owner.id, "sort": ORGANIZATION},
}


def _key_in(kind: Kind, item: Item) -> Item:
    """The key attributes of an item of the Suppressions or the EventLog table."""
    names = ("log", "entry") if kind is Kind.SYSTEM_LOG else ("partition", "address")
    return {name: item[name] for name in names}


def _log_item(organization: Organization, row: Row) -> Item:
    event = json.dumps(row["event"], separators=(",", ":"), ensure_ascii=False)
    return ITEM_KEY[Kind.SYSTEM_LOG](organization, row) | {
        "target": keys.log_target(organization, row["target"]),
        "event": zlib.compress(event.encode()),
        "arrival": keys.log_position(row["arrival"], row["uuid"]),
        "expires_at": to_seconds(Millis(row["published"] + LOG_RETENTION)),
    }


def _access_item(organization: Organization, kind: Kind, row: Row) -> Item:
    item = {name: _value(value) for name, value in row.items() if name not in KEYS[kind]}
    if kind is Kind.PROVIDER_ACCOUNT:
        item["sealed_key"] = b""
    if kind is Kind.ORGANIZATION:
        item["kind"] = ORGANIZATION
    return item | ITEM_KEY[kind](organization, row)


def _plain(value: Value) -> Any:  # noqa: ANN401  (JSON)
    return sorted(value) if isinstance(value, frozenset) else value


def _value(value: Any) -> Value:  # noqa: ANN401
    return frozenset(value) if isinstance(value, list) else cast("Value", value)

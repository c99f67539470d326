"""Email servers: one item per server, beside two that hold the rules, and counters of connections.

In the partition of an organization's servers, `enabled` names the one server that is enabled, and `count` says how many
there are. A server is written in one transaction with whichever of them it touches, so that no race breaks a rule.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, cast

from reprieve.clock import DAY, MINUTE, Millis, to_seconds
from reprieve.email_servers.email_server import (
    CONNECTIONS_A_DAY,
    CONNECTIONS_A_MINUTE,
    AnotherEnabled,
    AuthType,
    EmailServer,
    OAuth,
    Settings,
    TokenAuth,
    TooManyServers,
)
from reprieve.errors import Conflict, RateLimited
from reprieve.store import keys
from reprieve.store.language import Update, arguments_of, marshal

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table

#: the prefix of servers' ids, which the two other items do not have
IDS: Final = "ces"
#: a limit, its period, and the sort key of its counter
LIMITS: Final = ((MINUTE, CONNECTIONS_A_MINUTE, "minute"), (DAY, CONNECTIONS_A_DAY, "day"))

#: this item has not been written yet
NEW: Final = "attribute_not_exists(#sort)"
#: the server has not changed since it was read
SAME: Final = "#version = :version"
#: it is this server that is enabled
OURS: Final = "#server = :server"
#: there is room for one more
ROOM: Final = "(attribute_not_exists(#count) OR #count < :most)"


class EmailServers:
    """`email_servers.ports.EmailServerStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, organization: Organization) -> list[EmailServer]:
        """See the port. One Query: a page has room for hundreds."""
        page = self._table.query(
            "#partition = :partition AND begins_with(#sort, :ids)",
            {":partition": keys.email_servers(organization), ":ids": IDS},
            consistent=True,
        )
        return [_server(item) for item in page.items]

    def get(self, organization: Organization, identifier: str) -> EmailServer | None:
        """See the port."""
        item = self._table.get(_key(organization, identifier), consistent=True)
        return _server(item) if item else None

    def add(self, organization: Organization, server: EmailServer, *, maximum: int) -> None:
        """See the port."""
        writes = [
            ("Put", {"Item": marshal(_item(organization, server)), **arguments_of(condition=NEW)}),
            (
                "Update",
                {
                    "Key": marshal(_key(organization, "count")),
                    **arguments_of(condition=ROOM, expression="ADD #count :one", values={":one": 1, ":most": maximum}),
                },
            ),
        ]
        if server.settings.enabled:
            writes.append(_mark(organization, server))
        refused = self._table.try_transact(writes)
        if 1 in refused:
            raise TooManyServers(maximum)
        _settle(refused, marker=2)

    def replace(self, organization: Organization, before: EmailServer, after: EmailServer) -> None:
        """See the port."""
        put = arguments_of(condition=SAME, values={":version": before.version})
        writes = [("Put", {"Item": marshal(_item(organization, after)), **put})]
        match before.settings.enabled, after.settings.enabled:
            case False, True:
                writes.append(_mark(organization, after))
            case True, False:
                writes.append(_unmark(organization, before))
        _settle(self._table.try_transact(writes), marker=1)

    def remove(self, organization: Organization, server: EmailServer) -> None:
        """See the port."""
        gone = arguments_of(condition=SAME, values={":version": server.version})
        fewer = arguments_of(expression="ADD #count :less", values={":less": -1})
        writes = [
            ("Delete", {"Key": marshal(_key(organization, server.id)), **gone}),
            ("Update", {"Key": marshal(_key(organization, "count")), **fewer}),
        ]
        if server.settings.enabled:
            writes.append(_unmark(organization, server))
        _settle(self._table.try_transact(writes))

    def count_connection(self, organization: Organization, *, now: Millis) -> None:
        """See the port. A counter per minute and one per day, which stop at their limits."""
        for length, most, kind in LIMITS:
            number = now // length
            key: Item = {"partition": keys.connections(organization), "sort": f"{kind}#{number}"}
            # kept for a while after its time: a counter that is deleted early would start anew
            update = Update(set=("#expires_at = :expires",), add=("#count :one",), condition=ROOM)
            end = Millis((number + 1) * length)
            values = {":one": 1, ":most": most, ":expires": to_seconds(Millis(end + DAY))}
            if self._table.update(key, update, values) is None:
                raise RateLimited(end)


def _key(organization: Organization, sort: str) -> Item:
    return {"partition": keys.email_servers(organization), "sort": sort}


def _mark(organization: Organization, server: EmailServer) -> tuple[str, dict[str, Any]]:
    item = _key(organization, "enabled") | {"server": server.id}
    return "Put", {"Item": marshal(item), **arguments_of(condition=NEW)}


def _unmark(organization: Organization, server: EmailServer) -> tuple[str, dict[str, Any]]:
    ours = arguments_of(condition=OURS, values={":server": server.id})
    return "Delete", {"Key": marshal(_key(organization, "enabled")), **ours}


def _settle(refused: list[int], *, marker: int | None = None) -> None:
    """Raise why a transaction was refused, if it was: the server comes first, the marker where `marker` says."""
    if 0 in refused or (refused and marker not in refused):
        raise Conflict("the server was changed meanwhile: try again")
    if refused:
        raise AnotherEnabled


def _item(organization: Organization, server: EmailServer) -> Item:
    settings = server.settings
    return _key(organization, server.id) | {
        "alias": settings.alias,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "auth_type": settings.auth_type.value,
        "enabled": settings.enabled,
        "oauth": json.dumps(asdict(settings.oauth), ensure_ascii=False) if settings.oauth else None,
        "private_ca": settings.private_ca,
        "sealed": server.sealed,
        "version": server.version,
    }


def _server(item: Item) -> EmailServer:
    facts = cast("dict[str, Any]", item)
    settings = Settings(
        alias=facts["alias"],
        host=facts["host"],
        port=facts["port"],
        username=facts["username"],
        auth_type=AuthType(facts["auth_type"]),
        enabled=facts["enabled"],
        oauth=_oauth(json.loads(facts["oauth"])) if "oauth" in facts else None,
        private_ca=facts["private_ca"],
    )
    return EmailServer(id=facts["sort"], settings=settings, sealed=facts["sealed"], version=facts["version"])


def _oauth(facts: dict[str, Any]) -> OAuth:
    client_auth = TokenAuth(facts["client_auth"]) if facts["client_auth"] else None
    return OAuth(**{**facts, "scopes": tuple(facts["scopes"]), "client_auth": client_auth})

"""OAuth clients, refresh tokens, used assertions and signing keys, and what verifies access tokens.

    table     partition     sort                       content
    Tokens    {org}         client#{id}                a client
    Tokens    {org}         refresh#{digest}           a refresh token
    Tokens    {org}         used#{SHA-256}             an assertion that was used; expires with it
    Tokens    #deployment   keys                       the signing keys, each sealed
    Access    #deployment   keys                       their public halves
    Access    {org}         denied                     what was revoked while access tokens of it could be in use

Every function of an API reads Access to verify a credential. Tokens is for those that issue tokens, so that the sealed
keys can be read by no other. No organization can be called `#deployment`.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final, cast

from reprieve.access.client import MAX_LIFETIME, Client, ClientKind, RefreshToken
from reprieve.access.ports import Trusted
from reprieve.access.signing_key import SigningKey
from reprieve.clock import EPOCH, Millis, to_seconds
from reprieve.errors import RateLimited, Unavailable
from reprieve.store import issuers
from reprieve.store.access import NEW, ORGANIZATION, UPDATED, change, organization_from, role_from, role_item
from reprieve.store.language import Update, arguments_of, marshal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.access.issuer import Issuer
    from reprieve.role import Role
    from reprieve.store.language import Item, Value
    from reprieve.store.table import Table

DEPLOYMENT: Final = "#deployment"
KEYS: Final = "keys"
DENIED: Final = "denied"
CLIENT: Final = "client#"
REFRESH: Final = "refresh#"
USED: Final = "used#"
#: the attributes of a client that a page shows
SHOWN: Final = ("sort", "kind", "name", "scopes", "created", "role")
#: all attributes of a refresh token
REFRESH_ATTRIBUTES: Final = ("partition", "sort", "id", "client", "scopes", "created")
#: revocations of one organization that can be in force at a time: they are read whole, once a minute
MAX_DENIED: Final = 1_000
#: how often a change is tried again that another one overtook
ATTEMPTS: Final = 5


class Trust:
    """`access.ports.TrustStore` on DynamoDB."""

    def __init__(self, access: Table) -> None:
        self._access = access

    def trusted(self, organization_id: str, *, keys: bool, denied: bool) -> Trusted:
        """See the port: one BatchGetItem."""
        wanted: list[Item] = [{"partition": organization_id, "sort": ORGANIZATION}]
        if keys:
            wanted.append({"partition": DEPLOYMENT, "sort": KEYS})
        if denied:
            wanted.append({"partition": organization_id, "sort": DENIED})
        found = {str(item["sort"]): item for item in self._access.get_many(wanted, consistent=True)}
        organization = found.get(ORGANIZATION)
        return Trusted(
            organization=organization_from(organization) if organization else None,
            keys=_keys(found.get(KEYS)),
            denied=_denied(found.get(DENIED)),
        )

    def issuer(self, url: str, audience: str) -> Issuer | None:
        """See the port."""
        return issuers.find(self._access, url, audience)


class Tokens:
    """`access.ports.TokenStore` on DynamoDB, and what the operator's command needs beyond it."""

    def __init__(self, tokens: Table, access: Table) -> None:
        self._tokens = tokens
        self._access = access

    def client(self, organization_id: str, client_id: str) -> Client | None:
        """See the port. Read consistently: a client that was revoked a moment ago has no more tokens."""
        item = self._tokens.get({"partition": organization_id, "sort": CLIENT + client_id}, consistent=True)
        return _client(item) if item else None

    def clients(self, organization_id: str) -> list[Client]:
        """All clients of an organization, oldest first."""
        items = self._tokens.items_under(organization_id, CLIENT)
        return sorted(map(_client, items), key=lambda one: (one.created, one.id))

    def clients_shown(self, organization_id: str) -> list[Client]:
        """The same without what verifies them, and without the lifetime of their tokens. One Query.

        Read consistently: one that was revoked a moment ago is not shown.
        """
        items = self._tokens.items_under(organization_id, CLIENT, consistent=True, only=SHOWN)
        found = (_client({"partition": organization_id, "lifetime": MAX_LIFETIME, **item}) for item in items)
        return sorted(found, key=lambda one: (one.created, one.id))

    def add_client(self, client: Client, refresh_token: RefreshToken | None) -> None:
        """See the port. The client is written last, so that a refresh token is there when it is."""
        if refresh_token is not None:
            self._tokens.put(_refresh_item(refresh_token), condition=NEW)
        self._tokens.put(_client_item(client), condition=NEW)

    def set_client_role(self, client: Client, role: Role) -> bool:
        """See the port."""
        key: Item = {"partition": client.organization_id, "sort": CLIENT + client.id}
        return change(self._tokens, key, {"role": role_item(role)}, returning=UPDATED) is not None

    def remove_client(self, organization_id: str, client_id: str) -> Client | None:
        """See the port. The client goes first: without it, its refresh tokens are good for nothing."""
        item = self._tokens.delete({"partition": organization_id, "sort": CLIENT + client_id})
        if item is None:
            return None
        for token in map(_refresh_token, self._tokens.items_under(organization_id, REFRESH, only=REFRESH_ATTRIBUTES)):
            if token.client_id == client_id:
                self.remove_refresh_token(token)
        return _client(item)

    def refresh_token(self, organization_id: str, digest: str) -> RefreshToken | None:
        """See the port."""
        item = self._tokens.get({"partition": organization_id, "sort": REFRESH + digest}, consistent=True)
        return _refresh_token(item) if item else None

    def remove_refresh_token(self, token: RefreshToken) -> bool:
        """See the port."""
        key: Item = {"partition": token.organization_id, "sort": REFRESH + token.digest}
        return self._tokens.delete(key) is not None

    def deny(self, organization_id: str, name: str, *, until: Millis, now: Millis) -> None:
        """See the port. What cannot be in use any more is taken out on the way."""
        key: Item = {"partition": organization_id, "sort": DENIED}
        for _ in range(ATTEMPTS):
            item = self._access.get(key, consistent=True, only=("names",))
            before = cast("str | None", item.get("names")) if item else None
            live = {known: end for known, end in _denied(item).items() if end > now}
            if len(live) >= MAX_DENIED and name not in live:
                raise RateLimited(min(live.values()))
            after = live | {name: max(until, live.get(name, EPOCH))}
            update = Update(
                set=["#names = :names", "#expires_at = :expires_at"],
                condition="#names = :before" if before else "attribute_not_exists(#names)",
            )
            values: dict[str, Value] = {
                ":names": json.dumps(after, separators=(",", ":")),
                ":expires_at": to_seconds(max(after.values())) + 1,
                ":before": before,
            }
            if self._access.update(key, update, values, returning="UPDATED_NEW") is not None:
                return
        raise Unavailable("other revocations kept getting in the way")

    def spend(self, organization_id: str, client_id: str, jti: str, *, until: Millis) -> bool:
        """See the port. TTL reclaims an item only after its assertion has expired, which is refused for that."""
        digest = hashlib.sha256(f"{client_id}\0{jti}".encode("utf-8", "surrogatepass")).hexdigest()
        item: Item = {"partition": organization_id, "sort": USED + digest, "expires_at": to_seconds(until) + 1}
        return self._tokens.put(item, condition=NEW)

    def signing_keys(self) -> Sequence[SigningKey]:
        """See the port."""
        return _keys(self._tokens.get({"partition": DEPLOYMENT, "sort": KEYS}, consistent=True))

    def set_signing_keys(self, keys: Sequence[SigningKey], *, before: Sequence[SigningKey]) -> bool:
        """See the port: one transaction over both tables."""
        key: Item = {"partition": DEPLOYMENT, "sort": KEYS}
        condition = "#names = :before" if before else NEW
        sealed = {
            "TableName": self._tokens.name,
            "Item": marshal(key | {"names": _names(keys), "keys": _text(keys, sealed=True)}),
            **arguments_of(condition=condition, values={":before": _names(before)}),
        }
        published = {
            "TableName": self._access.name,
            "Item": marshal(key | {"names": _names(keys), "keys": _text(keys, sealed=False)}),
        }
        return self._tokens.transact([("Put", sealed), ("Put", published)])


def _names(keys: Sequence[SigningKey]) -> str:
    return " ".join(key.kid for key in keys)


def _text(keys: Sequence[SigningKey], *, sealed: bool) -> str:
    return json.dumps(
        [
            {
                "kid": key.kid,
                "jwk": key.jwk,
                "created": key.created,
                "signs_from": key.signs_from,
                "verifies_until": key.verifies_until,
                **({"sealed": b64encode(key.sealed).decode()} if sealed else {}),
            }
            for key in keys
        ]
    )


def _keys(item: Item | None) -> Sequence[SigningKey]:
    listed = json.loads(cast("str", item["keys"])) if item else []
    return [SigningKey(**{**one, "sealed": b64decode(one.get("sealed", ""))}) for one in listed]


def _denied(item: Item | None) -> dict[str, Millis]:
    return cast("dict[str, Millis]", json.loads(cast("str", item["names"]))) if item else {}


def _client_item(client: Client) -> Item:
    return {
        "partition": client.organization_id,
        "sort": CLIENT + client.id,
        "kind": client.kind.value,
        "name": client.name,
        "scopes": client.scopes,
        "created": client.created,
        "lifetime": client.lifetime,
        "jwks": client.jwks or None,
        "secret_digest": client.secret_digest or None,
        "role": role_item(client.role),
    }


def _client(item: Item) -> Client:
    return Client(
        id=cast("str", item["sort"]).removeprefix(CLIENT),
        organization_id=cast("str", item["partition"]),
        kind=ClientKind(cast("str", item["kind"])),
        name=cast("str", item["name"]),
        scopes=cast("frozenset[str]", item["scopes"]),
        created=cast("Millis", item["created"]),
        lifetime=cast("Millis", item["lifetime"]),
        jwks=cast("str", item.get("jwks", "")),
        secret_digest=cast("str", item.get("secret_digest", "")),
        role=role_from(item),
    )


def _refresh_item(token: RefreshToken) -> Item:
    return {
        "partition": token.organization_id,
        "sort": REFRESH + token.digest,
        "id": token.id,
        "client": token.client_id,
        "scopes": token.scopes,
        "created": token.created,
    }


def _refresh_token(item: Item) -> RefreshToken:
    return RefreshToken(
        id=cast("str", item["id"]),
        organization_id=cast("str", item["partition"]),
        digest=cast("str", item["sort"]).removeprefix(REFRESH),
        client_id=cast("str", item["client"]),
        scopes=cast("frozenset[str]", item["scopes"]),
        created=cast("Millis", item["created"]),
    )

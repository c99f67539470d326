"""Outside issuers: one item each, found by a digest of issuer and audience, which one organization at most can have.

table     partition    sort
Access    #issuers     {SHA-256 of issuer and audience}

No organization can be called `#issuers`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, cast

from reprieve.access.issuer import Grant, Issuer, digest_of_pair
from reprieve.role import Role
from reprieve.store.access import NEW

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.store.language import Item
    from reprieve.store.table import Table

ISSUERS: Final = "#issuers"
SAME: Final = "#organization = :organization"
#: all attributes of an issuer; IAM lets a function list these and no others
ATTRIBUTES: Final = ("organization", "url", "audience", "jwks_url", "claim", "grants", "created", "private_ca")


class Issuers:
    """`access.ports.IssuerStore` on DynamoDB."""

    def __init__(self, access: Table) -> None:
        self._access = access

    def add(self, issuer: Issuer) -> bool:
        """See the port."""
        return self._access.put({**_key(issuer.url, issuer.audience), **issuer_item(issuer)}, condition=NEW)

    def of(self, organization_id: str) -> list[Issuer]:
        """See the port."""
        items = self._access.query_all(
            "#partition = :partition", {":partition": ISSUERS}, consistent=True, only=ATTRIBUTES
        )
        return [issuer_from(item) for item in items if item["organization"] == organization_id]

    def remove(self, issuer: Issuer) -> bool:
        """See the port."""
        owner = {":organization": issuer.organization_id}
        return self._access.delete(_key(issuer.url, issuer.audience), condition=SAME, values=owner) is not None


def find(access: Table, url: str, audience: str) -> Issuer | None:
    """The issuer, by one BatchGetItem: what the functions of the APIs may do in Access."""
    items = list(access.get_many([_key(url, audience)], consistent=True))
    return issuer_from(items[0]) if items else None


def issuer_item(issuer: Issuer) -> Item:
    """The attributes of an item that is an issuer, besides its keys."""
    return {
        "organization": issuer.organization_id,
        "url": issuer.url,
        "audience": issuer.audience,
        "jwks_url": issuer.jwks_url,
        "claim": issuer.claim,
        "grants": json.dumps([[one.value, one.role.value, sorted(one.scopes)] for one in issuer.grants]),
        "created": issuer.created,
        "private_ca": issuer.private_ca or None,
    }


def issuer_from(item: Item) -> Issuer:
    """The issuer that an item is."""
    grants = json.loads(cast("str", item["grants"]))
    return Issuer(
        organization_id=cast("str", item["organization"]),
        url=cast("str", item["url"]),
        audience=cast("str", item["audience"]),
        jwks_url=cast("str", item["jwks_url"]),
        claim=cast("str", item["claim"]),
        grants=tuple(Grant(value, Role(role), frozenset(scopes)) for value, role, scopes in grants),
        created=cast("Millis", item["created"]),
        private_ca=cast("str", item.get("private_ca", "")),
    )


def _key(url: str, audience: str) -> Item:
    return {"partition": ISSUERS, "sort": digest_of_pair(url, audience)}

"""The keys that sign unsubscribe links: one per organization, sealed under KMS for this purpose and this organization.

partition, address      {org}#links, key
sealed                  the key as KMS sealed it
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from reprieve.store import keys

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.store.language import Item
    from reprieve.store.table import Table
    from reprieve.store.vault import Vault

#: no key has been stored yet
NEW: Final = "attribute_not_exists(#partition)"
KEY_BYTES: Final = 32
#: organizations whose key a process keeps in clear, so that a request without news costs no call of KMS
KEPT: Final = 1_000


class LinkKeys:
    """`suppressions.ports.LinkKeys` on DynamoDB and KMS."""

    def __init__(self, table: Table, vault: Vault) -> None:
        self._table = table
        self._vault = vault
        self._unsealed = lru_cache(KEPT)(self._unseal)

    def key_to_sign(self, organization: Organization) -> bytes:
        """See the port. One GetItem; for the first key ever a PutItem and two calls of KMS."""
        found = self.key_to_verify(organization.id)
        if found is not None:
            return found
        sealed = self._vault.seal(secrets.token_hex(KEY_BYTES), _purpose(organization.id))
        self._table.put(_key(organization.id) | {"sealed": sealed}, condition=NEW)
        # whichever was first
        found = self.key_to_verify(organization.id)
        assert found is not None  # noqa: S101  (one is stored by now)
        return found

    def key_to_verify(self, organization_id: str) -> bytes | None:
        """See the port. One GetItem, and one call of KMS per organization and process."""
        item = self._table.get(_key(organization_id), consistent=True)
        return self._unsealed(organization_id, cast("bytes", item["sealed"])) if item else None

    def _unseal(self, organization_id: str, sealed: bytes) -> bytes:
        return bytes.fromhex(self._vault.unseal(sealed, _purpose(organization_id)))


def _key(organization_id: str) -> Item:
    return {"partition": keys.links(organization_id), "address": "key"}


def _purpose(organization_id: str) -> dict[str, str]:
    """The encryption context: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "unsubscribe-link"}

"""The organizations and credentials of a running local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.deploy import client, outputs
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.table import Table

if TYPE_CHECKING:
    from local.place import Place


def access_of(place: Place) -> Access:
    """The store of organizations, credentials and provider accounts."""
    names = outputs(place)
    tables = (Table(Boto3(client(place, "dynamodb")), names[name]) for name in ("AccessTable", "ProviderAccountsTable"))
    return Access(*tables)

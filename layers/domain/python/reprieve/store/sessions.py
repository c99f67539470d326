"""The sessions of the console, in Access: partition `{org}`, sort key `session#{digest of its id}`.

`session` has the digest of its credential or, as JSON, the person who signed in; `session_ends` its end in
milliseconds. A session is closed by an update that removes both, so that the console's role needs no right to delete:
IAM has no condition on a sort key, and credentials are in the same table. DynamoDB reclaims what is left when it is
over.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, cast

from reprieve.access.session import Session
from reprieve.access.sign_in import Person
from reprieve.clock import Millis, to_seconds
from reprieve.store.language import Update

if TYPE_CHECKING:
    from reprieve.store.language import Item
    from reprieve.store.table import Table

SESSION: Final = "session#"
NEW: Final = "attribute_not_exists(#partition)"
OPEN: Final = "attribute_exists(#session)"


class Sessions:
    """`access.ports.SessionStore` on DynamoDB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, session: Session) -> None:
        """See the port. One UpdateItem."""
        update = Update(
            set=["#session = :session", "#session_ends = :session_ends", "#expires_at = :expires_at"], condition=NEW
        )
        values: Item = {
            ":session": _written(session.holder),
            ":session_ends": session.expires_at,
            ":expires_at": to_seconds(session.expires_at),
        }
        self._table.update(_key(session.organization_id, session.digest), update, values, returning="UPDATED_NEW")

    def find(self, organization_id: str, digest: str) -> Session | None:
        """See the port. One GetItem."""
        item = self._table.get(_key(organization_id, digest), consistent=True, only=["session", "session_ends"])
        if not item or "session" not in item:
            return None
        ends = Millis(cast("int", item["session_ends"]))
        return Session(organization_id, digest, _holder(cast("str", item["session"])), ends)

    def close(self, organization_id: str, digest: str) -> None:
        """See the port. One UpdateItem."""
        update = Update(remove=["#session", "#session_ends"], condition=OPEN)
        self._table.update(_key(organization_id, digest), update, {}, returning="UPDATED_NEW")


def _written(holder: str | Person) -> str:
    return holder if isinstance(holder, str) else json.dumps(asdict(holder))


def _holder(text: str) -> str | Person:
    return Person(**json.loads(text)) if text.startswith("{") else text


def _key(organization_id: str, digest: str) -> Item:
    return {"partition": organization_id, "sort": SESSION + digest}

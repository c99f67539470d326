"""What the operator's command changes is in the organization's system log, too."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from reprieve.access.log_entries import credential_changed
from reprieve.context import OPERATOR, Context
from reprieve.recipients.log_entries import recipient_changed
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.organization import Organization
    from reprieve.recipients.recipient import Recipient
    from reprieve.system_log.entry import EventType


def tell_credential(event_type: EventType, organization: Organization, credential_id: str, name: str) -> None:
    """Write that a credential was issued or revoked."""
    entry = credential_changed(event_type, credential_id, name, context=context(organization))
    wiring.event_log().append(organization, [entry])


def tell_recipients(organization: Organization, changed: Sequence[tuple[EventType, Recipient]]) -> None:
    """Write that recipients were added, changed or deleted."""
    by = context(organization)
    entries = [recipient_changed(event_type, one, context=by) for event_type, one in changed]
    if entries:
        wiring.event_log().append(organization, entries)


def context(organization: Organization) -> Context:
    """The context of one command: the operator, now."""
    return Context(organization, OPERATOR, uuid.uuid4().hex, wiring.now())

"""What the operator's command changes is in the organization's system log, too."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from reprieve import change_log, log
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.log import EventType
    from reprieve.organization import Organization
    from reprieve.recipient import Recipient


def tell_credential(event_type: EventType, organization: Organization, credential_id: str, name: str) -> None:
    """Write that a credential was issued or revoked."""
    entry = change_log.credential_changed(event_type, credential_id, name, cause=_cause(), now=wiring.now())
    wiring.event_log().append(organization, [entry])


def tell_recipients(organization: Organization, changed: Sequence[tuple[EventType, Recipient]]) -> None:
    """Write that recipients were added, changed or deleted."""
    cause, now = _cause(), wiring.now()
    entries = [change_log.recipient_changed(event_type, one, cause=cause, now=now) for event_type, one in changed]
    if entries:
        wiring.event_log().append(organization, entries)


def _cause() -> log.Cause:
    return log.Cause(log.OPERATOR, uuid.uuid4().hex)

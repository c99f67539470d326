"""Log entries for changes of recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.recipients.recipient import USERS
from reprieve.system_log.entry import EventType, LogEntry, Target, change_entry

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.recipients.recipient import Recipient

MESSAGE: Final = {
    EventType.USER_CREATE: "Create user",
    EventType.USER_UPDATE: "Update user profile",
    EventType.USER_DEACTIVATE: "Deactivate user",
    EventType.USER_DELETE: "Delete user",
    EventType.RECORD_CREATE: "Create record",
    EventType.RECORD_UPDATE: "Update record",
    EventType.RECORD_DELETE: "Delete record",
}
#: Okta has users only; a record of a CRM module has event types of our own
OF_RECORDS: Final = {
    EventType.USER_CREATE: EventType.RECORD_CREATE,
    EventType.USER_UPDATE: EventType.RECORD_UPDATE,
    EventType.USER_DELETE: EventType.RECORD_DELETE,
}


def recipient_changed(event_type: EventType, recipient: Recipient, *, context: Context) -> LogEntry:
    """The log entry for a recipient that was added, changed, deactivated or deleted.

    Args:
        event_type: USER_CREATE, USER_UPDATE, USER_DEACTIVATE or USER_DELETE; a CRM record has its own type instead.
        recipient: as it is now, or was when it was deleted.
        context: who made the change, in which request, and when.
    """
    profile = recipient.profile
    if recipient.module != USERS:
        event_type = OF_RECORDS[event_type]
    email = recipient.email.spelling if recipient.email else ""
    alternate = profile.get("login") or email or recipient.id
    name = " ".join(filter(None, (profile.get("firstName"), profile.get("lastName"))))
    kind = "User" if recipient.module == USERS else recipient.module
    target = Target(recipient.id, kind, name or alternate, alternate)
    return change_entry(event_type, MESSAGE[event_type], target, context)

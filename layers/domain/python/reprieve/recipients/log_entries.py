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
}


def recipient_changed(event_type: EventType, recipient: Recipient, *, context: Context) -> LogEntry:
    """The log entry for a recipient that was added, changed, deactivated or deleted (USER_...)."""
    profile = recipient.profile
    email = recipient.email.spelling if recipient.email else ""
    alternate = profile.get("login") or email or recipient.id
    name = " ".join(filter(None, (profile.get("firstName"), profile.get("lastName"))))
    kind = "User" if recipient.module == USERS else recipient.module
    target = Target(recipient.id, kind, name or alternate, alternate)
    return change_entry(event_type, MESSAGE[event_type], target, context)

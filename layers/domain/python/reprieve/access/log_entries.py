"""Log entries for changes of credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.system_log.entry import EventType, LogEntry, Target, change_entry

if TYPE_CHECKING:
    from reprieve.context import Context

MESSAGE: Final = {
    EventType.TOKEN_CREATE: "Create API token",
    EventType.TOKEN_REVOKE: "Revoke API token",
}


def credential_changed(event_type: EventType, credential_id: str, name: str, *, context: Context) -> LogEntry:
    """The log entry for a credential that was issued or revoked (TOKEN_CREATE, TOKEN_REVOKE); never with its token."""
    return change_entry(event_type, MESSAGE[event_type], Target(credential_id, "Token", name), context)

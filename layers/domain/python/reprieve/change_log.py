"""What the system log tells of credentials and recipients: who changed which, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.log import OPERATOR, Cause, EventType, LogEntry, Result, Severity, Target, entry
from reprieve.recipient import USERS

if TYPE_CHECKING:
    from reprieve.recipient import Recipient

#: what a person reads of each change
_CHANGE: Final = {
    EventType.TOKEN_CREATE: "Create API token",
    EventType.TOKEN_REVOKE: "Revoke API token",
    EventType.USER_CREATE: "Create user",
    EventType.USER_UPDATE: "Update user profile",
    EventType.USER_DEACTIVATE: "Deactivate user",
    EventType.USER_DELETE: "Delete user",
}


def credential_changed(event_type: EventType, credential_id: str, name: str, *, cause: Cause, now: int) -> LogEntry:
    """The entry of a credential that was issued or revoked (TOKEN_CREATE, TOKEN_REVOKE); never with its token."""
    return _changed(event_type, Target(credential_id, "Token", name), cause, now)


def recipient_changed(event_type: EventType, recipient: Recipient, *, cause: Cause, now: int) -> LogEntry:
    """The entry of a recipient that was added, changed, deactivated or deleted (USER_...)."""
    profile = recipient.profile
    email = recipient.email.spelling if recipient.email else ""
    alternate = profile.get("login") or email or recipient.id
    name = " ".join(filter(None, (profile.get("firstName"), profile.get("lastName"))))
    kind = "User" if recipient.module == USERS else recipient.module
    return _changed(event_type, Target(recipient.id, kind, name or alternate, alternate), cause, now)


def _changed(event_type: EventType, target: Target, cause: Cause, now: int) -> LogEntry:
    return entry(
        event_type,
        identity=f"{cause.request_id}:{target.id}",
        published=now,
        message=_CHANGE[event_type],
        outcome=(Result.SUCCESS, None),
        severity=Severity.INFO,
        target=target,
        debug={"requestId": cause.request_id},
        actor=cause.actor,
        transaction=("JOB" if cause.actor is OPERATOR else "WEB", cause.request_id),
    )

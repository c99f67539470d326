"""Log entries for email servers: Okta's five event types, and one of ours for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.system_log.entry import EventType, LogEntry, Result, Severity, Target, differences, entry

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.email_servers.email_server import EmailServer

MESSAGE = {
    EventType.EMAIL_SERVER_CREATE: "Create custom email server",
    EventType.EMAIL_SERVER_UPDATE: "Update custom email server",
    EventType.EMAIL_SERVER_ACTIVATE: "Activate custom email server",
    EventType.EMAIL_SERVER_DEACTIVATE: "Deactivate custom email server",
    EventType.EMAIL_SERVER_DELETE: "Delete custom email server",
    EventType.EMAIL_SERVER_TEST: "Test custom email server",
}


def server_entry(
    event_type: EventType,
    server: EmailServer,
    *,
    context: Context,
    failure: str | None = None,
    before: EmailServer | None = None,
) -> LogEntry:
    """The log entry for one action on a server, successful or not.

    Args:
        event_type: the action.
        server: the server as it is afterwards.
        context: who did it, in which request, and when.
        failure: why it failed, in a sentence of ours; None when it did not.
        before: the server before an update, for its `changeDetails`.
    """
    settings = server.settings
    changes = differences(_facts(before), _facts(server)) if before else None
    return entry(
        event_type,
        identity=f"{context.request_id}:{server.id}",
        published=context.now,
        message=MESSAGE[event_type],
        outcome=(Result.FAILURE if failure else Result.SUCCESS, failure),
        severity=Severity.WARN if failure else Severity.INFO,
        target=Target(server.id, "CustomEmailServer", settings.alias, changes=changes),
        debug={
            "customEmailServerId": server.id,
            "customEmailServerHost": settings.host,
            "customEmailServerPort": str(settings.port),
            "customEmailServerUsername": settings.username,
            "customEmailServerAuthType": settings.auth_type.value,
            "customEmailServerErrorResponse": failure or "",
        },
        context=context,
    )


def _facts(server: EmailServer) -> dict[str, object]:
    """The settings whose changes an update's entry shows, by their names in it."""
    settings = server.settings
    return {
        "alias": settings.alias,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "authType": settings.auth_type.value,
        "enabled": settings.enabled,
    }

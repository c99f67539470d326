"""What becomes of an email server, as entries of the system log: Okta's five, and one of ours for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.log import Actor, EventType, LogEntry, Result, Severity, Target, entry

if TYPE_CHECKING:
    from reprieve.email_server import EmailServer
    from reprieve.organization import Caller

MESSAGE = {
    EventType.EMAIL_SERVER_CREATE: "Create custom email server",
    EventType.EMAIL_SERVER_UPDATE: "Update custom email server",
    EventType.EMAIL_SERVER_ACTIVATE: "Activate custom email server",
    EventType.EMAIL_SERVER_DEACTIVATE: "Deactivate custom email server",
    EventType.EMAIL_SERVER_DELETE: "Delete custom email server",
    EventType.EMAIL_SERVER_TEST: "Test custom email server",
}
#: what an update tells of, by its name in an entry
CHANGES = ("alias", "host", "port", "username", "authType", "enabled")


def told(
    event_type: EventType,
    server: EmailServer,
    *,
    caller: Caller,
    request_id: str,
    now: int,
    failure: str | None = None,
    before: EmailServer | None = None,
) -> LogEntry:
    """The entry of one thing that was done to a server, or tried.

    Args:
        event_type: what.
        server: the server as it is afterwards.
        caller: who did it.
        request_id: the request that did it.
        now: in milliseconds.
        failure: why it failed, in a sentence of ours; None when it did not.
        before: the server as it was, for what `changeDetails` tells of an update.
    """
    settings = server.settings
    changes = _changes(before, server) if before else None
    return entry(
        event_type,
        identity=f"{request_id}:{server.id}",
        published=now,
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
            "requestId": request_id,
        },
        actor=Actor(caller.credential_id, "User", f"credential {caller.credential_id}"),
        transaction=("WEB", request_id),
    )


def _changes(before: EmailServer, after: EmailServer) -> tuple[dict[str, object], dict[str, object]]:
    old, new = _facts(before), _facts(after)
    changed = [name for name in CHANGES if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def _facts(server: EmailServer) -> dict[str, object]:
    settings = server.settings
    return {
        "alias": settings.alias,
        "host": settings.host,
        "port": settings.port,
        "username": settings.username,
        "authType": settings.auth_type.value,
        "enabled": settings.enabled,
    }

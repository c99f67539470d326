"""Log entries for exports and imports of organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.system_log.entry import EventType, LogEntry, Target, change_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.context import Context

MESSAGE: Final = {
    EventType.ORGANIZATION_EXPORT: "Export organization",
    EventType.ORGANIZATION_REPLACE: "Replace organization by an import",
    EventType.ORGANIZATION_IMPORT: "Import organization",
}


def organization_moved(event_type: EventType, *, context: Context, debug: Mapping[str, str] | None = None) -> LogEntry:
    """The log entry for an organization that is exported, about to be replaced, or was imported.

    Args:
        event_type: ORGANIZATION_EXPORT, ORGANIZATION_REPLACE or ORGANIZATION_IMPORT.
        context: who does it, and the organization.
        debug: `debugData`, such as the numbers of rows.
    """
    organization = context.organization
    target = Target(organization.id, "Organization", organization.name, organization.id)
    return change_entry(event_type, MESSAGE[event_type], target, context, debug=debug)

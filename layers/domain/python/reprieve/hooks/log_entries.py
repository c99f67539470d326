"""Log entries for hooks that were set, changed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.system_log.entry import EventType, LogEntry, Result, Severity, Target, change_entry, entry

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.hooks.hook import Hook

MESSAGE: Final = {
    EventType.HOOK_CREATE: "Add hook",
    EventType.HOOK_UPDATE: "Change hook",
    EventType.HOOK_ROTATE: "Give hook a new secret",
    EventType.HOOK_REPLAY: "Have hook hear of changes again",
    EventType.HOOK_DELETE: "Remove hook",
}


def hook_changed(event_type: EventType, hook: Hook, *, context: Context) -> LogEntry:
    """The log entry for a change of a hook; never with a secret.

    Args:
        event_type: one of `MESSAGE`.
        hook: as it is now, or as it was when it was removed.
        context: who asked.
    """
    return change_entry(event_type, MESSAGE[event_type], _target(hook), context)


def hook_disabled(hook: Hook, reason: str, *, now: Millis) -> LogEntry:
    """The log entry for a hook that was disabled because it does not answer as it must.

    Args:
        hook: as it was; the same turn of it has the same entry.
        reason: why, as a sentence of ours.
        now: in milliseconds.
    """
    return entry(
        EventType.HOOK_DISABLE,
        identity=f"{hook.id}:{hook.turn}",
        published=now,
        message="Disable hook",
        outcome=(Result.SUCCESS, reason),
        severity=Severity.WARN,
        target=_target(hook),
        debug={},
    )


def _target(hook: Hook) -> Target:
    return Target(hook.id, "Hook", hook.url)

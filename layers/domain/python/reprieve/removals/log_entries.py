"""Log entries for removals: for the request, and for the end of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.clock import timestamp
from reprieve.suppressions.suppression import SuppressionList
from reprieve.system_log.entry import (
    ADDRESSES_A_TARGET,
    EventType,
    LogEntry,
    Result,
    Severity,
    Target,
    change_entry,
    entry,
    request_entries,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.removals.removal import Removal
    from reprieve.suppressions.suppression import AnyList, Suppression

#: the event and its sentence, of a removal and of an addition
_DONE: Final = {
    False: (EventType.REMOVAL_DONE, "Removed from the list"),
    True: (EventType.ADDITION_DONE, "Put on the provider's list"),
}
_FAILED: Final = {
    False: (EventType.REMOVAL_FAILED, "Could not be removed from the list"),
    True: (EventType.ADDITION_FAILED, "Could not be put on the provider's list"),
}


def removal_requested(
    emails: Sequence[str], suppression_list: AnyList, *, context: Context, proof: str = ""
) -> list[LogEntry]:
    """The log entries for one request: at most 50 addresses per target and one target per entry, as Okta writes them.

    That is Okta's own event for the bounce list, with the organization's provider (left out when it has none), and
    ours for the other lists, which Okta does not know. `proof` is what proves that the addresses receive mail.
    """
    bounces = suppression_list is SuppressionList.BOUNCES
    name = "bounce" if bounces else suppression_list
    about = {"bounceEmailProvider": context.organization.provider_name} if bounces else {"list": suppression_list}
    return request_entries(
        EventType.BOUNCE_REMOVAL if bounces else EventType.SUPPRESSION_REMOVAL,
        emails,
        message=f"Remove email addresses from the {name} list",
        debug={**about, "proof": proof},
        context=context,
    )


def list_cleared(suppression_list: AnyList, *, context: Context) -> LogEntry:
    """The log entry for a request to lift everything on a list."""
    return entry(
        EventType.LIST_CLEARED,
        identity=context.request_id,
        published=context.now,
        message=f"Remove everything from the {suppression_list} list",
        outcome=(Result.SUCCESS, None),
        severity=Severity.WARN,
        target=Target(suppression_list, "SuppressionList", suppression_list),
        debug={"list": suppression_list},
        context=context,
    )


def removal_retried(row: Removal, *, context: Context) -> LogEntry:
    """The log entry for a failed removal that was put back into the queue."""
    return change_entry(
        EventType.REMOVAL_RETRY,
        "Retry the removal",
        Target(row.key, "email", row.email),
        context,
        debug={"list": row.list.value, "removalId": row.id},
    )


def unblocks_reset(key: str, before: int, *, context: Context) -> LogEntry:
    """The log entry for an address whose count of unblocks was reset.

    Args:
        key: the comparison key of the address.
        before: how often it had been unblocked.
        context: who asked.
    """
    target = Target(key, "email", key, changes=({"unblocks": before}, {"unblocks": 0}))
    return change_entry(EventType.UNBLOCKS_RESET, "Reset the count of unblocks", target, context)


def held(hold: Suppression, *, context: Context) -> LogEntry:
    """The log entry for an address or a domain that was held by hand."""
    debug = {"reason": hold.reason, "until": "" if hold.until is None else timestamp(hold.until)}
    return change_entry(EventType.HOLD_CREATE, "Hold by hand", _held(hold), context, debug=debug)


def hold_lifted(hold: Suppression, *, context: Context) -> LogEntry:
    """The log entry for a hold that was lifted by hand; the end of one at its time is a removal's."""
    return change_entry(EventType.HOLD_LIFT, "Lift a hold", _held(hold), context)


def _held(hold: Suppression) -> Target:
    return Target(hold.key, "email", hold.email or hold.key)


def removal_done(row: Removal, *, now: Millis) -> LogEntry:
    """The log entry for a removal that was carried out, at the provider and here; or for an addition."""
    return _removal_ended(*_DONE[row.adds], row, now, (Result.SUCCESS, None))


def removals_done(rows: Sequence[Removal], *, now: Millis) -> list[LogEntry]:
    """The log entries for removals or additions carried out together: at most 50 addresses of one request per entry.

    A removal that is alone in its request has the entry of `removal_done`, found by its address; of the others the
    target is the list of addresses, as in the entry of the request.
    """
    by_request: dict[tuple[str, str, str, bool], list[Removal]] = {}
    for row in rows:
        by_request.setdefault((row.request_id, row.list.value, row.requested_by, row.adds), []).append(row)
    entries = []
    for (request_id, name, credential, adds), all_of_them in by_request.items():
        event_type, message = _DONE[adds]
        for start in range(0, len(all_of_them), ADDRESSES_A_TARGET):
            group = all_of_them[start : start + ADDRESSES_A_TARGET]
            if len(group) == 1:
                entries.append(removal_done(group[0], now=now))
                continue
            ids = ", ".join(row.id for row in group)
            entries.append(
                entry(
                    event_type,
                    identity=ids,
                    published=now,
                    message=message,
                    outcome=(Result.SUCCESS, None),
                    severity=Severity.INFO,
                    target=Target(group[0].id, "EmailList", ", ".join(row.email for row in group)),
                    debug={"list": name, "removalId": ids, "requestId": request_id, "requestedBy": credential},
                )
            )
    return entries


def removal_superseded(row: Removal, *, now: Millis) -> LogEntry:
    """The log entry for a removal that a newer bounce overtook: the address stays suppressed."""
    outcome = (Result.FAILURE, "a newer bounce arrived")
    return _removal_ended(EventType.REMOVAL_SUPERSEDED, "Still suppressed", row, now, outcome)


def removal_failed(row: Removal, *, now: Millis, reason: str) -> LogEntry:
    """The log entry for a removal or an addition that was given up, which it can be again after each retry.

    Args:
        row: which.
        now: in milliseconds.
        reason: the provider's last answer, cleaned.
    """
    return _removal_ended(*_FAILED[row.adds], row, now, (Result.FAILURE, reason))


def _removal_ended(
    event_type: EventType, message: str, row: Removal, now: Millis, outcome: tuple[Result, str | None]
) -> LogEntry:
    return entry(
        event_type,
        identity=f"{row.id}#{row.retries}" if row.retries else row.id,
        published=now,
        message=message,
        outcome=outcome,
        severity=Severity.INFO if outcome[0] is Result.SUCCESS else Severity.WARN,
        target=Target(row.key, "email", row.email),
        debug={
            "list": row.list.value,
            "removalId": row.id,
            "requestId": row.request_id,
            "requestedBy": row.requested_by,
            "retries": str(row.retries or ""),
        },
    )

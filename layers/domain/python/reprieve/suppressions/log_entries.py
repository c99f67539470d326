"""Log entries for deliveries, and for addresses that were put on a list by other means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reprieve.access.log_entries import account_debug
from reprieve.access.provider_account import DEFAULT
from reprieve.clock import EPOCH, Millis, from_timestamp
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.system_log.entry import (
    EventType,
    LogEntry,
    Result,
    Severity,
    Target,
    change_entry,
    differences,
    entry,
    request_entries,
)
from reprieve.system_log.span import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprieve.context import Context
    from reprieve.suppressions.group import Group, Groups
    from reprieve.suppressions.suppression import AnyList
    from reprieve.system_log.span import Stored

KINDS: Final = frozenset(DeliveryKind)
_DELIVERED: Final = (Result.SUCCESS, Severity.INFO)
_REFUSED: Final = (Result.FAILURE, Severity.WARN)
OUTCOME: Final = {
    DeliveryKind.DELIVERED: _DELIVERED,
    DeliveryKind.BOUNCE: _REFUSED,
    DeliveryKind.BLOCKED: _REFUSED,
    DeliveryKind.DEFERRED: (Result.DEFERRED, Severity.INFO),
    DeliveryKind.DROPPED: _REFUSED,
    DeliveryKind.SPAM_REPORT: _REFUSED,
    DeliveryKind.UNSUBSCRIBE: _REFUSED,
    DeliveryKind.GROUP_UNSUBSCRIBE: _REFUSED,
    DeliveryKind.GROUP_RESUBSCRIBE: _DELIVERED,
}


def delivery_entry(
    event: DeliveryEvent, *, provider_name: str, account: str = DEFAULT, spared_by: str = "", listed: str = ""
) -> LogEntry:
    """The log entry for one delivery event; the same event always makes the same entry.

    Args:
        event: what the provider reported.
        provider_name: the provider's name as logs show it.
        account: the name of the organization's account that it comes from.
        spared_by: the entry of the address whitelist that kept the address off a list; "" where none did.
        listed: the list that the event put the address on, or took it off; "" where it did neither.
    """
    result, severity = OUTCOME[event.kind]
    debug = {
        "providerMessage": event.message,
        "emailProvider": provider_name,
        "emailRequestId": event.message_id,
        "enhancedStatusCode": event.status,
        "whitelistedBy": spared_by,
        "list": listed,
        "unsubscribeGroup": str(event.group or ""),
        **account_debug(account),
    }
    return entry(
        EventType.EMAIL_DELIVERY,
        identity=event.id,
        published=event.at,
        message="Email delivery",
        outcome=(result, event.kind.value),
        severity=severity,
        target=Target(event.key, "email", event.email),
        debug=debug,
    )


def delivery_in(stored: Stored) -> DeliveryEvent | None:
    """The delivery event that a log entry reports, as far as the log has it; None when it reports another thing.

    Its id is the entry's. An event that the address whitelist kept off its list suppresses nothing.
    """
    event = stored.event
    kind = event["outcome"]["reason"] if event["eventType"] == EventType.EMAIL_DELIVERY else None
    if kind not in KINDS:
        return None
    target, debug = event["target"][0], event["debugContext"]["debugData"]
    return DeliveryEvent(
        id=event["uuid"],
        kind=DeliveryKind(kind),
        email=target["alternateId"],
        key=target["id"],
        at=from_timestamp(event["published"]),
        message=debug.get("providerMessage", ""),
        status=debug.get("enhancedStatusCode", ""),
        message_id=debug.get("emailRequestId", ""),
        group=int(debug.get("unsubscribeGroup", 0)),
        suppresses="whitelistedBy" not in debug,
    )


def delivered_in(arrived: Iterable[Stored]) -> dict[str, Millis]:
    """The addresses to which a message was delivered by some log entries: comparison key -> the latest moment.

    Args:
        arrived: read in the order of arrival. A delivery that is stamped ahead was made when its entry arrived, at the
            latest, so it never hides a failure that came after it.
    """
    found: dict[str, Millis] = {}
    for stored in arrived:
        event = delivery_in(stored)
        if event is not None and event.kind is DeliveryKind.DELIVERED:
            found[event.key] = max(min(event.at, moment(stored.position)), found.get(event.key, EPOCH))
    return found


def group_created(group: Group, *, context: Context) -> LogEntry:
    """The log entry for an unsubscribe group that was added."""
    return change_entry(EventType.GROUP_CREATE, "Create unsubscribe group", _group(group), context)


def group_deleted(group: Group, *, context: Context) -> LogEntry:
    """The log entry for an unsubscribe group that was deleted, with its list."""
    return change_entry(EventType.GROUP_DELETE, "Delete unsubscribe group", _group(group), context)


def groups_changed(before: Groups, after: Groups, *, context: Context) -> list[LogEntry]:
    """The log entries for groups that were added or changed between two states, in the order of their ids."""
    entries = []
    for group in after.groups:
        old = before.find(group.id)
        if old is None:
            entries.append(group_created(group, context=context))
        elif old != group:
            target = replace(_group(group), changes=differences(_facts(old), _facts(group)))
            entries.append(change_entry(EventType.GROUP_UPDATE, "Change unsubscribe group", target, context))
    return entries


def _group(group: Group) -> Target:
    return Target(str(group.id), "UnsubscribeGroup", group.name)


def _facts(group: Group) -> dict[str, object]:
    return {"name": group.name, "description": group.description, "is_default": group.is_default}


def addresses_listed(
    emails: Sequence[str], suppression_list: AnyList, source: str, *, context: Context, first: int = 0
) -> list[LogEntry]:
    """The log entries for addresses put on a list by other means than an event: at most 50 addresses per entry.

    Args:
        emails: the addresses, in the spelling in which they are listed.
        suppression_list: the list.
        source: where they came from: "api", "import", or the kind of the provider that listed them.
        context: who asked.
        first: how many addresses of the same request, list and source had entries before these.
    """
    return request_entries(
        EventType.SUPPRESSION_ADD,
        emails,
        message=f"Add email addresses to the {suppression_list} list",
        debug={"list": suppression_list, "source": source},
        context=context,
        about=f"{suppression_list}:{first}",
    )


def whitelist_changed(before: Mapping[str, object], after: Mapping[str, object], *, context: Context) -> LogEntry:
    """The log entry for a change of the address whitelist.

    Args:
        before: the settings by name.
        after: those that are set now; a setting that stayed the same is left out of the entry.
        context: who made the change, and the organization.
    """
    organization = context.organization
    target = Target(organization.id, "Organization", organization.name, organization.id, differences(before, after))
    return change_entry(EventType.WHITELIST_UPDATE, "Change address whitelist", target, context)

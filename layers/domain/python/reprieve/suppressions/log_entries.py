"""Log entries for deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.suppressions.delivery import DeliveryKind
from reprieve.system_log.entry import PROVIDER_NAME, EventType, LogEntry, Result, Severity, Target, entry

if TYPE_CHECKING:
    from reprieve.suppressions.delivery import DeliveryEvent

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
}


def delivery_entry(event: DeliveryEvent) -> LogEntry:
    """The entry of one delivery event; the same event always makes the same entry."""
    result, severity = OUTCOME[event.kind]
    debug = {
        "providerMessage": event.message,
        "emailProvider": PROVIDER_NAME.get(event.provider, event.provider),
        "emailRequestId": event.message_id,
        "enhancedStatusCode": event.status,
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

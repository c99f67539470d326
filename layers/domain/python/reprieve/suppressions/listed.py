"""The list on which a delivery event puts the address, and the one that it takes it off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reprieve.suppressions.delivery import DeliveryKind
from reprieve.suppressions.group import Groups
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import GroupList, Resubscription, Suppression, SuppressionList

if TYPE_CHECKING:
    from reprieve.clock import Millis
    from reprieve.suppressions.delivery import DeliveryEvent
    from reprieve.suppressions.suppression import AnyList

#: the list on which each kind of event puts the address; a kind that is missing suppresses nothing
LIST_OF: Final = {
    DeliveryKind.BOUNCE: SuppressionList.BOUNCES,
    DeliveryKind.BLOCKED: SuppressionList.BLOCKS,
    DeliveryKind.SPAM_REPORT: SuppressionList.SPAM_REPORTS,
    DeliveryKind.UNSUBSCRIBE: SuppressionList.UNSUBSCRIBES,
}
NO_GROUPS: Final = Groups()


def suppression_of(event: DeliveryEvent, groups: Groups = NO_GROUPS) -> Suppression | None:
    """The list entry that an event makes, or None when it makes none.

    Args:
        event: what the provider reported.
        groups: the organization's unsubscribe groups. A recipient who unsubscribes from one after it was deleted wants
            no mail at all, as SendGrid has it; what happened before the deletion ended with it.
    """
    target = _list_of(event, groups)
    if target is None or not event.suppresses:
        return None
    entry = Suppression(
        list=target,
        key=event.key,
        email=event.email,
        created=event.at,
        reason=event.message,
        status=event.status,
        classification=event.classification,
        provider=event.provider,
        ip=event.ip if target is SuppressionList.SPAM_REPORTS else "",
        event_id=event.id,
    )
    return judged(entry, opinion=event.opinion)


def resubscription_of(event: DeliveryEvent, *, latest: Millis) -> Resubscription | None:
    """The list that an event takes its recipient off, or None; as of `latest`, in milliseconds, at the latest."""
    if event.kind is not DeliveryKind.GROUP_RESUBSCRIBE:
        return None
    return Resubscription(GroupList.of(event.group), event.key, event.email, min(event.at, latest))


def _list_of(event: DeliveryEvent, groups: Groups) -> AnyList | None:
    if event.dropped_for is SuppressionList.INVALID_EMAILS:
        return SuppressionList.INVALID_EMAILS
    if event.kind is not DeliveryKind.GROUP_UNSUBSCRIBE:
        return LIST_OF.get(event.kind)
    deleted = groups.deleted.get(event.group)
    if deleted is None:
        return GroupList.of(event.group)
    return SuppressionList.UNSUBSCRIBES if event.at > deleted else None

"""The deployment's event bus: Amazon EventBridge's PutEvents, one event per call."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.clock import SECOND
from reprieve.hooks.event_bus import SOURCE, Event, Put
from reprieve.store.faults import Fault

if TYPE_CHECKING:
    from reprieve.store.transport import Transport

#: reasons that say something about the event; any other is about the bus, which takes no other event either
ABOUT_THE_EVENT: Final = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException"})


class EventBus:
    """`hooks.ports.EventBus` on EventBridge.

    Args:
        events: EventBridge in the region of the bus.
        arn: of the bus; "" for none.
    """

    def __init__(self, events: Transport, arn: str) -> None:
        self._events = events
        self._arn = arn

    @property
    def arn(self) -> str:
        """See the port."""
        return self._arn

    def put(self, event: Event) -> Put:
        """See the port. EventBridge answers with 200, too, where it did not take the event."""
        entry = {
            "EventBusName": self._arn,
            "Source": SOURCE,
            "DetailType": event.type,
            "Detail": event.detail,
            "Resources": [event.organization_id],
            "Time": event.at / SECOND,
        }
        try:
            answer = self._events.call("PutEvents", {"Entries": [entry]})
        except Fault as fault:
            return _not_taken(fault.code)
        if answer.get("FailedEntryCount"):
            return _not_taken(answer["Entries"][0].get("ErrorCode", "no reason"))
        return Put(HTTPStatus.OK)


def _not_taken(code: str) -> Put:
    status = HTTPStatus.BAD_REQUEST if code in ABOUT_THE_EVENT else 0
    return Put(status, problem=f"EventBridge did not take it: {code}")

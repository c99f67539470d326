"""An event bus for tests: it keeps what it takes, and refuses what EventBridge refuses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprieve.hooks.event_bus import Put

if TYPE_CHECKING:
    from reprieve.hooks.event_bus import Event

ARN = "arn:aws:events:eu-west-1:123456789012:event-bus/mail"


@dataclass
class Bus:
    """`hooks.ports.EventBus`.

    Attributes:
        taken: the events that it has taken.
        trouble: the answers to the next events, instead of taking them.
    """

    arn: str = ARN
    taken: list[Event] = field(default_factory=list)
    trouble: list[Put] = field(default_factory=list)

    def put(self, event: Event) -> Put:
        if self.trouble:
            return self.trouble.pop(0)
        try:
            json.loads(event.detail)
        except ValueError:
            return Put(400, problem="EventBridge did not take it: MalformedDetail")
        self.taken.append(event)
        return Put(200)

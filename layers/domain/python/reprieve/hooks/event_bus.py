"""EventBridge: the third form of a hook. A notice is put onto the one event bus that the deployment names.

An event has the source `reprieve`, the type of the notice, the organization as its resource and the body of the notice
as its detail. EventBridge gives it another id with each attempt; the id in the detail is the same.

Source: EventBridge's API reference of PutEvents (2015-10-07).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reprieve.clock import Millis

SOURCE: Final = "reprieve"
#: why there is nothing to show or to rotate
VERIFIED_BY_AWS: Final = "an event bus has no secret: AWS itself verifies who puts events onto it"
_ARN: Final = re.compile(r"arn:aws[a-z-]*:events:([a-z0-9-]+):[0-9]{12}:event-bus/[A-Za-z0-9._-]{1,256}")


@dataclass(frozen=True, slots=True)
class Event:
    """A notice as an event.

    Attributes:
        organization_id: whose change it is.
        type: of the notice.
        at: when the change happened, in milliseconds.
        detail: the body of the notice, a JSON object.
    """

    organization_id: str
    type: str
    at: Millis
    detail: str


@dataclass(frozen=True, slots=True)
class Put:
    """What became of an event: `hooks.ports.Answer`.

    Attributes:
        status: 200 where the bus took it, 400 where it refused this event, 0 where it takes none now.
        problem: why it did not take it, as a sentence of ours; "" where it did.
    """

    status: int
    problem: str = field(default="", kw_only=True)
    retry_after: str = field(default="", init=False)
    body: bytes = field(default=b"", init=False)


def region_of(arn: str) -> str:
    """The region of an event bus.

    Raises:
        ValueError: it is not the ARN of an event bus.
    """
    if not (found := _ARN.fullmatch(arn)):
        raise ValueError("not the ARN of an event bus")
    return found[1]


def problem_of(url: str, bus: str) -> str:
    """Why a hook is not put onto a bus, as a sentence of ours; "" where it is.

    Args:
        url: of the hook: the ARN of a bus.
        bus: the ARN of the deployment's; "" where it has none.
    """
    if not bus:
        return "this deployment has no event bus"
    return "" if url == bus else f"the event bus of this deployment is {bus}"

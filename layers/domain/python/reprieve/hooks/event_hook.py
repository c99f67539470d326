"""Okta's event hooks: the second form of a hook.

The entry of the system log is posted as it is, in Okta's envelope, with a header whose value is a secret between the
two, and with headers that the organization chose. Before anything is posted, the endpoint proves once that it expects
the posts: it returns the value of a header of a GET.

Sources: Okta's management OpenAPI document 2026.06.3 and its page about event hooks (limits of time, one repetition,
the envelope). Okta collects events that happen together; here each has an envelope of its own, with the id of its log
entry, so that an envelope is the same bytes with each attempt.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reprieve.errors import Conflict, InvalidInput
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: how long one request to an event hook may take, in seconds
SECONDS: Final = 3.0
CHALLENGE_HEADER: Final = "X-Okta-Verification-Challenge"
MAX_NAME: Final = 255
MAX_HEADERS: Final = 20
#: the characters of a header's value
MAX_VALUE: Final = 1_000
#: a header's name and value by RFC 9110: nothing that could end the header and begin another
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")
#: headers that say how the request is sent, or are ours
_TAKEN: Final = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
        CHALLENGE_HEADER.lower(),
    }
)


class NotVerified(Conflict):
    """An endpoint did not prove that it expects the posts of an event hook.

    Args:
        name: of the event hook.
        problem: why, as a sentence of ours.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


@dataclass(frozen=True, slots=True)
class EventHook:
    """What only an event hook of Okta's form has.

    Attributes:
        name: the display name.
        events: the types of the log entries that it hears of, as they were given.
        auth_header: the header whose value is the hook's secret; "" for none.
        headers: further headers, which are shown to everyone who may read the hook.
        verified: whether the endpoint has proved that it expects the posts.
        creator: the id of who created it.
        source: the hook's own URL in Okta's API, as the client that created it spelled the API's.
    """

    name: str
    events: tuple[EventType, ...]
    auth_header: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    verified: bool = False
    creator: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WantedEventHook:
    """What a request sets of an event hook, all at once.

    Attributes:
        name: the display name.
        description: "" for none.
        url: of the endpoint.
        events: the types of log entries.
        auth_header: the header that has the secret; "" for none.
        auth_value: the secret; None where the one that is stored stays.
        headers: further headers.
    """

    name: str
    description: str
    url: str
    events: tuple[str, ...]
    auth_header: str = ""
    auth_value: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def check(self) -> None:
        """Refuse what no event hook can have.

        Raises:
            InvalidInput: of a name or a header that cannot be sent, or an event type that the system log does not have.
        """
        for kind in self.events:
            if kind not in set(EventType):
                raise InvalidInput(f"{kind[:100]} is not an event type of this system log", field="events.items")
        if len(set(self.events)) < len(self.events):
            raise InvalidInput("an event type is there twice", field="events.items")
        if len(self.headers) > MAX_HEADERS:
            raise InvalidInput(f"at most {MAX_HEADERS} headers", field="channel.config.headers")
        if self.auth_header:
            check_header(self.auth_header, self.auth_value or "x", field="channel.config.authScheme")
        for name, value in self.headers:
            check_header(name, value, field="channel.config.headers")
        names = [name.lower() for name, _ in self.headers] + [self.auth_header.lower()]
        if len(set(names)) < len(names):
            raise InvalidInput("a header is there twice", field="channel.config.headers")

    @property
    def types(self) -> tuple[EventType, ...]:
        """The event types, once they are checked."""
        return tuple(map(EventType, self.events))


def check_header(name: str, value: str, *, field: str) -> None:
    """Refuse a header that cannot be sent, or that would change how the request is sent.

    Raises:
        InvalidInput: of `field`.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidInput("the name of a header has 1 to 100 letters, digits and hyphens", field=f"{field}.key")
    if name.lower() in _TAKEN or name.lower().startswith("proxy-"):
        raise InvalidInput(f"the header {name} cannot be set", field=f"{field}.key")
    if len(value) > MAX_VALUE or not _HEADER_VALUE.fullmatch(value):
        raise InvalidInput(
            f"the value of a header has 1 to {MAX_VALUE} printable ASCII characters, no space around them",
            field=f"{field}.value",
        )


def envelope(source: str, event: Mapping[str, Any]) -> bytes:
    """What is posted about a log entry; the same bytes each time.

    Args:
        source: the hook's own URL.
        event: the entry, as a LogEvent.
    """
    content = {
        "eventType": "com.okta.event_hook",
        "eventTypeVersion": "1.0",
        "cloudEventsVersion": "0.1",
        "source": source,
        "eventId": event["uuid"],
        "eventTime": event["published"],
        "contentType": "application/json",
        "data": {"events": [event]},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def request_headers(hook: EventHook, opened: Sequence[str]) -> dict[str, str]:
    """The headers of every request to an event hook.

    Args:
        hook: the event hook.
        opened: its secret, unsealed; empty for none.
    """
    auth = {hook.auth_header: opened[0]} if hook.auth_header and opened else {}
    return {"Accept": "application/json", "User-Agent": "Reprieve-Event-Hooks", **dict(hook.headers), **auth}

"""Where an organization's delivery events are to be posted, as SendGrid's clients set it: event webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.access.label import checked_label
from reprieve.errors import InvalidInput
from reprieve.https_url import is_plain_http, is_plain_https

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis

#: of an organization, as SendGrid's documents have it in an example
MAX_WEBHOOKS: Final = 5
#: the kinds of events that a webhook can be set to post, in SendGrid's words
EVENTS: Final = (
    *("bounce", "click", "deferred", "delivered", "dropped", "group_resubscribe", "group_unsubscribe"),
    *("open", "processed", "spam_report", "unsubscribe"),
)


@dataclass(frozen=True, slots=True)
class EventWebhook:
    """One webhook.

    Attributes:
        id: distinguishes the organization's webhooks.
        url: which no other of them has.
        enabled: whether it is switched on.
        events: the kinds that it posts.
        friendly_name: "" for none.
        created: in milliseconds.
        updated: when it was last changed.
        public_key: what verifies its posts, base64 of the DER form; "" when they are not signed.
        sealed_key: the private half, sealed for this organization.
    """

    id: str
    url: str
    enabled: bool
    events: frozenset[str]
    friendly_name: str
    created: Millis
    updated: Millis
    public_key: str = ""
    sealed_key: bytes = b""


@dataclass(frozen=True, slots=True)
class EventWebhookSet:
    """An organization's webhooks, oldest first, and the number of their changes."""

    webhooks: tuple[EventWebhook, ...] = ()
    version: int = 0

    def find(self, identifier: str) -> EventWebhook | None:
        """The webhook of that id."""
        return next((one for one in self.webhooks if one.id == identifier), None)


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    """What a request sets; None leaves an attribute as it is, or as a new webhook has it: off.

    Attributes:
        events: by kind, whether it is posted.
    """

    url: str
    enabled: bool | None
    events: Mapping[str, bool]
    friendly_name: str | None


def check(changes: WebhookChanges) -> None:
    """Refuse what no webhook can have.

    Raises:
        InvalidInput: the URL is not one, or the name is too long.
    """
    if not (is_plain_https(changes.url) or is_plain_http(changes.url)):
        raise InvalidInput("is not a valid url", field="url")
    if changes.friendly_name:
        checked_label(changes.friendly_name, field="friendly_name")

"""Setting event webhooks, and trying one out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.event_webhook import MAX_WEBHOOKS, EventWebhook, EventWebhookSet, check
from reprieve.access.log_entries import event_webhook_changed
from reprieve.clock import to_seconds
from reprieve.errors import Conflict, NotFound, Unavailable
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.access.event_webhook import WebhookChanges
    from reprieve.access.ports import EventWebhookStore, KeyOpener, KeyVault, WebhookPoster
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: how often a change is tried again because another one got in the way
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class EventWebhooks:
    """The verbs for event webhooks.

    Attributes:
        vault: seals private keys.
        opener: unseals them.
    """

    webhooks: EventWebhookStore
    vault: KeyVault
    opener: KeyOpener
    log: EventLog

    def all(self, organization: Organization) -> Sequence[EventWebhook]:
        """An organization's webhooks, oldest first."""
        return self.webhooks.event_webhooks(organization).webhooks

    def find(self, organization: Organization, identifier: str) -> EventWebhook:
        """One webhook.

        Raises:
            NotFound: the organization has none of that id.
        """
        return _found(self.webhooks.event_webhooks(organization), identifier)

    def create(self, context: Context, identifier: str, wanted: WebhookChanges) -> EventWebhook:
        """Add a webhook, without a signature.

        Args:
            context: who asks.
            identifier: its id, which is new.
            wanted: its settings.

        Raises:
            InvalidInput: a setting cannot be.
            Conflict: another one has the URL, or there are `MAX_WEBHOOKS`.
            Unavailable: other changes kept getting in the way; nothing was changed.
        """
        check(wanted)
        new = EventWebhook(identifier, wanted.url, False, frozenset(), "", context.now, context.now)
        made = _changed(new, wanted, context)

        def add(before: EventWebhookSet) -> tuple[EventWebhook, ...]:
            _check_url(before, made)
            if len(before.webhooks) >= MAX_WEBHOOKS:
                raise Conflict("You have reached the maximum number of webhooks per your current billing plan.")
            return (*before.webhooks, made)

        self._replace(context, EventType.EVENT_WEBHOOK_CREATE, identifier, add)
        return made

    def change(self, context: Context, identifier: str, wanted: WebhookChanges) -> EventWebhook:
        """Change what is given of a webhook.

        Raises:
            NotFound: there is none of that id.
            InvalidInput, Conflict, Unavailable: as of `create`.
        """
        check(wanted)
        return self._update(context, identifier, lambda one: _changed(one, wanted, context))

    def delete(self, context: Context, identifier: str) -> None:
        """Delete a webhook with its signing key.

        Raises:
            NotFound: there is none of that id.
            Unavailable: as of `create`.
        """

        def without(before: EventWebhookSet) -> tuple[EventWebhook, ...]:
            gone = _found(before, identifier)
            return tuple(one for one in before.webhooks if one is not gone)

        self._replace(context, EventType.EVENT_WEBHOOK_DELETE, identifier, without)

    def sign(self, context: Context, identifier: str, *, enabled: bool) -> EventWebhook:
        """Have a webhook sign its posts, with a key of its own that is new each time it begins to; or no longer.

        Raises:
            NotFound: there is none of that id.
            Unavailable: the key could not be sealed, or as of `create`.
        """
        found = self.find(context.organization, identifier)
        if enabled == bool(found.public_key):
            return found
        public, sealed = "", b""
        if enabled:
            from reprieve.access.event_signature import new_pair  # noqa: PLC0415  (imports cryptography)

            private, public = new_pair()
            sealed = self.vault.seal(private, key_context(context.organization.id))
        return self._update(
            context,
            identifier,
            lambda one: replace(one, public_key=public, sealed_key=sealed, updated=context.now),
        )

    def test(self, context: Context, url: str, identifier: str | None, body: bytes, *, poster: WebhookPoster) -> None:
        """Post made-up events to a URL, signed as a webhook signs.

        Args:
            context: who asks.
            url: of any webhook, or of none yet.
            identifier: the webhook; None posts without a signature.
            body: the events.
            poster: posts to a URL that a user chose.

        Raises:
            NotFound: there is no webhook of that id.
            InvalidInput: the URL cannot be posted to, or what is there did not accept the events.
            Unavailable: the key could not be unsealed.
        """
        signed: Mapping[str, str] = {}
        webhook = self.find(context.organization, identifier) if identifier else None
        if webhook and webhook.sealed_key:
            from reprieve.access.event_signature import headers  # noqa: PLC0415  (imports cryptography)

            private = self.opener.unseal(webhook.sealed_key, key_context(context.organization.id))
            signed = headers(private, body, to_seconds(context.now))
        poster.post(url, {"Content-Type": "application/json", **signed}, body)

    def _update(
        self, context: Context, identifier: str, change: Callable[[EventWebhook], EventWebhook]
    ) -> EventWebhook:
        def changed(before: EventWebhookSet) -> tuple[EventWebhook, ...]:
            after = change(_found(before, identifier))
            _check_url(before, after)
            return tuple(after if one.id == identifier else one for one in before.webhooks)

        return _found(self._replace(context, EventType.EVENT_WEBHOOK_UPDATE, identifier, changed), identifier)

    def _replace(
        self,
        context: Context,
        event_type: EventType,
        identifier: str,
        change: Callable[[EventWebhookSet], tuple[EventWebhook, ...]],
    ) -> EventWebhookSet:
        for _ in range(ROUNDS):
            before = self.webhooks.event_webhooks(context.organization)
            after = EventWebhookSet(change(before), before.version + 1)
            if after.webhooks == before.webhooks:
                return before
            if self.webhooks.replace_event_webhooks(context.organization, after):
                webhook = before.find(identifier) or _found(after, identifier)
                self.log.append(context.organization, [event_webhook_changed(event_type, webhook, context=context)])
                return after
        raise Unavailable("other changes of the event webhooks kept getting in the way")


def key_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a signing key: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "event-webhook"}


def _changed(webhook: EventWebhook, wanted: WebhookChanges, context: Context) -> EventWebhook:
    """The webhook with what is given; the same where that changes nothing."""
    events = frozenset(kind for kind, on in (dict.fromkeys(webhook.events, True) | dict(wanted.events)).items() if on)
    after = replace(
        webhook,
        url=wanted.url,
        enabled=webhook.enabled if wanted.enabled is None else wanted.enabled,
        events=events,
        friendly_name=webhook.friendly_name if wanted.friendly_name is None else wanted.friendly_name,
    )
    return after if after == webhook else replace(after, updated=context.now)


def _check_url(known: EventWebhookSet, webhook: EventWebhook) -> None:
    if any(one.url == webhook.url and one.id != webhook.id for one in known.webhooks):
        raise Conflict(f"Webhook at '{webhook.url}' already exists. Please provide a unique URL.")


def _found(known: EventWebhookSet, identifier: str) -> EventWebhook:
    found = known.find(identifier)
    if found is None:
        raise NotFound("event webhook", "of that id")
    return found

"""Setting event hooks of Okta's form, and having their endpoints prove that they expect the posts."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.errors import Conflict, InvalidInput, NotFound
from reprieve.hooks.event_hook import EventHook, NotVerified
from reprieve.hooks.forms import check_web_url, is_worth_repeating
from reprieve.hooks.hook import Form, Hook, Progress
from reprieve.hooks.sealed import sealed, unsealed
from reprieve.hooks.verification import challenged, new_challenge, proof_problem
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import position

if TYPE_CHECKING:
    from reprieve.access.ports import KeyOpener, KeyVault
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.hooks.event_hook import WantedEventHook
    from reprieve.hooks.hook import Secret
    from reprieve.hooks.ports import HookPoster
    from reprieve.hooks.stored import StoredHooks
    from reprieve.organization import Organization

#: characters that ids of event hooks are made of, and how many there are after the prefix, as Okta has them
ID_CHARACTERS: Final = string.ascii_letters + string.digits
ID_LENGTH: Final = 17


@dataclass(frozen=True, slots=True)
class EventHooks:
    """The verbs for event hooks. Each knows them alone: it does not find a hook of another form.

    Attributes:
        stored: the hooks of every form.
        vault: seals secrets.
        opener: unseals them.
        poster: asks endpoints.
    """

    stored: StoredHooks
    vault: KeyVault
    opener: KeyOpener
    poster: HookPoster

    def all(self, organization: Organization) -> list[Hook]:
        """An organization's event hooks, oldest first."""
        return [one for one in self.stored.all(organization) if one.event_hook]

    def find(self, organization: Organization, identifier: str) -> Hook:
        """One event hook.

        Raises:
            NotFound: the organization has none of that id.
        """
        hook = self.stored.find(organization, identifier)
        if hook.event_hook is None:
            raise NotFound("hook", "of that id")
        return hook

    def add(self, context: Context, wanted: WantedEventHook, *, base: str) -> Hook:
        """Add an event hook; it hears of nothing until its endpoint is verified.

        Args:
            context: who asks.
            wanted: its settings.
            base: the URL of all event hooks, as the client spells it; its own URL is that with its id.

        Returns:
            The hook. Its secret is not shown, not even this once.

        Raises:
            InvalidInput: a setting cannot be; it is named.
            Conflict: there are `MAX_EVENT_HOOKS`.
            Unavailable: nothing was changed.
        """
        wanted.check()
        if wanted.auth_header and wanted.auth_value is None:
            raise InvalidInput("The field cannot be left blank", field="channel.config.authScheme.value")
        identifier = "who" + "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))
        url, given = self._checked_url(wanted), self._sealed(context, wanted)

        def made(_: list[Hook], place: int) -> Hook:
            return Hook(
                organization_id=context.organization.id,
                id=identifier,
                place=place,
                url=url,
                description=wanted.description,
                types=frozenset(),
                enabled=True,
                disabled_reason="",
                secrets=given,
                created=context.now,
                updated=context.now,
                progress=Progress(position(context.now)),
                event_hook=EventHook(
                    wanted.name,
                    wanted.types,
                    wanted.auth_header,
                    wanted.headers,
                    creator=context.actor.id,
                    source=f"{base}/{identifier}",
                ),
            )

        return self.stored.add(context, Form.OKTA, made)

    def replace(self, context: Context, identifier: str, wanted: WantedEventHook) -> Hook:
        """Replace the settings of an event hook. If its channel changes, its endpoint must be verified again.

        The secret that is stored stays if none is given, but only for the same URL and header: it must not become
        known to another endpoint.

        Raises:
            NotFound: there is no event hook of that id.
            InvalidInput, Unavailable: as of `add`.
        """
        wanted.check()
        url = self._checked_url(wanted)
        self.find(context.organization, identifier)
        given = self._sealed(context, wanted)

        def changed(hook: Hook) -> Hook:
            keeps = wanted.auth_value is None or self._is_secret(hook, wanted.auth_value)
            if wanted.auth_value is None and wanted.auth_header and not _same_receiver(hook, url, wanted.auth_header):
                raise InvalidInput("needed again for another URI or header", field="channel.config.authScheme.value")
            after = replace(
                hook,
                url=url,
                description=wanted.description,
                secrets=(hook.secrets if keeps else given) if wanted.auth_header else (),
                event_hook=replace(
                    _event_hook(hook),
                    name=wanted.name,
                    events=wanted.types,
                    auth_header=wanted.auth_header,
                    headers=wanted.headers,
                ),
            )
            return after if _channel(after) == _channel(hook) else _verified(after, verified=False)

        return self.stored.change(context, EventType.HOOK_UPDATE, identifier, changed)

    def verify(self, context: Context, identifier: str) -> Hook:
        """Have the endpoint of an event hook prove that it expects the posts; from then on it hears of its events.

        Of what was logged before, it hears from where it stopped, or from its creation.

        Raises:
            NotFound: there is no event hook of that id.
            NotVerified: the endpoint did not prove it.
            Conflict: its channel was changed meanwhile.
            Unavailable: nothing was changed.
        """
        asked = self.find(context.organization, identifier)
        problem = self._proof_problem(asked, context.now)
        if problem:
            raise NotVerified(_event_hook(asked).name, problem)

        def verified(hook: Hook) -> Hook:
            if _channel(hook) != _channel(asked):
                raise Conflict("the event hook was changed while it was verified")
            return _verified(hook, verified=True)

        return self.stored.change(context, EventType.HOOK_UPDATE, identifier, verified)

    def enable(self, context: Context, identifier: str, *, enabled: bool) -> Hook:
        """Enable or disable an event hook. One that is enabled goes on where it stopped.

        Raises:
            NotFound: there is no event hook of that id.
            Unavailable: nothing was changed.
        """
        self.find(context.organization, identifier)
        return self.stored.change(
            context, EventType.HOOK_UPDATE, identifier, lambda hook: hook.switched(enabled=enabled)
        )

    def remove(self, context: Context, identifier: str) -> None:
        """Remove an event hook that is disabled, with its secret.

        Raises:
            NotFound: there is no event hook of that id.
            Conflict: it is enabled.
        """
        if self.find(context.organization, identifier).enabled:
            raise Conflict("an active event hook cannot be deleted; deactivate it first")
        self.stored.remove(context, identifier)

    def _proof_problem(self, hook: Hook, now: Millis) -> str:
        """Why the endpoint of an event hook has not proved that it expects posts; "" where it has."""
        opened, challenge = unsealed(self.opener, hook, now), new_challenge()
        answer = challenged(self.poster, hook.url, _event_hook(hook), opened, challenge)
        if is_worth_repeating(answer):
            answer = challenged(self.poster, hook.url, _event_hook(hook), opened, challenge)
        return proof_problem(answer, challenge)

    def _checked_url(self, wanted: WantedEventHook) -> str:
        check_web_url(self.poster, wanted.url, field="channel.config.uri")
        return wanted.url

    def _sealed(self, context: Context, wanted: WantedEventHook) -> tuple[Secret, ...]:
        if not wanted.auth_header or wanted.auth_value is None:
            return ()
        return (sealed(self.vault, wanted.auth_value, context.organization.id),)

    def _is_secret(self, hook: Hook, value: str) -> bool:
        """Whether a value is the secret that an event hook has already."""
        stored = unsealed(self.opener, hook, hook.updated)
        return bool(stored) and secrets.compare_digest(stored[0], value)


def _event_hook(hook: Hook) -> EventHook:
    if hook.event_hook is None:
        raise AssertionError("not an event hook")
    return hook.event_hook


def _verified(hook: Hook, *, verified: bool) -> Hook:
    return replace(hook, event_hook=replace(_event_hook(hook), verified=verified))


def _channel(hook: Hook) -> tuple[object, ...]:
    """What an event hook sends, and to where; what its endpoint has proved is about this."""
    found = _event_hook(hook)
    return hook.url, found.headers, found.auth_header, hook.secrets


def _same_receiver(hook: Hook, url: str, auth_header: str) -> bool:
    """Whether the stored secret is one of this URL and header."""
    return hook.url == url and _event_hook(hook).auth_header == auth_header and bool(hook.secrets)

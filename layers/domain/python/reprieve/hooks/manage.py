"""Setting hooks, trying them, and having them hear of changes again."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis, hours, timestamp
from reprieve.errors import Conflict, InvalidInput, NotFound, Unavailable
from reprieve.hooks import signature
from reprieve.hooks.event_hook import (
    CHALLENGE_HEADER,
    SECONDS,
    EventHook,
    NotVerified,
    request_headers,
)
from reprieve.hooks.forms import Message, is_worth_repeating, posted, proof_problem
from reprieve.hooks.hook import KEEP_HOURS, MAX_KEEP_HOURS, PLACES, Form, Hook, Progress, Secret, Stretch
from reprieve.hooks.log_entries import hook_changed
from reprieve.hooks.notice import Notice, NoticeType
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LOG_RETENTION, position

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.ports import KeyOpener, KeyVault
    from reprieve.context import Context
    from reprieve.hooks.event_hook import WantedEventHook
    from reprieve.hooks.hook import Changes, Delivery
    from reprieve.hooks.ports import Answer, HookPoster, HookStore
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: how often a change is tried again because another one got in the way
ROUNDS: Final = 5
#: characters that ids of event hooks are made of, and how many there are after the prefix, as Okta has them
ID_CHARACTERS: Final = string.ascii_letters + string.digits
ID_LENGTH: Final = 17


@dataclass(frozen=True, slots=True)
class Hooks:
    """The verbs for hooks.

    Attributes:
        vault: seals secrets.
        opener: unseals them.
        poster: posts to a URL that a user chose.
    """

    hooks: HookStore
    vault: KeyVault
    opener: KeyOpener
    poster: HookPoster
    log: EventLog

    def all(self, organization: Organization) -> list[Hook]:
        """An organization's hooks, oldest first."""
        return sorted(self.hooks.hooks(organization), key=lambda one: (one.created, one.id))

    def find(self, organization: Organization, identifier: str) -> Hook:
        """One hook.

        Raises:
            NotFound: the organization has none of that id.
        """
        for one in self.hooks.hooks(organization):
            if one.id == identifier:
                return one
        raise NotFound("hook", "of that id")

    def add(self, context: Context, wanted: Changes) -> tuple[Hook, str]:
        """Add a hook; it hears of what happens from now on.

        Args:
            context: who asks.
            wanted: its settings; the URL is needed.

        Returns:
            The hook, and its secret, which is never shown again.

        Raises:
            InvalidInput: a setting cannot be.
            Conflict: another hook has the URL, or there are `MAX_HOOKS`.
            Unavailable: nothing was changed.
        """
        wanted.check()
        identifier, secret = f"hook-{secrets.token_hex(8)}", _new_secret()
        sealed = self.vault.seal(secret, secret_context(context.organization.id))

        def made(known: list[Hook], place: int) -> Hook:
            return Hook(
                organization_id=context.organization.id,
                id=identifier,
                place=place,
                url=self._free_url(wanted.url or "", known, identifier),
                description=wanted.description or "",
                types=wanted.types or frozenset(),
                enabled=wanted.enabled is not False,
                disabled_reason="",
                secrets=(Secret(sealed),),
                created=context.now,
                updated=context.now,
                progress=Progress(position(context.now)),
            )

        return self._add(context, Form.STANDARD, made), secret

    def add_event_hook(self, context: Context, wanted: WantedEventHook, *, base: str) -> Hook:
        """Add an event hook of Okta's form; it hears of nothing until its endpoint is verified.

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
        url, sealed = self._checked_url(wanted.url, field="channel.config.uri"), self._sealed(context, wanted)

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
                secrets=sealed,
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

        return self._add(context, Form.OKTA, made)

    def replace_event_hook(self, context: Context, identifier: str, wanted: WantedEventHook) -> Hook:
        """Replace the settings of an event hook. If its channel changes, its endpoint must be verified again.

        The secret that is stored stays if none is given, but only for the same URL and header: it must not become
        known to another endpoint.

        Raises:
            NotFound: there is no event hook of that id.
            InvalidInput, Unavailable: as of `add_event_hook`.
        """
        wanted.check()
        url = self._checked_url(wanted.url, field="channel.config.uri")
        self.find_event_hook(context.organization, identifier)
        sealed = self._sealed(context, wanted)

        def changed(hook: Hook) -> Hook:
            before = _event_hook(hook)
            keeps = wanted.auth_value is None or self._is_secret(hook, wanted.auth_value)
            if wanted.auth_value is None and wanted.auth_header and not _same_receiver(hook, url, wanted.auth_header):
                raise InvalidInput("needed again for another URI or header", field="channel.config.authScheme.value")
            after = replace(
                hook,
                url=url,
                description=wanted.description,
                secrets=(hook.secrets if keeps else sealed) if wanted.auth_header else (),
                event_hook=replace(
                    before,
                    name=wanted.name,
                    events=wanted.types,
                    auth_header=wanted.auth_header,
                    headers=wanted.headers,
                ),
            )
            return after if _channel(after) == _channel(hook) else _unverified(after)

        return self._change(context, EventType.HOOK_UPDATE, identifier, changed)

    def verify(self, context: Context, identifier: str) -> Hook:
        """Have the endpoint of an event hook prove that it expects the posts; from then on it hears of its events.

        Of what was logged before, it hears from where it stopped, or from its creation.

        Raises:
            NotFound: there is no event hook of that id.
            NotVerified: the endpoint did not prove it.
            Conflict: its channel was changed meanwhile.
            Unavailable: nothing was changed.
        """
        asked = self.find_event_hook(context.organization, identifier)
        problem = self._proof_problem(asked, context.now)
        if problem:
            raise NotVerified(_event_hook(asked).name, problem)

        def verified(hook: Hook) -> Hook:
            if _channel(hook) != _channel(asked):
                raise Conflict("the event hook was changed while it was verified")
            return replace(hook, event_hook=replace(_event_hook(hook), verified=True))

        return self._change(context, EventType.HOOK_UPDATE, identifier, verified)

    def event_hooks(self, organization: Organization) -> list[Hook]:
        """An organization's event hooks, oldest first."""
        return [one for one in self.all(organization) if one.event_hook]

    def find_event_hook(self, organization: Organization, identifier: str) -> Hook:
        """One event hook.

        Raises:
            NotFound: the organization has none of that id.
        """
        hook = self.find(organization, identifier)
        if hook.event_hook is None:
            raise NotFound("hook", "of that id")
        return hook

    def enable_event_hook(self, context: Context, identifier: str, *, enabled: bool) -> Hook:
        """Enable or disable an event hook. One that is enabled goes on where it stopped.

        Raises:
            NotFound: there is no event hook of that id.
            Unavailable: nothing was changed.
        """
        self.find_event_hook(context.organization, identifier)
        return self._change(context, EventType.HOOK_UPDATE, identifier, lambda hook: _enabled(hook, enabled=enabled))

    def remove_event_hook(self, context: Context, identifier: str) -> None:
        """Remove an event hook that is disabled, with its secret.

        Raises:
            NotFound: there is no event hook of that id.
            Conflict: it is enabled.
        """
        if self.find_event_hook(context.organization, identifier).enabled:
            raise Conflict("an active event hook cannot be deleted; deactivate it first")
        self.remove(context, identifier)

    def change(self, context: Context, identifier: str, wanted: Changes) -> Hook:
        """Change what is given of a hook. One that is enabled goes on where it stopped.

        Raises:
            NotFound: there is none of that id.
            InvalidInput: as of `add`, or an event hook has this set by Okta's API.
            Conflict, Unavailable: as of `add`.
        """
        wanted.check()

        def changed(hook: Hook) -> Hook:
            if hook.event_hook and (wanted.url is not None or wanted.types is not None):
                field = "types" if wanted.url is None else "url"
                raise InvalidInput("an event hook's is set by Okta's API", field=field)
            known = self.hooks.hooks(context.organization)
            enabled = hook.enabled if wanted.enabled is None else wanted.enabled
            return replace(
                _enabled(hook, enabled=enabled),
                url=hook.url if wanted.url is None else self._free_url(wanted.url, known, identifier),
                description=hook.description if wanted.description is None else wanted.description,
                types=hook.types if wanted.types is None else wanted.types,
            )

        return self._change(context, EventType.HOOK_UPDATE, identifier, changed)

    def remove(self, context: Context, identifier: str) -> None:
        """Remove a hook with its secrets.

        Raises:
            NotFound: there is none of that id.
        """
        hook = self.find(context.organization, identifier)
        if not self.hooks.remove(hook):
            raise NotFound("hook", "of that id")
        self.log.append(context.organization, [hook_changed(EventType.HOOK_DELETE, hook, context=context)])

    def rotate(self, context: Context, identifier: str, *, keep_hours: int = KEEP_HOURS) -> tuple[Hook, str]:
        """Give a hook a new secret; the one before it signs as well for a while, and an older one no more.

        Args:
            context: who asks.
            identifier: of the hook.
            keep_hours: how long the secret before it still signs, 0 to `MAX_KEEP_HOURS`.

        Returns:
            The hook, and its new secret, which is never shown again.

        Raises:
            NotFound: there is none of that id.
            InvalidInput: `keep_hours` is out of range.
            Conflict: it is an event hook, whose secret its owner chose.
            Unavailable: nothing was changed.
        """
        if not 0 <= keep_hours <= MAX_KEEP_HOURS:
            raise InvalidInput(f"0 to {MAX_KEEP_HOURS} hours", field="keep_hours")
        if self.find(context.organization, identifier).event_hook:
            raise Conflict("an event hook's secret is set by Okta's API")
        secret = _new_secret()
        sealed = self.vault.seal(secret, secret_context(context.organization.id))

        def rotated(hook: Hook) -> Hook:
            before = replace(hook.secrets[0], until=Millis(context.now + hours(keep_hours)))
            return replace(hook, secrets=(Secret(sealed), before)[: 2 if keep_hours else 1])

        return self._change(context, EventType.HOOK_ROTATE, identifier, rotated), secret

    def test(self, context: Context, identifier: str) -> Answer:
        """Post a notice that reports no change, signed like any other, whether the hook is enabled or not.

        An event hook is sent the request by which its endpoint is verified instead; what comes of it is not kept.

        Returns:
            The answer, whatever it is.

        Raises:
            NotFound: there is none of that id.
            Unavailable: a secret could not be unsealed.
        """
        hook = self.find(context.organization, identifier)
        if hook.event_hook:
            return self._challenged(hook, _new_challenge(), context.now)
        notice = Notice(context.request_id, NoticeType.TEST, timestamp(context.now), {"hook": hook.id})
        opened = unsealed(self.opener, hook, context.now)
        return posted(self.poster, hook, Message(notice.id, notice.type, notice.body), opened, now=context.now)

    def deliveries(
        self, organization: Organization, identifier: str, *, after: str | None, limit: int
    ) -> tuple[list[Delivery], str | None]:
        """Up to `limit` posts of the last 30 days, newest first, and the position to continue after; None for no more.

        Raises:
            NotFound: there is no hook of that id.
        """
        self.find(organization, identifier)
        return self.hooks.deliveries(organization, identifier, after=after, limit=limit)

    def replay(self, context: Context, identifier: str, *, since: Millis, until: Millis | None = None) -> Hook:
        """Have a hook hear again of what was logged in a period; each notice keeps its id.

        Args:
            context: who asks.
            identifier: of the hook.
            since: the beginning, in milliseconds; at most 90 days back.
            until: the end, exclusive; None for now.

        Raises:
            NotFound: there is none of that id.
            InvalidInput: there is no such period.
            Conflict: another replay is under way.
            Unavailable: nothing was changed.
        """
        ends = context.now if until is None else min(until, context.now)
        if not context.now - LOG_RETENTION <= since:
            raise InvalidInput("the system log is kept for 90 days", field="since")
        if since >= ends:
            raise InvalidInput("must be before the end, and in the past", field="since")
        stretch = Stretch(position(since), position(Millis(ends)))
        for _ in range(ROUNDS):
            hook = self.find(context.organization, identifier)
            if hook.progress.replay:
                raise Conflict("a replay of this hook is under way")
            after = replace(hook, progress=replace(hook.progress, replay=stretch), turn=hook.turn + 1)
            if self.hooks.start_replay(hook, after):
                self.log.append(context.organization, [hook_changed(EventType.HOOK_REPLAY, after, context=context)])
                return after
        raise Unavailable("deliveries of the hook kept getting in the way")

    def _change(self, context: Context, event_type: EventType, identifier: str, change: Callable[[Hook], Hook]) -> Hook:
        for _ in range(ROUNDS):
            before = self.find(context.organization, identifier)
            after = change(before)
            if after == before:
                return before
            after = replace(after, updated=context.now, version=before.version + 1)
            if self.hooks.change(before, after):
                self.log.append(context.organization, [hook_changed(event_type, after, context=context)])
                return after
        raise Unavailable("other changes of the hook kept getting in the way")

    def _add(self, context: Context, form: Form, made: Callable[[list[Hook], int], Hook]) -> Hook:
        """Add a hook that is made of those that are known, at a place that is free for its form."""
        for _ in range(ROUNDS):
            known = self.hooks.hooks(context.organization)
            free = sorted(set(PLACES[form]) - {one.place for one in known})
            if not free:
                kind = "event hooks" if form is Form.OKTA else "hooks"
                raise Conflict(f"an organization has at most {len(PLACES[form])} {kind}")
            hook = made(known, free[0])
            if self.hooks.add(hook):
                self.log.append(context.organization, [hook_changed(EventType.HOOK_CREATE, hook, context=context)])
                return hook
        raise Unavailable("other changes of the hooks kept getting in the way")

    def _proof_problem(self, hook: Hook, now: Millis) -> str:
        """Why the endpoint of an event hook has not proved that it expects posts; "" where it has."""
        challenge = _new_challenge()
        answer = self._challenged(hook, challenge, now)
        if is_worth_repeating(answer):
            answer = self._challenged(hook, challenge, now)
        return proof_problem(answer, challenge)

    def _challenged(self, hook: Hook, challenge: str, now: Millis) -> Answer:
        headers = request_headers(_event_hook(hook), unsealed(self.opener, hook, now))
        return self.poster.get(hook.url, {**headers, CHALLENGE_HEADER: challenge}, seconds=SECONDS)

    def _sealed(self, context: Context, wanted: WantedEventHook) -> tuple[Secret, ...]:
        if not wanted.auth_header or wanted.auth_value is None:
            return ()
        return (Secret(self.vault.seal(wanted.auth_value, secret_context(context.organization.id))),)

    def _is_secret(self, hook: Hook, value: str) -> bool:
        """Whether a value is the secret that an event hook has already."""
        stored = unsealed(self.opener, hook, hook.updated)
        return bool(stored) and secrets.compare_digest(stored[0], value)

    def _free_url(self, url: str, known: list[Hook], identifier: str) -> str:
        checked = self._checked_url(url)
        if any(one.url == url and one.id != identifier and not one.event_hook for one in known):
            raise Conflict("another hook has this URL")
        return checked

    def _checked_url(self, url: str, *, field: str = "url") -> str:
        if not self.poster.may_post(url):
            raise InvalidInput("must be a plain https URL", field=field)
        return url


def secret_context(organization_id: str) -> dict[str, str]:
    """The encryption context of a hook's secret: it cannot be unsealed for another organization or purpose."""
    return {"organization": organization_id, "purpose": "hook"}


def unsealed(opener: KeyOpener, hook: Hook, now: Millis) -> list[str]:
    """The secrets that sign at a moment.

    Raises:
        Unavailable: one could not be unsealed.
    """
    return [opener.unseal(one.sealed, secret_context(hook.organization_id)) for one in hook.signing(now)]


def _enabled(hook: Hook, *, enabled: bool) -> Hook:
    return replace(hook, enabled=enabled, disabled_reason="" if enabled else hook.disabled_reason)


def _event_hook(hook: Hook) -> EventHook:
    if hook.event_hook is None:
        raise AssertionError("not an event hook")
    return hook.event_hook


def _unverified(hook: Hook) -> Hook:
    return replace(hook, event_hook=replace(_event_hook(hook), verified=False))


def _channel(hook: Hook) -> tuple[object, ...]:
    """What an event hook sends, and to where; what its endpoint has proved is about this."""
    found = _event_hook(hook)
    return hook.url, found.headers, found.auth_header, hook.secrets


def _same_receiver(hook: Hook, url: str, auth_header: str) -> bool:
    """Whether the stored secret is one of this URL and header."""
    return hook.url == url and _event_hook(hook).auth_header == auth_header and bool(hook.secrets)


def _new_challenge() -> str:
    return secrets.token_urlsafe(30)


def _new_secret() -> str:
    return signature.spelled(secrets.token_bytes(signature.SECRET_BYTES))

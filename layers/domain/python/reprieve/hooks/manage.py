"""Setting hooks, trying them, and having them hear of changes again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis, hours, timestamp
from reprieve.errors import Conflict, InvalidInput
from reprieve.hooks import signature
from reprieve.hooks.event_bus import VERIFIED_BY_AWS
from reprieve.hooks.forms import check_url, notice_message, posted
from reprieve.hooks.hook import KEEP_HOURS, MAX_KEEP_HOURS, Form, Hook, Progress, Stretch, form_of
from reprieve.hooks.notice import Notice, NoticeType
from reprieve.hooks.sealed import sealed, unsealed
from reprieve.hooks.verification import challenged, new_challenge
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LOG_RETENTION, position

if TYPE_CHECKING:
    from reprieve.access.ports import KeyOpener, KeyVault
    from reprieve.context import Context
    from reprieve.hooks.forms import Posters
    from reprieve.hooks.hook import Changes, Delivery
    from reprieve.hooks.ports import Answer
    from reprieve.hooks.stored import StoredHooks
    from reprieve.organization import Organization

#: forms whose secrets are not rotated here, and why
WITHOUT_ROTATION: Final = {
    Form.OKTA: "an event hook's secret is set by Okta's API",
    Form.BUS: VERIFIED_BY_AWS,
}


@dataclass(frozen=True, slots=True)
class Hooks:
    """The verbs for hooks: those of every form, and those that set a hook of ours.

    Attributes:
        stored: the hooks.
        vault: seals secrets.
        opener: unseals them.
        posters: post to hooks.
    """

    stored: StoredHooks
    vault: KeyVault
    opener: KeyOpener
    posters: Posters

    def all(self, organization: Organization) -> list[Hook]:
        """An organization's hooks, oldest first."""
        return self.stored.all(organization)

    def find(self, organization: Organization, identifier: str) -> Hook:
        """One hook.

        Raises:
            NotFound: the organization has none of that id.
        """
        return self.stored.find(organization, identifier)

    def add(self, context: Context, wanted: Changes) -> tuple[Hook, str | None]:
        """Add a hook; it hears of what happens from now on.

        Args:
            context: who asks.
            wanted: its settings; the URL is needed: that of a server, or the ARN of the deployment's event bus.

        Returns:
            The hook, and its secret, which is never shown again; an event bus has none.

        Raises:
            InvalidInput: a setting cannot be.
            Conflict: another hook has the URL, or there are `MAX_HOOKS`.
            Unavailable: nothing was changed.
        """
        wanted.check()
        url, identifier = wanted.url or "", f"hook-{secrets.token_hex(8)}"
        form = form_of(url)
        secret = None if form is Form.BUS else _new_secret()
        given = (sealed(self.vault, secret, context.organization.id),) if secret else ()

        def made(known: list[Hook], place: int) -> Hook:
            return Hook(
                organization_id=context.organization.id,
                id=identifier,
                place=place,
                url=self._free_url(url, known, identifier),
                description=wanted.description or "",
                types=wanted.types or frozenset(),
                enabled=wanted.enabled is not False,
                disabled_reason="",
                secrets=given,
                created=context.now,
                updated=context.now,
                progress=Progress(position(context.now)),
            )

        return self.stored.add(context, form, made), secret

    def change(self, context: Context, identifier: str, wanted: Changes) -> Hook:
        """Change what is given of a hook. One that is enabled goes on where it stopped.

        Raises:
            NotFound: there is none of that id.
            InvalidInput: as of `add`, or an event hook has this set by Okta's API, or the URL is of another form.
            Conflict, Unavailable: as of `add`.
        """
        wanted.check()

        def changed(hook: Hook) -> Hook:
            if hook.event_hook and (wanted.url is not None or wanted.types is not None):
                field = "types" if wanted.url is None else "url"
                raise InvalidInput("an event hook's is set by Okta's API", field=field)
            if wanted.url is not None and form_of(wanted.url) is not hook.form:
                raise InvalidInput("a hook keeps its form; add another one", field="url")
            known = self.stored.all(context.organization)
            enabled = hook.enabled if wanted.enabled is None else wanted.enabled
            return replace(
                hook.switched(enabled=enabled),
                url=hook.url if wanted.url is None else self._free_url(wanted.url, known, identifier),
                description=hook.description if wanted.description is None else wanted.description,
                types=hook.types if wanted.types is None else wanted.types,
            )

        return self.stored.change(context, EventType.HOOK_UPDATE, identifier, changed)

    def remove(self, context: Context, identifier: str) -> None:
        """Remove a hook with its secrets.

        Raises:
            NotFound: there is none of that id.
        """
        self.stored.remove(context, identifier)

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
            Conflict: it is an event hook, whose secret its owner chose, or an event bus, which has none.
            Unavailable: nothing was changed.
        """
        if not 0 <= keep_hours <= MAX_KEEP_HOURS:
            raise InvalidInput(f"0 to {MAX_KEEP_HOURS} hours", field="keep_hours")
        if reason := WITHOUT_ROTATION.get(self.find(context.organization, identifier).form):
            raise Conflict(reason)
        secret = _new_secret()
        newest = sealed(self.vault, secret, context.organization.id)

        def rotated(hook: Hook) -> Hook:
            before = replace(hook.secrets[0], until=Millis(context.now + hours(keep_hours)))
            return replace(hook, secrets=(newest, before)[: 2 if keep_hours else 1])

        return self.stored.change(context, EventType.HOOK_ROTATE, identifier, rotated), secret

    def test(self, context: Context, identifier: str) -> Answer:
        """Post a notice that reports no change, like any other, whether the hook is enabled or not.

        An event hook is sent the request by which its endpoint is verified instead; what comes of it is not kept.

        Returns:
            The answer, whatever it is.

        Raises:
            NotFound: there is none of that id.
            Unavailable: a secret could not be unsealed.
        """
        hook = self.find(context.organization, identifier)
        opened = unsealed(self.opener, hook, context.now)
        if hook.event_hook:
            return challenged(self.posters.web, hook.url, hook.event_hook, opened, new_challenge())
        notice = Notice(context.request_id, NoticeType.TEST, timestamp(context.now), {"hook": hook.id})
        return posted(self.posters, hook, notice_message(notice), opened, now=context.now)

    def deliveries(
        self, organization: Organization, identifier: str, *, after: str | None, limit: int
    ) -> tuple[list[Delivery], str | None]:
        """Up to `limit` posts of the last 30 days, newest first, and the position to continue after; None for no more.

        Raises:
            NotFound: there is no hook of that id.
        """
        return self.stored.deliveries(organization, identifier, after=after, limit=limit)

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
        return self.stored.start_replay(context, identifier, Stretch(position(since), position(Millis(ends))))

    def _free_url(self, url: str, known: list[Hook], identifier: str) -> str:
        check_url(self.posters, url)
        if any(one.url == url and one.id != identifier and not one.event_hook for one in known):
            raise Conflict("another hook has this URL")
        return url


def _new_secret() -> str:
    return signature.spelled(secrets.token_bytes(signature.SECRET_BYTES))

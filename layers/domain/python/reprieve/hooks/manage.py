"""Setting hooks, trying them, and having them hear of changes again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.clock import Millis, hours, timestamp, to_seconds
from reprieve.errors import Conflict, InvalidInput, NotFound, Unavailable
from reprieve.hooks import signature
from reprieve.hooks.hook import KEEP_HOURS, MAX_HOOKS, MAX_KEEP_HOURS, Hook, Progress, Secret, Stretch
from reprieve.hooks.log_entries import hook_changed
from reprieve.hooks.notice import Notice, NoticeType
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import LOG_RETENTION, position

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.access.ports import KeyOpener, KeyVault
    from reprieve.context import Context
    from reprieve.hooks.hook import Changes, Delivery
    from reprieve.hooks.ports import Answer, HookPoster, HookStore
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: how often a change is tried again because another one got in the way
ROUNDS: Final = 5


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
        for _ in range(ROUNDS):
            known = self.hooks.hooks(context.organization)
            free = sorted(set(range(MAX_HOOKS)) - {one.place for one in known})
            if not free:
                raise Conflict(f"an organization has at most {MAX_HOOKS} hooks")
            hook = Hook(
                organization_id=context.organization.id,
                id=identifier,
                place=free[0],
                url=self._checked_url(wanted.url or "", known, identifier),
                description=wanted.description or "",
                types=wanted.types or frozenset(),
                enabled=wanted.enabled is not False,
                disabled_reason="",
                secrets=(Secret(sealed),),
                created=context.now,
                updated=context.now,
                progress=Progress(position(context.now)),
            )
            if self.hooks.add(hook):
                self.log.append(context.organization, [hook_changed(EventType.HOOK_CREATE, hook, context=context)])
                return hook, secret
        raise Unavailable("other changes of the hooks kept getting in the way")

    def change(self, context: Context, identifier: str, wanted: Changes) -> Hook:
        """Change what is given of a hook. One that is enabled goes on where it stopped.

        Raises:
            NotFound: there is none of that id.
            InvalidInput, Conflict, Unavailable: as of `add`.
        """
        wanted.check()

        def changed(hook: Hook) -> Hook:
            known = self.hooks.hooks(context.organization)
            enabled = hook.enabled if wanted.enabled is None else wanted.enabled
            return replace(
                hook,
                url=hook.url if wanted.url is None else self._checked_url(wanted.url, known, identifier),
                description=hook.description if wanted.description is None else wanted.description,
                types=hook.types if wanted.types is None else wanted.types,
                enabled=enabled,
                disabled_reason="" if enabled else hook.disabled_reason,
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
            Unavailable: nothing was changed.
        """
        if not 0 <= keep_hours <= MAX_KEEP_HOURS:
            raise InvalidInput(f"0 to {MAX_KEEP_HOURS} hours", field="keep_hours")
        self.find(context.organization, identifier)
        secret = _new_secret()
        sealed = self.vault.seal(secret, secret_context(context.organization.id))

        def rotated(hook: Hook) -> Hook:
            before = replace(hook.secrets[0], until=Millis(context.now + hours(keep_hours)))
            return replace(hook, secrets=(Secret(sealed), before)[: 2 if keep_hours else 1])

        return self._change(context, EventType.HOOK_ROTATE, identifier, rotated), secret

    def test(self, context: Context, identifier: str) -> Answer:
        """Post a notice that reports no change, signed like any other, whether the hook is enabled or not.

        Returns:
            The answer, whatever it is.

        Raises:
            NotFound: there is none of that id.
            Unavailable: a secret could not be unsealed.
        """
        hook = self.find(context.organization, identifier)
        notice = Notice(context.request_id, NoticeType.TEST, timestamp(context.now), {"hook": hook.id})
        opened = unsealed(self.opener, hook, context.now)
        return posted(self.poster, hook, notice, opened, now=context.now)

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

    def _checked_url(self, url: str, known: list[Hook], identifier: str) -> str:
        if not self.poster.may_post(url):
            raise InvalidInput("must be a plain https URL", field="url")
        if any(one.url == url and one.id != identifier for one in known):
            raise Conflict("another hook has this URL")
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


def posted(poster: HookPoster, hook: Hook, notice: Notice, opened: list[str], *, now: Millis) -> Answer:
    """Post a notice to a hook, signed by its unsealed secrets."""
    signed = signature.headers(opened, identifier=notice.id, at=to_seconds(now), body=notice.body)
    return poster.post(hook.url, {"Content-Type": "application/json", **signed}, notice.body)


def _new_secret() -> str:
    return signature.spelled(secrets.token_bytes(signature.SECRET_BYTES))

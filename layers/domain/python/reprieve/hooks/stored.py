"""The stored hooks of an organization, and their changes: each is conditional, and has its entry in the system log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reprieve.errors import Conflict, NotFound, Unavailable
from reprieve.hooks.hook import PLACES, Form
from reprieve.hooks.log_entries import hook_changed
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.context import Context
    from reprieve.hooks.hook import Delivery, Hook, Stretch
    from reprieve.hooks.ports import HookStore
    from reprieve.organization import Organization
    from reprieve.system_log.ports import EventLog

#: how often a change is tried again because another one got in the way
ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class StoredHooks:
    """The hooks of every form, for the verbs of each form."""

    hooks: HookStore
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

    def deliveries(
        self, organization: Organization, identifier: str, *, after: str | None, limit: int
    ) -> tuple[list[Delivery], str | None]:
        """Up to `limit` posts of a hook, newest first, and the position to continue after; None for no more.

        Raises:
            NotFound: the organization has none of that id.
        """
        self.find(organization, identifier)
        return self.hooks.deliveries(organization, identifier, after=after, limit=limit)

    def add(self, context: Context, form: Form, made: Callable[[list[Hook], int], Hook]) -> Hook:
        """Add a hook at a place that is free for its form.

        Args:
            context: who asks.
            form: of the hook.
            made: makes it of the organization's hooks and the place; what it raises is raised.

        Raises:
            Conflict: no place is free.
            Unavailable: nothing was changed.
        """
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

    def change(self, context: Context, event_type: EventType, identifier: str, change: Callable[[Hook], Hook]) -> Hook:
        """Change the settings of a hook, unless that changes nothing.

        Args:
            context: who asks.
            event_type: of the log entry.
            identifier: of the hook.
            change: the hook as it is to be, of how it is; what it raises is raised.

        Raises:
            NotFound: there is none of that id.
            Unavailable: nothing was changed.
        """
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

    def start_replay(self, context: Context, identifier: str, stretch: Stretch) -> Hook:
        """Have a hook hear again of a part of the log.

        Raises:
            NotFound: there is none of that id.
            Conflict: another replay is under way.
            Unavailable: nothing was changed.
        """
        for _ in range(ROUNDS):
            hook = self.find(context.organization, identifier)
            if hook.progress.replay:
                raise Conflict("a replay of this hook is under way")
            after = replace(hook, progress=replace(hook.progress, replay=stretch), turn=hook.turn + 1)
            if self.hooks.start_replay(hook, after):
                self.log.append(context.organization, [hook_changed(EventType.HOOK_REPLAY, after, context=context)])
                return after
        raise Unavailable("deliveries of the hook kept getting in the way")

    def remove(self, context: Context, identifier: str) -> None:
        """Remove a hook with its secrets.

        Raises:
            NotFound: there is none of that id.
        """
        hook = self.find(context.organization, identifier)
        if not self.hooks.remove(hook):
            raise NotFound("hook", "of that id")
        self.log.append(context.organization, [hook_changed(EventType.HOOK_DELETE, hook, context=context)])

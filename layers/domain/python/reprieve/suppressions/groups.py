"""Creating, changing and deleting unsubscribe groups.

A group has the provider's id, since mails name it (`asm.group_id`). So where the provider has groups, it is asked first
and in the same request, and only then is the change stored: if storing fails, the same request finds the group there
and takes it over.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import methodcaller
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.address import fold
from reprieve.context import SYSTEM, Context
from reprieve.errors import InvalidInput, Unavailable
from reprieve.suppressions.group import Group, GroupChanges, Groups, heard_of
from reprieve.suppressions.log_entries import group_created, group_deleted, groups_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from reprieve.clock import Millis
    from reprieve.organization import Organization
    from reprieve.suppressions.ports import GroupStore, ProviderGroups
    from reprieve.system_log.ports import EventLog

#: how often a change is made again over what others have changed meanwhile
ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class UnsubscribeGroups:
    """The verbs for unsubscribe groups.

    Attributes:
        provider_for: opens the groups of one of an organization's accounts at its provider, by the account's name; None
            where there are none.
    """

    groups: GroupStore
    log: EventLog
    provider_for: Callable[[Organization, str], ProviderGroups | None]

    def create(self, context: Context, wanted: GroupChanges) -> Group:
        """Add a group, at the default account.

        Args:
            context: who asks.
            wanted: its name, and what else is given.

        Raises:
            InvalidInput: its name is taken, or the provider refused it.
            LimitExceeded: there are `group.MAX_GROUPS`.
            Unavailable: the provider or the store did not answer; ask again.
        """
        organization = context.organization
        before = self.groups.all(organization)
        before.check_new(wanted)
        with self._provider(organization) as provider:
            made = _created(provider, before, wanted) if provider else None

        def adding(groups: Groups) -> Groups:
            if made is None:
                groups.check_new(wanted)
            return groups.putting((made or Group(groups.last_id + 1, "")).changed(wanted))

        _, after = self._change(organization, adding)
        group = after.get(made.id if made else after.last_id)
        self.log.append(organization, [group_created(group, context=context)])
        return group

    def change(self, context: Context, group_id: int, changes: GroupChanges) -> Group:
        """Change what is given of a group.

        Raises:
            NotFound: it is not there.
            InvalidInput: its new name is taken, or the provider refused it.
            Conflict: the provider does not have it.
            Unavailable: the provider or the store did not answer; ask again.
        """
        organization = context.organization

        def changing(groups: Groups) -> Groups:
            group = groups.get(group_id).changed(changes)
            groups.check_name(group.name, of=group_id)
            return groups.putting(group)

        changed = changing(self.groups.all(organization)).get(group_id)
        with self._provider(organization, changed.account) as provider:
            if provider:
                provider.change(group_id, changes)
        before, after = self._change(organization, changing)
        self.log.append(organization, groups_changed(before, after, context=context))
        return after.get(group_id)

    def delete(self, context: Context, group_id: int) -> None:
        """Delete a group; those who were unsubscribed from it are so no longer, here and at the provider.

        Raises:
            NotFound: it is not there.
            Unavailable: the provider or the store did not answer; ask again.
        """
        organization = context.organization
        group = self.groups.all(organization).get(group_id)
        with self._provider(organization, group.account) as provider:
            if provider:
                provider.delete(group_id)
        self._change(organization, lambda groups: groups.without(group_id, now=context.now))
        self.log.append(organization, [group_deleted(group, context=context)])

    def hear_of(self, organization: Organization, ids: Collection[int], *, account: str, now: Millis) -> Groups:
        """Make known the groups that the events of a provider account name, and return all.

        One that is known or was deleted stays as it is.

        Args:
            organization: whose groups.
            ids: the provider's.
            account: the account's name.
            now: in milliseconds.
        """
        return self._take_over(
            Context(organization, SYSTEM, "event", now),
            lambda groups: [heard_of(one, account) for one in ids if not groups.find(one)],
        )

    def take_over(self, context: Context, found: Sequence[Group], *, account: str = DEFAULT) -> Groups:
        """Know the groups as a provider account has them, and return all; what only we hold stays."""
        theirs = [replace(one, account=account) for one in found]
        return self._take_over(context, lambda groups: [one for one in theirs if groups.find(one.id) != one])

    def sweep(self, organization: Organization, *, goes_on: Callable[[], bool]) -> None:
        """Forget the entries of deleted groups. Nothing shows them, so that it has no hurry.

        Args:
            organization: whose.
            goes_on: whether there is time for more.
        """
        for group_id in sorted(self.groups.all(organization).unswept):
            if not self.groups.forget(organization, group_id, goes_on=goes_on):
                return
            self._change(organization, methodcaller("swept", group_id))

    def _take_over(self, context: Context, news: Callable[[Groups], Sequence[Group]]) -> Groups:
        def adding(groups: Groups) -> Groups:
            for group in news(groups):
                if group.id not in groups.deleted:
                    groups = groups.putting(group)
            return groups

        before, after = self._change(context.organization, adding)
        self.log.append(context.organization, groups_changed(before, after, context=context))
        return after

    def _change(self, organization: Organization, change: Callable[[Groups], Groups]) -> tuple[Groups, Groups]:
        """Make a change of what is stored; return the groups before and after."""
        for _ in range(ROUNDS):
            before = self.groups.all(organization)
            after = change(before)
            if after == before:
                return before, before
            after = replace(after, version=before.version + 1)
            if self.groups.replace(organization, after):
                return before, after
        raise Unavailable("other changes kept getting in the way of a change of groups")

    @contextmanager
    def _provider(self, organization: Organization, account: str = DEFAULT) -> Iterator[ProviderGroups | None]:
        provider = self.provider_for(organization, account)
        try:
            yield provider
        finally:
            if provider:
                provider.close()


def _created(provider: ProviderGroups, known: Groups, wanted: GroupChanges) -> Group:
    """The group that the provider has made, or had made before an answer was lost."""
    try:
        return provider.create(wanted)
    except InvalidInput:
        there = next((one for one in provider.all() if fold(one.name) == fold(wanted.name or "")), None)
        if there is None or known.find(there.id):
            raise
        return there

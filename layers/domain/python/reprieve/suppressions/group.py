"""Unsubscribe groups: the kinds of mail that a recipient can want none of, while other mail still comes.

The groups of an organization are one value and change together, because their names differ and one of them at most is
the default. Who is unsubscribed from a group is on that group's list (`suppression.GroupList`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final

from reprieve.access.provider_account import DEFAULT
from reprieve.address import fold
from reprieve.clock import days
from reprieve.errors import InvalidInput, LimitExceeded, NotFound
from reprieve.suppressions.suppression import GroupList, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.clock import Millis
    from reprieve.suppressions.suppression import AnyList

#: SendGrid's limits: of its API reference, and of its OpenAPI document
MAX_GROUPS: Final = 200
MAX_NAME: Final = 30
MAX_DESCRIPTION: Final = 100
#: how long it is known that a group was deleted; links in older mails are as good as those of a group never heard of
MEMORY: Final = days(90)


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What a caller sets of a group; None leaves an attribute as it is.

    Attributes:
        name: 1 to MAX_NAME characters.
        description: at most MAX_DESCRIPTION characters.
        is_default: whether it is the organization's default group; no other is, then.
    """

    name: str | None = None
    description: str | None = None
    is_default: bool | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One unsubscribe group.

    Attributes:
        id: the provider's id, because mails name it; counted here where the provider has no groups.
        name: shown to recipients.
        description: shown to recipients.
        is_default: whether it is the organization's default group.
        account: the name of the provider account that has it.
    """

    id: int
    name: str
    description: str = ""
    is_default: bool = False
    account: str = DEFAULT

    @property
    def list(self) -> GroupList:
        """The list of those who are unsubscribed from it."""
        return GroupList.of(self.id)

    def changed(self, changes: GroupChanges) -> Group:
        """The group with changes."""
        return replace(self, **{name: value for name, value in asdict(changes).items() if value is not None})


@dataclass(frozen=True, slots=True)
class Groups:
    """All unsubscribe groups of an organization; every change makes a new value.

    Attributes:
        groups: by id, in this order.
        deleted: when each group was deleted, in milliseconds, by id; those of the last MEMORY.
        unswept: the ids of deleted groups whose lists still have entries.
        last_id: the greatest id that was ever used.
        version: of the stored value; 0 when nothing is stored.
    """

    groups: tuple[Group, ...] = ()
    deleted: Mapping[int, Millis] = field(default_factory=dict, hash=False)
    unswept: frozenset[int] = frozenset()
    last_id: int = 0
    version: int = 0

    @property
    def lists(self) -> tuple[GroupList, ...]:
        """The lists of all groups, in the groups' order."""
        return tuple(group.list for group in self.groups)

    def find(self, group_id: int) -> Group | None:
        """The group with an id, or None."""
        return next((group for group in self.groups if group.id == group_id), None)

    def get(self, group_id: int) -> Group:
        """The group with an id.

        Raises:
            NotFound: there is none.
        """
        if (found := self.find(group_id)) is None:
            raise NotFound("group", str(group_id))
        return found

    def list_for(self, group_id: int) -> AnyList:
        """The list that an unsubscribe from a group goes to: of a group that is not there, the global unsubscribes."""
        return SuppressionList.UNSUBSCRIBES if self.find(group_id) is None else GroupList.of(group_id)

    def check_new(self, changes: GroupChanges) -> None:
        """Refuse a group that cannot be added.

        Raises:
            InvalidInput: another group has its name.
            LimitExceeded: there are MAX_GROUPS.
        """
        if len(self.groups) >= MAX_GROUPS:
            raise LimitExceeded(f"there are {MAX_GROUPS} groups already")
        self.check_name(changes.name or "")

    def check_name(self, name: str, *, of: int = 0) -> None:
        """Refuse a name that another group than `of` has, in any letter case.

        Raises:
            InvalidInput: one has.
        """
        if any(fold(group.name) == fold(name) and group.id != of for group in self.groups):
            raise InvalidInput("another group has this name", field="name")

    def putting(self, group: Group) -> Groups:
        """With one group added, or in the place of the one with its id."""
        others = [
            replace(one, is_default=one.is_default and not group.is_default)
            for one in self.groups
            if one.id != group.id
        ]
        ordered = tuple(sorted((*others, group), key=lambda one: one.id))
        return replace(self, groups=ordered, last_id=max(self.last_id, group.id))

    def without(self, group_id: int, *, now: Millis) -> Groups:
        """Without one group; its list is empty from now on.

        Raises:
            NotFound: it is not there.
        """
        self.get(group_id)
        known = {one: at for one, at in self.deleted.items() if at > now - MEMORY or one in self.unswept}
        return replace(
            self,
            groups=tuple(group for group in self.groups if group.id != group_id),
            deleted={**known, group_id: now},
            unswept=self.unswept | {group_id},
        )

    def swept(self, group_id: int) -> Groups:
        """With the list of a deleted group emptied."""
        return replace(self, unswept=self.unswept - {group_id})


def heard_of(group_id: int, account: str) -> Group:
    """A group of which only an account's event is known: named after its id until the provider is asked."""
    return Group(group_id, f"Group {group_id}", account=account)

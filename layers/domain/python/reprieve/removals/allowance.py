"""What the help desk may lift: bounces and blocks, by name, and a limited number a day.

Complaints and unsubscribes are the recipient's own will, and an invalid address needs a correction: none of them is
for a help desk to lift. Counted is what a caller asks for, before it is done, so that the limit holds whatever fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.errors import Forbidden
from reprieve.role import Role
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from reprieve.context import Context
    from reprieve.removals.ports import LiftCounts
    from reprieve.suppressions.suppression import AnyList

#: the lists that the help desk may lift addresses from
LISTS: Final = (SuppressionList.BOUNCES, SuppressionList.BLOCKS)


def may_lift_from(role: Role, suppression_list: AnyList, *, whole: bool = False) -> bool:
    """Whether a role may lift addresses from a list by name, or everything on it."""
    return role is Role.ADMIN or (role is Role.HELP_DESK and not whole and suppression_list in LISTS)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much the caller may still lift."""

    counts: LiftCounts

    def check(self, context: Context, suppression_list: AnyList, *, whole: bool = False) -> None:
        """Whether the caller's role may lift from a list; nothing is read for it.

        Args:
            context: who asks.
            suppression_list: the list.
            whole: whether everything on it is meant.

        Raises:
            Forbidden: it may not.
        """
        if not may_lift_from(context.role, suppression_list, whole=whole):
            raise Forbidden(reason=f"the role {context.role} does not lift {'all of ' if whole else ''}this list")

    def check_rehearsal(self, context: Context, suppression_list: AnyList, number: int) -> None:
        """Whether the caller may rehearse lifts from a list; nothing is read or counted for it.

        Args:
            context: who asks.
            suppression_list: the list.
            number: how many addresses.

        Raises:
            Forbidden: the caller's role does not lift from this list, or not so many addresses in a whole day.
        """
        self.check(context, suppression_list)
        if context.role is not Role.ADMIN and number > context.organization.help_desk_lifts:
            raise _too_many(context)

    def spend(self, context: Context, suppression_list: AnyList, number: int) -> None:
        """Count addresses that the caller is about to lift from a list.

        Args:
            context: who asks.
            suppression_list: the list.
            number: how many addresses; 0 counts nothing.

        Raises:
            Forbidden: the caller's role does not lift from this list, or not that many more today; nothing was counted.
            Unavailable: they could not be counted.
        """
        self.check(context, suppression_list)
        if context.role is Role.ADMIN or not number:
            return
        most = context.organization.help_desk_lifts
        if not self.counts.add(context.organization, context.actor.id, number, most=most, now=context.now):
            raise _too_many(context)


def _too_many(context: Context) -> Forbidden:
    most = context.organization.help_desk_lifts
    return Forbidden(reason=f"the role {context.role} lifts at most {most} addresses a day")

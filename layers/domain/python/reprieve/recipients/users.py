"""The users of an organization: the people whose addresses it may lift when its membership goes by recipients.

A user is staged or active, then deactivated, then deleted. A deactivated user still belongs to the organization: its
addresses stay members and its login stays taken until it is deleted. So a deactivation, which can be a pause, does not
cost an address the right to be lifted, nor give a login away; and a bounce can be cleared before the person comes back.
"""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from reprieve.errors import NotFound
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore
    from reprieve.system_log.ports import EventLog

    #: gives a user its addresses and profile; its id, times and status are ignored
    Edit = Callable[[Recipient], Recipient]

T = TypeVar("T")

#: where a recipient's profile keeps its status; no dialect has a property of this name
STATUS: Final = "status"
#: what may be an id; anything else is not looked up, so that no key is ever made of it
IDENTIFIER: Final = re.compile(r"[0-9A-Za-z]{1,64}")
#: users that one request looks through for those whom a filter wants
MAX_EXAMINED: Final = 1_000
#: in ASCII's order, so that ids sort by the moment they were made
_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


class Status(StrEnum):
    """What state a user is in."""

    STAGED = "STAGED"
    """Created, and not activated."""
    ACTIVE = "ACTIVE"
    """In use."""
    DEPROVISIONED = "DEPROVISIONED"
    """Deactivated; only now can it be deleted."""


def anyone(_: Recipient) -> bool:
    """Include every user."""
    return True


@dataclass(frozen=True, slots=True)
class Named:
    """Users by what they can be looked up by.

    Attributes:
        ids: their ids.
        keys: the comparison keys of addresses or logins that they have.
    """

    ids: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which users to list.

    Attributes:
        includes: whether a user is to be listed.
        sparse: whether they may be few, so that more users are looked through than a page has.
        named: all of them are among these; None if any user may be one.
    """

    includes: Callable[[Recipient], bool] = anyone
    sparse: bool = False
    named: Named | None = None


@dataclass(frozen=True, slots=True)
class Users:
    """What can be done with the users of one organization, for one caller.

    Wherever a user is named, it is by id or by login; a login has an @, and an id has none.

    A change is in the log once it is done. If the log does not answer, the caller hears so although the change stands.
    """

    recipients: RecipientStore
    log: EventLog

    def create(self, context: Context, edit: Edit, *, status: Status) -> Recipient:
        """Add a user.

        Args:
            context: who asks; the user becomes the organization's.
            edit: fills in a blank user; what it raises is raised here.
            status: the state that it begins in.

        Raises:
            Conflict: another user of the organization has the login.
        """
        now = context.now
        blank = Recipient(_new_id(now), USERS, email=None, secondary_email=None, created=now, updated=now)
        user = _edited(blank, edit, status, now)
        self.recipients.add(context.organization, user)
        self._log(context, EventType.USER_CREATE, user)
        return user

    def get(self, organization: Organization, name: str) -> Recipient:
        """One user, deactivated or not.

        Raises:
            NotFound: the organization has no such user.
        """
        identifier = self._identifier(organization, name)
        return _found(self.recipients.get(organization, USERS, identifier), name)

    def page(
        self, organization: Organization, selection: Selection, *, limit: int, after: str | None
    ) -> tuple[list[Recipient], str | None]:
        """Users in order of creation.

        One query finds them among all users, at most `MAX_EXAMINED` at a time; two batch reads if the selection names
        ids or addresses (one of each hundred keys, one of each hundred users).

        Args:
            organization: whose.
            selection: which of them.
            limit: how many at most.
            after: the id behind which the page begins.

        Returns:
            The page, and the id that the next one begins behind; None on the last page. A page may be shorter than its
            limit, even empty, before the last one.
        """
        if selection.named is None:
            examined = MAX_EXAMINED if selection.sparse else limit
            users, following = self.recipients.listing(organization, USERS, limit=examined, after=after)
        else:
            found = {one for one in selection.named.ids if IDENTIFIER.fullmatch(one)}
            if selection.named.keys:
                linked = self.recipients.linked(organization, selection.named.keys)
                found |= {identifier for module, identifier in linked if module == USERS}
            rest = sorted(one for one in found if one > (after or ""))
            users = self.recipients.get_many(organization, USERS, rest[:limit])
            following = rest[limit - 1] if rest[limit:] else None
        included = [user for user in users if selection.includes(user)]
        return included[:limit], included[limit - 1].id if included[limit:] else following

    def change(self, context: Context, name: str, edit: Edit) -> Recipient:
        """Give a user other addresses or another profile; its status stays.

        Args:
            context: who asks; the user is the organization's.
            name: its id or login.
            edit: applied to the user as it is stored, again if it changes meanwhile; what it raises is raised here.

        Returns:
            The user as it is now.

        Raises:
            NotFound: the organization has no such user.
            Conflict: another user of the organization has the login.
        """
        user = self._change(context, name, lambda user: _edited(user, edit, status_of(user), context.now))
        self._log(context, EventType.USER_UPDATE, user)
        return user

    def deactivate(self, context: Context, name: str) -> None:
        """Deactivate a user; one that is deactivated already stays as it is.

        Raises:
            NotFound: the organization has no such user.
        """
        changed = False

        def next_state(user: Recipient) -> Recipient:
            nonlocal changed
            changed = status_of(user) is not Status.DEPROVISIONED
            return _deactivated(user, context.now)

        user = self._change(context, name, next_state)
        if changed:
            self._log(context, EventType.USER_DEACTIVATE, user)

    def delete(self, context: Context, name: str) -> None:
        """Deactivate a user, or, if that was done before, delete it for good.

        Raises:
            NotFound: the organization has no such user.
        """
        event_type = EventType.USER_DEACTIVATE

        def next_state(user: Recipient) -> Recipient | None:
            nonlocal event_type
            gone = status_of(user) is Status.DEPROVISIONED
            event_type = EventType.USER_DELETE if gone else EventType.USER_DEACTIVATE
            return None if gone else _deactivated(user, context.now)

        user = self._change(context, name, next_state)
        self._log(context, event_type, user)

    def _log(self, context: Context, event_type: EventType, user: Recipient) -> None:
        self.log.append(context.organization, [recipient_changed(event_type, user, context=context)])

    def _change(self, context: Context, name: str, to: Callable[[Recipient], Recipient | None]) -> Recipient:
        identifier = self._identifier(context.organization, name)
        return _found(self.recipients.change(context.organization, USERS, identifier, to), name)

    def _identifier(self, organization: Organization, name: str) -> str:
        if "@" in name:
            return _found(self.recipients.named(organization, name), name)
        return _found(name if IDENTIFIER.fullmatch(name) else None, name)


def status_of(user: Recipient) -> Status:
    """The state that a user is in; one that came by another way than `Users` is active."""
    return Status(user.profile.get(STATUS, Status.ACTIVE))


def _edited(user: Recipient, edit: Edit, status: Status, now: Millis) -> Recipient:
    wanted = edit(user)
    return replace(
        user,
        email=wanted.email,
        secondary_email=wanted.secondary_email,
        updated=now,
        profile={**wanted.profile, STATUS: status.value},
    )


def _deactivated(user: Recipient, now: Millis) -> Recipient:
    if status_of(user) is Status.DEPROVISIONED:
        return user
    return replace(user, updated=now, profile={**user.profile, STATUS: Status.DEPROVISIONED.value})


def _found(thing: T | None, name: str) -> T:
    if thing is None:
        raise NotFound("User", "of this login" if "@" in name else name)
    return thing


def _new_id(now: Millis) -> str:
    """`00u`, the time in 8 digits and 9 random ones."""
    rest, moment = int(now), ""
    for _ in range(8):
        rest, digit = divmod(rest, len(_DIGITS))
        moment = _DIGITS[digit] + moment
    return f"00u{moment}{''.join(secrets.choice(_DIGITS) for _ in range(9))}"

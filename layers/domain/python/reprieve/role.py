"""Roles: what a caller may do with what its scopes open.

A scope says which calls a credential is for; a role says how far it may go with them. It narrows what the scopes allow
and adds nothing to it. Roles are the same in every dialect.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a route asks of the caller's role."""

    LOOK_UP = "look_up"
    """To read about one address, person or removal, or the caller itself; and to rehearse a change."""
    READ = "read"
    """To read whatever is not secret."""
    LIFT = "lift"
    """To lift addresses that are named."""
    CHANGE = "change"
    """To change anything else."""


class Role(StrEnum):
    """How far a caller may go."""

    VIEWER = "viewer"
    """Reads everything but secrets, and changes nothing."""
    HELP_DESK = "help_desk"
    """Looks one address up at a time, and lifts bounces and blocks by name, a limited number a day."""
    ADMIN = "admin"
    """Does all that its scopes allow."""

    def covers(self, other: Role) -> bool:
        """Whether a caller in this role may do all that one in the other may."""
        return PERMISSIONS[other] <= PERMISSIONS[self]

    def has(self, permission: Permission) -> bool:
        """Whether a caller in this role may call a route that asks for a permission."""
        return permission in PERMISSIONS[self]


PERMISSIONS: Final = {
    Role.VIEWER: frozenset({Permission.LOOK_UP, Permission.READ}),
    Role.HELP_DESK: frozenset({Permission.LOOK_UP, Permission.LIFT}),
    Role.ADMIN: frozenset(Permission),
}

"""The page of who and what may act for an organization. No secret is on it, nor anything that is made of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reprieve.dialects.console import page
from reprieve.role import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.credential import Credential
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.dialects.exchange import Request, Response

#: what each role may do, in words
ROLES: Final[Mapping[Role, str]] = {
    Role.VIEWER: "reads everything but secrets, and changes nothing",
    Role.HELP_DESK: "looks one address up at a time, and lifts bounces and blocks, a limited number per day",
    Role.ADMIN: "does all that its scopes allow",
}


@dataclass(frozen=True, slots=True)
class Holder:
    """One credential, whether it still counts, and whether it is the viewer's."""

    credential: Credential
    valid: bool
    scopes: list[str]
    is_viewer: bool


def render(credentials: Sequence[Credential], accounts: Sequence[ProviderAccount], request: Request) -> Response:
    """The page: credentials that count first, and by name."""
    holders = [
        Holder(one, one.valid(request.now), sorted(one.scopes), is_viewer=one.id == request.context.actor.id)
        for one in credentials
    ]
    return page.render(
        "people",
        request,
        holders=sorted(holders, key=lambda one: (not one.valid, one.credential.name.casefold(), one.credential.id)),
        roles=ROLES,
        accounts=sorted(accounts, key=lambda one: one.name),
        paused={one.name: one.is_paused(request.now) for one in accounts},
    )

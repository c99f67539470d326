"""The page of who and what may act for an organization. No secret is on it, nor anything that is made of one."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from reprieve.access.client import ClientKind
from reprieve.dialects.console import credentials, page, site
from reprieve.role import Permission, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.access.client import Client
    from reprieve.access.credential import Credential
    from reprieve.access.issuer import Issuer
    from reprieve.access.provider_account import ProviderAccount
    from reprieve.access.sign_in import SignIn
    from reprieve.dialects.exchange import Request, Response

#: what each role may do, in words
ROLES: Final[Mapping[Role, str]] = {
    Role.VIEWER: "reads everything but secrets, and changes nothing",
    Role.HELP_DESK: "looks one address up at a time, and lifts bounces and blocks, a limited number per day",
    Role.ADMIN: "does all that its scopes allow",
}


#: how an OAuth client proves who it is, in words
PROOFS: Final[Mapping[ClientKind, str]] = {
    ClientKind.PRIVATE_KEY: "with its private key",
    ClientKind.SECRET: "with a secret",
    ClientKind.REFRESH: "with a secret and a refresh token",
}


@dataclass(frozen=True, slots=True)
class Everyone:
    """Who and what may act for an organization.

    Attributes:
        sign_in: where its people sign in; None where they do not.
        credentials: its API tokens.
        clients: its OAuth clients.
        issuers: the outside issuers whose access tokens count.
        accounts: its accounts at providers.
    """

    sign_in: SignIn | None
    credentials: Sequence[Credential]
    clients: Sequence[Client]
    issuers: Sequence[Issuer]
    accounts: Sequence[ProviderAccount]


@dataclass(frozen=True, slots=True)
class Holder:
    """One credential, whether it still counts, and whether it is the viewer's."""

    credential: Credential
    valid: bool
    scopes: list[str]
    is_viewer: bool


def render(
    found: Everyone,
    request: Request,
    *,
    notice: str = "",
    draft: credentials.Draft | None = None,
) -> Response:
    """The page: credentials that count first, and by name.

    Args:
        found: what it shows.
        request: what it answers.
        notice: a sentence about what was done.
        draft: the form for a token as it was typed, where it was refused.
    """
    context = request.context
    own = context.actor.id if context.actor.holds_credential else None
    holders = [
        Holder(one, one.valid(request.now), sorted(one.scopes), is_viewer=one.id == own) for one in found.credentials
    ]
    return page.render(
        "people",
        request,
        status=HTTPStatus.BAD_REQUEST if draft else HTTPStatus.OK,
        notice=notice,
        draft=draft or credentials.Draft(),
        manages=page.may(request, site.MANAGE_CREDENTIALS, Permission.CHANGE),
        given_roles=list(Role),
        purposes=credentials.purposes(request),
        own_scopes=sorted(context.scopes),
        holders=sorted(holders, key=lambda one: (not one.valid, one.credential.name.casefold(), one.credential.id)),
        roles=ROLES,
        sign_in=found.sign_in,
        clients=sorted(found.clients, key=lambda one: (one.name.casefold(), one.id)),
        proofs=PROOFS,
        issuers=found.issuers,
        reads_log=page.may(request, site.READ_LOG, Permission.READ),
        accounts=sorted(found.accounts, key=lambda one: one.name),
        paused={one.name: one.is_paused(request.now) for one in found.accounts},
    )

"""Who and what may act for the organization, where its people sign in, and at which providers it has accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import people, site
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/people", scopes=site.READ_CREDENTIALS)
def everyone(request: Request) -> Response:
    """Where people sign in, credentials, OAuth clients, outside issuers and provider accounts, without any secret."""
    access, organization = wiring.access(), request.organization
    _, sign_in = wiring.sign_in_store().sign_in(organization.id)
    return people.render(
        people.Everyone(
            sign_in,
            access.credentials(organization.id),
            wiring.tokens().clients_shown(organization.id),
            wiring.trusted_issuers(organization),
            access.account_states(organization.id),
        ),
        request,
    )

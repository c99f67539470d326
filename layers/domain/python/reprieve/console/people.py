"""Who and what may act for the organization, and at which providers it has accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import people, site
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/people", scopes=site.READ_CREDENTIALS)
def everyone(request: Request) -> Response:
    """The credentials and the provider accounts, without their secrets."""
    access, organization = wiring.access(), request.organization
    return people.render(access.credentials(organization.id), access.account_states(organization.id), request)

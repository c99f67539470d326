"""How much mail arrives, and how much of it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import handler
from reprieve.dialects.console import deliverability, site
from reprieve.role import Permission
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/deliverability", scopes=site.READ_LISTS, permission=Permission.READ)
def overview(request: Request) -> Response:
    """The counts of two weeks, and the rates against the limits of providers."""
    return deliverability.render(wiring.rates().of(request.organization, now=request.now), request)

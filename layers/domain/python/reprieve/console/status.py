"""The status of an organization: what waits, what failed, and what has stopped by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import site, status
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/status", scopes=site.READ_REMOVALS)
def standing(request: Request) -> Response:
    """What can be said of the organization from what is stored, each part to those who may read it."""
    organization, following = request.organization, wiring.following()
    pending = following.waiting(organization, RemovalState.PENDING, limit=status.COUNTED, after=None)
    failed = following.waiting(organization, RemovalState.FAILED, limit=status.COUNTED, after=None)
    return status.render(
        [
            *(_accounts(request) if status.sees_accounts(request) else ()),
            *status.of_lifts(pending, failed, now=request.now),
            *(_policy(request) if status.sees_policy(request) else ()),
            *(status.of_hooks(wiring.hooks().all(organization)) if status.sees_hooks(request) else ()),
            *(status.of_servers(wiring.email_servers().all(organization)) if status.sees_servers(request) else ()),
        ],
        request,
    )


def _accounts(request: Request) -> Iterator[status.Finding]:
    return status.of_accounts(wiring.access().account_states(request.organization.id), now=request.now)


def _policy(request: Request) -> Iterator[status.Finding]:
    organization, stored = request.organization, wiring.policy_progress()
    return status.of_policy(organization, stored.progress(organization), stored.brakes(organization), now=request.now)

"""The policy: its rules in words, whether it is in force, and its dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprieve.console.edge import settings as handler
from reprieve.dialects.console import policy, site
from reprieve.policies.written import policy_of
from reprieve.runtime import wiring

if TYPE_CHECKING:
    from reprieve.dialects.exchange import Request, Response


@handler.route("GET", "/policy", scopes=site.READ_POLICY)
def rules(request: Request) -> Response:
    """The rules, and whether they are in force."""
    return policy.render(request.organization, request)


@handler.route("GET", "/policy/dry-run", scopes=site.READ_POLICY)
def rehearse(request: Request) -> Response:
    """What the rules would do with what is on the lists now."""
    organization = request.organization
    found = wiring.dry_runs().present(organization, policy_of(organization), now=request.now, most=policy.MOST)
    return policy.render(organization, request, policy.counts(found))


@handler.route("POST", "/policy/enable", scopes=site.MANAGE_POLICY)
def enable(request: Request) -> Response:
    """Have the policy that was shown lift addresses from now on."""
    policy.check_version(request)
    wiring.policies().enable(request.context, enabled=True)
    return policy.render_done()


@handler.route("POST", "/policy/disable", scopes=site.MANAGE_POLICY)
def disable(request: Request) -> Response:
    """Have the policy lift nothing more."""
    wiring.policies().enable(request.context, enabled=False)
    return policy.render_done()

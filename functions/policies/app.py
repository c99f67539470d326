"""/reprieve/policies: until when failed deliveries suppress an address, and whether it is lifted then."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, policies
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/policies", scopes=policies.READ)
def get(request: Request) -> Response:
    """The organization's policy; the default one where it has none of its own."""
    return policies.render_policy(request.organization)


@handler.route("PUT", "/policies", scopes=policies.MANAGE)
def put(request: Request) -> Response:
    """Replace the policy, and have it in force or not."""
    wanted = policies.parse_policy(request)
    changed = wiring.policies().put(request.context, wanted.policy, enabled=wanted.enabled, version=wanted.version)
    return policies.render_policy(changed)


@handler.route("DELETE", "/policies", scopes=policies.MANAGE)
def reset(request: Request) -> Response:
    """Go back to the default policy, which is not in force."""
    version = policies.parse_version(request)
    return policies.render_policy(wiring.policies().reset(request.context, version=version))

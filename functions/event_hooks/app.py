"""/v1/eventHooks (Okta): where an organization's own systems hear of what is logged, in Okta's form."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import event_hooks
from reprieve.hooks.hook import Hook
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(event_hooks.DIALECT)


@handler.route("GET", "/v1/eventHooks", scopes=event_hooks.READ)
def every(request: Request) -> Response:
    """List the event hooks."""
    return event_hooks.render_all(wiring.event_hooks().all(request.organization), request)


@handler.route("POST", "/v1/eventHooks", scopes=event_hooks.MANAGE)
def create(request: Request) -> Response:
    """Create an event hook."""
    wanted = event_hooks.parse(request)
    made = wiring.event_hooks().add(request.context, wanted, base=event_hooks.base(request))
    return event_hooks.render(made, request)


@handler.route("GET", "/v1/eventHooks/{eventHookId}", scopes=event_hooks.READ)
def get(request: Request) -> Response:
    """Show an event hook."""
    found = wiring.event_hooks().find(request.organization, event_hooks.identifier(request))
    return event_hooks.render(found, request)


@handler.route("PUT", "/v1/eventHooks/{eventHookId}", scopes=event_hooks.MANAGE)
def replace(request: Request) -> Response:
    """Replace an event hook."""
    wanted, identifier = event_hooks.parse(request), event_hooks.identifier(request)
    return event_hooks.render(wiring.event_hooks().replace(request.context, identifier, wanted), request)


@handler.route("DELETE", "/v1/eventHooks/{eventHookId}", scopes=event_hooks.MANAGE)
def delete(request: Request) -> Response:
    """Delete an event hook that is inactive."""
    wiring.event_hooks().remove(request.context, event_hooks.identifier(request))
    return event_hooks.render_removed()


@handler.route("POST", "/v1/eventHooks/{eventHookId}/lifecycle/{operation}", scopes=event_hooks.MANAGE)
def lifecycle(request: Request) -> Response:
    """Verify, activate or deactivate an event hook."""
    operations = {"verify": _verify, "activate": _activate, "deactivate": _deactivate}
    return event_hooks.render(event_hooks.operation(request, operations), request)


def _verify(request: Request) -> Hook:
    return wiring.event_hooks().verify(request.context, event_hooks.identifier(request))


def _activate(request: Request) -> Hook:
    return wiring.event_hooks().enable(request.context, event_hooks.identifier(request), enabled=True)


def _deactivate(request: Request) -> Hook:
    return wiring.event_hooks().enable(request.context, event_hooks.identifier(request), enabled=False)

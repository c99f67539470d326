"""/v1/users (Okta): the people whose addresses the organization may lift."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import recipients
from reprieve.recipients.users import Users
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(recipients.DIALECT)


@handler.route("POST", "/v1/users", scopes=recipients.MANAGE)
def create(request: Request) -> Response:
    """Add a user."""
    edit, status = recipients.parse_create(request)
    user = users().create(request.context, edit, status=status)
    return recipients.render_user(user, request)


@handler.route("GET", "/v1/users", scopes=recipients.READ)
def page(request: Request) -> Response:
    """List users, or look one up by an address."""
    asked = recipients.parse_list(request)
    found, following = users().page(request.organization, asked.selection, limit=asked.limit, after=asked.after)
    return recipients.render_list(found, following, asked, request)


@handler.route("GET", "/v1/users/me", scopes=(), permission=Permission.LOOK_UP)
def me(request: Request) -> Response:
    """Show the credential that asks, whatever its scopes."""
    return recipients.render_me(request)


@handler.route("GET", "/v1/users/{id}", scopes=recipients.READ, permission=Permission.LOOK_UP)
def get(request: Request) -> Response:
    """Show a user."""
    return recipients.render_user(users().get(request.organization, recipients.name(request)), request)


@handler.route("POST", "/v1/users/{id}", scopes=recipients.MANAGE)
def update(request: Request) -> Response:
    """Change a part of a user's profile."""
    edit = recipients.parse_update(request)
    user = users().change(request.context, recipients.name(request), edit)
    return recipients.render_user(user, request)


@handler.route("PUT", "/v1/users/{id}", scopes=recipients.MANAGE)
def put(request: Request) -> Response:
    """Replace a user's profile."""
    edit = recipients.parse_replace(request)
    user = users().change(request.context, recipients.name(request), edit)
    return recipients.render_user(user, request)


@handler.route("POST", "/v1/users/{id}/lifecycle/deactivate", scopes=recipients.MANAGE)
def deactivate(request: Request) -> Response:
    """Deactivate a user."""
    users().deactivate(request.context, recipients.name(request))
    return recipients.render_deactivated()


@handler.route("DELETE", "/v1/users/{id}", scopes=recipients.MANAGE)
def delete(request: Request) -> Response:
    """Deactivate a user; delete one that is deactivated already."""
    users().delete(request.context, recipients.name(request))
    return recipients.render_deleted()


def users() -> Users:
    """The verbs, over the stores that this process has."""
    return Users(wiring.recipients(), wiring.event_log())

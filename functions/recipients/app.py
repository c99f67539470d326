"""/v1/users (Okta): the people whose addresses the organization may lift."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import recipients as okta_users
from reprieve.recipients.users import Users
from reprieve.runtime import http, wiring

handler = http.Api(okta_users.DIALECT)


@handler.route("POST", "/v1/users", scopes=okta_users.MANAGE)
def create(request: Request) -> Response:
    """Add a user."""
    edit, status = okta_users.parse_create(request)
    user = users().create(request.context, edit, status=status)
    return okta_users.render_user(user, request)


@handler.route("GET", "/v1/users", scopes=okta_users.READ)
def page(request: Request) -> Response:
    """List users, or look one up by an address."""
    asked = okta_users.parse_list(request)
    found, following = users().page(request.organization, asked.selection, limit=asked.limit, after=asked.after)
    return okta_users.render_list(found, following, asked, request)


@handler.route("GET", "/v1/users/me")
def me(request: Request) -> Response:
    """Show the credential that asks, whatever its scopes."""
    return okta_users.render_me(request)


@handler.route("GET", "/v1/users/{id}", scopes=okta_users.READ)
def get(request: Request) -> Response:
    """Show a user."""
    return okta_users.render_user(users().get(request.organization, okta_users.name(request)), request)


@handler.route("POST", "/v1/users/{id}", scopes=okta_users.MANAGE)
def update(request: Request) -> Response:
    """Change a part of a user's profile."""
    edit = okta_users.parse_update(request)
    user = users().change(request.context, okta_users.name(request), edit)
    return okta_users.render_user(user, request)


@handler.route("PUT", "/v1/users/{id}", scopes=okta_users.MANAGE)
def put(request: Request) -> Response:
    """Replace a user's profile."""
    edit = okta_users.parse_replace(request)
    user = users().change(request.context, okta_users.name(request), edit)
    return okta_users.render_user(user, request)


@handler.route("POST", "/v1/users/{id}/lifecycle/deactivate", scopes=okta_users.MANAGE)
def deactivate(request: Request) -> Response:
    """Deactivate a user."""
    users().deactivate(request.context, okta_users.name(request))
    return okta_users.render_deactivated()


@handler.route("DELETE", "/v1/users/{id}", scopes=okta_users.MANAGE)
def delete(request: Request) -> Response:
    """Deactivate a user; delete one that is deactivated already."""
    users().delete(request.context, okta_users.name(request))
    return okta_users.render_deleted()


def users() -> Users:
    """The verbs, over the stores that this process has."""
    return Users(wiring.recipients(), wiring.event_log())

"""/v3/api_keys and /v3/scopes (SendGrid): the organization's credentials for SendGrid's API, and what they allow."""

from reprieve.access.credential import TokenForm
from reprieve.access.credentials import Credentials
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid import api_keys, dialect
from reprieve.errors import Forbidden
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


def verbs() -> Credentials:
    """The verbs for credentials, on API keys alone."""
    return wiring.credentials(api_keys.check_scopes, api_keys.is_key)


@handler.route("GET", "/api_keys", scopes=dialect.key_scopes("read"))
def every(request: Request) -> Response:
    """All keys, or the oldest of them."""
    limit, found = api_keys.parse_limit(request), wiring.access().credentials(request.organization.id)
    return api_keys.render_keys([key for key in found if api_keys.is_key(key)][:limit])


@handler.route("POST", "/api_keys", scopes=dialect.key_scopes("create"))
def create(request: Request) -> Response:
    """A new key, which may do what the request says, or all that the caller may."""
    wanted = api_keys.parse(request)
    if not verbs().has_room(request.organization):
        raise Forbidden
    scopes = wanted.scopes or api_keys.all_of(request)
    token, key = verbs().issue(request.context, name=wanted.name, scopes=scopes, form=TokenForm.SENDGRID)
    return api_keys.render_created(token, key)


@handler.route("GET", "/api_keys/{api_key_id}", scopes=dialect.key_scopes("read"))
def one(request: Request) -> Response:
    """One key."""
    return api_keys.render_key(verbs().find(request.organization, request.path["api_key_id"]))


@handler.route("PATCH", "/api_keys/{api_key_id}", scopes=dialect.key_scopes("update"))
def rename(request: Request) -> Response:
    """Change a key's name."""
    name = api_keys.parse_name(request)
    return api_keys.render_renamed(verbs().change(request.context, request.path["api_key_id"], name=name))


@handler.route("PUT", "/api_keys/{api_key_id}", scopes=dialect.key_scopes("update"))
def replace(request: Request) -> Response:
    """Change a key's name and, where the request has some, its scopes."""
    wanted = api_keys.parse(request)
    changed = verbs().change(request.context, request.path["api_key_id"], name=wanted.name, scopes=wanted.scopes)
    return api_keys.render_replaced(changed)


@handler.route("DELETE", "/api_keys/{api_key_id}", scopes=dialect.key_scopes("delete"))
def delete(request: Request) -> Response:
    """Revoke a key."""
    verbs().revoke(request.context, request.path["api_key_id"])
    return Response(204)


@handler.route("GET", "/scopes", scopes=(), permission=Permission.LOOK_UP)
def scopes(request: Request) -> Response:
    """What the caller may do; clients ask it to test a key."""
    return api_keys.render_scopes(request.context.scopes)

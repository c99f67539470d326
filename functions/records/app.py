"""/crm/{version}/{module} (Zoho): the records whose addresses can be unblocked, and who asks."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect, modules, recipients, search
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("POST", "/{version}/{module}", scopes=modules.allowing("CREATE"))
def insert(request: Request) -> Response:
    """Add records; one that cannot be read does not stop the others."""
    module = modules.module(request)
    submitted = recipients.parse_records(request, module)
    saved = wiring.records().insert(request.context, module, recipients.drafts(submitted))
    return recipients.render_saved(request, submitted, saved, upsert=False)


@handler.route("POST", "/{version}/{module}/upsert", scopes=modules.allowing("CREATE", "UPDATE"))
def upsert(request: Request) -> Response:
    """Change records that exist, and add the others."""
    module = modules.module(request)
    submitted = recipients.parse_records(request, module)
    by = recipients.parse_duplicate_check(request, module)
    saved = wiring.records().upsert(request.context, module, recipients.drafts(submitted), by=by)
    return recipients.render_saved(request, submitted, saved, upsert=True)


@handler.route("GET", "/{version}/{module}", scopes=modules.allowing("READ"))
def page(request: Request) -> Response:
    """Records by their ids, or a page of all of them."""
    module = modules.module(request)
    ids = recipients.parse_ids(request)
    if ids is not None:
        return recipients.render_records(request, wiring.records().get(request.organization, module, ids))
    limit, after = recipients.parse_page(request)
    found, following = wiring.records().page(request.organization, module, limit=limit, after=after)
    return recipients.render_records(request, found, following=following, per_page=limit)


@handler.route("GET", "/{version}/{module}/search", scopes=search.SCOPES, permission=search.permission)
def find(request: Request) -> Response:
    """Records by criteria, email, phone or word."""
    module = search.module_of(request)
    asked = search.parse(request, module)
    found, more = wiring.records().search(request.organization, module, asked)
    return search.render(request, asked, found, more=more)


@handler.route("GET", "/{version}/{module}/{record_id}", scopes=modules.allowing("READ"), permission=Permission.LOOK_UP)
def get(request: Request) -> Response:
    """One record."""
    module = modules.module(request)
    found = wiring.records().get(request.organization, module, recipients.parse_id(request))
    return recipients.render_records(request, found)


@handler.route("DELETE", "/{version}/{module}", scopes=modules.allowing("DELETE"))
@handler.route("DELETE", "/{version}/{module}/{record_id}", scopes=modules.allowing("DELETE"))
def delete(request: Request) -> Response:
    """Delete records; how often their addresses were unblocked stays."""
    module = modules.module(request)
    ids = recipients.parse_doomed(request)
    return recipients.render_deleted(ids, wiring.records().delete(request.context, module, ids))


@handler.route("GET", "/{version}/users", scopes=recipients.USERS_READ, permission=Permission.LOOK_UP)
def users(request: Request) -> Response:
    """The current user, whom the SDKs ask for when they start."""
    modules.check_version(request)
    return recipients.render_users(request)


@handler.route("GET", "/{version}/org", scopes=recipients.ORGANIZATION_READ, permission=Permission.LOOK_UP)
def organization(request: Request) -> Response:
    """The organization, which the SDKs ask for too."""
    modules.check_version(request)
    return recipients.render_organization(request)

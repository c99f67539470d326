"""/crm/{version}/{module} (Zoho): the records whose addresses can be unblocked, and who asks."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.zoho import dialect as zoho
from reprieve.dialects.zoho import recipients as zoho_records
from reprieve.dialects.zoho import search as zoho_search
from reprieve.runtime import http, wiring

handler = http.Api(zoho.DIALECT)


@handler.route("POST", "/{version}/{module}")
def insert(request: Request) -> Response:
    """Add records; those that cannot be read hinder nobody."""
    module = zoho.module(request, "CREATE")
    submitted = zoho_records.parse_records(request, module)
    saved = wiring.records().insert(request.context, module, zoho_records.drafts(submitted))
    return zoho_records.render_saved(request, submitted, saved, upsert=False)


@handler.route("POST", "/{version}/{module}/upsert")
def upsert(request: Request) -> Response:
    """Change records that are there, and add the others."""
    module = zoho.module(request, "CREATE", "UPDATE")
    submitted = zoho_records.parse_records(request, module)
    by = zoho_records.parse_duplicate_check(request, module)
    saved = wiring.records().upsert(request.context, module, zoho_records.drafts(submitted), by=by)
    return zoho_records.render_saved(request, submitted, saved, upsert=True)


@handler.route("GET", "/{version}/{module}")
def page(request: Request) -> Response:
    """Records by their ids, or a page of all of them."""
    module = zoho.module(request, "READ")
    ids = zoho_records.parse_ids(request)
    if ids is not None:
        return zoho_records.render_records(request, wiring.records().get(request.organization, module, ids))
    limit, after = zoho_records.parse_page(request)
    found, following = wiring.records().page(request.organization, module, limit=limit, after=after)
    return zoho_records.render_records(request, found, following=following, paged=True)


@handler.route("GET", "/{version}/{module}/search")
def search(request: Request) -> Response:
    """Records by criteria, email, phone or word."""
    module = zoho.module(request, "READ")
    asked = zoho_search.parse(request, module)
    found, more = wiring.records().search(request.organization, module, asked)
    return zoho_search.render(request, asked, found, more=more)


@handler.route("GET", "/{version}/{module}/{record_id}")
def get(request: Request) -> Response:
    """One record."""
    module = zoho.module(request, "READ")
    found = wiring.records().get(request.organization, module, zoho_records.parse_id(request))
    return zoho_records.render_records(request, found)


@handler.route("DELETE", "/{version}/{module}")
@handler.route("DELETE", "/{version}/{module}/{record_id}")
def delete(request: Request) -> Response:
    """Delete records; how often their addresses were unblocked stays."""
    module = zoho.module(request, "DELETE")
    ids = zoho_records.parse_doomed(request)
    return zoho_records.render_deleted(ids, wiring.records().delete(request.context, module, ids))


@handler.route("GET", "/{version}/users", scopes=zoho_records.USERS_READ)
def users(request: Request) -> Response:
    """The current user, whom the SDKs ask for when they start."""
    zoho.check_version(request)
    return zoho_records.render_users(request)


@handler.route("GET", "/{version}/org", scopes=zoho_records.ORGANIZATION_READ)
def organization(request: Request) -> Response:
    """The organization, which the SDKs ask for too."""
    zoho.check_version(request)
    return zoho_records.render_organization(request)

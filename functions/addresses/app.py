"""/reprieve/addresses, suppressions, whitelist, rates: why an address is not mailed, all lists in one, what bounces."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, rates, suppressions
from reprieve.role import Permission
from reprieve.runtime import http, wiring

handler = http.Api(dialect.DIALECT)


@handler.route("GET", "/addresses/{email+}", scopes=suppressions.READ_ADDRESSES, permission=Permission.LOOK_UP)
def explain(request: Request) -> Response:
    """Everything that is known about one address."""
    answer = wiring.addresses().explain(request.context, request.address("email"))
    return suppressions.render_explanation(answer)


@handler.route("GET", "/suppressions", scopes=suppressions.READ_SUPPRESSIONS)
def search(request: Request) -> Response:
    """A page of all lists."""
    asked, by, store = suppressions.parse_search(request), request.organization, wiring.listing()
    found, more = store.search(by, asked.wanted, after=asked.after, limit=asked.limit, now=request.now)
    total = asked.total or (None if more or asked.after else (len(found), True))
    if asked.counts and total is None:
        total = store.total(by, asked.wanted, now=request.now)
    with_terms = list(wiring.terms().of(by, found, now=request.now))
    return suppressions.render_search(with_terms, total, asked, request, more=more)


@handler.route("GET", "/whitelist", scopes=suppressions.READ_SUPPRESSIONS)
def whitelist(request: Request) -> Response:
    """The address whitelist, with its counts."""
    return suppressions.render_whitelist(wiring.whitelists().find(request.organization))


@handler.route("GET", "/rates", scopes=rates.READ)
def overview(request: Request) -> Response:
    """How much of the organization's mail bounces or is reported as spam."""
    return rates.render(wiring.rates().of(request.organization, now=request.now))

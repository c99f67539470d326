"""/reprieve/addresses, /reprieve/suppressions: why an address is not mailed, and all lists in one."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect as reprieve
from reprieve.dialects.reprieve import suppressions as wire
from reprieve.runtime import http, wiring

handler = http.Api(reprieve.DIALECT, meter=wiring.meter("reprieve"))


@handler.route("GET", "/addresses/{email+}", scopes=wire.READ_ADDRESSES)
def explain(request: Request) -> Response:
    """Everything that is known about one address."""
    answer = wiring.addresses().explain(request.context, wire.address_in(request))
    return wire.render_explanation(answer)


@handler.route("GET", "/suppressions", scopes=wire.READ_SUPPRESSIONS)
def search(request: Request) -> Response:
    """A page of all lists."""
    asked, by, store = wire.parse_search(request), request.organization, wiring.listing()
    found, more = store.search(by, asked.wanted, after=asked.after, limit=asked.limit, now=request.now)
    total = asked.total or (store.total(by, asked.wanted, now=request.now) if more else (len(found), True))
    return wire.render_search(found, total, asked, request, more=more)

"""/reprieve/addresses, /reprieve/suppressions: why an address is not mailed, and all lists in one."""

from reprieve.exchange import Request, Response
from reprieve.runtime import http, wiring
from reprieve.wire import reprieve
from reprieve.wire import reprieve_suppressions as wire

handler = http.Api(reprieve.DIALECT)


@handler.route("GET", "/addresses/{email+}", scopes=wire.READ_ADDRESSES)
def explain(request: Request) -> Response:
    """Everything that is known about one address."""
    answer = wiring.addresses().explain(request.by, wire.address_in(request), now=request.now)
    return wire.render_explanation(answer)


@handler.route("GET", "/suppressions", scopes=wire.READ_SUPPRESSIONS)
def search(request: Request) -> Response:
    """A page of all lists."""
    asked, by, store = wire.parse_search(request), request.by.organization, wiring.listing()
    found, more = store.search(by, asked.wanted, after=asked.after, limit=asked.limit, now=request.now)
    total = asked.total or (store.total(by, asked.wanted, now=request.now) if more else (len(found), True))
    return wire.render_search(found, total, more=more)

"""/reprieve/unsubscribe-links, /reprieve/unsubscribe/{token}: links that unsubscribe with one click (RFC 8058)."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, links
from reprieve.runtime import http, settings, wiring

settings.require("SECRETS_KEY")
handler = http.Api(dialect.DIALECT)
LINK = "/unsubscribe/{token}"


@handler.route("POST", "/unsubscribe-links", scopes=links.CREATE)
def make(request: Request) -> Response:
    """Make a link for each address."""
    addresses, group = links.parse_wanted(request)
    tokens = wiring.unsubscribe_links().make(request.context, addresses, group=group)
    return links.render_links(addresses, tokens, request, to="unsubscribe")


@handler.open("GET", LINK)
def ask(request: Request) -> Response:
    """The page behind a link; it changes nothing."""
    organization, link = wiring.unsubscribe_links().proved(request.path["token"])
    group = wiring.unsubscribe_links().group_of(organization, link)
    return links.render_question(link.email, organization, group)


@handler.open("POST", LINK, queues=True)
def unsubscribe(request: Request) -> Response:
    """The one click."""
    links.check_one_click(request)
    organization, link = wiring.unsubscribe_links().proved(request.path["token"])
    group = wiring.unsubscribe_links().follow(
        organization, link, request_id=request.id, now=request.now, origin=request.origin
    )
    return links.render_done(link.email, organization, group)

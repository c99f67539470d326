"""/reprieve/unsubscribe-links, /reprieve/unsubscribe/{token}: links that unsubscribe with one click (RFC 8058)."""

from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.reprieve import dialect, links
from reprieve.errors import NotFound
from reprieve.organization import Organization
from reprieve.runtime import http, settings, wiring
from reprieve.suppressions.links import ALL_MAIL, Link, claimed

settings.require("SECRETS_KEY", "REQUESTS_PER_MINUTE")
handler = http.Api(dialect.DIALECT)
LINK = "/unsubscribe/{token}"


@handler.route("POST", "/unsubscribe-links", scopes=links.CREATE)
def make(request: Request) -> Response:
    """Make a link for each address."""
    addresses, group = links.parse_wanted(request)
    tokens = wiring.unsubscribe_links().make(request.context, addresses, group=group)
    return links.render_links(addresses, tokens, request)


@handler.open("GET", LINK)
def ask(request: Request) -> Response:
    """The page behind a link; it changes nothing."""
    organization, link = proved(request)
    return links.render_question(link.email, name_of(organization, link))


@handler.open("POST", LINK)
def unsubscribe(request: Request) -> Response:
    """The one click."""
    links.check_one_click(request)
    organization, link = proved(request)
    what = name_of(organization, link)
    wiring.unsubscribe_links().follow(organization, link, request_id=request.id, now=request.now)
    return links.render_done(link.email, what)


def proved(request: Request) -> tuple[Organization, Link]:
    """What a link says; it is believed because the key of the organization that it names signed it."""
    token = request.path["token"]
    link = claimed(token)
    organization = wiring.access().organization(link.organization)
    # in any case, so that the time of the answer does not say whether the organization exists
    wiring.unsubscribe_links().check(link.organization, token)
    if organization is None:
        raise NotFound("link", "like this")
    return organization, link


def name_of(organization: Organization, link: Link) -> str:
    """What a link ends, for people."""
    group = None if link.group == ALL_MAIL else wiring.group_store().all(organization).find(link.group)
    return f"{group.name} of {organization.name}" if group else f"all mail of {organization.name}"

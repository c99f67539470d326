"""SendGrid's suppression lists: their requests and their answers.

Source: Twilio SendGrid's OpenAPI document of the suppressions, January 2026, its API reference, and what its users have
seen; docs/reference/sendgrid-api.md lists the choices where none of them says anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from reprieve.address import Address, comparison_key
from reprieve.clock import to_seconds
from reprieve.dialects import spreadsheet
from reprieve.dialects.exchange import Request, Response
from reprieve.errors import InvalidInput, LimitExceeded, MalformedAddress
from reprieve.paging import WholeNumber, unix_seconds
from reprieve.suppressions.listing import ANY_ADDRESS, Pattern, Selection
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.clock import Seconds
    from reprieve.organization import BouncePurge
    from reprieve.suppressions.suppression import AnyList, Suppression
    from reprieve.suppressions.whitelist import Whitelist

#: the largest and the default page
PAGE: Final = 500
#: addresses that one request may name
MAX_ADDRESSES: Final = 1_000
#: of a bounce purge, as SendGrid's settings have it
MAX_PURGE: Final = 3_650
LIMIT: Final = WholeNumber("limit", 1, PAGE)
#: the maximum is farther than any list reaches, and within what a store can count
OFFSET: Final = WholeNumber("offset", 0, 10**12, capped=True)
#: the value of the parameter `page` in the link to the last page: an offset that is computed when it is followed
LAST: Final = "last"

#: the members of a list's records, beyond `created` and `email`
MEMBERS: Final[Mapping[AnyList, tuple[str, ...]]] = {
    SuppressionList.BOUNCES: ("reason", "status"),
    SuppressionList.BLOCKS: ("reason", "status"),
    SuppressionList.INVALID_EMAILS: ("reason",),
    SuppressionList.SPAM_REPORTS: ("ip",),
    SuppressionList.UNSUBSCRIBES: (),
}

#: the lists whose entries can be lifted under their own path; unsubscribes are managed under another
MANAGED: Final = tuple(name for name in SuppressionList if name is not SuppressionList.UNSUBSCRIBES)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page of a list.

    Attributes:
        offset: entries to skip; None for as many as leave the last page.
        csv: whether the answer is to be CSV.
        others: the parameters that its links repeat.
    """

    list: SuppressionList
    selection: Selection
    offset: int | None
    limit: int
    csv: bool
    others: Mapping[str, str]

    def at_last_page(self, total: int) -> Asked:
        """The same request with the offset of the last page."""
        return replace(self, offset=max(0, total - 1) // self.limit * self.limit)


def list_of(request: Request) -> SuppressionList:
    """The list that a route is about."""
    return SuppressionList(request.resource.split("/")[2])


def check_address(request: Request) -> None:
    """Refuse what is not an address. Only for one that is not listed: lists hold whatever providers call addresses.

    Raises:
        MalformedAddress: the path has none.
    """
    Address.parse(request.address("email"))


def parse_list(request: Request) -> Asked:
    """The parameters of a list.

    Raises:
        InvalidInput: one of them is malformed or out of range; it is named.
    """
    name = list_of(request)
    limit = LIMIT.read(request.parameter("limit")) or PAGE
    start, end = (_second_in(request, name) for name in ("start_time", "end_time"))
    email = request.parameter("email") or ""
    given = {"start_time": start, "end_time": end, "email": email or None}
    return Asked(
        list=name,
        selection=Selection(start, end, _pattern(name, email)),
        offset=_offset(request),
        limit=limit,
        csv=spreadsheet.wanted(request),
        others={word: str(value) for word, value in given.items() if value is not None},
    )


def _second_in(request: Request, name: str) -> Seconds | None:
    return unix_seconds(name, minimum=None).read(request.parameter(name))


def _offset(request: Request) -> int | None:
    page = request.parameter("page")
    if page == LAST:
        return None
    if page is not None:
        raise InvalidInput(f"only {LAST} is known; use offset", field="page")
    return OFFSET.read(request.parameter("offset")) or 0


def _pattern(name: SuppressionList, email: str) -> Pattern:
    """A prefix with wildcards; of invalid_emails, the address itself."""
    if not email:
        return ANY_ADDRESS
    if name is SuppressionList.INVALID_EMAILS:
        return Pattern(comparison_key(email), whole=True)
    return Pattern.parse(email)


def record(suppression: Suppression) -> dict[str, Any]:
    """One record as its list shows it; `created` in whole seconds."""
    members = {name: getattr(suppression, name) for name in MEMBERS[suppression.list]}
    return {"created": to_seconds(suppression.created), "email": suppression.email, **members}


def columns(name: SuppressionList) -> list[str]:
    """The members of a list's records, in order."""
    return ["created", "email", *MEMBERS[name]]


def render_list(found: Sequence[Suppression], asked: Asked, request: Request, *, more: bool) -> Response:
    """A page of a list, as JSON or CSV, with the links to the others."""
    records = [record(suppression) for suppression in found]
    link = ("Link", ", ".join(_links(asked, request.url, more=more)))
    if asked.csv:
        text = spreadsheet.render(columns(asked.list), [list(one.values()) for one in records])
        return Response(HTTPStatus.OK, text, (link,), spreadsheet.CONTENT_TYPE)
    return Response(HTTPStatus.OK, records, (link,))


def _links(asked: Asked, url: str, *, more: bool) -> list[str]:
    """The links, in SendGrid's form.

    The offset of the last page takes a count of the list, which is made when its link is followed.
    """
    offset, limit = asked.offset or 0, asked.limit

    def link(relation: str, to: int) -> str:
        return f'{_url(asked, url, {"offset": to})}; rel="{relation}"; title="{to // limit + 1}"'

    links = [link("first", 0), link("prev", max(0, offset - limit))]
    if more:
        return [link("next", offset + limit), *links, f'{_url(asked, url, {"page": LAST})}; rel="last"']
    return [*links, link("last", offset)]


def _url(asked: Asked, url: str, place: Mapping[str, object]) -> str:
    return f"<{url}?{urlencode({**asked.others, 'limit': asked.limit, **place})}>"


def render_one(found: Suppression | None) -> Response:
    """A list of one record or none: SendGrid answers a question about one address with an array."""
    return Response(HTTPStatus.OK, [record(found)] if found else [])


def parse_delete(request: Request) -> list[str] | None:
    """The addresses that a DELETE of a list names.

    Returns:
        The addresses, at least one; None for everything, which takes an explicit `delete_all`.

    Raises:
        InvalidInput: neither or both were given, or not as they must be.
    """
    body = request.json_object()
    if "emails" in body and "delete_all" in body:
        raise InvalidInput("emails and delete_all cannot both be set")
    if "emails" in body:
        return _texts(body["emails"], "emails")
    if "delete_all" not in body:
        raise InvalidInput("emails or delete_all must be set")
    if body["delete_all"] is not True:
        raise InvalidInput("must be true; to delete some, give emails instead", field="delete_all")
    return None


def parse_unsubscribe(request: Request) -> list[Address]:
    """The addresses of a POST to the global suppressions.

    Raises:
        InvalidInput: one is not an address; nothing was changed.
    """
    body = request.json_object()
    if "recipient_emails" not in body:
        raise InvalidInput("must be set", field="recipient_emails")
    texts = _texts(body["recipient_emails"], "recipient_emails", least=0)
    try:
        return [Address.parse(text, field="recipient_emails") for text in texts]
    except MalformedAddress as error:
        raise InvalidInput(error.problem, field="recipient_emails") from None


def render_unsubscribed(addresses: Sequence[Address]) -> Response:
    """The answer to a POST to the global suppressions."""
    return Response(HTTPStatus.CREATED, {"recipient_emails": [address.spelling for address in addresses]})


def render_unsubscribe(found: Suppression | None) -> Response:
    """The answer whether one address is unsubscribed: an empty object when it is not."""
    return Response(HTTPStatus.OK, {"recipient_email": found.email} if found else {})


def render_deleted() -> Response:
    """The answer to a DELETE."""
    return Response(HTTPStatus.NO_CONTENT)


def parse_purge(request: Request) -> dict[str, bool | int | None]:
    """A PATCH of the bounce purge: what it changes, by the name of the attribute of BouncePurge.

    Raises:
        InvalidInput: a member is not what it must be.
    """
    body = request.json_object()
    changes: dict[str, bool | int | None] = {}
    if "enabled" in body:
        changes["enabled"] = _boolean(body["enabled"], "enabled")
    for member, attribute in (("soft_bounces", "soft_days"), ("hard_bounces", "hard_days")):
        if member in body:
            changes[attribute] = _days(body[member], member)
    return changes


def render_purge(purge: BouncePurge) -> Response:
    """The bounce purge's settings."""
    body = {"enabled": purge.enabled, "soft_bounces": purge.soft_days, "hard_bounces": purge.hard_days}
    return Response(HTTPStatus.OK, body)


def parse_whitelist(request: Request) -> tuple[bool | None, list[str] | None]:
    """A PATCH of the address whitelist: whether it applies, and its whole list; None for what stays.

    Raises:
        InvalidInput: a member is not what it must be.
    """
    body = request.json_object()
    enabled = _boolean(body["enabled"], "enabled") if "enabled" in body else None
    return enabled, _texts(body["list"], "list", least=0) if "list" in body else None


def render_whitelist(whitelist: Whitelist) -> Response:
    """The address whitelist's settings."""
    return Response(HTTPStatus.OK, {"enabled": whitelist.enabled, "list": list(whitelist.entries.values())})


def _boolean(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput("must be true or false", field=field)
    return value


def _days(days: object, field: str) -> int | None:
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MAX_PURGE:
        raise InvalidInput(f"must be between 1 and {MAX_PURGE} days, or null", field=field)
    return days


def _texts(value: object, field: str, *, least: int = 1) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidInput("must be an array of strings", field=field)
    if len(value) < least:
        raise InvalidInput("must not be empty", field=field)
    if len(value) > MAX_ADDRESSES:
        raise LimitExceeded(f"must not have more than {MAX_ADDRESSES} items", field=field)
    return value

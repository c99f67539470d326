"""SendGrid's unsubscribe groups (ASM): their requests and their answers.

Source: Twilio SendGrid's OpenAPI document of the suppressions, January 2026, its API reference, and what a client's
tests on a live account show; docs/reference/sendgrid-api.md lists the choices where none of them says anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from reprieve.clock import to_seconds
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.sendgrid.suppressions import OFFSET
from reprieve.errors import InvalidInput, LimitExceeded, NotFound
from reprieve.paging import WholeNumber
from reprieve.suppressions.group import MAX_DESCRIPTION, MAX_NAME, GroupChanges
from reprieve.suppressions.suppression import GROUP_ID

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from reprieve.address import Address
    from reprieve.suppressions.group import Group, Groups
    from reprieve.suppressions.suppression import AnyList, Suppression

#: the most entries of one answer, and the most that are answered to a request without `limit`: SendGrid has no pages
#: here, and an answer that was cut short silently would let mail go to the addresses missing from it
PAGE: Final = 20_000
LIMIT: Final = WholeNumber("limit", 1, PAGE)


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a list that is asked for.

    Attributes:
        offset: entries to skip.
        limit: how many are wanted at most.
        whole: whether nothing but the whole list will do, because the request has no `limit`.
    """

    offset: int
    limit: int
    whole: bool


def group_id_in(request: Request) -> int:
    """The group's id in the path.

    Raises:
        NotFound: it is not the id of any group.
    """
    text = request.path["group_id"]
    if not GROUP_ID.fullmatch(text):
        raise NotFound("group", "of that id")
    return int(text)


def parse_ids(request: Request) -> frozenset[int] | None:
    """The ids that a list of groups is limited to; None for all.

    SendGrid's Node client writes the name of a list of values with brackets.

    Raises:
        InvalidInput: one is not a whole number.
    """
    given = request.query.get("id", request.query.get("id[]"))
    if given is None:
        return None
    if not all(text.isascii() and text.isdigit() for text in given):
        raise InvalidInput("must be a whole number", field="id")
    return frozenset(int(text) for text in given if GROUP_ID.fullmatch(text))


def parse_new(request: Request) -> GroupChanges:
    """The group that a POST adds.

    Raises:
        InvalidInput: name or description are missing, or a member is not what it must be.
    """
    changes = parse_changes(request)
    if changes.name is None:
        raise InvalidInput("must be set", field="name")
    if changes.description is None:
        raise InvalidInput("must be set", field="description")
    return changes


def parse_changes(request: Request) -> GroupChanges:
    """What a PATCH changes; members that a group does not have, or that cannot be changed, are ignored.

    Raises:
        InvalidInput: a member is not what it must be.
    """
    body = request.json_object()
    is_default = body.get("is_default")
    if "is_default" in body and not isinstance(is_default, bool):
        raise InvalidInput("must be true or false", field="is_default")
    return GroupChanges(
        name=_text(body, "name", least=1, most=MAX_NAME),
        description=_text(body, "description", least=0, most=MAX_DESCRIPTION),
        is_default=is_default,
    )


def parse_page(request: Request) -> Page:
    """The part of a list that is wanted.

    Raises:
        InvalidInput: a parameter is malformed or out of range.
    """
    limit, offset = LIMIT.read(request.parameter("limit")), OFFSET.read(request.parameter("offset")) or 0
    return Page(offset, limit or PAGE, whole=limit is None)


def render_created(group: Group) -> Response:
    """The answer to a POST of a group."""
    return Response(HTTPStatus.CREATED, _definition(group))


#: the answer to a PATCH is 201, too, and has no count either
render_changed = render_created


def render_group(group: Group, unsubscribes: int) -> Response:
    """One group, with the number of entries on its list."""
    return Response(HTTPStatus.OK, _counted(group, unsubscribes))


def render_groups(groups: Sequence[Group], unsubscribes: Mapping[int, int]) -> Response:
    """Groups, with the number of entries on the list of each, by id."""
    return Response(HTTPStatus.OK, [_counted(group, unsubscribes[group.id]) for group in groups])


def render_emails(found: Sequence[Suppression], page: Page, request: Request, *, more: bool) -> Response:
    """The addresses on a group's list.

    Raises:
        LimitExceeded: the whole list is wanted, and is longer than one answer.
    """
    return _render([entry.email for entry in found], page, request, more=more)


def render_entries(
    found: Sequence[Suppression], groups: Groups, page: Page, request: Request, *, more: bool
) -> Response:
    """The entries of all groups' lists.

    Raises:
        LimitExceeded: all of them are wanted, and are more than one answer has.
    """
    names: dict[AnyList, Group] = {group.list: group for group in groups.groups}
    rows = [
        {
            "email": entry.email,
            "group_id": names[entry.list].id,
            "group_name": names[entry.list].name,
            "created_at": to_seconds(entry.created),
        }
        for entry in found
    ]
    return _render(rows, page, request, more=more)


def render_search(wanted: Sequence[Address], listed: Collection[str]) -> Response:
    """Those of the wanted addresses that are listed, in the caller's spelling and order.

    Args:
        wanted: the addresses of the request.
        listed: the comparison keys of those on the list.
    """
    return Response(HTTPStatus.OK, [address.spelling for address in wanted if address.key in listed])


def render_groups_of(groups: Groups, listed: Collection[AnyList]) -> Response:
    """Every group, each with whether an address is on its list.

    Args:
        groups: all groups.
        listed: the lists that the address is on.
    """
    rows = [{**_definition(group), "suppressed": group.list in listed} for group in groups.groups]
    return Response(HTTPStatus.OK, {"suppressions": rows})


def _render(rows: Sequence[object], page: Page, request: Request, *, more: bool) -> Response:
    if more and page.whole:
        raise LimitExceeded(f"more than {PAGE} entries: set limit, and offset for the next page", field="limit")
    if not more:
        return Response(HTTPStatus.OK, rows)
    query = urlencode({"limit": page.limit, "offset": page.offset + page.limit})
    return Response(HTTPStatus.OK, rows, (("Link", f'<{request.url}?{query}>; rel="next"'),))


def _definition(group: Group) -> dict[str, Any]:
    return {"id": group.id, "name": group.name, "description": group.description, "is_default": group.is_default}


def _counted(group: Group, unsubscribes: int) -> dict[str, Any]:
    # SendGrid's older documents have last_email_sent_at, and clients' models still do; it has always been null
    return {**_definition(group), "last_email_sent_at": None, "unsubscribes": unsubscribes}


def _text(body: Mapping[str, Any], name: str, *, least: int, most: int) -> str | None:
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, str) or not least <= len(value) <= most or (least and not value.strip()):
        raise InvalidInput(f"must be text of {least} to {most} characters", field=name)
    return value

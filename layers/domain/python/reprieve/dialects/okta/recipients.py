"""Okta's Users API, as far as it takes to keep the people whose addresses an organization may lift.

Source: Okta's management OpenAPI document, its SDKs, and answers that its users published. What is different here:

- no user signs in, so credentials are accepted and ignored, and no mail is sent: a user is ACTIVE at once, or STAGED
  with `activate=false`;
- a cursor carries its question and its limit: Okta's Python SDK repeats nothing but the cursor;
- a moment of a user's life that is not kept here is null.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from reprieve.clock import timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect
from reprieve.dialects.okta.links import page_links
from reprieve.dialects.okta.user_profile import InvalidProfile, shown, with_profile
from reprieve.dialects.okta.user_search import InvalidSearch, Question, question_in, selection_of
from reprieve.errors import Conflict, InvalidCursor, InvalidInput, NotFound, UnreadableBody
from reprieve.paging import Cursors, WholeNumber
from reprieve.recipients.users import IDENTIFIER, Status, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.dialects.dialect import Refusal
    from reprieve.recipients.recipient import Recipient
    from reprieve.recipients.users import Edit, Selection

#: scopes: the right to manage users includes the right to read them
READ: Final = ("okta.users.read", "okta.users.manage")
MANAGE: Final = ("okta.users.manage",)

#: the largest and the default page
MAX_PAGE: Final = 200
#: Okta gives a client its largest page when it asks for a larger one
LIMIT: Final = WholeNumber("limit", 1, MAX_PAGE, capped=True)
PATH: Final = "/v1/users"
TAKEN: Final = "An object with this field already exists in the current organization"


def _invalid_profile(error: InvalidProfile, _: Request) -> Refusal:
    return dialect.invalid(str(error.field), *error.causes)


#: Okta's dialect, with what only its Users API refuses
DIALECT: Final = dialect.DIALECT.with_errors(
    {
        InvalidProfile: _invalid_profile,
        InvalidSearch: lambda error, _: dialect.refusal("E0000031", "Invalid search criteria.", str(error)),
        Conflict: dialect.invalid("login", f"login: {TAKEN}"),
        # the caller's own words; the error does not have them, because a login is an address
        NotFound: lambda error, request: dialect.not_found(error, name(request) if request.path else error.identifier),
    }
)


class UserBody(BaseModel):
    """The body of a user to create or change; other members are ignored."""

    profile: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for a page.

    Attributes:
        question: the question that it answers.
        selection: the same for the domain.
        limit: how many users it may have.
        after: the id after which it begins, or None.
    """

    question: Question
    selection: Selection
    limit: int
    after: str | None


def name(request: Request) -> str:
    """The id or login that the path names: a login is an address, and an id has no percent sign."""
    return request.address("id")


def parse_create(request: Request) -> tuple[Edit, Status]:
    """The edit that turns a blank user into the new one, and the state that it begins in.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
        InvalidInput: `activate` is neither true nor false.
    """
    match (request.parameter("activate") or "true").lower():
        case "true":
            status = Status.ACTIVE
        case "false":
            status = Status.STAGED
        case _:
            raise InvalidInput("must be true or false", field="activate")
    return _replacement(_profile(request) or {}), status


def parse_update(request: Request) -> Edit:
    """The change that sets what the body names, deletes what it sets to null, and leaves the rest as it is.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
    """
    given = _profile(request) or {}
    return lambda user: with_profile(user, {**shown(user), **given})


def parse_replace(request: Request) -> Edit:
    """The change that sets the profile to what the body names; a body without a profile changes none.

    Raises:
        UnreadableBody: no body, not JSON, or not an object.
    """
    given = _profile(request)
    return parse_update(request) if given is None else _replacement(given)


def parse_list(request: Request) -> Listing:
    """The page that a query asks for.

    Raises:
        InvalidInput: `limit` is not a whole number, 1 or more.
        InvalidSearch: the question cannot be read or is not answered here.
        InvalidCursor: `after` is not a cursor of this organization, or is a cursor of another question.
    """
    asked = question_in(request)
    limit = LIMIT.read(request.parameter("limit"))
    after = request.parameter("after")
    if after is None:
        return Listing(asked, selection_of(asked), limit or MAX_PAGE, None)
    carried = _cursors(request).read(after, _carried)
    if asked not in (Question(), carried.question):
        raise InvalidCursor("after")
    return replace(carried, limit=limit or carried.limit)


def render_user(user: Recipient, request: Request) -> Response:
    """200 with one user."""
    return Response(HTTPStatus.OK, record(user, _base(request)))


def render_list(users: Sequence[Recipient], following: str | None, listing: Listing, request: Request) -> Response:
    """200 with a page of users, and links."""
    base = _base(request)
    after = _cursor(replace(listing, after=following), request) if following else None
    return Response(HTTPStatus.OK, [record(user, base) for user in users], page_links(request, after))


def render_me(request: Request) -> Response:
    """200 with the credential as a user.

    No person is behind it, so its login is an address that cannot exist. Terraform's provider asks for it to see
    whether a token is good.
    """
    identifier = request.context.actor.id
    login = f"{identifier}@{request.organization.id}.invalid"
    profile = {"login": login, "firstName": "Credential", "lastName": identifier, "email": login, "secondEmail": None}
    return Response(HTTPStatus.OK, _shape("me", _base(request), id=identifier, status=Status.ACTIVE, profile=profile))


def render_deactivated() -> Response:
    """200 with an empty object."""
    return Response(HTTPStatus.OK, {})


def render_deleted() -> Response:
    """204."""
    return Response(HTTPStatus.NO_CONTENT)


def record(user: Recipient, base: str) -> dict[str, Any]:
    """A user as Okta's models read it.

    A user that is active has been so since it was created, because no request activates one later. The time of a
    deactivation is not kept.

    Args:
        user: the user.
        base: the URL of the list of users.
    """
    status, created = status_of(user), timestamp(user.created)
    active_since = created if status is Status.ACTIVE else None
    return _shape(
        user.id,
        base,
        id=user.id,
        status=status,
        created=created,
        activated=active_since,
        statusChanged=active_since,
        lastUpdated=timestamp(user.updated),
        profile={"secondEmail": None, **shown(user)},
    )


def _shape(name: str, base: str, **known: object) -> dict[str, Any]:
    """Every member of Okta's user in Okta's order, null where nothing is known."""
    blank = {
        "id": None,
        "status": None,
        "created": None,
        "activated": None,
        "statusChanged": None,
        "lastLogin": None,
        "lastUpdated": None,
        "passwordChanged": None,
        "type": {"id": None},
        "profile": None,
    }
    return {**blank, **known, "credentials": {}, "_links": {"self": {"href": f"{base}/{name}"}}}


def _profile(request: Request) -> dict[str, Any] | None:
    content = request.json()
    try:
        return UserBody.model_validate(content).profile
    except ValidationError as problem:
        raise UnreadableBody("the body is not of the documented shape") from problem


def _replacement(profile: Mapping[str, Any]) -> Callable[[Recipient], Recipient]:
    return lambda user: with_profile(user, profile)


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, "users", "after")


def _cursor(listing: Listing, request: Request) -> str:
    asked = listing.question
    return _cursors(request).write([asked.word, asked.text, listing.limit, listing.after])


def _carried(content: Any) -> Listing:  # noqa: ANN401  (JSON)
    match content:
        case [str(word), str(text), int(limit), str(after)] if 1 <= limit <= MAX_PAGE and IDENTIFIER.fullmatch(after):
            asked = Question(word, text)
            return Listing(asked, selection_of(asked), limit, after)
    raise ValueError("not a question and an id")


def _base(request: Request) -> str:
    """The URL of the list of users, whichever of its children was asked for."""
    return request.url.partition(PATH)[0] + PATH

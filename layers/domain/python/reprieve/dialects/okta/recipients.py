"""Okta's Users API, as far as it takes to keep the people whose addresses an organization may lift.

Source: Okta's management OpenAPI document, its SDKs, and answers that its users published. What is different here:

- nobody signs in, so credentials are accepted and forgotten, and no mail is sent: a user is ACTIVE at once, or STAGED
  with `activate=false`;
- the profile is Okta's default one: text, within the lengths that Okta's own models can read back. A property that it
  does not have is refused, as Okta refuses what its schema does not have;
- `search` and `filter` know one comparison: `profile.login`, `profile.email` or `profile.secondEmail` `eq` a string.
  `q` is a whole address, compared with the email and leaving out the deactivated ones as at Okta. Everything else is
  E0000031, because a search that answers less than was asked misleads;
- a cursor carries its search and its limit: Okta's Python SDK repeats nothing but the cursor.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from reprieve.address import Address
from reprieve.clock import timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta.dialect import OktaDialect, envelope
from reprieve.errors import Conflict, InvalidInput, MalformedAddress, NotFound, UnreadableBody
from reprieve.recipients.users import IDENTIFIER, Attribute, Selection, Status, status_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.errors import ReprieveError
    from reprieve.recipients.recipient import Recipient
    from reprieve.recipients.users import Edit

#: scopes: who may manage users may read them
READ: Final = ("okta.users.read", "okta.users.manage")
MANAGE: Final = ("okta.users.manage",)

#: the largest and the default page
PAGE: Final = 200
#: what a client may search by
ATTRIBUTES: Final = {
    "profile.login": Attribute.LOGIN,
    "profile.email": Attribute.EMAIL,
    "profile.secondEmail": Attribute.SECONDARY_EMAIL,
}
#: Okta's operators are in any letter case, its property names are not
COMPARISON: Final = re.compile(r'\s*(profile\.\w+)\s+[eE][qQ]\s+("(?:[^"\\]|\\.)*")\s*')
PATH: Final = "/v1/users"

#: Okta's default profile, and the longest text of each property
PROPERTIES: Final = {
    "login": 100,
    "firstName": 50,
    "lastName": 50,
    "email": 100,
    "secondEmail": 100,
    "mobilePhone": 100,
    "primaryPhone": 100,
    "streetAddress": 1024,
    "city": 128,
    "state": 128,
    "zipCode": 50,
    "countryCode": 2,
    "postalAddress": 4096,
    "preferredLanguage": 255,
    "locale": 255,
    "timezone": 255,
    "userType": 255,
    "employeeNumber": 255,
    "costCenter": 255,
    "organization": 255,
    "division": 255,
    "department": 255,
    "manager": 255,
    "managerId": 255,
    "displayName": 255,
    "nickName": 255,
    "title": 255,
    "honorificPrefix": 255,
    "honorificSuffix": 255,
    "middleName": 255,
    "profileUrl": 1024,
}
#: in the order in which Okta names what is missing
REQUIRED: Final = ("login", "firstName", "lastName", "email")

BLANK: Final = "The field cannot be left blank"
#: a login, and the addresses, that are none
PATTERN: Final = {
    "login": "Username must be in the form of an email address",
    "email": "Does not match required pattern",
    "secondEmail": "Does not match required pattern",
}
TAKEN: Final = "An object with this field already exists in the current organization"


class InvalidProfile(InvalidInput):
    """A profile that cannot be kept.

    Args:
        causes: pairs of a property and what is wrong with it, at least one.
    """

    def __init__(self, causes: Sequence[tuple[str, str]]) -> None:
        super().__init__(causes[0][1], field=causes[0][0])
        self.causes = [f"{name}: {problem}" for name, problem in causes]


class InvalidSearch(InvalidInput):
    """A search, filter or q that is none, or that is not answered here."""


class InvalidCursor(InvalidInput):
    """An `after` that no page of ours ever named."""


class UsersDialect(OktaDialect):
    """Okta's dialect, with what only its Users API refuses."""

    def refuse(self, error: ReprieveError, request: Request, error_id: str) -> Response:
        """See `exchange.Dialect`."""
        match error:
            case InvalidProfile():
                summary = f"Api validation failed: {error.field}"
                return Response(HTTPStatus.BAD_REQUEST, envelope("E0000001", summary, error_id, error.causes))
            case InvalidSearch():
                body = envelope("E0000031", "Invalid search criteria.", error_id, [str(error)])
                return Response(HTTPStatus.BAD_REQUEST, body)
            case InvalidCursor():
                body = envelope("E0000029", "Invalid paging request.", error_id, ["Invalid cursor."])
                return Response(HTTPStatus.BAD_REQUEST, body)
            case Conflict():
                return super().refuse(InvalidInput(TAKEN, field="login"), request, error_id)
            case NotFound():
                # the caller's own words; the error does not have them, because a login is an address
                return super().refuse(NotFound(error.kind, name(request)), request, error_id)
            case _:
                return super().refuse(error, request, error_id)


DIALECT: Final = UsersDialect()


class UserBody(BaseModel):
    """The body of a user to create or change; what else it may hold has no meaning here."""

    profile: dict[str, Any] | None = None


class Cursor(BaseModel):
    """What `after` says: where a page begins, and of which list."""

    model_config = ConfigDict(extra="forbid", strict=True)

    after: str = Field(pattern=f"^{IDENTIFIER.pattern}$")
    limit: int = Field(ge=1, le=PAGE)
    attribute: str | None = None
    value: str = ""
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that is asked for."""

    selection: Selection
    limit: int
    after: str | None


def name(request: Request) -> str:
    """The id or login that the path names: a login is an address, and an id has no percent sign."""
    return request.address("id")


def parse_create(request: Request) -> tuple[Edit, Status]:
    """What makes a blank user the one that is to be created, and the state that it begins in.

    Raises:
        UnreadableBody: no body, no JSON, no object.
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
        UnreadableBody: no body, no JSON, no object.
    """
    given = _profile(request) or {}
    return lambda user: _with_profile(user, {**shown(user), **given})


def parse_replace(request: Request) -> Edit:
    """The change that sets the profile to what the body names; a body without a profile changes none.

    Raises:
        UnreadableBody: no body, no JSON, no object.
    """
    given = _profile(request)
    return parse_update(request) if given is None else _replacement(given)


def parse_list(request: Request) -> Listing:
    """The page that a query asks for.

    Raises:
        InvalidInput: `limit` is no whole number from 1 to 200.
        InvalidSearch: what is searched for is not understood.
        InvalidCursor: `after` is none of ours, or of another search.
    """
    selection = _selection(request)
    limit = _limit(request)
    after = request.parameter("after")
    if after is None:
        return Listing(selection or Selection(), limit or PAGE, None)
    cursor = _cursor(after)
    found = Attribute(cursor.attribute) if cursor.attribute else None
    carried = Selection(found, cursor.value, cursor.deactivated)
    if selection not in (None, carried):
        raise InvalidCursor("the cursor is of another search", field="after")
    return Listing(carried, limit or cursor.limit, cursor.after)


def render_user(user: Recipient, request: Request) -> Response:
    """200 with one user."""
    return Response(HTTPStatus.OK, record(user, _base(request)))


def render_list(users: Sequence[Recipient], following: str | None, listing: Listing, request: Request) -> Response:
    """200 with a page of users; Link headers for itself and, last as the SDKs need it, for the next one."""
    base = _base(request)
    query = {word: values[-1] for word, values in request.query.items() if values}
    links = [(query, "self")]
    if following:
        links.append((query | {"after": _after(listing, following), "limit": str(listing.limit)}, "next"))
    headers = tuple(("Link", f'<{base}{_query(words)}>; rel="{relation}"') for words, relation in links)
    return Response(HTTPStatus.OK, [record(user, base) for user in users], headers)


def render_deactivated() -> Response:
    """200 with an empty object."""
    return Response(HTTPStatus.OK, {})


def render_deleted() -> Response:
    """204."""
    return Response(HTTPStatus.NO_CONTENT)


def record(user: Recipient, base: str) -> dict[str, Any]:
    """A user as Okta's models read it.

    Args:
        user: whom.
        base: the URL of the list of users.
    """
    return {
        "id": user.id,
        "status": status_of(user).value,
        "created": timestamp(user.created),
        "lastUpdated": timestamp(user.updated),
        "profile": {"secondEmail": None, **shown(user)},
        "credentials": {},
        "_links": {"self": {"href": f"{base}/{user.id}"}},
    }


def shown(user: Recipient) -> dict[str, str]:
    """A user's profile. One that came by another way than this API has its address for a login."""
    addresses = {"email": user.email, "secondEmail": user.secondary_email}
    spelled = {member: address.spelling for member, address in addresses.items() if address}
    known = {member: text for member, text in user.profile.items() if member in PROPERTIES}
    login = {"login": spelled["email"]} if "email" in spelled else {}
    return {**login, **known, **spelled}


def _profile(request: Request) -> dict[str, Any] | None:
    try:
        return UserBody.model_validate_json(request.body).profile
    except ValidationError as problem:
        raise UnreadableBody("the body is not of the documented shape") from problem


def _replacement(profile: Mapping[str, Any]) -> Callable[[Recipient], Recipient]:
    return lambda user: _with_profile(user, profile)


def _with_profile(user: Recipient, profile: Mapping[str, Any]) -> Recipient:
    """The user with exactly this profile.

    Raises:
        InvalidProfile: with a cause for everything that is wrong with it.
    """
    given = {member: value for member, value in profile.items() if value is not None}
    causes = [(member, BLANK) for member in REQUIRED if not str(given.get(member, "")).strip()]
    causes += [cause for member, value in given.items() for cause in _problems(member, value)]
    addresses: dict[str, Address] = {}
    for member, sentence in PATTERN.items():
        if member in given or member == "login":
            try:
                addresses[member] = Address.parse(given.get(member), field=member)
            except MalformedAddress:
                causes.append((member, sentence))
    if causes:
        raise InvalidProfile(causes)
    return replace(
        user,
        email=addresses["email"],
        secondary_email=addresses.get("secondEmail"),
        profile={member: text for member, text in given.items() if member not in ("email", "secondEmail")},
    )


def _problems(member: str, value: object) -> list[tuple[str, str]]:
    if member not in PROPERTIES:
        return [(_printable(member), "The property is not part of the user profile")]
    if not isinstance(value, str):
        return [(member, "The field must be a string")]
    if len(value) > PROPERTIES[member]:
        return [(member, f"The field cannot have more than {PROPERTIES[member]} characters")]
    return []


def _printable(member: str) -> str:
    """The name of an unknown property, if it looks like one: it goes into answers and the log."""
    return member if re.fullmatch(r"\w{1,64}", member) else "profile"


def _selection(request: Request) -> Selection | None:
    asked = {word: text for word in ("search", "filter", "q") if (text := request.parameter(word))}
    match list(asked.items()):
        case []:
            return None
        case [("q", text)]:
            if "@" not in text:
                raise InvalidSearch("only a whole address can be looked for", field="q")
            return Selection(Attribute.EMAIL, text)
        case [(word, text)]:
            return _comparison(word, text)
        case _:
            raise InvalidSearch("search, filter and q exclude each other")


def _comparison(word: str, text: str) -> Selection:
    parts = COMPARISON.fullmatch(text)
    attribute = ATTRIBUTES.get(parts[1]) if parts else None
    if parts is None or attribute is None:
        raise InvalidSearch(f'{" or ".join(ATTRIBUTES)} eq "text" is what can be looked for', field=word)
    try:
        value = json.loads(parts[2], strict=False)
    except ValueError:
        raise InvalidSearch("the text is not quoted as JSON is", field=word) from None
    return Selection(attribute, value, deactivated=True)


def _limit(request: Request) -> int | None:
    text = request.parameter("limit")
    if text is None:
        return None
    if not re.fullmatch(r"0*[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= PAGE:
        raise InvalidInput(f"must be a whole number from 1 to {PAGE}", field="limit")
    return int(text)


def _after(listing: Listing, following: str) -> str:
    chosen = listing.selection
    cursor = Cursor(
        after=following,
        limit=listing.limit,
        attribute=chosen.attribute,
        value=chosen.value,
        deactivated=chosen.deactivated,
    )
    return urlsafe_b64encode(cursor.model_dump_json(exclude_defaults=True).encode()).rstrip(b"=").decode()


def _cursor(after: str) -> Cursor:
    try:
        cursor = TypeAdapter(Cursor).validate_json(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if cursor.attribute is not None:
            Attribute(cursor.attribute)
    except ValueError:
        raise InvalidCursor("not a cursor", field="after") from None
    return cursor


def _query(words: Mapping[str, str]) -> str:
    return f"?{urlencode(words, quote_via=quote)}" if words else ""


def _base(request: Request) -> str:
    """The URL of the list of users, whichever of its children was asked for."""
    return request.url.partition(PATH)[0] + PATH

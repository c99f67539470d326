"""Okta's Users API, as far as it takes to keep the people whose addresses an organization may lift.

Source: Okta's management OpenAPI document, its SDKs, and answers that its users published. What is different here:

- no user signs in, so credentials are accepted and forgotten, and no mail is sent: a user is ACTIVE at once, or STAGED
  with `activate=false`;
- the profile is Okta's default one: text, within the lengths that Okta's own models can read back. A property that it
  does not have is refused, as Okta refuses what its schema does not have;
- `filter` and `search` are one language: `eq`, `gt`, `ge`, `lt`, `le`, `and`, `or` over `FIELDS`. `q` is the beginning
  of a first name, last name or email, or a whole address, and leaves out deactivated users as at Okta. Everything else
  is E0000031, because a search that answers less than was asked misleads;
- a cursor carries its question and its limit: Okta's Python SDK repeats nothing but the cursor;
- a moment of a user's life that is not kept here is null.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from reprieve.address import Address, comparison_key, fold
from reprieve.clock import EPOCH, timestamp
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect
from reprieve.dialects.okta.links import page_links
from reprieve.dialects.okta.moments import moment_in
from reprieve.errors import Conflict, InvalidCursor, InvalidInput, MalformedAddress, NotFound, UnreadableBody
from reprieve.paging import Cursors, WholeNumber
from reprieve.recipients.users import IDENTIFIER, Named, Selection, Status, status_of
from reprieve.system_log.filter.matching import matches
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.filter.tree import (
    And,
    Comparison,
    InvalidFilter,
    Operator,
    Or,
    UnsupportedCombination,
    Vocabulary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprieve.dialects.dialect import Refusal
    from reprieve.recipients.recipient import Recipient
    from reprieve.recipients.users import Edit
    from reprieve.system_log.filter.tree import Expression, Value

#: scopes: who may manage users may read them
READ: Final = ("okta.users.read", "okta.users.manage")
MANAGE: Final = ("okta.users.manage",)

#: the largest and the default page
MAX_PAGE: Final = 200
#: Okta gives a client its largest page when it asks for a larger one
LIMIT: Final = WholeNumber("limit", 1, MAX_PAGE, capped=True)
#: characters of a search, filter or q
MAX_QUESTION: Final = 4_000
#: the fields that are addresses, and the names of their comparison keys in what a filter is held against
KEYS: Final = {f"profile.{member}": f"key.{member}" for member in ("login", "email", "secondEmail")}
#: what a filter can ask for, and how
FIELDS: Final = frozenset({"id", "status", "lastUpdated", "profile.firstName", "profile.lastName", *KEYS})
OPERATORS: Final = frozenset({Operator.EQ, Operator.GT, Operator.GE, Operator.LT, Operator.LE})
#: the properties that `q` is the beginning of
FREE: Final = ("firstName", "lastName", "email")
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
    """A search, filter or q that cannot be read, or is not answered here."""


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
    """The body of a user to create or change; what else it may hold has no meaning here."""

    profile: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a list of users is asked for, in the caller's words.

    Attributes:
        word: `search`, `filter` or `q`; empty if there is no question.
        text: its value.
    """

    word: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that is asked for.

    Attributes:
        question: what it answers.
        selection: the same for the domain.
        limit: how many users it may have.
        after: the id behind which it begins, or None.
    """

    question: Question
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
        InvalidInput: `limit` is not a whole number, 1 or more.
        InvalidSearch: the question cannot be read or is not answered here.
        InvalidCursor: `after` is not a cursor of this organization, or is a cursor of another question.
    """
    asked = _question(request)
    limit = LIMIT.read(request.parameter("limit"))
    after = request.parameter("after")
    if after is None:
        return Listing(asked, _selection(asked), limit or MAX_PAGE, None)
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

    A user that is active has been so since it was created, for no request activates one later. When a user was
    deactivated is not kept.

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


def shown(user: Recipient) -> dict[str, str]:
    """A user's profile. One that came by another way than this API has its address for a login."""
    addresses = {"email": user.email, "secondEmail": user.secondary_email}
    spelled = {member: address.spelling for member, address in addresses.items() if address}
    known = {member: text for member, text in user.profile.items() if member in PROPERTIES}
    login = {"login": spelled["email"]} if "email" in spelled else {}
    return {**login, **known, **spelled}


def _profile(request: Request) -> dict[str, Any] | None:
    content = request.json()
    try:
        return UserBody.model_validate(content).profile
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


def _question(request: Request) -> Question:
    asked = [Question(word, text) for word in ("search", "filter", "q") if (text := request.parameter(word))]
    if len(asked) > 1:
        raise InvalidSearch("search, filter and q exclude each other")
    if asked and len(asked[0].text) > MAX_QUESTION:
        raise InvalidSearch(f"longer than {MAX_QUESTION} characters", field=asked[0].word)
    return asked[0] if asked else Question()


def _selection(asked: Question) -> Selection:
    match asked:
        case Question(word=""):
            return Selection(_in_use)
        case Question("q", text):
            return _beginning(text)
        case Question(word, text):
            expression = _prepared(_parsed(text, word), word)
            return Selection(lambda user: matches(expression, _facts(user)), sparse=True, named=_named(expression))


def _in_use(user: Recipient) -> bool:
    return status_of(user) is not Status.DEPROVISIONED


def _beginning(text: str) -> Selection:
    """Users in use, by a whole address or by what a property in `FREE` begins with."""
    try:
        key = Address.parse(text).key
    except MalformedAddress:
        prefix = fold(text.strip())
        return Selection(
            lambda user: _in_use(user) and any(fold(shown(user).get(name, "")).startswith(prefix) for name in FREE),
            sparse=True,
        )
    return Selection(
        lambda user: _in_use(user) and user.email is not None and user.email.key == key,
        named=Named(keys=frozenset({key})),
    )


def _parsed(text: str, word: str) -> Expression:
    try:
        return parse(text, Vocabulary(_field_named, _go_together))
    except (InvalidFilter, UnsupportedCombination) as refusal:
        raise InvalidSearch(refusal.problem, field=word) from None


def _field_named(name: str) -> str:
    if name not in FIELDS:
        problem = f"the fields are {', '.join(sorted(FIELDS))}"
        raise InvalidFilter(problem, summary=problem)
    return name


def _go_together(operation: Operator, field: str, value: Value) -> bool:
    if field == "lastUpdated" and not (isinstance(value, str) and moment_in(value)):
        return False
    return operation in OPERATORS and isinstance(value, str)


def _prepared(expression: Expression, word: str) -> Expression:
    """The filter for `_facts`: an address is equal by its comparison key, and moments are all of one form.

    Raises:
        InvalidSearch: `pr` or `not` is in it.
    """
    match expression:
        case Comparison("lastUpdated", _, str(text)):
            return replace(expression, value=timestamp(max(EPOCH, moment_in(text) or EPOCH)))
        case Comparison(field, Operator.EQ, str(text)) if field in KEYS:
            return replace(expression, field=KEYS[field], value=comparison_key(text))
        case Comparison():
            return expression
        case And(operands) | Or(operands):
            return replace(expression, operands=tuple(_prepared(operand, word) for operand in operands))
    raise InvalidSearch("pr and not are not answered here", field=word)


def _named(expression: Expression) -> Named | None:
    """The users that a prepared filter can want, by what they are looked up by; None if that does not limit them."""
    match expression:
        case Comparison("id", Operator.EQ, str(identifier)):
            return Named(ids=frozenset({identifier}))
        case Comparison(field, Operator.EQ, str(key)) if field in KEYS.values():
            return Named(keys=frozenset({key}))
        case And(operands):
            limits = [one for operand in operands if (one := _named(operand))]
            return min(limits, key=lambda one: len(one.ids) + len(one.keys), default=None)
        case Or(operands):
            every = [_named(operand) for operand in operands]
            known = [one for one in every if one]
            if len(known) == len(every):
                return Named(
                    frozenset().union(*(one.ids for one in known)), frozenset().union(*(one.keys for one in known))
                )
    return None


def _facts(user: Recipient) -> dict[str, Any]:
    """What a prepared filter is held against."""
    profile = shown(user)
    return {
        "id": user.id,
        "status": status_of(user),
        "lastUpdated": timestamp(user.updated),
        "profile": profile,
        "key": {name: comparison_key(profile[name]) for name in ("login", "email", "secondEmail") if name in profile},
    }


def _cursors(request: Request) -> Cursors:
    return Cursors(request.organization.id, "users", "after")


def _cursor(listing: Listing, request: Request) -> str:
    asked = listing.question
    return _cursors(request).write([asked.word, asked.text, listing.limit, listing.after])


def _carried(content: Any) -> Listing:  # noqa: ANN401  (JSON)
    match content:
        case [str(word), str(text), int(limit), str(after)] if 1 <= limit <= MAX_PAGE and IDENTIFIER.fullmatch(after):
            asked = Question(word, text)
            return Listing(asked, _selection(asked), limit, after)
    raise ValueError("not a question and an id")


def _base(request: Request) -> str:
    """The URL of the list of users, whichever of its children was asked for."""
    return request.url.partition(PATH)[0] + PATH

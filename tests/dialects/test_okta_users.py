"""What Okta's Users API accepts, word by word, and how it refuses the rest."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve import errors
from reprieve.address import Address
from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import dialect as okta
from reprieve.dialects.okta import recipients as okta_users
from reprieve.dialects.okta.recipients import DIALECT, InvalidCursor, InvalidProfile, InvalidSearch, Listing
from reprieve.errors import Conflict, InvalidInput, NotFound, ReprieveError, UnreadableBody
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.recipients.users import Attribute, Selection, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

ADA = {"login": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
BLANK = Recipient("00u00000000000000001", USERS, None, None, 0, 0)


def request(
    *,
    body: object = None,
    query: Mapping[str, str] | None = None,
    identifier: str = "00u1",
    url: str = "https://h/api/v1/users",
) -> Request:
    return Request(
        id="0" * 32,
        method="POST",
        resource="/v1/users/{id}",
        url=url,
        path={"id": identifier},
        query={name: (value,) for name, value in (query or {}).items()},
        headers={},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        caller=None,
        now=0,
    )


def created(profile: Mapping[str, Any]) -> Recipient:
    edit, _ = okta_users.parse_create(request(body={"profile": profile}))
    return edit(BLANK)


def causes(profile: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidProfile) as refused:
        created(profile)
    return refused.value.causes


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"profile": []}', b'{"profile": "x"}', b"\xff"])
def test_a_body_that_is_no_user_is_unreadable(body: bytes) -> None:
    for parse in (okta_users.parse_create, okta_users.parse_update, okta_users.parse_replace):
        with pytest.raises(UnreadableBody):
            parse(request(body=body))


def test_addresses_become_addresses_and_the_rest_becomes_the_profile() -> None:
    made = created({**ADA, "secondEmail": "Countess@Example.org", "city": "London", "title": None})
    assert made.email == Address.parse("ada@example.com")
    assert made.secondary_email == Address.parse("Countess@Example.org")
    assert made.profile == {"login": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace", "city": "London"}


@pytest.mark.parametrize(("spelled", "status"), [(None, "ACTIVE"), ("true", "ACTIVE"), ("False", "STAGED")])
def test_activate_decides_the_state_to_begin_in(spelled: str | None, status: str) -> None:
    query = {} if spelled is None else {"activate": spelled}
    assert okta_users.parse_create(request(body={"profile": ADA}, query=query))[1] is Status(status)


def test_activate_is_true_or_false() -> None:
    with pytest.raises(InvalidInput, match="activate: must be true or false"):
        okta_users.parse_create(request(body={"profile": ADA}, query={"activate": "1"}))


@pytest.mark.parametrize(
    ("property_", "value", "problem"),
    [
        ("login", "ada", "login: Username must be in the form of an email address"),
        ("email", "ada@", "email: Does not match required pattern"),
        ("secondEmail", " ", "secondEmail: Does not match required pattern"),
        ("firstName", " ", "firstName: The field cannot be left blank"),
        ("firstName", "x" * 51, "firstName: The field cannot have more than 50 characters"),
        ("countryCode", "GBR", "countryCode: The field cannot have more than 2 characters"),
        ("city", 5, "city: The field must be a string"),
        ("title", ["x"], "title: The field must be a string"),
        ("team", "x", "team: The property is not part of the user profile"),
        ("ada@example.com", "x", "profile: The property is not part of the user profile"),
        ("status", "ACTIVE", "status: The property is not part of the user profile"),
    ],
)
def test_a_property_that_cannot_be_kept_is_named(property_: str, value: object, problem: str) -> None:
    assert causes({**ADA, property_: value}) == [problem]


def test_an_address_too_long_for_oktas_models_is_refused() -> None:
    long = "x" * 60 + "@" + "y" * 40 + ".example"
    assert causes({**ADA, "email": long}) == ["email: The field cannot have more than 100 characters"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert causes({"firstName": "Ada", "email": "x"}) == [
        "login: The field cannot be left blank",
        "lastName: The field cannot be left blank",
        "login: Username must be in the form of an email address",
        "email: Does not match required pattern",
    ]


def test_an_update_keeps_what_it_does_not_name() -> None:
    before = created({**ADA, "secondEmail": "countess@example.org", "city": "London"})
    after = okta_users.parse_update(request(body={"profile": {"secondEmail": None, "firstName": "Augusta"}}))(before)
    assert after == created({**ADA, "firstName": "Augusta", "city": "London"})


def test_a_replacement_keeps_nothing() -> None:
    before = created({**ADA, "secondEmail": "countess@example.org", "city": "London"})
    assert okta_users.parse_replace(request(body={"profile": ADA}))(before) == created(ADA)


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        ({}, Selection()),
        ({"search": 'profile.email eq "a@b.example"'}, Selection(Attribute.EMAIL, "a@b.example", deactivated=True)),
        (
            {"search": ' profile.login  EQ "a\\"b@c.example" '},
            Selection(Attribute.LOGIN, 'a"b@c.example', deactivated=True),
        ),
        ({"filter": 'profile.login eq "a@b.example"'}, Selection(Attribute.LOGIN, "a@b.example", deactivated=True)),
        ({"filter": 'profile.secondEmail eq "x"'}, Selection(Attribute.SECONDARY_EMAIL, "x", deactivated=True)),
        ({"q": "a@b.example"}, Selection(Attribute.EMAIL, "a@b.example")),
        ({"q": "", "search": ""}, Selection()),
    ],
)
def test_a_search_is_one_comparison(query: Mapping[str, str], selection: Selection) -> None:
    assert okta_users.parse_list(request(query=query)) == Listing(selection, 200, None)


@pytest.mark.parametrize(
    "query",
    [
        {"search": 'profile.email sw "a"'},
        {"search": 'Profile.email eq "a"'},
        {"search": 'profile.email eq "a" or profile.email eq "b"'},
        {"search": "profile.email eq a"},
        {"search": 'profile.email eq "\\x"'},
        {"search": 'profile.city eq "London"'},
        {"filter": 'status eq "ACTIVE"'},
        {"q": "ada"},
        {"search": r'profile.login eq "\ud800@b.example"'},
        {"q": "a@b.example", "search": 'profile.email eq "a@b.example"'},
    ],
)
def test_any_other_search_is_refused_as_invalid_criteria(query: Mapping[str, str]) -> None:
    with pytest.raises(InvalidSearch) as refused:
        okta_users.parse_list(request(query=query))
    body: Any = DIALECT.refuse(refused.value, request(), "x" * 22).body
    assert (body["errorCode"], body["errorSummary"]) == ("E0000031", "Invalid search criteria.")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "1.0", "٣", "9" * 5000])
def test_a_limit_is_from_1_to_200(limit: str) -> None:
    with pytest.raises(InvalidInput, match="limit: must be a whole number from 1 to 200"):
        okta_users.parse_list(request(query={"limit": limit}))


def cursor(**fields: object) -> str:
    return urlsafe_b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "é",
        "00u00000000000000001",
        cursor(),
        cursor(after="00u1"),
        cursor(after="00u1", limit=0),
        cursor(after="00u1", limit=201),
        cursor(after="00u1", limit="2"),
        cursor(after="a#b", limit=2),
        cursor(after="x" * 65, limit=2),
        cursor(after="00u1", limit=2, attribute="password"),
        cursor(after="00u1", limit=2, more=1),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(after: str) -> None:
    with pytest.raises(InvalidCursor):
        okta_users.parse_list(request(query={"after": after}))


@given(st.text(max_size=200))
def test_no_cursor_breaks_anything(after: str) -> None:
    with pytest.raises(InvalidCursor):
        okta_users.parse_list(request(query={"after": after}))


@given(
    st.dictionaries(st.sampled_from([*okta_users.PROPERTIES, "x"]), st.none() | st.text(max_size=120) | st.integers())
)
def test_a_profile_is_kept_as_it_was_sent_or_refused(profile: dict[str, Any]) -> None:
    sent = {**ADA, **profile}
    with suppress(InvalidProfile, UnreadableBody):
        assert okta_users.shown(created(sent)) == {name: value for name, value in sent.items() if value is not None}


def test_a_page_links_to_itself_and_then_to_the_next() -> None:
    query = {"search": 'profile.email eq "a@b.example"', "limit": "1"}
    listing = okta_users.parse_list(request(query=query))
    answer = okta_users.render_list(
        [created(ADA)], "00u00000000000000001", listing, request(query=query, url="https://h/api/v1/users/")
    )
    (self_name, itself), (next_name, following) = answer.headers
    assert (self_name, next_name) == ("Link", "Link")
    assert itself == '<https://h/api/v1/users?search=profile.email%20eq%20%22a%40b.example%22&limit=1>; rel="self"'
    assert following.startswith(itself.removesuffix('>; rel="self"') + "&after=")
    after = following.removesuffix('>; rel="next"').rpartition("after=")[2]
    assert okta_users.parse_list(request(query={"after": after})) == Listing(
        listing.selection, 1, "00u00000000000000001"
    )


def test_a_user_links_to_itself_whoever_names_it_how() -> None:
    url = "https://h/api/v1/users/ada%40example.com"
    body: Any = okta_users.render_user(created(ADA), request(url=url)).body
    assert body["_links"] == {"self": {"href": "https://h/api/v1/users/00u00000000000000001"}}


def test_a_missing_user_is_named_as_the_caller_did() -> None:
    asked = request(identifier="ada@example.com")
    body: Any = DIALECT.refuse(NotFound("User", "of this login"), asked, "x" * 22).body
    assert body["errorSummary"] == "Not found: Resource not found: ada@example.com (User)"


def test_a_conflict_is_a_taken_login() -> None:
    response = DIALECT.refuse(Conflict("another recipient has this login"), request(), "x" * 22)
    assert (response.status, response.body) == (
        400,
        okta.envelope(okta.invalid("login", f"login: {okta_users.TAKEN}"), "oae" + "x" * 22).body,
    )


@pytest.mark.parametrize(
    "error",
    [errors.Unavailable("x"), errors.Forbidden("okta.users.read"), errors.UnreadableBody("x"), errors.RateLimited(5)],
)
def test_whatever_is_not_about_users_is_refused_as_everywhere_at_okta(error: ReprieveError) -> None:
    ours = DIALECT.refuse(error, request(), "x" * 22)
    assert (ours.status, ours.body) == (
        okta.DIALECT.refuse(error, request(), "x" * 22).status,
        okta.DIALECT.refuse(error, request(), "x" * 22).body,
    )

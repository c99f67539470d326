"""The bodies and queries that Okta's Users API accepts, and its refusals of all others."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve import errors
from reprieve.access.caller import Caller
from reprieve.address import Address, comparison_key
from reprieve.dialects.exchange import Request
from reprieve.dialects.okta import dialect as okta
from reprieve.dialects.okta import recipients as okta_users
from reprieve.dialects.okta.recipients import DIALECT
from reprieve.dialects.okta.user_profile import PROPERTIES, InvalidProfile, shown
from reprieve.dialects.okta.user_search import FIELDS, InvalidSearch, Question
from reprieve.errors import Conflict, InvalidCursor, InvalidInput, NotFound, ReprieveError, UnreadableBody
from reprieve.organization import Organization
from reprieve.paging import Cursors
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.recipients.users import Named, Selection, Status

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
        caller=Caller(Organization("demo", "Demo"), "cred-1", frozenset()),
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
def test_a_body_that_is_not_a_user_is_refused(body: bytes) -> None:
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


def test_every_error_of_a_body_is_reported_at_once() -> None:
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


def someone(name: str, *, status: Status = Status.ACTIVE, updated: int = 0, **profile: str) -> Recipient:
    email = f"{name}@example.com"
    known = {"login": email, "email": email, "firstName": name.title(), "lastName": "Example", **profile}
    user = okta_users.parse_create(request(body={"profile": known}))[0](replace(BLANK, id=f"00u{name}"))
    return replace(user, updated=updated, profile={**user.profile, "status": status})


NEW_YEAR = 1_767_225_600_000
PEOPLE = [
    someone("ada", updated=NEW_YEAR, secondEmail="countess@example.org"),
    someone("bob", status=Status.STAGED, updated=NEW_YEAR + 1),
    someone("cyd", status=Status.DEPROVISIONED, updated=NEW_YEAR - 1, lastName="Adams"),
    someone("dee", email="u@bücher.example", login="dee@xn--bcher-kva.example"),
]


def found(query: Mapping[str, str]) -> list[str]:
    """The listed users, looked up by the selection's names if it has any, as the domain does."""
    selection = okta_users.parse_list(request(query=query)).selection
    people = PEOPLE if selection.named is None else [user for user in PEOPLE if is_named(user, selection.named)]
    return [user.id.removeprefix("00u") for user in people if selection.includes(user)]


def is_named(user: Recipient, named: Named) -> bool:
    keys = user.keys | {comparison_key(shown(user)["login"])}
    return user.id in named.ids or bool(keys & named.keys)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('id eq "00uada"', ["ada"]),
        ('status eq "ACTIVE"', ["ada", "dee"]),
        ('status eq "active" or status eq "LOCKED_OUT"', ["ada", "dee"]),
        ('status eq "DEPROVISIONED"', ["cyd"]),
        ('lastUpdated gt "2026-01-01T00:00:00.000Z"', ["bob"]),
        ('lastUpdated ge "2026-01-01"', ["ada", "bob"]),
        ('lastUpdated gt "1970-01-01T00:00:00.000Z"', ["ada", "bob", "cyd"]),
        ('lastUpdated eq "1970-01-01"', ["dee"]),
        ('lastUpdated lt "2026-01-01T01:00:00+01:00" and status eq "DEPROVISIONED"', ["cyd"]),
        ('lastUpdated gt "0001-01-01T00:00:00+00:00" and (status eq "ACTIVE" or status eq "STAGED")', ["ada", "bob"]),
        ('profile.firstName eq "ADA"', ["ada"]),
        ('profile.lastName ge "Example"', ["ada", "bob", "dee"]),
        ('profile.login eq "BOB@example.com"', ["bob"]),
        (' profile.login  EQ "bob@example.com" ', ["bob"]),
        ('profile.login gt "b" and profile.login lt "c"', ["bob"]),
        ('profile.email eq "u@xn--bcher-kva.example"', ["dee"]),
        ('profile.email eq "U@BÜCHER.example"', ["dee"]),
        ('profile.login eq "dee@bücher.example"', ["dee"]),
        ('profile.secondEmail eq "Countess@example.org"', ["ada"]),
        ('profile.email eq "countess@example.org"', []),
        (
            'profile.email eq "ada@example.com" or profile.login eq "bob@example.com" or id eq "00ucyd"',
            ["ada", "bob", "cyd"],
        ),
        ('profile.email eq "ada@example.com" and status eq "STAGED"', []),
        ('profile.email eq "ada@example.com" or status eq "STAGED"', ["ada", "bob"]),
        ('profile.email eq "x"', []),
    ],
)
@pytest.mark.parametrize("word", ["filter", "search"])
def test_a_filter_finds_matching_users_deactivated_or_not(word: str, text: str, names: list[str]) -> None:
    assert found({word: text}) == names


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("ad", ["ada"]),
        ("EXAM", ["ada", "bob", "dee"]),
        ("u@b", ["dee"]),
        ("Ada@example.com", ["ada"]),
        ("u@xn--bcher-kva.example", ["dee"]),
        ("countess@example.org", []),
        ("cyd", []),
        ("", ["ada", "bob", "dee"]),
    ],
)
def test_q_is_a_beginning_and_leaves_out_the_deactivated(q: str, names: list[str]) -> None:
    assert found({"q": q}) == names


KEYED = [
    'id eq "00uada"',
    'profile.login eq "bob@example.com"',
    'profile.login eq "x" and status eq "ACTIVE"',
    'status eq "ACTIVE" and (profile.email eq "x" or profile.secondEmail eq "y")',
]


def test_a_filter_that_names_users_looks_them_up_and_another_reads_many() -> None:
    def selection(text: str) -> Selection:
        return okta_users.parse_list(request(query={"filter": text})).selection

    assert selection('id eq "00uada" or profile.login eq "BOB@example.com"').named == Named(
        frozenset({"00uada"}), frozenset({"bob@example.com"})
    )
    assert [selection(text).named is None for text in KEYED] == [False] * 4
    for text in ('status eq "ACTIVE"', 'profile.login gt "a"', 'id eq "00uada" or status eq "ACTIVE"'):
        assert (selection(text).named, selection(text).sparse) == (None, True)
    # of two names the fewer
    both = 'id eq "00uada" and (profile.email eq "a@b.co" or profile.email eq "c@d.co")'
    assert selection(both).named == Named(frozenset({"00uada"}))


terms = st.builds(
    '{} {} "{}"'.format,
    st.sampled_from(sorted(FIELDS - {"lastUpdated"})),
    st.sampled_from(["eq", "gt", "le"]),
    st.sampled_from(
        ["00uada", "ada@example.com", "BOB@example.com", "u@bücher.example", "ACTIVE", "Ada", "countess@example.org"]
    ),
)
filters = st.recursive(
    terms,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=5,
)


@given(filters)
def test_looking_users_up_finds_the_same_as_reading_all(text: str) -> None:
    selection = okta_users.parse_list(request(query={"filter": text})).selection
    assert found({"filter": text}) == [user.id.removeprefix("00u") for user in PEOPLE if selection.includes(user)]


@pytest.mark.parametrize(
    "query",
    [
        {"search": 'profile.email sw "a"'},
        {"search": 'Profile.email eq "a"'},
        {"search": "profile.email eq a"},
        {"search": 'profile.email eq "\\x"'},
        {"search": 'profile.city eq "London"'},
        {"search": r'profile.login eq "\ud800@b.example"'},
        {"search": "profile.email pr"},
        {"filter": 'not (status eq "ACTIVE")'},
        {"filter": 'status ne "ACTIVE"'},
        {"filter": "status eq null"},
        {"filter": 'lastUpdated gt "yesterday"'},
        {"filter": "lastUpdated gt 5"},
        {"filter": 'status eq "ACTIVE" and'},
        {"filter": f'status eq "{"x" * 4_000}"'},
        {"q": "x" * 4_001},
        {"q": "a@b.example", "search": 'profile.email eq "a@b.example"'},
    ],
    ids=lambda query: str(query)[:60],
)
def test_any_other_search_is_refused_as_invalid_criteria(query: Mapping[str, str]) -> None:
    with pytest.raises(InvalidSearch) as refused:
        okta_users.parse_list(request(query=query))
    body: Any = DIALECT.refuse(refused.value, request(), "x" * 22).body
    assert (body["errorCode"], body["errorSummary"]) == ("E0000031", "Invalid search criteria.")


@given(st.text(max_size=60) | filters.map(lambda text: text[:-3]))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    with suppress(InvalidSearch):
        assert set(found({"filter": text})) <= {"ada", "bob", "cyd", "dee"}


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "", "1.0", "٣", "9" * 5000])
def test_a_limit_is_a_whole_number(limit: str) -> None:
    with pytest.raises(InvalidInput, match="limit: must be a whole number, 1 or more"):
        okta_users.parse_list(request(query={"limit": limit}))


@pytest.mark.parametrize(("limit", "given"), [("1", 1), ("200", 200), ("201", 200), ("1000", 200), ("9" * 30, 200)])
def test_a_limit_above_the_maximum_is_the_maximum(limit: str, given: int) -> None:
    assert okta_users.parse_list(request(query={"limit": limit})).limit == given


def cursor(*content: object) -> str:
    return Cursors("demo", "users", "after").write(content)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "é",
        "00u00000000000000001",
        cursor(),
        cursor("", "", 2),
        cursor("", "", 0, "00u1"),
        cursor("", "", 201, "00u1"),
        cursor("", "", "2", "00u1"),
        cursor("", "", 2, "a#b"),
        cursor("", "", 2, "x" * 65),
        cursor("search", "nonsense", 2, "00u1"),
        cursor("", "", 2, "00u1", 1),
        Cursors("other", "users", "after").write(["", "", 2, "00u1"]),
        Cursors("demo", "system log", "after").write(["", "", 2, "00u1"]),
    ],
)
def test_a_foreign_cursor_is_refused(after: str) -> None:
    with pytest.raises(InvalidCursor):
        okta_users.parse_list(request(query={"after": after}))


def test_a_cursor_of_ours_is_understood() -> None:
    listing = okta_users.parse_list(request(query={"after": cursor("q", "ada", 2, "00u1")}))
    assert (listing.question, listing.limit, listing.after) == (Question("q", "ada"), 2, "00u1")


@given(st.dictionaries(st.sampled_from([*PROPERTIES, "x"]), st.none() | st.text(max_size=120) | st.integers()))
def test_a_profile_is_kept_as_it_was_sent_or_refused(profile: dict[str, Any]) -> None:
    sent = {**ADA, **profile}
    with suppress(InvalidProfile, UnreadableBody):
        assert shown(created(sent)) == {name: value for name, value in sent.items() if value is not None}


def test_a_page_links_to_itself_and_then_to_the_next() -> None:
    query = {"search": 'profile.email eq "a@b.example"', "limit": "1"}
    asked = request(query=query, url="https://h/api/v1/users/")
    listing = okta_users.parse_list(asked)
    answer = okta_users.render_list([created(ADA)], "00u00000000000000001", listing, asked)
    (self_name, itself), (next_name, following) = answer.headers
    assert (self_name, next_name) == ("Link", "Link")
    assert itself == '<https://h/api/v1/users?search=profile.email%20eq%20%22a%40b.example%22&limit=1>; rel="self"'
    after = following.partition("after=")[2].partition("&")[0]
    assert following == itself.replace("?", f"?after={after}&").replace('"self"', '"next"')
    carried = okta_users.parse_list(request(query={"after": after}))
    assert carried.question == Question("search", 'profile.email eq "a@b.example"')
    assert (carried.limit, carried.after) == (1, "00u00000000000000001")


def test_a_user_links_to_itself_by_its_id_however_it_was_named() -> None:
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
def test_an_error_that_is_not_about_users_is_answered_as_in_the_rest_of_the_dialect(error: ReprieveError) -> None:
    ours = DIALECT.refuse(error, request(), "x" * 22)
    assert (ours.status, ours.body) == (
        okta.DIALECT.refuse(error, request(), "x" * 22).status,
        okta.DIALECT.refuse(error, request(), "x" * 22).body,
    )

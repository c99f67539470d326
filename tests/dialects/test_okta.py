"""Okta's dialect: the bounce removal's body and answer, and the error envelope."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve import errors
from reprieve.dialects.exchange import Request, Response
from reprieve.dialects.okta import dialect as okta
from reprieve.dialects.okta import removals
from reprieve.errors import InvalidInput, ReprieveError, UnreadableBody
from reprieve.removals.request import AddressOutcome, Decision

NOW = 1_700_000_000_000


def request(body: object = b"") -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request(
        id="0" * 32,
        method="POST",
        resource="/v1/org/email/bounces/remove-list",
        url="https://example.com/api/v1/org/email/bounces/remove-list",
        path={},
        query={},
        headers={},
        body=raw,
        caller=None,
        now=NOW,
    )


def test_addresses_are_read_in_the_spelling_in_which_they_were_sent() -> None:
    sent = ["Name@Company.com", "name@okta@com", "", " a@b.c ", "Name@Company.com"]
    assert removals.parse_remove_list(request({"emailAddresses": sent, "other": 1})) == sent


@pytest.mark.parametrize("body", [b"", b"nonsense", [], "text", None, {"emailAddresses": "a@b.co"}])
def test_a_body_of_another_shape_is_not_well_formed(body: object) -> None:
    with pytest.raises(UnreadableBody):
        removals.parse_remove_list(request(body))


@pytest.mark.parametrize("element", [1, None, True, {}, ["a@b.co"]])
def test_an_element_that_is_not_a_string_makes_the_body_ill_formed(element: object) -> None:
    with pytest.raises(UnreadableBody):
        removals.parse_remove_list(request({"emailAddresses": ["a@b.co", element]}))


@pytest.mark.parametrize("body", [{}, {"emailAddresses": []}, {"emailAddresses": None}])
def test_an_empty_list_is_refused_with_oktas_sentence(body: dict) -> None:
    with pytest.raises(InvalidInput) as caught:
        removals.parse_remove_list(request(body))
    assert okta.DIALECT.refuse(caught.value, request(), "e" * 22) == Response(
        400,
        {
            "errorCode": "E0000001",
            "errorSummary": "Api validation failed: emailAddresses",
            "errorLink": "E0000001",
            "errorId": "oae" + "e" * 22,
            "errorCauses": [{"errorSummary": "emailAddresses: The field cannot be left blank"}],
        },
    )


def test_a_thousand_addresses_are_accepted_and_one_more_is_not() -> None:
    assert len(removals.parse_remove_list(request({"emailAddresses": ["a@b.co"] * 1000}))) == 1000
    with pytest.raises(InvalidInput) as caught:
        removals.parse_remove_list(request({"emailAddresses": ["a@b.co"] * 1001}))
    assert str(caught.value) == "emailAddresses: The field cannot have more than 1,000 elements"


def test_only_refused_addresses_are_answered_each_with_its_reason_word_for_word() -> None:
    outcomes = [
        AddressOutcome("Name@Company.com", Decision.ACCEPTED, "r-0"),
        AddressOutcome("name@okta@com", Decision.MALFORMED),
        AddressOutcome("Who@Else.com", Decision.NOT_ALLOWED),
    ]
    assert removals.render_remove_list(outcomes) == Response(
        200,
        {
            "errors": [
                {
                    "emailAddress": "name@okta@com",
                    "reason": "Invalid email address. The provided email address failed validation against RFC 3696.",
                },
                {
                    "emailAddress": "Who@Else.com",
                    "reason": "This email address does not belong to any user in your organization.",
                },
            ]
        },
    )


def test_when_all_are_accepted_the_list_of_errors_is_there_and_empty() -> None:
    assert removals.render_remove_list([AddressOutcome("a@b.co", Decision.ACCEPTED, "r-0")]) == Response(
        200, {"errors": []}
    )


def test_no_verdict_is_without_a_sentence() -> None:
    assert set(removals.SENTENCE) == set(Decision) - {Decision.ACCEPTED}


def test_a_missing_scope_is_named_in_a_header_and_explained_in_the_body() -> None:
    answer = okta.DIALECT.refuse(errors.Forbidden("okta.orgs.manage"), request(), "e" * 22)
    assert answer.status == 403
    assert answer.body["errorCode"] == "E0000006"
    assert 'scope="okta.orgs.manage", error="insufficient_scope"' in dict(answer.headers)["WWW-Authenticate"]


@pytest.mark.parametrize("error", [errors.RateLimited(NOW + 90_000), errors.Unavailable("no answer")])
def test_a_client_that_should_wait_gets_the_time_in_the_form_that_oktas_sdk_reads(error: ReprieveError) -> None:
    headers = dict(okta.DIALECT.refuse(error, request(), "e" * 22).headers)
    assert int(headers["X-Rate-Limit-Reset"]) > NOW // 1000
    assert headers["Date"].endswith("GMT")
    assert int(headers["Retry-After"]) > 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=100) | st.dictionaries(st.just("emailAddresses") | st.text(max_size=4), json_values))
def test_any_body_gives_addresses_or_one_of_our_refusals(body: object) -> None:
    try:
        addresses = removals.parse_remove_list(request(body))
    except InvalidInput:
        return
    assert addresses
    assert all(isinstance(address, str) for address in addresses)

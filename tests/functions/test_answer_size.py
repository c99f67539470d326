"""The largest answer of every route that shows many things fits into what Lambda returns, whatever is stored."""

from __future__ import annotations

import csv
import json
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve import answer_size
from reprieve.address import MAX_KEY_OCTETS, Address, comparison_key
from reprieve.answer_size import MAX_RESPONSE
from reprieve.dialects.okta.user_profile import PROPERTIES
from reprieve.organization import Membership, Organization
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.recipients.records import MAX_CONTENT
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import MAX_TEXT, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Clock, Gateway, function
from tests.support.suppressions import NOW, get

if TYPE_CHECKING:
    from tests.support.dynamodb import Client

ANYONE = Organization("demo", "Demo", Membership.ANYONE)
#: texts that grow most: as JSON in JSON, in a spreadsheet, and where what is not ASCII is escaped
GROWING = ["\x01", ";=", "\N{PILE OF POO}"]


@pytest.fixture(autouse=True)
def frozen(clock: Clock) -> Clock:
    return clock


@cache
def said(name: str, text: str) -> str:
    """A text of an entry, repeated as far as it is kept."""
    return answer_size.cut(text * MAX_TEXT[name], MAX_TEXT[name])


def huge(name: SuppressionList, number: int, text: str) -> Suppression:
    """An entry of which nothing can be longer."""
    email = f"{number:03}{text * MAX_KEY_OCTETS}".encode()[:MAX_KEY_OCTETS].decode(errors="ignore")
    texts = {one: said(one, text) for one in MAX_TEXT}
    return Suppression(name, comparison_key(email), email, (NOW - number) * 1000, **texts)


def message(text: str) -> str:
    """What a server may say at most."""
    return (text * MAX_TEXT_OCTETS).encode()[: MAX_TEXT_OCTETS - MAX_KEY_OCTETS].decode(errors="ignore")


@pytest.mark.parametrize("text", GROWING)
@pytest.mark.parametrize("name", [SuppressionList.BOUNCES, SuppressionList.SPAM_REPORTS])
def test_a_page_of_a_list_fits_whatever_servers_have_said(call: Gateway, name: SuppressionList, text: str) -> None:
    wiring.suppressions().record(DEMO, [huge(name, number, text) for number in range(501)])
    answer = get(call, name, limit=500)
    assert (answer.status, len(answer.body)) == (200, 500)
    assert answer.size <= MAX_RESPONSE
    answer = get(call, name, headers={"accept": "text/csv"}, limit=500)
    assert (answer.status, len(list(csv.reader(StringIO(answer.body))))) == (200, 501)
    assert answer.size <= MAX_RESPONSE


@pytest.mark.parametrize("text", GROWING)
def test_a_page_of_all_lists_fits(call: Gateway, text: str) -> None:
    for name in SuppressionList:
        wiring.suppressions().record(DEMO, [huge(name, number, text) for number in range(101)])
    answer = ask(call, "addresses", "GET", "/suppressions", "reprieve.suppressions.read", query={"limit": "500"})
    assert (answer.status, len(answer.body["suppressions"])) == (200, 500)
    assert answer.size <= MAX_RESPONSE


def test_what_was_stored_before_there_was_a_limit_is_cut_where_it_is_read(call: Gateway, dynamodb: Client) -> None:
    wiring.suppressions().record(DEMO, [huge(SuppressionList.BOUNCES, number, "x") for number in range(500)])
    for item in dynamodb.scan(TableName="Suppressions")["Items"]:
        dynamodb.put_item(TableName="Suppressions", Item=item | {"reason": {"S": "\x01" * MAX_TEXT_OCTETS}})
    answer = get(call, limit=500)
    assert {one["reason"] for one in answer.body} == {"\x01" * (MAX_TEXT["reason"] // 7)}
    assert answer.size <= MAX_RESPONSE


@pytest.mark.parametrize("text", ["\x01", "x"])
def test_the_answer_about_an_address_fits_with_its_twenty_events(call: Gateway, text: str) -> None:
    entries = [huge(name, 0, text) for name in SuppressionList]
    wiring.suppressions().record(DEMO, entries)
    email, key = entries[0].email, entries[0].key
    events = [
        DeliveryEvent(f"{number}", DeliveryKind.BOUNCE, email, key, NOW * 1000 - number, message(text))
        for number in range(20)
    ]
    wiring.event_log().append(DEMO, [delivery_entry(event, provider_name="SendGrid") for event in events])
    path = {"email": email}
    answer = ask(call, "addresses", "GET", "/addresses/{email+}", "reprieve.addresses.read", path=path)
    assert (answer.status, len(answer.body["suppressions"]), len(answer.body["events"])) == (200, 5, 20)
    assert answer.size <= MAX_RESPONSE


@pytest.mark.parametrize("text", ["\x01", "é"])
def test_a_page_of_the_log_ends_where_the_next_entry_does_not_fit_and_no_entry_is_left_out(
    call: Gateway, text: str
) -> None:
    events = [
        DeliveryEvent(f"{number}", DeliveryKind.BOUNCE, "a@b.co", "a@b.co", NOW * 1000 - number - 1, message(text))
        for number in range(15)
    ]
    wiring.event_log().append(DEMO, [delivery_entry(event, provider_name="SendGrid") for event in events])
    seen: list[str] = []
    query = {"sortOrder": "DESCENDING", "limit": "1000"}
    pages = 0
    while True:
        answer = call(function("system_log"), "GET", "/v1/logs", query=query, scopes=["okta.logs.read"])
        assert answer.status == 200
        assert answer.size <= MAX_RESPONSE
        pages += 1
        seen += [one["published"] for one in answer.body]
        following = [link for link in answer.headers["link"] if 'rel="next"' in link]
        if not following:
            break
        query = {"after": following[0].partition("after=")[2].partition(">")[0].partition("&")[0]}
    assert seen == sorted(set(seen), reverse=True)
    assert (len(seen), pages > 1) == (15, True)


def test_a_page_of_removals_and_the_removals_of_one_request_fit(call: Gateway) -> None:
    emails = [f"{number:04}{'é' * 29}@{'é' * 50}.example" for number in range(100)]
    requests = [
        RemovalRequest(f"request-{number}", SuppressionList.BOUNCES, comparison_key(email), email)
        for number, email in enumerate(emails)
    ]
    wiring.suppressions().request_removals(context(DEMO, request_id="request", now=NOW * 1000), requests)
    # a page has 1,000, and a request of the largest kind asks for as many
    for query in ({"state": "pending", "limit": "100"}, {"request_id": "request"}):
        answer = ask(call, "removals", "GET", "/removals", "reprieve.removals.read", query=query)
        assert (answer.status, len(answer.body["removals"])) == (200, 100)
        assert answer.size * 10 <= MAX_RESPONSE


def crm(call: Gateway, method: str, path: str = "", **more: Any) -> Answer:
    return call(
        function("records"),
        method,
        f"/{{version}}/{{module}}{path}",
        path={"version": "v8", "module": "Leads"},
        scopes=["ZohoCRM.modules.ALL", "ZohoSearch.securesearch.READ"],
        stage="crm",
        **more,
    )


@pytest.fixture(params=["\x01", "é"])
def ids(request: pytest.FixtureRequest, call: Gateway) -> list[str]:
    """200 records as large as they may be; their ids, in order."""
    each = answer_size.of_text(request.param)
    found: list[str] = []
    for start in (0, 100):
        rows = [
            {
                "Email": f"{number:03}{'é' * 30}@example.com",
                "Last_Name": "name",
                "Description": request.param * ((MAX_CONTENT - 60) // each),
            }
            for number in range(start, start + 100)
        ]
        answer = crm(call, "POST", body={"data": rows})
        assert answer.status == 201
        found += [one["details"]["id"] for one in answer.body["data"]]
    return sorted(found)


def test_a_hundred_records_by_their_ids_fit_and_a_larger_search_says_to_ask_for_less(
    call: Gateway, ids: list[str]
) -> None:
    answer = crm(call, "GET", query={"ids": ",".join(ids[:100])})
    assert (answer.status, len(answer.body["data"])) == (200, 100)
    assert answer.size <= MAX_RESPONSE
    query = {"criteria": "(Last_Name:equals:name)"}
    refused = {
        "code": "LIMIT_REACHED",
        "details": {},
        "message": "Maximum response iteration limit reached",
        "status": "error",
    }
    assert crm(call, "GET", "/search", query=query) == Answer(400, refused)
    answer = crm(call, "GET", "/search", query={**query, "per_page": "100", "page": "2"})
    assert [one["id"] for one in answer.body["data"]] == ids[100:]


def test_pages_of_records_lead_through_all_of_them(call: Gateway, ids: list[str]) -> None:
    answer = crm(call, "GET")
    seen = [one["id"] for one in answer.body["data"]]
    while token := answer.body["info"]["next_page_token"]:
        assert answer.size <= MAX_RESPONSE
        answer = crm(call, "GET", query={"page_token": token})
        seen += [one["id"] for one in answer.body["data"]]
    assert seen == ids


def test_a_record_that_would_grow_beyond_its_limit_is_refused_alone_and_stays(call: Gateway) -> None:
    half = "x" * (MAX_CONTENT // 2)
    rows = [{"Email": "a@b.co", "Last_Name": half}, {"Email": "c@d.co", "Last_Name": "c"}]
    assert crm(call, "POST", body={"data": rows}).status == 201
    answer = crm(
        call, "POST", "/upsert", body={"data": [{"Email": "a@b.co", "Note": half}, {"Email": "c@d.co", "Note": "c"}]}
    )
    assert answer.status == 207
    too_large = {"api_name": "data", "json_path": "$.data[0]", "maximum_length": MAX_CONTENT}
    assert answer.body["data"][0] == {
        "code": "INVALID_DATA",
        "details": too_large,
        "message": "invalid data",
        "status": "error",
    }
    assert answer.body["data"][1]["code"] == "SUCCESS"
    kept = crm(call, "GET").body["data"]
    assert [(one["Email"], "Note" in one) for one in kept] == [("a@b.co", False), ("c@d.co", True)]


def test_pages_of_users_lead_through_all_of_them(call: Gateway) -> None:
    emoji = "\N{PILE OF POO}"
    profile = {name: emoji * most for name, most in PROPERTIES.items() if name not in {"email", "secondEmail", "login"}}
    for number in range(200):
        login = f"{number:03}@example.com"
        user = Recipient(f"00u{number:017d}", USERS, Address.parse(login), None, 1, 1, {**profile, "login": login})
        wiring.recipients().put(DEMO, user)
    query, seen = {"limit": "200"}, []
    while True:
        answer = call(function("recipients"), "GET", "/v1/users", query=query, scopes=["okta.users.read"])
        assert answer.status == 200
        assert answer.size <= MAX_RESPONSE
        seen += [one["id"] for one in answer.body]
        following = [link for link in answer.headers["link"] if 'rel="next"' in link]
        if not following:
            break
        query = {"after": following[0].partition("after=")[2].partition(">")[0].partition("&")[0]}
    assert seen == [f"00u{number:017d}" for number in range(200)]


@pytest.mark.parametrize("text", GROWING)
def test_addresses_that_no_answer_could_show_again_are_refused_before_anything_changes(
    call: Gateway, text: str
) -> None:
    wiring.suppressions().record(ANYONE, [huge(SuppressionList.BOUNCES, 0, "x")])
    most = 5_500_000 // 1000 // answer_size.of_text(text) - 1
    for length, status in ((most, 200), (most + 10, 400)):
        answer = call(
            function("remove_list"),
            "POST",
            "/v1/org/email/bounces/remove-list",
            body=json.dumps({"emailAddresses": [text * length] * 1000}, ensure_ascii=False),
            scopes=["okta.orgs.manage"],
            organization=ANYONE,
        )
        assert answer.status == status
        assert answer.size <= MAX_RESPONSE


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 100))
def test_a_text_is_cut_where_one_more_character_would_not_fit(text: str, most: int) -> None:
    kept = answer_size.cut(text, most)
    assert text.startswith(kept)
    assert answer_size.of_text(kept) <= most
    assert kept == text or answer_size.of_text(text[: len(kept) + 1]) > most
    assert answer_size.of_text(text) <= answer_size.LARGEST * len(text)


def ask(call: Gateway, name: str, method: str, resource: str, scope: str, **more: Any) -> Answer:
    return call(function(name), method, resource, scopes=[scope], stage="reprieve", **more)

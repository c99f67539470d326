"""/crm/{version}/{module}/search: records by criteria, email, phone or word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.dialects.zoho import search as zoho_search
from reprieve.dialects.zoho.dialect import InvalidQuery
from reprieve.recipients import records
from tests.support.gateway import DEMO, Answer, Calls, Gateway, Matching, function
from tests.support.unblock_email import refusal

MODULES = "ZohoCRM.modules.ALL"
SEARCH = "ZohoSearch.securesearch.READ"
ANN = {
    "Email": "Ann@Example.org",
    "Secondary_Email": "ann@home.example",
    "Last_Name": "Burns, B (jr)",
    "Company": "ABC Inc",
    "Mobile": "+1 (555) 010-99",
    "Annual_Revenue": 1500,
    "Email_Opt_Out": False,
    "Since": "2026-01-01T00:00:00+00:00",
    "Tag": [{"name": "vip"}],
}
BOB = {"Email": "bob@example.org", "Last_Name": "Boyle", "Company": "abc", "Annual_Revenue": 20, "Since": "2025-06-01"}


def send(call: Gateway, method: str, path: str, *, module: str = "Leads", **more: Any) -> Answer:
    where = {"version": "v8", "module": module}
    resource = f"/{{version}}/{{module}}{path}"
    return call(function("records"), method, resource, **{"path": where, "scopes": [MODULES], "stage": "crm", **more})


def search(call: Gateway, **query: str) -> Answer:
    return send(call, "GET", "/search", query=query, scopes=[MODULES, SEARCH])


def names(answer: Answer) -> list[str]:
    return [one["Last_Name"] for one in answer.body["data"]] if answer.status == 200 else []


@pytest.fixture
def people(call: Gateway) -> None:
    for record in (ANN, BOB):
        assert send(call, "POST", "", body={"data": [record]}).status == 201
    assert send(call, "POST", "", module="Contacts", body={"data": [{**ANN, "Last_Name": "Contact"}]}).status == 201


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("email", ["ann@example.org", "ANN@EXAMPLE.ORG", "ann@home.example"])
def test_a_record_is_found_by_either_address_in_its_module_alone(call: Gateway, calls: Calls, email: str) -> None:
    answer = search(call, email=email)
    assert calls == {"GetItem": 1, "BatchGetItem": 1}
    assert answer.status == 200
    (found,) = answer.body["data"]
    assert found == {
        **ANN,
        "id": Matching("[0-9]{19}"),
        **{name: Matching(".+") for name in ("Created_Time", "Modified_Time")},
        **{name: {"name": "cred-1", "id": Matching("[0-9]{18}")} for name in ("Created_By", "Modified_By")},
    }
    assert answer.body["info"] == {"per_page": 200, "count": 1, "page": 1, "more_records": False}


@pytest.mark.usefixtures("people")
def test_an_address_without_a_record_is_no_content_after_one_read(call: Gateway, calls: Calls) -> None:
    assert search(call, email="unknown@example.org") == Answer(204)
    assert calls == {"GetItem": 1}


@pytest.mark.usefixtures("people")
def test_the_holder_of_an_address_in_another_module_is_not_read(call: Gateway, calls: Calls) -> None:
    answer = send(call, "GET", "/search", module="Contacts", query={"email": BOB["Email"]}, scopes=[MODULES, SEARCH])
    assert answer == Answer(204)
    assert calls == {"GetItem": 1}


@pytest.mark.usefixtures("people")
def test_another_organizations_records_are_not_found(call: Gateway) -> None:
    for query in ({"email": "ann@example.org"}, {"word": "Burns"}):
        scopes, other = [MODULES, SEARCH], replace(DEMO, id="other")
        assert send(call, "GET", "/search", query=query, scopes=scopes, organization=other) == Answer(204)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"phone": "155501099"}, ["Burns, B (jr)"]),
        ({"phone": "+1 555 01099"}, ["Burns, B (jr)"]),
        ({"phone": "1500"}, []),
        ({"word": "abc"}, ["Burns, B (jr)", "Boyle"]),
        ({"word": "INC"}, ["Burns, B (jr)"]),
        ({"word": "oyle"}, []),
        ({"word": "bob@example"}, ["Boyle"]),
        ({"criteria": "Last_Name:equals:Boyle"}, ["Boyle"]),
        ({"criteria": "(Last_Name:equals:boyle)"}, ["Boyle"]),
        ({"criteria": "((Company:equals:ABC)and(Last_Name:starts_with:Bu))"}, ["Burns, B (jr)"]),
        ({"criteria": "(Last_Name:equals:x)or(Company:equals:inc)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Last_Name:equals:Boyle)or(Company:equals:inc)and(Company:equals:x)"}, ["Boyle"]),
        ({"criteria": "(((Last_Name:equals:Boyle)or(Company:equals:inc))and(Company:equals:x))"}, []),
        ({"criteria": r"(Last_Name:equals:Burns\, B \(jr\))"}, ["Burns, B (jr)"]),
        ({"criteria": r"(Last_Name:in:Boyle,Burns\, B \(jr\))"}, ["Burns, B (jr)", "Boyle"]),
        ({"criteria": "(Company:in:ABC,x)"}, ["Boyle"]),
        ({"criteria": "(Company:not_equal:abc)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Email_Opt_Out:equals:false)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Email:not_equal:ANN@example.org)"}, ["Boyle"]),
        ({"criteria": "(Email:in:BOB@example.org,x@y.example)"}, ["Boyle"]),
        ({"criteria": "(Email:starts_with:BOB)"}, ["Boyle"]),
        ({"criteria": "(Annual_Revenue:greater_than:20)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Annual_Revenue:greater_equal:20)"}, ["Burns, B (jr)", "Boyle"]),
        ({"criteria": "(Annual_Revenue:less_than:1500)"}, ["Boyle"]),
        ({"criteria": "(Annual_Revenue:less_equal:1500)"}, ["Burns, B (jr)", "Boyle"]),
        ({"criteria": "(Annual_Revenue:between:21,1500)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Since:greater_equal:2026-01-01T02:00:00+02:00)"}, ["Burns, B (jr)"]),
        ({"criteria": "(Since:less_than:2026-01-01)"}, ["Boyle"]),
        ({"criteria": "(Last_Name:greater_than:5)"}, []),
        ({"criteria": "(Since:less_than:99999999999)"}, []),
        ({"criteria": "or".join(["(((Last_Name:equals:Boyle)))"] * 10)}, ["Boyle"]),
        ({"criteria": "(Tag:equals:vip)"}, []),
        ({"criteria": "(Nothing:equals:x)"}, []),
        ({"word": "abc", "phone": "155501099", "email": "bob@example.org"}, ["Boyle"]),
        ({"word": "abc", "phone": "155501099"}, ["Burns, B (jr)"]),
        ({"email": "bob@example.org", "criteria": "(Last_Name:starts_with:Burns)"}, ["Burns, B (jr)"]),
        ({"word": "abc", "converted": "true"}, []),
        ({"word": "abc", "approved": "false"}, []),
        ({"word": "abc", "converted": "both", "approved": "both"}, ["Burns, B (jr)", "Boyle"]),
    ],
)
def test_what_is_found_is_what_was_asked_for(call: Gateway, query: dict[str, str], found: list[str]) -> None:
    assert sorted(names(search(call, **query))) == sorted(found)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ("(Email:equals:Ann@Example.org)", {"GetItem": 1, "BatchGetItem": 1}),
        ("((Company:equals:abc)and(Secondary_Email:in:ann@home.example))", {"GetItem": 1, "BatchGetItem": 1}),
        ("((Email:equals:ann@example.org)or(Company:equals:inc))", {"Query": 1}),
        ("(Company:equals:inc)", {"Query": 1}),
    ],
)
def test_criteria_that_demand_an_address_read_its_holders_alone(
    call: Gateway, calls: Calls, criteria: str, expected: dict[str, int]
) -> None:
    assert names(search(call, criteria=criteria)) == ["Burns, B (jr)"]
    assert calls == expected


def test_a_search_goes_on_from_page_to_page(call: Gateway) -> None:
    people = [{"Last_Name": f"Smith {number}", "Email": f"u{number}@example.org"} for number in range(5)]
    send(call, "POST", "", body={"data": people})
    pages = [search(call, word="smith", page=str(page), per_page="2") for page in (1, 2, 3)]
    assert [name for page in pages for name in names(page)] == [one["Last_Name"] for one in people]
    assert [page.body["info"] for page in pages] == [
        {"per_page": 2, "count": 2, "page": 1, "more_records": True},
        {"per_page": 2, "count": 2, "page": 2, "more_records": True},
        {"per_page": 2, "count": 1, "page": 3, "more_records": False},
    ]
    assert search(call, word="smith", page="4", per_page="2") == Answer(204)
    assert search(call, word="smith", page="0002", per_page="002") == pages[1]
    assert search(call, word="smith", page="", per_page="").body["info"]["per_page"] == 200


REACHED = ("LIMIT_REACHED", "Maximum response iteration limit reached")
INVALID = ("INVALID_DATA", "invalid data")
PARAMETERS = ["criteria", "email", "phone", "word"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, refusal("EXPECTED_PARAM_MISSING", "mandatory param missing", param_names=PARAMETERS)),
        ({"email": ""}, refusal("EXPECTED_PARAM_MISSING", "mandatory param missing", param_names=PARAMETERS)),
        ({"email": "garbage"}, refusal(*INVALID, api_name="email", expected_data_type="email")),
        ({"phone": "(1)"}, refusal(*INVALID, api_name="phone", minimum_length=2)),
        ({"word": " a "}, refusal(*INVALID, api_name="word", minimum_length=2)),
        ({"word": "ab", "per_page": "201"}, refusal(*INVALID, api_name="per_page", minimum=1, maximum=200)),
        ({"word": "ab", "per_page": "00001500"}, refusal(*INVALID, api_name="per_page", minimum=1, maximum=200)),
        (
            {"word": "ab", "per_page": "00001" + "0" * 5_000},
            refusal(*INVALID, api_name="per_page", minimum=1, maximum=200),
        ),
        ({"word": "ab", "page": "000012000"}, refusal(*INVALID, api_name="page", minimum=1, maximum=2000)),
        ({"word": "ab", "page": "00001" + "0" * 5_000}, refusal(*INVALID, api_name="page", minimum=1, maximum=2000)),
        ({"word": "ab", "page": "0"}, refusal(*INVALID, api_name="page", minimum=1, maximum=2000)),
        ({"word": "ab", "page": "x"}, refusal(*INVALID, api_name="page", minimum=1, maximum=2000)),
        ({"word": "ab", "page": "11"}, refusal(*REACHED, api_name="page")),
        (
            {"word": "ab", "converted": "no"},
            refusal(*INVALID, api_name="converted", supported_values=["true", "false", "both"]),
        ),
    ],
)
def test_a_search_that_cannot_be_meant_is_refused_and_reads_nothing(
    call: Gateway, calls: Calls, query: dict[str, str], expected: dict[str, Any]
) -> None:
    assert search(call, **query) == Answer(400, expected)
    assert calls == {}


@pytest.mark.parametrize(
    ("criteria", "details"),
    [
        ("x", {"reason": "a condition is {api_name}:{operator}:{value}"}),
        ("(x)", {"reason": "a condition is {api_name}:{operator}:{value}"}),
        ("(a:equals:b", {"reason": ") was expected at 11"}),
        ("(a:equals:b)x", {"reason": "something follows the last bracket"}),
        ("((a:equals:b)and)", {"reason": "( was expected at 16"}),
        ("(a:equals:)", {"reason": "the operator takes another number of values", "api_name": "a"}),
        ("(a:between:1)", {"reason": "the operator takes another number of values", "api_name": "a"}),
        ("(" * 21 + "a:equals:b" + ")" * 21, {"reason": "more than 20 levels of brackets"}),
        ("or".join(["(a:equals:b)"] * 11), {"reason": "more than 10 conditions"}),
        (
            "(a:is:b)",
            {"reason": "no such operator", "api_name": "a", "supported_values": list(zoho_search._OPERATORS)},
        ),
    ],
)
def test_criteria_that_cannot_be_read_say_why(
    call: Gateway, calls: Calls, criteria: str, details: dict[str, Any]
) -> None:
    assert search(call, criteria=criteria) == Answer(400, refusal("INVALID_QUERY", "invalid query formed", **details))
    assert calls == {}


def test_a_field_that_the_module_does_not_have_is_an_invalid_query(call: Gateway) -> None:
    query = {"criteria": "(Secondary_Email:equals:a@b.example)"}
    answer = send(call, "GET", "/search", module="Deals", query=query, scopes=[MODULES, SEARCH])
    details = {"reason": "the module does not have the field", "api_name": "Secondary_Email"}
    assert answer == Answer(400, refusal("INVALID_QUERY", "invalid query formed", **details))


@pytest.mark.usefixtures("people")
def test_a_search_that_would_read_too_much_is_refused(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "READ_AT_A_TIME", 1)
    monkeypatch.setattr(records, "MOST_READ", 1)
    assert search(call, word="unmatched") == Answer(400, refusal(*REACHED))
    monkeypatch.setattr(records, "MOST_READ", 2)
    assert search(call, word="unmatched") == Answer(204)


def test_both_scopes_are_needed(call: Gateway, calls: Calls) -> None:
    read = "ZohoCRM.modules.leads.READ"
    for scopes, missing in (([MODULES], SEARCH), ([SEARCH], read), ([SEARCH, "ZohoCRM.modules.leads.CREATE"], read)):
        answer = send(call, "GET", "/search", query={"word": "ab"}, scopes=scopes)
        assert answer == Answer(401, refusal("OAUTH_SCOPE_MISMATCH", "Unauthorized", permissions=[missing]))
    assert calls == {}
    scopes = [SEARCH, "ZohoCRM.modules.leads.READ"]
    assert send(call, "GET", "/search", query={"word": "ab"}, scopes=scopes) == Answer(204)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_method_is_refused_as_zoho_does(call: Gateway, method: str) -> None:
    refused = refusal("INVALID_REQUEST_METHOD", "The http request method type is not a valid one")
    assert send(call, method, "/search", scopes=[MODULES, SEARCH]) == Answer(400, refused)


@given(st.text(alphabet="()\\,:aEmail equalsinadorbetween1", max_size=60))
def test_any_criteria_are_read_or_refused(text: str) -> None:
    try:
        found = zoho_search._by_criteria(text, "Leads")
    except InvalidQuery:
        return
    assert found.test({"Email": "a@b.example", "a": 1}) in {True, False}

"""/crm/{version}/{module}: the records whose addresses can be unblocked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reprieve.dialects.zoho.modules import MODULES, RECORD_ID
from reprieve.organization import Organization
from reprieve.recipients.recipient import USERS
from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Calls, Gateway, cases, event, function
from tests.support.unblock_email import refusal

MODULE = "/{version}/{module}"
UPSERT = "/{version}/{module}/upsert"
ONE = "/{version}/{module}/{record_id}"
SEARCH = "/{version}/{module}/search"
SCOPES = ["ZohoCRM.modules.ALL"]


def send(call: Gateway, method: str, resource: str, *, module: str = "Leads", **more: Any) -> Answer:
    path = {"version": "v8", "module": module} | more.pop("path", {})
    return call(function("records"), method, resource, **{"path": path, "scopes": SCOPES, "stage": "crm", **more})


def insert(call: Gateway, *records: dict[str, Any], **more: Any) -> Answer:
    return send(call, "POST", MODULE, body={"data": list(records)}, **more)


def get(call: Gateway, identifier: str, **more: Any) -> Answer:
    return send(call, "GET", ONE, path={"record_id": identifier}, **more)


def ids(answer: Answer) -> list[str]:
    return [entry["details"]["id"] for entry in answer.body["data"]]


@pytest.mark.parametrize("module", [*MODULES, "Projects"])
def test_a_record_of_every_module_is_kept_and_given_back(call: Gateway, module: str) -> None:
    organization = replace(DEMO, modules=frozenset({"Projects"}))
    given = {"Last_Name": "Smith", "Email": "Ann@Example.org", "Tag": [{"name": "x"}], "Annual_Revenue": 1.5}
    answer = insert(call, given, module=module, organization=organization)
    (identifier,) = ids(answer)
    (entry,) = answer.body["data"]
    assert answer.status == 201
    assert RECORD_ID.fullmatch(identifier)
    assert (entry["code"], entry["message"], entry["status"]) == ("SUCCESS", "record added", "success")
    (record,) = get(call, identifier, module=module, organization=organization).body["data"]
    assert {name: record[name] for name in given} == given
    assert record["id"] == identifier
    assert record["Created_Time"] == record["Modified_Time"] == entry["details"]["Created_Time"]
    assert wiring.recipients().members(DEMO, {"ann@example.org"}) == {"ann@example.org"}


def test_unreadable_records_do_not_affect_the_others(call: Gateway) -> None:
    answer = insert(call, {"Email": "no address"}, {"Email": "a@example.org"}, {"Secondary_Email": 5}, "text")  # type: ignore[arg-type]
    assert answer.status == 207
    assert [entry["status"] for entry in answer.body["data"]] == ["error", "success", "error", "error"]
    place = {"api_name": "Email", "json_path": "$.data[0].Email", "expected_data_type": "email"}
    assert answer.body["data"][0] == refusal("INVALID_DATA", "invalid data", **place)
    assert insert(call, {"Email": "@"}).status == 400


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, refusal("MANDATORY_NOT_FOUND", "required field not found", api_name="data", json_path="$.data")),
        ({"data": []}, refusal("MANDATORY_NOT_FOUND", "required field not found", api_name="data", json_path="$.data")),
        (
            {"data": {}},
            refusal(
                "INVALID_DATA", "invalid data", api_name="data", json_path="$.data", expected_data_type="jsonarray"
            ),
        ),
        (
            {"data": [{}] * 101},
            refusal(
                "LIMIT_EXCEEDED",
                "limit exceeded",
                limit=100,
                limit_due_to=[{"api_name": "data", "json_path": "$.data"}],
            ),
        ),
    ],
)
def test_an_invalid_body_adds_nothing(call: Gateway, calls: Calls, body: Any, expected: Any) -> None:
    assert send(call, "POST", MODULE, body=body) == Answer(400, expected)
    assert calls == {}


def test_an_upsert_changes_what_has_the_email_and_adds_the_others(call: Gateway) -> None:
    (known,) = ids(insert(call, {"Email": "ann@example.org", "Last_Name": "Old", "Phone": "1"}))
    body = {"data": [{"Email": "ANN@example.org", "Last_Name": "New"}, {"Email": "bob@example.org"}]}
    answer = send(call, "POST", UPSERT, body=body)
    assert answer.status == 200
    assert [(one["action"], one["duplicate_field"], one["message"]) for one in answer.body["data"]] == [
        ("update", "Email", "record updated"),
        ("insert", None, "record added"),
    ]
    (record,) = get(call, known).body["data"]
    assert (record["Email"], record["Last_Name"], record["Phone"]) == ("ANN@example.org", "New", "1")


def test_an_upsert_by_id_changes_that_record_or_says_that_there_is_none(call: Gateway) -> None:
    (known,) = ids(insert(call, {"Email": "ann@example.org"}))
    body = {"data": [{"id": known, "Email": None}, {"id": "2423488000000575001", "Email": "x@example.org"}]}
    answer = send(call, "POST", UPSERT, body=body)
    assert answer.status == 207
    assert answer.body["data"][1] == refusal("INVALID_DATA", "the id given seems to be invalid", api_name="id")
    assert get(call, known).body["data"][0]["Email"] is None
    assert wiring.recipients().members(DEMO, {"ann@example.org"}) == set()


def test_a_users_address_is_not_a_records(call: Gateway) -> None:
    insert(call, {"Email": "ann@example.org"}, module="Contacts")
    answer = send(call, "POST", UPSERT, body={"data": [{"Email": "ann@example.org"}]})
    assert answer.body["data"][0]["action"] == "insert"
    assert {module for module, _ in wiring.recipients().holders(DEMO, "ann@example.org")} == {"Leads", "Contacts"}
    assert USERS not in MODULES


def test_records_are_listed_by_page_and_by_id(call: Gateway) -> None:
    known = ids(insert(call, *({"Email": f"u{number}@example.org"} for number in range(3))))
    first = send(call, "GET", MODULE, query={"per_page": "2"})
    assert [one["id"] for one in first.body["data"]] == sorted(known)[:2]
    assert first.body["info"]["more_records"] is True
    rest = send(call, "GET", MODULE, query={"per_page": "2", "page_token": first.body["info"]["next_page_token"]})
    assert [one["id"] for one in rest.body["data"]] == sorted(known)[2:]
    assert rest.body["info"]["more_records"] is False
    some = send(call, "GET", MODULE, query={"ids": f"{known[2]},2423488000000575001"})
    assert [one["id"] for one in some.body["data"]] == [known[2]]


def test_a_page_token_is_of_one_module_of_one_organization(call: Gateway) -> None:
    insert(call, {"Email": "a@example.org"}, {"Email": "b@example.org"})
    token = send(call, "GET", MODULE, query={"per_page": "1"}).body["info"]["next_page_token"]
    refused = Answer(400, refusal("INVALID_DATA", "invalid data", api_name="page_token"))
    assert send(call, "GET", MODULE, query={"page_token": token}).status == 200
    assert send(call, "GET", MODULE, query={"page_token": token}, path={"module": "Contacts"}) == refused
    other = Organization("other", "Other")
    assert send(call, "GET", MODULE, query={"page_token": token}, organization=other) == refused


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": "201"},
        {"per_page": "00001500"},
        {"per_page": "00001" + "0" * 5_000},
        {"per_page": "0"},
        {"per_page": "x"},
        {"page_token": "x"},
        {"ids": "x"},
    ],
)
def test_an_invalid_query_is_refused(call: Gateway, query: dict[str, str]) -> None:
    answer = send(call, "GET", MODULE, query=query)
    assert (answer.status, answer.body["code"]) == (400, "INVALID_DATA")
    assert answer.body["details"]["api_name"] == next(iter(query))


def test_what_is_not_there_is_no_content(call: Gateway) -> None:
    assert get(call, "2423488000000575001") == Answer(204)
    assert get(call, "x#y") == Answer(204)
    assert send(call, "GET", MODULE) == Answer(204)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("word", ["deleted", "Leads", "__timeline"])
def test_a_path_of_zohos_that_is_not_served_is_not_taken_for_a_record(call: Gateway, method: str, word: str) -> None:
    answer = send(call, method, ONE, path={"record_id": word})
    expected = refusal("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")
    assert answer == Answer(404, expected)


def test_a_record_is_deleted_once(call: Gateway) -> None:
    known = ids(insert(call, {"Email": "a@example.org"}, {"Email": "b@example.org"}))
    gone = {"code": "SUCCESS", "details": {"id": known[0]}, "message": "record deleted", "status": "success"}
    assert send(call, "DELETE", ONE, path={"record_id": known[0]}) == Answer(200, {"data": [gone]})
    answer = send(call, "DELETE", MODULE, query={"ids": ",".join(known)})
    assert answer.status == 207
    assert answer.body["data"][0] == refusal("INVALID_DATA", "the id given seems to be invalid", id=known[0])
    assert wiring.recipients().members(DEMO, {"a@example.org", "b@example.org"}) == set()
    assert send(call, "DELETE", MODULE).body["code"] == "MANDATORY_NOT_FOUND"


def test_another_organizations_record_looks_as_if_it_did_not_exist(call: Gateway) -> None:
    (known,) = ids(insert(call, {"Email": "a@example.org"}))
    other = replace(DEMO, id="other")
    assert get(call, known, organization=other) == Answer(204)
    assert send(call, "DELETE", ONE, path={"record_id": known}, organization=other).status == 400
    assert get(call, known).status == 200


@pytest.mark.parametrize(
    ("method", "resource", "own"),
    [
        ("POST", MODULE, ["CREATE"]),
        ("POST", UPSERT, ["CREATE", "UPDATE"]),
        ("GET", MODULE, ["READ"]),
        ("GET", ONE, ["READ"]),
        ("GET", SEARCH, ["READ"]),
        ("DELETE", MODULE, ["DELETE"]),
        ("DELETE", ONE, ["DELETE"]),
    ],
)
def test_each_operation_has_its_scope_in_its_module(
    call: Gateway, calls: Calls, method: str, resource: str, own: list[str]
) -> None:
    def ask(*scopes: str) -> Answer:
        granted = (*scopes, "ZohoSearch.securesearch.READ")
        return send(call, method, resource, path={"record_id": "2423488000000575001"}, scopes=granted)

    for scope in own:
        assert ask(f"ZohoCRM.modules.leads.{scope}").status != 401
    others = [f"ZohoCRM.modules.leads.{scope}" for scope in {"CREATE", "READ", "UPDATE", "DELETE"} - {*own}]
    refused = ask(*others, "ZohoCRM.modules.contacts.ALL", "ZohoCRM.users.READ", "ZohoCRM.send_mail.leads.CREATE")
    assert refused == Answer(
        401, refusal("OAUTH_SCOPE_MISMATCH", "Unauthorized", permissions=[f"ZohoCRM.modules.leads.{own[0]}"])
    )
    assert calls == {}


def test_an_sdk_can_read_its_own_user_and_organization(call: Gateway) -> None:
    users = send(call, "GET", "/{version}/users", scopes=["ZohoCRM.users.READ"], query={"type": "CurrentUser"})
    company = send(call, "GET", "/{version}/org", scopes=["ZohoCRM.org.READ"])
    assert (users.status, users.body["users"][0]["full_name"]) == (200, "cred-1")
    assert users.body["users"][0]["id"].isdigit()
    assert (company.status, company.body["org"][0]["company_name"]) == (200, "Demo")
    assert send(call, "GET", "/{version}/users", scopes=["ZohoCRM.modules.ALL"]).status == 401
    assert send(call, "GET", "/{version}/org", scopes=["ZohoCRM.org.READ"], path={"version": "v1"}).status == 404


@pytest.mark.parametrize("case", cases("records"))
def test_the_events_in_the_repository_are_answered(call: Gateway, case: str) -> None:
    nothing, wrong = dict.fromkeys(("get", "list", "search"), 204), dict.fromkeys(("delete", "unknown_module"), 400)
    status = {"insert": 201, "upsert": 201, "no_such_path": 404, **nothing, **wrong}
    assert call.send(function("records"), event("records", case)).status == status.get(case, 200)

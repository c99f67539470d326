"""Requests for an unblock: modules, versions, scopes, and every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reprieve.dialects.zoho.modules import MODULES
from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Calls, Gateway, cases, event, function
from tests.support.unblock_email import (
    MANDATORY,
    MANY,
    ONE,
    UNKNOWN,
    WRONG,
    ask,
    bounce,
    enrol,
    refusal,
    refused,
    rid,
    success,
)

FIELDS_PLACE = {"api_name": "unblock_fields", "json_path": "$.unblock_fields"}


IDS_PLACE = {"api_name": "ids", "json_path": "$.ids"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, refusal(*MANDATORY, **FIELDS_PLACE)),
        (b"", refusal(*MANDATORY, **FIELDS_PLACE)),
        ({}, refusal(*MANDATORY, **FIELDS_PLACE)),
        ({"unblock_fields": []}, refusal(*MANDATORY, **FIELDS_PLACE)),
        ({"unblock_fields": "Email"}, refusal(*WRONG, **FIELDS_PLACE, expected_data_type="jsonarray")),
        ({"unblock_fields": ["Email"]}, refusal(*MANDATORY, **IDS_PLACE)),
        ({"unblock_fields": ["Email"], "ids": []}, refusal(*MANDATORY, **IDS_PLACE)),
        ({"unblock_fields": ["Email"], "ids": rid(1)}, refusal(*WRONG, **IDS_PLACE, expected_data_type="jsonarray")),
        (
            {"unblock_fields": ["Email"], "ids": [rid(1), 2]},
            refusal(*WRONG, api_name="ids", json_path="$.ids[1]", expected_data_type="string"),
        ),
        (
            {"unblock_fields": ["Email", "Work_Email"], "ids": [rid(1)]},
            refusal(
                "NOT_ALLOWED",
                "unknown field provided",
                api_name="unblock_fields",
                json_path="$.unblock_fields[1]",
                supported_values=["Email", "Secondary_Email"],
            ),
        ),
        (
            {"unblock_fields": ["Email"], "ids": [rid(1)] * 501},
            refusal("LIMIT_EXCEEDED", "limit exceeded", limit=500, limit_due_to=[IDS_PLACE]),
        ),
        (b"[]", refusal(*WRONG, expected_data_type="jsonobject")),
        (b"{", refusal(*WRONG, expected_data_type="jsonobject")),
        (b"\xff\xfe", refusal(*WRONG, expected_data_type="jsonobject")),
        (b"[" * 100_000, refusal(*WRONG, expected_data_type="jsonobject")),
    ],
)
def test_an_invalid_request_is_refused_in_one_envelope(
    call: Gateway, calls: Calls, body: object, expected: dict[str, Any]
) -> None:
    assert ask(call, body=body, as_base64=True) == Answer(400, expected)
    assert calls == {}


def test_a_field_that_the_module_does_not_have_is_refused(call: Gateway) -> None:
    answer = ask(call, [rid(1)], ["Email", "Secondary_Email"], module="Deals", scopes=["ZohoCRM.modules.ALL"])
    message = "EMAIL, SECONDARY_EMAIL field not available for module"
    details = {"api_name": "unblock_fields", "json_path": "$.unblock_fields[1]"}
    assert answer == Answer(400, refusal("NOT_ALLOWED", message, **details))


def test_json_is_read_whatever_the_content_type_says(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1)], headers={"content-type": "application/x-www-form-urlencoded"}).status == 200


@pytest.mark.parametrize("module", ["Lead", "leads", "users", "Projects", "Leads#x"])
def test_an_unknown_module_is_named_by_its_place_in_the_path(call: Gateway, module: str) -> None:
    expected = refusal("INVALID_MODULE", "The module name given seems to be invalid", resource_path_index=0)
    assert ask(call, [rid(1)], module=module) == Answer(400, expected)


@pytest.mark.parametrize("module", [*MODULES, "Projects"])
def test_every_supported_module_and_a_registered_custom_one_can_be_unblocked(call: Gateway, module: str) -> None:
    organization = replace(DEMO, modules=frozenset({"Projects"}))
    enrol(1, "ann@example.org", module=module)
    bounce("ann@example.org")
    answer = ask(call, [rid(1)], module=module, organization=organization, scopes=["ZohoCRM.modules.ALL"])
    assert answer == Answer(200, {"data": [success(rid(1))]})


@pytest.mark.parametrize("version", ["v2", "v2.1", "v3", "v4", "v5", "v6", "v7", "v8"])
def test_versions_two_to_eight_answer_alike(call: Gateway, version: str) -> None:
    answer = ask(call, [rid(1)], path={"version": version, "module": "Leads"})
    assert answer == Answer(400, {"data": [refused(0, rid(1), *UNKNOWN)]})


@pytest.mark.parametrize("version", ["v1", "v9", "V8", "latest", "v2.2"])
def test_another_version_is_a_wrong_url(call: Gateway, version: str) -> None:
    message = "Please check if the URL trying to access is a correct one"
    answer = ask(call, [rid(1)], path={"version": version, "module": "Leads"})
    assert answer == Answer(404, refusal("INVALID_URL_PATTERN", message))


@pytest.mark.parametrize("resource", [MANY, ONE])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_a_wrong_method_is_400(call: Gateway, method: str, resource: str) -> None:
    answer = call(function("unblock_email"), method, resource, path={"version": "v8", "module": "Leads"}, stage="crm")
    assert answer == Answer(400, refusal("INVALID_REQUEST_METHOD", "The http request method type is not a valid one"))


SCOPED = refusal("OAUTH_SCOPE_MISMATCH", "Unauthorized", permissions=["ZohoCRM.modules.leads.UPDATE"])


@pytest.mark.parametrize(
    ("module", "scope"),
    [
        ("Leads", "ZohoCRM.modules.leads.UPDATE"),
        ("Leads", "ZohoCRM.modules.leads.ALL"),
        ("Leads", "ZohoCRM.modules.ALL"),
        ("Leads", "ZohoCRM.send_mail.leads.CREATE"),
        ("Leads", "ZohoCRM.send_mail.all.CREATE"),
        ("Leads", "ZohoCRM.settings.emails.CREATE"),
        ("Sales_Orders", "ZohoCRM.modules.salesorders.UPDATE"),
        ("Sales_Orders", "ZohoCRM.send_mail.salesorders.CREATE"),
        ("Projects", "ZohoCRM.modules.custom.UPDATE"),
        ("Projects", "ZohoCRM.modules.projects.ALL"),
    ],
)
def test_a_scope_of_every_generation_is_enough(call: Gateway, module: str, scope: str) -> None:
    organization = replace(DEMO, modules=frozenset({"Projects"}))
    assert ask(call, [rid(1)], module=module, scopes=[scope], organization=organization).status == 400


@pytest.mark.parametrize(
    "scope",
    [
        "ZohoCRM.modules.contacts.UPDATE",
        "ZohoCRM.modules.leads.READ",
        "ZohoCRM.modules.leads.UPDATES",
        "ZohoCRM.modules.custom.UPDATE",
        "ZohoCRM.modules.lead.UPDATE",
        "ZohoCRM.send_mail.contacts.CREATE",
        "okta.orgs.manage",
    ],
)
def test_a_scope_for_something_else_is_not(call: Gateway, scope: str) -> None:
    assert ask(call, [rid(1)], scopes=[scope]) == Answer(401, SCOPED)


def test_what_is_unexpected_is_500_with_an_id_that_is_in_the_log(
    call: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wiring, "unblocks", lambda: 1 / 0)
    answer = ask(call, [rid(1)])
    assert answer == Answer(500, refusal("INTERNAL_ERROR", "Internal Server Error"))
    assert answer.headers["x-error-id"][0] in {getattr(line, "error_id", None) for line in caplog.records}


@pytest.mark.parametrize("case", cases("unblock_email"))
def test_the_events_in_the_repository_are_answered(call: Gateway, case: str) -> None:
    status = {"many": 400, "one": 400, "empty_body": 400, "wrong_method": 400, "no_scope": 401, "unknown_version": 404}
    assert call.send(function("unblock_email"), event("unblock_email", case)).status == status[case]

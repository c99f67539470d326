"""POST /api/v1/org/email/bounces/remove-list, from the gateway to the tables."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reprieve.address import Address
from reprieve.organization import Membership
from reprieve.recipients.recipient import USERS, Recipient
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.gateway import DEMO, Answer, Calls, Gateway, cases, event, function
from tests.support.okta import forbidden, refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.organization import Organization

RESOURCE = "/v1/org/email/bounces/remove-list"
SCOPE = ["okta.orgs.manage"]
MALFORMED = "Invalid email address. The provided email address failed validation against RFC 3696."
STRANGER = "This email address does not belong to any user in your organization."


def enrol(*emails: str, organization: Organization = DEMO) -> None:
    for number, email in enumerate(emails):
        recipient = Recipient(f"00u{number:017d}", USERS, Address.parse(email), None, 1, 1, {"login": email})
        wiring.recipients().put(organization, recipient)


def ask(call: Gateway, *emails: str, organization: Organization = DEMO) -> Answer:
    body = {"emailAddresses": list(emails)}
    return call(function("remove_list"), "POST", RESOURCE, body=body, scopes=SCOPE, organization=organization)


def stored(dynamodb: DynamoDBClient, key: str) -> dict[str, Any]:
    item = dynamodb.get_item(
        TableName="Suppressions", Key={"partition": {"S": "demo#bounces#0"}, "address": {"S": key}}
    ).get("Item", {})
    return {name: next(iter(value.values())) for name, value in item.items()}


def test_members_are_accepted_and_the_others_get_their_reason_in_their_own_spelling(call: Gateway) -> None:
    enrol("name@company.com", "second@company.com")
    answer = ask(call, "NAME@Company.com", "name@okta@com", "Who@Else.com", "second@company.com")
    assert answer == Answer(
        200,
        {
            "errors": [
                {"emailAddress": "name@okta@com", "reason": MALFORMED},
                {"emailAddress": "Who@Else.com", "reason": STRANGER},
            ]
        },
    )


def test_what_was_accepted_is_pending_before_the_answer(call: Gateway, dynamodb: DynamoDBClient) -> None:
    enrol("name@company.com")
    answer = ask(call, "Name@company.com")
    item = stored(dynamodb, "name@company.com")
    assert answer == Answer(200, {"errors": []})
    assert item["removal_state"] == RemovalState.PENDING
    assert (item["slot"], item["rank"]) == ("pending#0", f"demo#{item['requested_at']}")
    assert item["request_id"] == answer.headers["x-okta-request-id"][0]
    assert item["email"] == "Name@company.com"
    assert int(item["requested_at"]) - int(item["forgiven_until"]) >= 30_000


def test_whether_an_address_is_on_the_list_makes_no_difference_to_the_answer(call: Gateway) -> None:
    enrol("listed@company.com", "unlisted@company.com")
    wiring.suppressions().record(
        DEMO, [Suppression(SuppressionList.BOUNCES, "listed@company.com", "listed@company.com", 5)]
    )
    assert ask(call, "listed@company.com") == ask(call, "unlisted@company.com")


def test_the_providers_own_spelling_is_kept_for_the_lift(call: Gateway, dynamodb: DynamoDBClient) -> None:
    enrol("name@company.com")
    wiring.suppressions().record(
        DEMO, [Suppression(SuppressionList.BOUNCES, "name@company.com", "NaMe@company.com", 5)]
    )
    ask(call, "name@company.com")
    assert stored(dynamodb, "name@company.com")["email"] == "NaMe@company.com"


def test_an_address_that_is_sent_twice_is_answered_twice_and_recorded_once(call: Gateway, calls: Calls) -> None:
    enrol("name@company.com")
    assert ask(call, "name@company.com", "NAME@company.com", "x@y.zz", "x@y.zz").body == {
        "errors": [{"emailAddress": "x@y.zz", "reason": STRANGER}] * 2
    }
    assert calls["UpdateItem"] == 2  # the record, and the request's note


def test_a_request_costs_a_batch_read_per_hundred_addresses_and_a_write_per_address(
    call: Gateway, calls: Calls
) -> None:
    emails = [f"u{number}@company.com" for number in range(120)]
    enrol(*emails)
    assert ask(call, *emails) == Answer(200, {"errors": []})
    # the note comes first, 400 addresses per batch; the other batch is the log's
    assert calls == {"BatchGetItem": 2, "UpdateItem": 120, "BatchExecuteStatement": 2}


def test_strangers_and_members_cost_the_same_reads_so_that_timing_reveals_nothing(call: Gateway, calls: Calls) -> None:
    enrol("member@company.com")
    ask(call, "member@company.com")
    for_a_member = calls["BatchGetItem"]
    ask(call, "stranger@company.com")
    assert calls == {"BatchGetItem": for_a_member}


def test_nothing_is_read_or_written_when_the_body_is_refused(call: Gateway, calls: Calls) -> None:
    answer = call(function("remove_list"), "POST", RESOURCE, body={"emailAddresses": []}, scopes=SCOPE)
    assert answer.status == 400
    assert calls == {}


def test_a_recipient_of_another_organization_is_a_stranger(call: Gateway) -> None:
    other = replace(DEMO, id="other")
    enrol("name@company.com", organization=other)
    assert ask(call, "name@company.com").body == {"errors": [{"emailAddress": "name@company.com", "reason": STRANGER}]}
    assert ask(call, "name@company.com", organization=other).body == {"errors": []}


def test_an_organization_may_allow_its_verified_domains_instead_of_recipients(call: Gateway, calls: Calls) -> None:
    domains = replace(DEMO, membership=Membership.DOMAINS, domains=frozenset({"company.com"}))
    answer = ask(call, "anyone@Company.com", "anyone@sub.company.com", organization=domains)
    assert answer.body == {"errors": [{"emailAddress": "anyone@sub.company.com", "reason": STRANGER}]}
    assert calls["BatchGetItem"] == 0


def test_an_organization_may_allow_anyone(call: Gateway) -> None:
    assert ask(call, "a@b.co", organization=replace(DEMO, membership=Membership.ANYONE)).body == {"errors": []}


def test_without_the_scope_the_answer_is_403_and_names_it(call: Gateway, calls: Calls) -> None:
    body = {"emailAddresses": ["a@b.co"]}
    answer = call(function("remove_list"), "POST", RESOURCE, body=body, scopes=["okta.orgs.managex", "okta.orgs.read"])
    assert (answer.status, answer.body["errorCode"]) == (403, "E0000006")
    assert 'scope="okta.orgs.manage"' in answer.headers["www-authenticate"][0]
    assert calls == {}


def test_another_method_is_405(call: Gateway) -> None:
    answer = call(function("remove_list"), "GET", RESOURCE, scopes=SCOPE)
    assert (answer.status, answer.body["errorCode"]) == (405, "E0000022")


def test_the_log_names_the_caller_and_up_to_fifty_addresses_per_target(call: Gateway, dynamodb: DynamoDBClient) -> None:
    emails = [f"u{number}@company.com" for number in range(51)]
    answer = ask(call, *emails, organization=replace(DEMO, membership=Membership.ANYONE))
    (request_id,) = answer.headers["x-okta-request-id"]
    page = dynamodb.scan(TableName="EventLog")["Items"]
    entries = [json.loads(zlib.decompress(item["event"]["B"])) for item in page]
    entries.sort(key=lambda entry: entry["target"][0]["id"])
    asked, actor = (
        "system.email.bounce.removal",
        {**party("cred-1", "User", "credential cred-1"), "alternateId": "test"},
    )
    assert [(entry["eventType"], entry["actor"], entry["target"]) for entry in entries] == [
        (asked, actor, [party(f"{request_id}:0", "EmailList", ", ".join(emails[:50]))]),
        (asked, actor, [party(f"{request_id}:1", "EmailList", "u50@company.com")]),
    ]


def party(identifier: str, kind: str, name: str) -> dict[str, Any]:
    return {"id": identifier, "type": kind, "alternateId": name, "displayName": name, "detailEntry": None}


#: the whole answer to each event
ANSWERS: dict[str, Answer] = {
    "two_addresses": Answer(
        200,
        {
            "errors": [
                {"emailAddress": "name@company.com", "reason": STRANGER},
                {"emailAddress": "name@okta@com", "reason": MALFORMED},
            ]
        },
    ),
    "empty_list": refusal(
        400,
        "E0000001",
        "Api validation failed: emailAddresses",
        "emailAddresses: The field cannot be left blank",
    ),
    "too_many": refusal(
        400,
        "E0000001",
        "Api validation failed: emailAddresses",
        "emailAddresses: The field cannot have more than 1,000 elements",
    ),
    "no_body": refusal(400, "E0000003", "The request body was not well-formed."),
    "no_scope": forbidden("okta.orgs.manage"),
    "no_credential": refusal(403, "E0000005", "Invalid session"),
    "not_a_token": refusal(401, "E0000011", "Invalid token provided"),
    "unknown_token": refusal(401, "E0000011", "Invalid token provided"),
    "wrong_method": refusal(405, "E0000022", "The endpoint does not support the provided HTTP method"),
}


def test_every_event_is_answered_whole(call: Gateway) -> None:
    answers = {case: call.send(function("remove_list"), event("remove_list", case)) for case in cases("remove_list")}
    assert answers == ANSWERS

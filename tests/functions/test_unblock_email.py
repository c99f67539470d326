"""POST /crm/{version}/{module}/actions/unblock_email, from the gateway to the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.address import Address
from reprieve.recipient import Recipient
from reprieve.removal import DAY, RemovalState, Settlement
from reprieve.runtime import wiring
from reprieve.store.recipients import _item, _recipient_key
from reprieve.store.unblocks import Unblocks
from reprieve.suppression import Permanence, Suppression, SuppressionList
from reprieve.wire.zoho import MODULES
from tests.support import queue
from tests.support.gateway import DEMO, Answer, Calls, Gateway, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.organization import Organization

MANY = "/{version}/{module}/actions/unblock_email"
ONE = "/{version}/{module}/{record_id}/actions/unblock_email"
SCOPES = ["ZohoCRM.modules.leads.UPDATE"]
BASE = 1_700_000_000_000
#: later than the watermark of any request of these tests
LATER = wiring.now() + DAY
MUCH_LATER = LATER + DAY
THRESHOLD = DEMO.soft_bounce_threshold


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto is no database: two writes at a time undo each other."""
    for module in ("table", "recipients", "unblocks"):
        monkeypatch.setattr(f"reprieve.store.{module}.SIDE_BY_SIDE", 1)


def rid(number: int) -> str:
    return str(2423488000000000000 + number)


def enrol(number: int, email: str | None, secondary: str | None = None, module: str = "Leads") -> str:
    first, second = (Address.parse(text) if text else None for text in (email, secondary))
    wiring.recipients().add(DEMO, Recipient(rid(number), module, first, second, 1, 1))
    return rid(number)


def bounce(email: str, *, at: int = BASE, hard: bool = False, organization: Organization = DEMO) -> None:
    permanence = Permanence.HARD if hard else Permanence.SOFT
    one = Suppression(
        SuppressionList.BOUNCES, email, email, at, "mailbox full", permanence=permanence, event_id=f"b{at}"
    )
    wiring.suppressions().record(organization, [one])


def block(email: str, count: int = THRESHOLD, *, at: int = BASE) -> None:
    wiring.suppressions().record(
        DEMO,
        [
            Suppression(
                SuppressionList.BLOCKS,
                email,
                email,
                at + n,
                "try later",
                permanence=Permanence.SOFT,
                event_id=f"s{at}{n}",
            )
            for n in range(count)
        ],
    )


def ask(
    call: Gateway,
    ids: Sequence[str] | None = None,
    fields: Sequence[str] = ("Email",),
    *,
    module: str = "Leads",
    organization: Organization = DEMO,
    scopes: Sequence[str] = SCOPES,
    **more: Any,
) -> Answer:
    body = {"unblock_fields": list(fields)} | ({} if ids is None else {"ids": list(ids)})
    path = {"version": "v8", "module": module}
    return call(
        function("unblock_email"),
        "POST",
        MANY,
        **{"path": path, "body": body, "scopes": scopes, "organization": organization, "stage": "crm", **more},
    )


def one(call: Gateway, record_id: str, body: object, **more: Any) -> Answer:
    path = {"version": "v6", "module": "Leads", "record_id": record_id}
    return call(function("unblock_email"), "POST", ONE, path=path, body=body, scopes=SCOPES, stage="crm", **more)


def success(identifier: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": {"id": identifier}, "message": "Unblocked successfully", "status": "success"}


def refusal(code: str, message: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "details": details, "message": message, "status": "error"}


def refused(index: int, identifier: str, code: str, message: str) -> dict[str, Any]:
    return refusal(code, message, id=identifier, api_name="ids", json_path=f"$.ids[{index}]")


FREE = ("NOT_ALLOWED", "Email is already unblocked")
PERMANENT = ("NOT_ALLOWED", "Cannot unblock, Email is blocked permanently")
EXHAUSTED = ("NOT_ALLOWED", "Cannot unblock, email has been unblocked 5 times already")
UNKNOWN = ("INVALID_DATA", "Invalid record provided")


def left(email: str) -> int:
    return Unblocks(wiring.table("SUPPRESSIONS")).standings(DEMO, [email], now=LATER)[email].remaining


def lift(now: int) -> None:
    """What the job does once the provider has answered."""
    rows = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=now)
    settlements = [Settlement(row, RemovalState.DONE, 0) for row in rows]
    assert all(wiring.removal_queue().settle(DEMO, settlements, now=now))


# ------------------------------------------------------------------------------------------------ what is lifted


def test_a_soft_bounce_is_unblocked_and_its_removal_is_pending(call: Gateway, dynamodb: DynamoDBClient) -> None:
    bounce("ann@example.org")
    answer = ask(call, [enrol(1, "Ann@example.org")])
    assert answer == Answer(200, {"data": [success(rid(1))]})
    key = {"partition": {"S": "demo#bounces#0"}, "address": {"S": "ann@example.org"}}
    item = dynamodb.get_item(TableName="Suppressions", Key=key)["Item"]
    assert item["removal_state"] == {"S": "pending"}
    assert item["queue"] == {"S": "demo#pending#0"}
    assert item["email"] == {"S": "ann@example.org"}
    assert "by_time" not in item
    assert left("ann@example.org") == 4


def test_soft_bounces_at_the_threshold_are_unblocked_and_counted_anew(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    assert ask(call, [rid(1)]).status == 200
    block("ann@example.org", THRESHOLD - 1, at=LATER)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})
    block("ann@example.org", 1, at=MUCH_LATER)
    assert ask(call, [rid(1)]).status == 200


def test_below_the_threshold_nobody_is_blocked(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org", THRESHOLD - 1)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})
    assert ask(call, [rid(1)], organization=replace(DEMO, soft_bounce_threshold=THRESHOLD - 1)).status == 200


def test_an_address_on_both_lists_leaves_both_and_counts_once(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1)]).status == 200
    assert left("ann@example.org") == 4
    for place in (SuppressionList.BOUNCES, SuppressionList.BLOCKS):
        assert wiring.suppressions().get(DEMO, place, "ann@example.org") is None
    assert len(queue.waiting(wiring.table("SUPPRESSIONS"), DEMO)) == 2


def test_a_hard_bounce_cannot_be_unblocked_whatever_else_is_there(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    bounce("ann@example.org", hard=True)
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *PERMANENT)]})
    assert left("ann@example.org") == 5


def test_an_address_is_unblocked_five_times_whatever_lifts_and_deletes_it(call: Gateway) -> None:
    for turn in range(5):
        number = enrol(turn, "ann@example.org")
        at = LATER + turn * DAY
        (block if turn % 2 else bounce)("ann@example.org", at=at)
        assert ask(call, [number]).status == 200
        lift(at)
        wiring.recipients().delete(DEMO, "Leads", number)
    enrol(9, "ANN@example.org", module="Contacts")
    bounce("ann@example.org", at=LATER + 9 * DAY)
    answer = ask(call, [rid(9)], module="Contacts", scopes=["ZohoCRM.modules.ALL"])
    assert answer == Answer(400, {"data": [refused(0, rid(9), *EXHAUSTED)]})
    assert wiring.suppressions().get(DEMO, SuppressionList.BOUNCES, "ann@example.org") is not None


def test_a_record_that_holds_a_count_does_not_expire(call: Gateway, dynamodb: DynamoDBClient) -> None:
    enrol(1, "ann@example.org")
    block("ann@example.org")
    ask(call, [rid(1)])
    lift(LATER)
    key = {"partition": {"S": "demo#blocks#0"}, "address": {"S": "ann@example.org"}}
    assert dynamodb.get_item(TableName="Suppressions", Key=key)["Item"]["expires_at"] == {"N": "253402300799"}


def test_an_operator_can_reset_the_count(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    ask(call, [rid(1)])
    assert Unblocks(wiring.table("SUPPRESSIONS")).reset(DEMO, "ann@example.org") == 1
    assert left("ann@example.org") == 5


def test_another_organization_is_not_touched(call: Gateway) -> None:
    other = replace(DEMO, id="other")
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1)], organization=other) == Answer(400, {"data": [refused(0, rid(1), *UNKNOWN)]})
    assert left("ann@example.org") == 5


# ------------------------------------------------------------------------------------------------ several records


def test_some_unblocked_is_207_in_the_order_of_the_ids(call: Gateway) -> None:
    for number, name in enumerate(("free", "soft", "hard")):
        enrol(number, f"{name}@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    ids = [rid(0), rid(77), rid(1), "no-id", rid(2), ""]
    answer = ask(call, ids)
    nameless = {"api_name": "ids", "json_path": "$.ids[3]"}
    assert answer == Answer(
        207,
        {
            "data": [
                refused(0, rid(0), *FREE),
                refused(1, rid(77), *UNKNOWN),
                success(rid(1)),
                refusal(*UNKNOWN, **nameless),
                refused(4, rid(2), *PERMANENT),
                refusal(*UNKNOWN, **{**nameless, "json_path": "$.ids[5]"}),
            ]
        },
    )


def test_an_id_that_comes_twice_is_answered_twice_and_unblocked_once(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    enrol(2, "ANN@example.org")
    bounce("ann@example.org")
    assert ask(call, [rid(1), rid(2), rid(1)]) == Answer(200, {"data": [success(rid(n)) for n in (1, 2, 1)]})
    assert left("ann@example.org") == 4


def test_unblocking_again_says_that_it_is_done(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    ask(call, [rid(1)])
    assert ask(call, [rid(1)]) == Answer(400, {"data": [refused(0, rid(1), *FREE)]})


# ------------------------------------------------------------------------------------------------ both fields


def test_one_of_two_fields_makes_a_success_that_tells_of_the_other(call: Gateway) -> None:
    enrol(1, "soft@example.org", "hard@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    told = [
        {
            "api_name": "Email",
            "code": "SUCCESS",
            "message": "Unblocked successfully",
            "block": "temporary",
            "remaining": 4,
        },
        {
            "api_name": "Secondary_Email",
            "code": "NOT_ALLOWED",
            "message": PERMANENT[1],
            "block": "permanent",
            "remaining": 5,
        },
    ]
    entry = success(rid(1))
    entry["details"]["fields"] = told
    assert ask(call, [rid(1)], ["Email", "Secondary_Email"]) == Answer(200, {"data": [entry]})


def test_of_two_refusals_the_graver_one_is_told(call: Gateway) -> None:
    enrol(1, "free@example.org", "hard@example.org")
    bounce("hard@example.org", hard=True)
    (entry,) = ask(call, [rid(1)], ["Email", "Secondary_Email"]).body["data"]
    assert (entry["code"], entry["message"]) == PERMANENT
    assert [field["message"] for field in entry["details"]["fields"]] == [FREE[1], PERMANENT[1]]


def test_a_field_without_an_address_has_nothing_to_unblock(call: Gateway) -> None:
    enrol(1, "soft@example.org")
    enrol(2, None)
    bounce("soft@example.org")
    assert ask(call, [rid(1), rid(2)], ["Secondary_Email", "Email"]) == Answer(
        207, {"data": [success(rid(1)), refused(1, rid(2), *FREE)]}
    )


def test_only_the_field_that_is_asked_for_is_unblocked(call: Gateway) -> None:
    enrol(1, "one@example.org", "two@example.org")
    bounce("one@example.org")
    bounce("two@example.org")
    assert ask(call, [rid(1)], ["Secondary_Email"]).status == 200
    assert (left("one@example.org"), left("two@example.org")) == (5, 4)


# ------------------------------------------------------------------------------------------------ the single form


def test_one_record_by_its_path(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    assert one(call, rid(1), {"unblock_fields": ["Email"]}) == Answer(200, {"data": [success(rid(1))]})
    again = refusal(*FREE, id=rid(1), resource_path_index=1)
    assert one(call, rid(1), {"unblock_fields": ["Email"]}) == Answer(400, {"data": [again]})
    unknown = refusal(*UNKNOWN, id=rid(2), resource_path_index=1)
    assert one(call, rid(2), {"unblock_fields": ["Email"]}) == Answer(400, {"data": [unknown]})
    nonsense = refusal(*UNKNOWN, resource_path_index=1)
    assert one(call, "x#y", {"unblock_fields": ["Email"]}) == Answer(400, {"data": [nonsense]})


def test_ids_beside_a_path_must_be_the_paths(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    wrong = {"unblock_fields": ["Email"], "ids": [rid(1), rid(2)]}
    expected = refusal(*UNKNOWN, api_name="ids", json_path="$.ids[1]")
    assert one(call, rid(1), wrong) == Answer(400, expected)
    assert left("ann@example.org") == 5
    assert one(call, rid(1), {**wrong, "ids": [rid(1)]}).status == 200


# ------------------------------------------------------------------------------------------------ the request's errors

MANDATORY = ("MANDATORY_NOT_FOUND", "required field not found")
WRONG = ("INVALID_DATA", "invalid data")
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
def test_a_request_that_cannot_be_meant_is_refused_in_one_envelope(
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


SCOPED = {"code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "Unauthorized", "status": "error"}


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


# ------------------------------------------------------------------------------------------------ beyond Zoho


def test_a_rehearsal_tells_what_would_happen_and_changes_nothing(call: Gateway, calls: Calls) -> None:
    enrol(1, "soft@example.org")
    enrol(2, "hard@example.org")
    bounce("soft@example.org")
    bounce("hard@example.org", hard=True)
    answer = ask(call, [rid(1), rid(2)], query={"dry_run": "true"})
    assert calls == {"BatchGetItem": 2}
    yes, no = answer.body["data"]
    assert answer.status == 207
    assert yes["details"] == {
        "id": rid(1),
        "fields": [
            {
                "api_name": "Email",
                "code": "SUCCESS",
                "message": "Unblocked successfully",
                "block": "temporary",
                "remaining": 4,
            }
        ],
        "remaining": 4,
    }
    assert (no["message"], no["details"]["remaining"], no["details"]["json_path"]) == (PERMANENT[1], 5, "$.ids[1]")
    assert left("soft@example.org") == 5
    assert ask(call, [rid(1)], query={"dry_run": "false"}) == Answer(200, {"data": [success(rid(1))]})


def test_a_rehearsal_is_asked_for_by_true_or_not_at_all(call: Gateway) -> None:
    expected = refusal(*WRONG, api_name="dry_run", supported_values=["true", "false"])
    assert ask(call, [rid(1)], query={"dry_run": "yes"}) == Answer(400, expected)


def keyed(call: Gateway, ids: Sequence[str], key: str = "k1", **more: Any) -> Answer:
    return ask(call, ids, headers={"Idempotency-Key": key}, **more)


def test_a_key_gives_the_same_answer_again_and_does_nothing(call: Gateway) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    first = keyed(call, [rid(1), rid(2)])
    bounce("ann@example.org", at=LATER)
    again = keyed(call, [rid(1), rid(2)])
    assert first == again == Answer(207, {"data": [success(rid(1)), refused(1, rid(2), *UNKNOWN)]})
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == ["true"]
    assert left("ann@example.org") == 4
    assert keyed(call, [rid(1)], key="k2").status == 200


def test_a_key_of_another_request_is_refused(call: Gateway) -> None:
    keyed(call, [rid(1)])
    assert keyed(call, [rid(2)]) == Answer(400, refusal(*WRONG, api_name="Idempotency-Key"))


def test_a_key_belongs_to_its_organization(call: Gateway) -> None:
    keyed(call, [rid(1)])
    other = replace(DEMO, id="other")
    assert keyed(call, [rid(2)], organization=other).body == {"data": [refused(0, rid(2), *UNKNOWN)]}


@pytest.mark.parametrize("key", ["", "a" * 256, "white space", "\u00fc"])
def test_a_key_is_printable_and_not_too_long(call: Gateway, key: str) -> None:
    expected = refusal(*WRONG, api_name="Idempotency-Key", maximum_length=255)
    assert keyed(call, [rid(1)], key=key) == Answer(400, expected)


def test_a_request_that_was_cut_short_is_finished_by_its_repetition(
    call: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(1, "ann@example.org")
    bounce("ann@example.org")
    with monkeypatch.context() as broken:
        broken.setattr("reprieve.store.event_log.EventLog.append", lambda *_: 1 / 0)
        assert keyed(call, [rid(1)]).status == 500
    assert left("ann@example.org") == 4
    assert keyed(call, [rid(1)]).status == 409
    monkeypatch.setattr("reprieve.repeat.UNDER_WAY", -1)
    monkeypatch.setattr("reprieve.store.repeats.FREE", "attribute_exists(#partition) OR #free_at <= :now")
    assert keyed(call, [rid(1)]) == Answer(200, {"data": [success(rid(1))]})
    assert left("ann@example.org") == 4


# ------------------------------------------------------------------------------------------------ bounds


@pytest.mark.slow
@pytest.mark.parametrize("place", [bounce, block])
def test_five_hundred_records_cost_fifteen_reads_and_a_transaction_a_hundred_writes(
    call: Gateway, calls: Calls, place: Any
) -> None:
    emails = [f"user{number}@example.org" for number in range(500)]
    people = [Recipient(rid(n), "Leads", Address.parse(email), None, 1, 1) for n, email in enumerate(emails)]
    wiring.table("RECIPIENTS").insert_many(
        [_item(_recipient_key(DEMO, one.module, one.id), one) | {"version": 1} for one in people]
    )
    kind = SuppressionList.BOUNCES if place is bounce else SuppressionList.BLOCKS
    wiring.suppressions().record(
        DEMO, [Suppression(kind, email, email, BASE, permanence=Permanence.SOFT, event_id="e") for email in emails]
    )
    answer = ask(call, [rid(n) for n in range(500)], organization=replace(DEMO, soft_bounce_threshold=1))
    assert answer == Answer(200, {"data": [success(rid(n)) for n in range(500)]})
    writes = 10 if place is bounce else 5
    assert calls == {"BatchGetItem": 5 + 10, "TransactWriteItems": writes, "BatchExecuteStatement": 1, "UpdateItem": 1}


@pytest.mark.slow
def test_two_addresses_a_record_double_the_reads_of_suppressions(call: Gateway, calls: Calls) -> None:
    people = [
        Recipient(rid(n), "Leads", Address.parse(f"user{n}@example.org"), Address.parse(f"other{n}@example.org"), 1, 1)
        for n in range(500)
    ]
    wiring.table("RECIPIENTS").insert_many(
        [_item(_recipient_key(DEMO, one.module, one.id), one) | {"version": 1} for one in people]
    )
    calls.clear()
    answer = ask(call, [rid(n) for n in range(500)], ["Email", "Secondary_Email"])
    assert answer.status == 400
    assert calls == {"BatchGetItem": 5 + 20}


@pytest.mark.parametrize("case", cases("unblock_email"))
def test_the_events_in_the_repository_are_answered(call: Gateway, case: str) -> None:
    status = {"many": 400, "one": 400, "empty_body": 400, "wrong_method": 400, "no_scope": 401, "unknown_version": 404}
    assert call.send(function("unblock_email"), event("unblock_email", case)).status == status[case]

"""A post is believed because its organization's key verifies it, and nothing else is read for one that is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from reprieve.access.provider_account import ProviderAccount
from reprieve.organization import Organization
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import SuppressionList
from tests.support.entries import entry_on
from tests.support.event_posts import KEY, bounce, post
from tests.support.gateway import DEMO, Answer, Calls, Clock, Gateway, cases, event, function, problem
from tests.support.tables import tables
from tests.support.webhook import public

if TYPE_CHECKING:
    from io import StringIO

    from mypy_boto3_dynamodb import DynamoDBClient


def test_while_keys_are_rotated_a_post_that_either_signed_is_taken_and_afterwards_only_the_new_one(
    call: Gateway, queue: Any
) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    accounts = [ProviderAccount("none", webhook_key=keys) for keys in (f"{public(KEY)} {public(new)}", public(new))]
    (before,) = wiring.access().provider_accounts("demo")
    for account, answers in zip(accounts, ([200, 200], [401, 200]), strict=True):
        assert wiring.access().set_provider_account("demo", account, provider_name="", before=before)
        assert [post(call, bounce(number), key=key).status for number, key in enumerate((KEY, new))] == answers
        before = account


def unproved(detail: str) -> Answer:
    return problem(401, "Unauthorized", detail)


#: other organizations, with the key of each; None means no account
OTHERS = {"other": public(ec.generate_private_key(ec.SECP256R1())), "keyless": "", "unconnected": None}


@pytest.mark.parametrize("change", [*({"organization": name} for name in ("unknown", *OTHERS)), {"tamper": b" "}])
def test_a_post_that_its_organizations_key_does_not_verify_is_401_and_changes_nothing(
    call: Gateway, dynamodb: DynamoDBClient, queue: Any, change: dict
) -> None:
    for name, key in OTHERS.items():
        wiring.access().create_organization(Organization(name, name))
        if key is not None:
            account = ProviderAccount("none", webhook_key=key)
            assert wiring.access().set_provider_account(name, account, provider_name="", before=None)
    before = [dynamodb.scan(TableName=name)["Items"] for name in tables()]
    answer = post(call, bounce(1), bounce(2, event="delivered"), {"event": "bounce"}, **change)
    assert answer == unproved("the webhook's signature does not match")
    assert [dynamodb.scan(TableName=name)["Items"] for name in tables()] == before
    assert queue() == []


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("organization", ["x" * 3_000, "", "Demo", "demo\n", "d", "demo#x"])
def test_a_path_that_no_organization_has_is_401_and_nothing_is_read(
    call: Gateway, calls: Calls, organization: str
) -> None:
    assert post(call, organization=organization) == unproved("the webhook's signature does not match")
    assert calls == {}


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "the webhook's signature is missing"),
        ({sendgrid_events.TIMESTAMP: "1"}, "the webhook's signature is missing"),
        ({sendgrid_events.SIGNATURE: "x"}, "the webhook's signature is not a signature in base64"),
        ({sendgrid_events.SIGNATURE: "A" * 96}, "the webhook's timestamp is missing or not a number"),
        (
            {sendgrid_events.SIGNATURE: "A" * 96, sendgrid_events.TIMESTAMP: "1"},
            "the webhook's timestamp is outside the accepted window",
        ),
    ],
)
def test_a_post_that_no_key_could_verify_gets_the_reason_before_any_read(
    call: Gateway, calls: Calls, headers: dict[str, str], said: str
) -> None:
    answer = call(
        function("event_webhook"),
        "POST",
        "/events/{kind}/{org}",
        path={"kind": "sendgrid", "org": "demo"},
        headers=headers,
        body=b"[]",
        organization=None,
        stage="reprieve",
    )
    assert answer == unproved(said)
    assert calls == {}


@pytest.mark.usefixtures("queue")
def test_only_a_refused_post_that_names_an_organization_with_an_account_is_counted_as_refused(
    call: Gateway, capsys: pytest.CaptureFixture[str], log: StringIO
) -> None:
    """A key that was rotated at one end only would lose every event silently; scanners are not counted."""
    for change in ({"organization": "unknown"}, {}, {"tamper": b" "}):
        post(call, bounce(), **change)
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [one["WebhooksRefused"] for one in metrics if "WebhooksRefused" in one] == [[1.0]]
    warned = [one for line in log.getvalue().splitlines() if (one := json.loads(line))["message"] == "webhook refused"]
    assert [(one["organization"], one["detail"]) for one in warned] == [
        ("demo", "the webhook's signature does not match")
    ]


#: the whole answer to each event
ANSWERS = {
    "forged_signature": unproved("the webhook's signature does not match"),
    "no_such_path": problem(404, "Not Found", "the API has no such path"),
    "no_such_kind": problem(404, "Not Found", "the API has no such path"),
    "resend_forged": unproved("the webhook's signature does not match"),
    "mailgun_forged": unproved("the webhook's signature does not match"),
    "postmark_without_a_password": unproved("the webhook's user name and password, or its key, are missing"),
    "unsigned": unproved("the webhook's signature is missing"),
    "by_token": Answer(200, {"events": 1, "listed": 1, "malformed": 0, "ignored": 0}),
    "token_without_the_scope": problem(403, "Forbidden", "this needs the scope reprieve.events.create"),
}


@pytest.mark.usefixtures("queue")
def test_every_event_is_answered_whole(call: Gateway, clock: Clock) -> None:
    clock.now = 1_700_000_000_000  # the timestamp of the forged post
    handler = function("event_webhook")
    assert {case: call.send(handler, event("event_webhook", case)) for case in cases("event_webhook")} == ANSWERS


def test_the_key_says_which_of_an_organizations_accounts_a_post_comes_from(call: Gateway, queue: Any) -> None:
    theirs = ec.generate_private_key(ec.SECP256R1())
    other = ProviderAccount("none", webhook_key=public(theirs), name="frankfurt")
    assert wiring.access().set_provider_account("demo", other, provider_name="", before=None)
    assert [post(call, bounce(number), key=key).status for number, key in enumerate((KEY, theirs))] == [200, 200]
    assert post(call, bounce(2), key=ec.generate_private_key(ec.SECP256R1())).status == 401
    keys = [f"u{number}@company.com" for number in range(3)]
    found = [entry_on(wiring.table("SUPPRESSIONS"), DEMO, SuppressionList.BOUNCES, key) for key in keys]
    assert [one and one.reporters for one in found] == [["default"], ["frankfurt"], None]


def test_what_cannot_be_read_is_set_aside_with_its_account(call: Gateway, queue: Any) -> None:
    theirs = ec.generate_private_key(ec.SECP256R1())
    other = ProviderAccount("none", webhook_key=public(theirs), name="frankfurt")
    assert wiring.access().set_provider_account("demo", other, provider_name="", before=None)
    for key in (KEY, theirs):
        assert post(call, {"event": "bounce"}, key=key).status == 200
    assert [one.get("account") for one in queue()] == [None, "frankfurt"]

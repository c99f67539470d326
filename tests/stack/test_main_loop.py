"""The main loop on the real template, driven by the vendors' own unmodified clients over HTTP.

A bounce arrives by signed webhook, is read with SendGrid's client, lifted with Okta's, carried upstream by the job, and
shown in the system log.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests
import sendgrid
from python_http_client.exceptions import ForbiddenError, UnauthorizedError

from local.deploy import client
from tests.support.webhook import signed, signing_key
from tests.support.workers import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]

MALFORMED = "Invalid email address. The provided email address failed validation against RFC 3696."
STRANGER = "This email address does not belong to any user in your organization."
#: a run that was asked for at the latest moment, and the same at the other side; on a busy machine
SECONDS_OF_A_LIFT = 60


@pytest.fixture
def address() -> str:
    return f"user-{uuid.uuid4().hex[:12]}@example.com"


@pytest.fixture
def okta_client(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    from okta.client import Client

    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Client({"orgUrl": stack["okta"]["base_url"], "token": stack["okta"]["token"]})


def run(call: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> Any:
    """Call one of Okta's asynchronous methods; its error, if it answered one, fails the test."""
    data, _, error = asyncio.run(_await(call, *arguments, **named))
    assert error is None, error
    return data


async def _await(call: Callable[..., Awaitable[Any]], *arguments: Any, **named: Any) -> Any:
    return await call(*arguments, **named)


def sendgrid_client(stack: Stack, side: str = "sendgrid") -> Any:
    return sendgrid.SendGridAPIClient(stack[side]["token"], host=stack[side]["base_url"]).client


def post(stack: Stack, *events: dict[str, Any], organization: str | None = None) -> requests.Response:
    """Post events as SendGrid does: signed, with its line ends."""
    body = ("[" + ",\r\n".join(json.dumps(event, sort_keys=True) for event in events) + "]\r\n").encode()
    url = stack["webhook"]["url"]
    if organization:
        url = url.rsplit("/", 1)[0] + "/" + organization
    return requests.post(url, data=body, headers=signed(signing_key(stack), body), timeout=60)


def bounce(address: str, **fields: object) -> dict[str, Any]:
    return {
        "email": address,
        "event": "bounce",
        "type": "bounce",
        "reason": "550 5.1.1 no such user ",
        "status": "5.1.1",
        "sg_event_id": f"bounce-{address}",
        "timestamp": int(time.time()) - 5,
        **fields,
    }


def is_bounced(stack: Stack, address: str, side: str = "sendgrid") -> bool:
    return address in {entry["email"] for entry in sendgrid_client(stack, side).suppression.bounces.get().to_dict}


def create_user(okta_client: Any, address: str) -> Any:
    from okta import models

    profile = models.UserProfile(firstName="A", lastName="User", email=address, login=address)
    return run(okta_client.create_user, models.CreateUserRequest(profile=profile))


def test_a_new_stack_lists_bounces_on_both_sides_for_the_first_requests_to_show(stack: Stack) -> None:
    assert is_bounced(stack, "ada@example.com")
    assert is_bounced(stack, "ada@example.com", "upstream")


def test_a_bounce_is_lifted_from_webhook_to_upstream_by_unmodified_clients(
    stack: Stack, place: Place, okta_client: Any, address: str
) -> None:
    from okta import models

    create_user(okta_client, address)
    event = bounce(address)
    for organization in (None, "upstream"):
        assert post(stack, event, organization=organization).json()["listed"] == 1
    assert is_bounced(stack, address)
    assert is_bounced(stack, address, "upstream")

    wanted = models.BouncesRemoveListObj(emailAddresses=[address.upper(), "name@okta@com", "stranger@else.example"])
    answer = run(okta_client.bulk_remove_email_address_bounces, wanted)
    assert [(error.email_address, error.reason) for error in answer.errors] == [
        ("name@okta@com", MALFORMED),
        ("stranger@else.example", STRANGER),
    ]

    # no tick is waited for: the request has asked the job to run, and the job's own request at the provider does, too
    deadline = time.monotonic() + SECONDS_OF_A_LIFT
    while (is_bounced(stack, address) or is_bounced(stack, address, "upstream")) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not is_bounced(stack, address)
    assert not is_bounced(stack, address, "upstream")
    assert post(stack, event).json()["listed"] == 0, "a repeated webhook brought a lifted bounce back"
    assert not is_bounced(stack, address)


def test_the_job_runs_by_its_schedule(place: Place) -> None:
    scheduler = client(place, "scheduler")
    found = {one["Name"]: one for one in scheduler.list_schedules(State="ENABLED")["Schedules"]}
    assert sorted(found) == ["hook-delivery", "inquiries", "policies", "reconciliation", "removal-job", "upkeep"]
    schedule = scheduler.get_schedule(Name="removal-job", GroupName=found["removal-job"]["GroupName"])
    assert schedule["ScheduleExpression"] == "rate(2 minutes)"
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 120, "MaximumRetryAttempts": 0}


@pytest.mark.parametrize(
    ("dialect", "method", "path", "missing", "bad"),
    [
        (
            "okta",
            "POST",
            "/api/v1/org/email/bounces/remove-list",
            (403, {"errorCode": "E0000005", "errorSummary": "Invalid session"}),
            (401, {"errorCode": "E0000011", "errorSummary": "Invalid token provided"}),
        ),
        (
            "sendgrid",
            "GET",
            "/v3/suppression/bounces",
            (401, {"errors": [{"field": None, "message": "authorization required"}]}),
            (
                401,
                {
                    "errors": [
                        {"field": None, "message": "The provided authorization grant is invalid, expired, or revoked"}
                    ]
                },
            ),
        ),
    ],
)
def test_each_dialect_answers_a_missing_and_a_bad_credential_in_its_own_words(
    stack: Stack, dialect: str, method: str, path: str, missing: tuple[int, dict], bad: tuple[int, dict]
) -> None:
    url = stack[dialect]["base_url"] + path
    for headers, (status, body) in (({}, missing), ({"Authorization": "Bearer nonsense"}, bad)):
        answer = requests.request(method, url, headers=headers, json={}, timeout=20)
        assert answer.status_code == status
        assert {name: answer.json()[name] for name in body} == body


#: a path that each API has, a method that it does not have there, and what comes of that
WRONG_METHOD = {
    "okta": ("DELETE", "/api/v1/logs", 405, "E0000022"),
    "sendgrid": ("PUT", "/v3/suppression/bounces", 405, "method not allowed"),
    "zoho": ("PUT", "/crm/v8/Leads/actions/unblock_email", 400, "INVALID_REQUEST_METHOD"),
    "reprieve": ("DELETE", "/reprieve/removals", 405, "Method Not Allowed"),
}
#: paths that each API does not have, and a word of the answer
UNKNOWN = {
    "okta": ("E0000008", "/api", "/api/v1", "/api/v1/nothing", "/api/v1/users/x/groups/y"),
    "sendgrid": ("not found", "/v3", "/v3/mail/send", "/v3/suppression", "/v3/suppression/unsubscribes/a@b.example"),
    "zoho": (
        *("INVALID_URL_PATTERN", "/crm", "/crm/v8", "/crm/v8/Leads/actions", "/crm/v8/Leads/actions/nothing"),
        *("/crm/v8/Leads/actions/unblock_email/x", "/crm/v8/Leads/1/Notes", "/crm/v8/Leads/1/actions"),
    ),
    "reprieve": ("the API has no such path", "/reprieve", "/reprieve/nothing", "/reprieve/events/sendgrid"),
}


@pytest.mark.parametrize("dialect", UNKNOWN)
def test_a_path_that_is_not_there_is_404_in_the_dialect_with_and_without_a_credential(
    stack: Stack, dialect: str
) -> None:
    word, *paths = UNKNOWN[dialect]
    for path in paths:
        for headers in ({}, {"Authorization": f"Bearer {stack[dialect]['token']}"}):
            for method in ("GET", "POST"):
                answer = requests.request(method, stack[dialect]["base_url"] + path, headers=headers, timeout=20)
                assert (answer.status_code, word in answer.text) == (404, True), (method, path, answer.text)


@pytest.mark.parametrize("dialect", WRONG_METHOD)
def test_a_method_that_is_not_there_is_refused_in_the_dialect(stack: Stack, dialect: str) -> None:
    method, path, status, word = WRONG_METHOD[dialect]
    headers = {"Authorization": f"Bearer {stack[dialect]['token']}"}
    answer = requests.request(method, stack[dialect]["base_url"] + path, headers=headers, timeout=20)
    assert (answer.status_code, word in answer.text) == (status, True)


@pytest.mark.parametrize("dialect", UNKNOWN)
def test_every_answer_has_its_request_id_also_those_of_the_gateway(stack: Stack, dialect: str) -> None:
    _, path, *_ = WRONG_METHOD[dialect]
    good = f"Bearer {stack[dialect]['token']}"
    for authorization in (None, "Bearer nonsense", good):
        headers = {"Authorization": authorization} if authorization else {}
        answer = requests.get(stack[dialect]["base_url"] + path, headers=headers, timeout=20)
        assert answer.headers["X-Okta-Request-Id" if dialect == "okta" else "X-Request-Id"]


def test_one_dialects_token_lacks_the_other_dialects_scopes(stack: Stack) -> None:
    crossed = sendgrid.SendGridAPIClient(stack["okta"]["token"], host=stack["sendgrid"]["base_url"]).client
    with pytest.raises(ForbiddenError) as caught:
        crossed.suppression.bounces.get()
    refusal = {"field": None, "message": "access forbidden", "help": {"scope": "suppression.bounces.read"}}
    assert caught.value.to_dict["errors"] == [refusal]


def test_an_unknown_token_is_refused(stack: Stack) -> None:
    stranger = sendgrid.SendGridAPIClient("SG.unknown", host=stack["sendgrid"]["base_url"]).client
    with pytest.raises(UnauthorizedError):
        stranger.suppression.bounces.get()


def test_one_organizations_bounces_are_invisible_to_another(stack: Stack, address: str) -> None:
    assert post(stack, bounce(address)).ok
    assert is_bounced(stack, address)
    assert not is_bounced(stack, address, "upstream")


def test_a_webhook_that_is_not_signed_by_the_organizations_key_is_refused(stack: Stack, address: str) -> None:
    answer = requests.post(stack["webhook"]["url"], json=[bounce(address)], timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert not is_bounced(stack, address)


@pytest.mark.slow
def test_five_thousand_events_in_one_post_are_durable_before_the_answer(stack: Stack, place: Place) -> None:
    stamp = uuid.uuid4().hex[:8]
    events = [bounce(f"b{number}-{stamp}@example.com", event="delivered") for number in range(2500)]
    events += [bounce(f"d{number}-{stamp}@example.com", type="blocked") for number in range(2500)]
    answer = post(stack, *events)
    assert answer.json() == {"events": 5000, "listed": 2500, "malformed": 0, "ignored": 0}
    assert peak_megabytes(place, "event-webhook") < 512

"""`reprieve connect` on the local stack: against our own SendGrid dialect, and against the local AWS's SES."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client
from tests.support.webhook import public, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("stack")]
SENDER = "connect@shop.example"


def connected(reprieve: Command, *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reprieve("connect", "demo", *arguments, "--json", code=code))
    return found


def states(found: dict[str, Any]) -> list[str]:
    return [step["state"] for step in found["steps"]]


def upstream(stack: dict[str, Any], method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {stack['upstream']['token']}"}
    url = f"{stack['upstream']['base_url']}/v3/user/webhooks/event/settings{path}"
    answer = requests.request(method, url, headers=headers, json=body, timeout=30)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def test_our_own_dialects_webhook_is_connected_tried_and_repaired(stack: dict[str, Any], reprieve: Command) -> None:
    # `make run` has connected it, unless an answer took too long then
    reprieve("connect", "demo", "sendgrid")
    first = connected(reprieve, "sendgrid")
    assert states(first) == ["already so"] * 5
    assert {event["email"] for event in first["events"]} == {"example@test.com"}
    assert "bounce" in {event["outcome"] for event in first["events"]}

    (webhook,) = upstream(stack, "GET", "/all")["webhooks"]
    assert webhook["url"] == stack["webhook"]["url"]
    upstream(stack, "PATCH", f"/{webhook['id']}", {"url": webhook["url"], "enabled": False, "bounce": False})
    upstream(stack, "PATCH", f"/signed/{webhook['id']}", {"enabled": False})
    said = reprieve("doctor", code=1)
    assert "connection: demo: event webhook: it does not post bounce; signature: it does not sign its posts" in said
    planned = connected(reprieve, "sendgrid", "--dry-run")
    assert (states(planned), planned["events"]) == (["already so", *["would do"] * 4], [])
    assert upstream(stack, "GET", "/all")["webhooks"][0]["enabled"] is False

    repaired = connected(reprieve, "sendgrid")
    assert states(repaired) == ["already so", *["done"] * 4]
    assert {event["email"] for event in repaired["events"]} == {"example@test.com"}
    # the other tests sign by the key in stack.json, which the new ones have displaced
    newest = upstream(stack, "GET", f"/signed/{webhook['id']}")["public_key"]
    reprieve("providers", "set", "demo", "--webhook-key", public(signing_key(stack)), "--webhook-key", newest)


def test_the_local_awss_ses_is_connected_and_its_simulators_bounce_arrives(place: Place, reprieve: Command) -> None:
    client(place, "ses").verify_email_identity(EmailAddress=SENDER)
    account = ("ses", "--account", "mail", "--configuration-set", "connect-news", "--from", SENDER)
    assert states(connected(reprieve, *account, "--dry-run")) == ["would do"] * 4
    assert client(place, "sesv2").list_configuration_sets().get("ConfigurationSets", []) == []
    done = connected(reprieve, *account)
    assert states(done) == ["done"] * 4
    (event,) = done["events"]
    assert (event["email"], event["outcome"]) == ("bounce@simulator.amazonses.com", "bounce")
    assert states(connected(reprieve, *account)) == ["already so"] * 4
    reprieve("providers", "remove", "demo", "--account", "mail", "--yes")

"""On the local stack: Okta's own client sets an event hook, and a bounce arrives at its receiver in Okta's envelope."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client, function_names
from tests.stack.test_hooks import Receiver, Server, receiver
from tests.stack.test_other_providers import resend
from tests.support.contracts import validator
from tests.support.webhook_posts import RESEND_SECRET

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from local.place import Place

    Command = Callable[..., str]

pytestmark = [pytest.mark.stack, pytest.mark.slow]
SECONDS = 120
ORGANIZATION = "event-hooks"
EMAIL = "event-hooked@example.com"
SECRET = "Bearer my-shared-secret"


class Endpoint(Receiver):
    """Proves that it expects posts, and keeps them."""

    def do_GET(self) -> None:  # noqa: N802  (the name is theirs)
        proof = json.dumps({"verification": self.headers["x-okta-verification-challenge"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(proof)))
        self.end_headers()
        self.wfile.write(proof)


def run(call: Awaitable[Any]) -> Any:
    """The answer to a call of Okta's Python client; its error fails the test."""

    async def wait() -> Any:
        return await call

    data, _, error = asyncio.run(wait())
    assert error is None, error
    return data


def arrived(server: Server, place: Place) -> tuple[dict[str, str], dict[str, Any]]:
    """The first post; the schedule makes it, and so does the run that is asked for."""
    function, lamb = function_names(place)["HookDeliveryFunction"], client(place, "lambda")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for headers, body in server.posts:
            return {name.lower(): value for name, value in headers.items()}, json.loads(body)
        answer = lamb.invoke(FunctionName=function)
        assert "FunctionError" not in answer, answer["Payload"].read()
        time.sleep(2)
    pytest.fail(f"nothing was posted within {SECONDS} s")


def test_okta_s_python_client_sets_an_event_hook_that_hears_of_a_bounce(
    place: Place, stack: dict[str, Any], reprieve: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import okta.models as okta
    from okta.client import Client

    monkeypatch.setenv("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true")
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    reprieve("organizations", "create", ORGANIZATION, "--membership", "anyone")
    account = ("--kind", "resend", "--key-stdin", "--webhook-key", "-")
    reprieve("providers", "set", ORGANIZATION, *account, stdin=f"api-key\n{RESEND_SECRET}\n")
    scopes = ("--scope", "okta.eventHooks.manage")
    token = json.loads(reprieve("credentials", "issue", ORGANIZATION, "--name", "sdk", *scopes, "--json"))["token"]
    sdk = Client({"orgUrl": stack["okta"]["base_url"], "token": token})
    with receiver(Endpoint) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/okta"
        auth = okta.EventHookChannelConfigAuthScheme(type="HEADER", key="Authorization", value=SECRET)
        headers = [okta.EventHookChannelConfigHeader(key="X-Source", value="reprieve")]
        config = okta.EventHookChannelConfig(uri=url, authScheme=auth, headers=headers)
        channel = okta.EventHookChannel(type="HTTP", version="1.0.0", config=config)
        events = okta.EventSubscriptions(type="EVENT_TYPE", items=["system.email.delivery"])
        created = run(sdk.create_event_hook(okta.EventHook(name="CRM", events=events, channel=channel)))
        assert (created.status, created.verification_status) == ("ACTIVE", "UNVERIFIED")
        verified = run(sdk.verify_event_hook(created.id))
        assert verified.verification_status == "VERIFIED"
        assert [one.id for one in run(sdk.list_event_hooks())] == [created.id]

        body, signed = resend(EMAIL)
        posts = f"{stack['reprieve']['base_url']}/reprieve/events/resend/{ORGANIZATION}"
        sent = {"Content-Type": "application/json", **signed}
        assert requests.post(posts, data=body, headers=sent, timeout=60).json()["listed"] == 1
        heard, envelope = arrived(server, place)
        assert (heard["authorization"], heard["x-source"]) == (SECRET, "reprieve")
        assert envelope["source"] == f"{stack['okta']['base_url']}/api/v1/eventHooks/{created.id}"
        (event,) = envelope["data"]["events"]
        assert (event["eventType"], event["target"][0]["id"]) == ("system.email.delivery", EMAIL)
        validator("LogEvent").validate(event)

    plain = {"Authorization": f"SSWS {token}"}
    shown = requests.get(f"{stack['okta']['base_url']}/api/v1/eventHooks/{created.id}", headers=plain, timeout=60)
    validator("EventHook").validate(shown.json())
    assert SECRET not in shown.text
    renamed = run(sdk.replace_event_hook(created.id, okta.EventHook.from_dict({**shown.json(), "name": "ERP"})))
    assert (renamed.name, renamed.verification_status) == ("ERP", "VERIFIED")
    assert run(sdk.deactivate_event_hook(created.id)).status == "INACTIVE"
    assert run(sdk.activate_event_hook(created.id)).status == "ACTIVE"
    assert run(sdk.deactivate_event_hook(created.id)).status == "INACTIVE"
    run(sdk.delete_event_hook(created.id))
    assert run(sdk.list_event_hooks()) in ([], None)

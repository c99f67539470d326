"""An enabled policy on the real template: a bounce whose time is over leaves our list, and the provider's.

The clock of a deployed function cannot be moved, so the bounce happened days ago and its webhook comes now.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client, outputs
from reprieve.clock import DAY, SECOND, now
from tests.support.webhook import signed, signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.place import Place

pytestmark = pytest.mark.stack
Stack = dict[str, Any]

#: a run of the removal job that is waited for, and the same at the other side; on a busy machine
SECONDS_OF_A_LIFT = 400
RULES = [{"name": "week", "then": "hold", "hold_days": [7]}]


def ask(stack: Stack, method: str, path: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {stack['reprieve']['token']}", **more.pop("headers", {})}
    answer = requests.request(
        method, f"{stack['reprieve']['base_url']}/reprieve{path}", headers=headers, timeout=60, **more
    )
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def policy(stack: Stack) -> Iterator[None]:
    """Give the policy up at the end."""
    yield
    tag = ask(stack, "GET", "/policies").headers["ETag"]
    ask(stack, "DELETE", "/policies", headers={"If-Match": tag})


def enable(stack: Stack) -> None:
    tag = ask(stack, "GET", "/policies").headers["ETag"]
    ask(stack, "PUT", "/policies", headers={"If-Match": tag}, json={"enabled": True, "rules": RULES})


def bounced(stack: Stack, email: str, days_ago: float) -> None:
    """Have a webhook report a bounce, to the organization and to the one that plays its provider."""
    event = {
        "email": email,
        "event": "bounce",
        "type": "bounce",
        "timestamp": int((now() - days_ago * DAY) // SECOND),
        "status": "5.2.1",
        "reason": "550 5.2.1 disabled",
        "sg_event_id": uuid.uuid4().hex,
        "sg_message_id": uuid.uuid4().hex,
    }
    body = json.dumps([event]).encode()
    url = stack["webhook"]["url"]
    for one in (url, url.rsplit("/", 1)[0] + "/upstream"):
        said = requests.post(one, data=body, headers=signed(signing_key(stack), body), timeout=60)
        assert said.json()["listed"] == 1


def is_bounced(stack: Stack, email: str, side: str) -> bool:
    answer = requests.get(
        f"{stack[side]['base_url']}/v3/suppression/bounces/{email}",
        headers={"Authorization": f"Bearer {stack[side]['token']}"},
        timeout=60,
    )
    return bool(answer.json())


@pytest.mark.usefixtures("policy")
def test_a_bounce_whose_time_is_over_is_lifted_here_and_at_the_provider_and_a_newer_one_is_not(
    stack: Stack, place: Place
) -> None:
    mark = uuid.uuid4().hex[:12]
    old, new = f"old-{mark}@{mark}.example", f"new-{mark}@{mark}.example"
    bounced(stack, old, 8)
    bounced(stack, new, 6)
    enable(stack)
    aws = client(place, "lambda")
    function = outputs(place)["UpkeepFunction"]
    answer = json.load(aws.invoke(FunctionName=function, Payload=b'{"policies": true}')["Payload"])
    assert (answer["faults"], answer["finished"], answer["lifted"]["bounces"] >= 1) == ([], True, True)
    assert not is_bounced(stack, old, "sendgrid")

    deadline = time.monotonic() + SECONDS_OF_A_LIFT
    while is_bounced(stack, old, "upstream") and time.monotonic() < deadline:
        time.sleep(2)
    assert not is_bounced(stack, old, "upstream")
    assert is_bounced(stack, new, "sendgrid")
    assert is_bounced(stack, new, "upstream")
    events = ask(stack, "GET", f"/addresses/{old}").json()["events"]
    assert "reprieve.policy.lift" in {one["type"] for one in events}

"""Amazon SES on the local stack: a mail to its simulator, and what comes back by topic and queue."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests

from local.deploy import client, outputs
from local.place import ROOT, tool_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.place import Place

    Command = Callable[..., str]

pytestmark = pytest.mark.stack
SECONDS = 60
SENDER = "news@shop.example"


def eventually(look: Callable[[], Any], *, seconds: float = SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def run(place: Place, *arguments: str) -> str:
    """The output of the operator's command."""
    command = [sys.executable, "-c", "from reprieve_cli.main import main; main()", *arguments]
    path = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain/python", "cli"))
    environment = tool_environment(place) | {"PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def reprieve(place: Place) -> Command:
    return partial(run, place)


@pytest.fixture
def mail(place: Place, reprieve: Command) -> Callable[[str], None]:
    """Sends a mail through SES, whose identity publishes to the stack's topic and is the demo organization's."""
    ses = client(place, "ses")
    ses.verify_email_identity(EmailAddress=SENDER)
    for kind in ("Bounce", "Complaint", "Delivery"):
        ses.set_identity_notification_topic(Identity=SENDER, NotificationType=kind, SnsTopic=outputs(place)["SesTopic"])
    reprieve("senders", "claim", "demo", f"identity/{SENDER}")
    text = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}
    return lambda email: ses.send_email(Source=SENDER, Destination={"ToAddresses": [email]}, Message=text)


def verdict(stack: dict[str, Any], email: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack['reprieve']['token']}"}
    answer = requests.get(f"{stack['reprieve']['base_url']}/reprieve/addresses/{email}", headers=headers, timeout=30)
    found: dict[str, Any] = answer.json()
    return found


def test_a_bounce_of_sess_simulator_is_listed(stack: dict[str, Any], mail: Callable[[str], None]) -> None:
    email = "bounce@simulator.amazonses.com"
    mail(email)
    lists = eventually(lambda: [one["list"] for one in verdict(stack, email)["suppressions"]])
    assert lists == ["bounces"]


@pytest.mark.slow
def test_a_complaint_of_sess_simulator_is_listed(stack: dict[str, Any], mail: Callable[[str], None]) -> None:
    email = "complaint@simulator.amazonses.com"
    mail(email)
    lists = eventually(lambda: [one["list"] for one in verdict(stack, email)["suppressions"]])
    assert lists == ["spam_reports"]


@pytest.mark.slow
def test_a_delivery_is_in_the_log_and_on_no_list(stack: dict[str, Any], mail: Callable[[str], None]) -> None:
    email = "success@simulator.amazonses.com"
    mail(email)
    headers = {"Authorization": f"SSWS {stack['okta']['token']}"}
    query = {"filter": f'target.id eq "{email}"'}
    logs = f"{stack['okta']['base_url']}/api/v1/logs"
    (entry,) = eventually(lambda: requests.get(logs, params=query, headers=headers, timeout=30).json())
    assert entry["outcome"] == {"result": "SUCCESS", "reason": "delivered"}
    assert entry["debugContext"]["debugData"]["emailProvider"] == "SES"
    assert verdict(stack, email)["suppressions"] == []


@pytest.mark.slow
def test_an_unclaimed_senders_bounce_waits_until_it_is_claimed(
    stack: dict[str, Any], place: Place, mail: Callable[[str], None], reprieve: Command
) -> None:
    reprieve("senders", "release", "demo", f"identity/{SENDER}")
    email = "suppressionlist@simulator.amazonses.com"
    mail(email)
    waiting = "no organization has claimed its sender"
    assert eventually(lambda: waiting in reprieve("dead-letters", "list", "--all"))
    reprieve("senders", "claim", "demo", f"identity/{SENDER}")
    assert "1 taken, 0 left" in reprieve("dead-letters", "redrive", "--all")
    assert [one["list"] for one in verdict(stack, email)["suppressions"]] == ["bounces"]

"""`make demo`: the main loop against the running stack, with each request and answer in short.

A mail bounces at the provider, the bounce suppresses the address here, an administrator asks for a reprieve, the job
carries it to the provider, and the address is off both lists, with every step in the system log. At the end the
organization enrols its own SMTP server, and a test mail arrives there.
"""

import argparse
import base64
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from local.activity import short
from local.console import paint, say
from local.place import Place, default_place
from local.problem import Problem

INVALID: Final = "Invalid email address. The provided email address failed validation against RFC 3696."
STRANGER: Final = "This email address does not belong to any user in your organization."
#: A removal forgives bounces up to shortly before its own time, so the bounce that it is to lift must be older.
SECONDS_SINCE_THE_BOUNCE: Final = 120
#: The job runs every two minutes, and a run may already have begun.
SECONDS_OF_SCHEDULE: Final = 300

Stack = dict[str, Any]
Answer = requests.Response


def main() -> None:
    """Play the loop; exit 1 with one line at the first step that fails."""
    argparse.ArgumentParser(prog="make demo", description=__doc__).parse_args()
    try:
        stack = running_stack()
        play(stack)
    except Problem as problem:
        sys.exit(f"\nmake demo: {problem}")
    except requests.RequestException as error:
        sys.exit(f"\nmake demo: the stack does not answer ({type(error).__name__}): is `make run` still running?")


def play(stack: Stack) -> None:
    """Play the loop, with a title before each step."""
    address = f"demo-{int(time.time())}@example.com"

    title("The organization gets a user")
    create_user(stack, address)

    title("A mail to that address bounces: the provider lists it and sends a signed webhook")
    bounce = bounce_of(address)
    post_events(stack, "upstream", [bounce])
    post_events(stack, "demo", [bounce, delivery_to("grace@example.com")])
    check(address in bounced(stack, "sendgrid"), "the address is not on our bounce list")
    check(address in bounced(stack, "upstream"), "the address is not on the provider's bounce list")

    title("The administrator asks for a reprieve; the answer names the addresses that cannot have one")
    ask_for_reprieve(stack, address)

    title("The removal job lifts the suppression at the provider, then here")
    say("  the request has asked the job to run; its schedule of two minutes would do, too")
    until(lambda: address not in bounced(stack, "sendgrid"), "the address is still on our list")
    check(address not in bounced(stack, "upstream"), "the address is still on the provider's list")

    title("The system log shows every step")
    check_log(stack, address)

    if stack["mail"]:
        title("The organization enrols its own mail server, and a test mail arrives there")
        send_test_mail(stack, address)

    say(paint(f"\n{address} bounced, was given a reprieve, and can be mailed again.", 32))


def create_user(stack: Stack, address: str) -> None:
    """Create a user by Okta's API: only addresses of the organization's own users can be lifted."""
    profile = {"firstName": "Demo", "lastName": "User", "email": address, "login": address}
    answer = call(stack, "okta", "POST", "/api/v1/users?activate=true", {"profile": profile})
    expect(answer, 200)
    check(answer.json()["profile"]["email"] == address, "the user has another address")


def bounce_of(address: str) -> dict[str, Any]:
    """The event of a hard bounce, as SendGrid sends it."""
    moment = int(time.time()) - SECONDS_SINCE_THE_BOUNCE
    return {
        "email": address,
        "event": "bounce",
        "type": "bounce",
        "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
        "status": "5.1.1",
        "bounce_classification": "Invalid Address",
        "timestamp": moment,
        "ip": "192.0.2.25",
        "sg_event_id": f"bounce-{address}",
        "sg_message_id": f"message-{moment}.recvd-demo",
    }


def delivery_to(address: str) -> dict[str, Any]:
    """The event of a delivered mail, as SendGrid sends it."""
    moment = int(time.time()) - SECONDS_SINCE_THE_BOUNCE
    return {
        "email": address,
        "event": "delivered",
        "response": "250 2.0.0 OK",
        "timestamp": moment,
        "sg_event_id": f"delivered-{address}-{moment}",
        "sg_message_id": f"message-{moment}.recvd-demo",
    }


def post_events(stack: Stack, organization: str, events: list[dict[str, Any]]) -> None:
    """Post events to an organization's webhook, signed as SendGrid signs them: the timestamp and the raw body."""
    url = stack["webhook"]["url"].removesuffix(stack["org"]) + organization
    body = json.dumps(events, separators=(",", ":")).encode() + b"\r\n"
    timestamp = str(int(time.time()))
    key = serialization.load_pem_private_key(stack["webhook"]["signing_key_pem"].encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Problem("the signing key in stack.json is not an elliptic curve's.")
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    headers = {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
    }
    answer = requests.post(url, data=body, headers=headers, timeout=30)
    show(answer, ", ".join(f"{event['event']} {event['email']}" for event in events))
    check(answer.ok, f"the webhook answered {answer.status_code}")


def bounced(stack: Stack, side: str) -> set[str]:
    """The addresses on the bounce list, by SendGrid's API: ours or the provider's."""
    answer = call(stack, side, "GET", "/v3/suppression/bounces?limit=500")
    expect(answer, 200)
    return {entry["email"] for entry in answer.json()}


def ask_for_reprieve(stack: Stack, address: str) -> None:
    """Send one request of Okta's API with a valid, an invalid and a foreign address."""
    asked = [address, "name@okta@com", "stranger@example.com"]
    answer = call(stack, "okta", "POST", "/api/v1/org/email/bounces/remove-list", {"emailAddresses": asked})
    expect(answer, 200)
    reasons = {error["emailAddress"]: error["reason"] for error in answer.json()["errors"]}
    wanted = {"name@okta@com": INVALID, "stranger@example.com": STRANGER}
    check(reasons == wanted, f"the errors should have been {wanted}")


def until(done: Callable[[], bool], otherwise: str) -> None:
    """Wait until `done` is true: seconds as a rule, and no longer than the job's schedule takes."""
    deadline = time.monotonic() + SECONDS_OF_SCHEDULE
    while not done():
        check(time.monotonic() < deadline, otherwise)
        time.sleep(1)


def check_log(stack: Stack, address: str) -> None:
    """Read the address's entries by Okta's API, up to now: a bounded query shows an entry at once."""
    until = datetime.now(UTC).isoformat()
    filter_ = f'target.id eq "{address}" or target.displayName co "{address}"'
    answer = call(stack, "okta", "GET", "/api/v1/logs?" + urlencode({"until": until, "filter": filter_}))
    expect(answer, 200)
    events = answer.json()
    for event in events:
        say(f"  {event['published']}  {event['eventType']:<28} {event['outcome']['result']}")
    wanted = {"system.email.delivery", "system.email.bounce.removal", "reprieve.removal.done"}
    missing = wanted - {event["eventType"] for event in events}
    check(not missing, f"the log has no {', '.join(sorted(missing))} for {address}")


def send_test_mail(stack: Stack, address: str) -> None:
    """Enrol the demo's mail server by Okta's API, send a mail through it, show what arrived, and delete the server."""
    mail = stack["mail"]
    server = {
        "alias": "Demo",
        "host": mail["host"],
        "port": mail["port"],
        "username": mail["username"],
        "enabled": False,
        "privateCa": mail["ca_pem"],
        "password": mail["password"],
    }
    created = call(stack, "okta", "POST", "/api/v1/email-servers", server)
    expect(created, 201)
    path = f"/api/v1/email-servers/{created.json()['id']}"
    try:
        expect(call(stack, "okta", "POST", f"{path}/test", {"from": "reprieve@example.com", "to": address}), 204)
        files = sorted(Path(mail["inbox"]).glob("*.eml"), reverse=True)
        mails = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in files)
        arrived = next((one for one in mails if one["To"] == address), None)
        check(arrived is not None, "the test mail has not arrived")
        for name in ("From", "To", "Subject"):
            say(f"  {name}: {arrived[name]}")  # type: ignore[index]  # it has arrived
    finally:
        expect(call(stack, "okta", "DELETE", path), 204)


def call(stack: Stack, side: str, method: str, path: str, body: object = None) -> Answer:
    """Send one request with a credential, and print it with its answer."""
    scheme = "SSWS" if side == "okta" else "Bearer"
    answer = requests.request(
        method,
        stack[side]["base_url"] + path,
        json=body,
        headers={"Authorization": f"{scheme} {stack[side]['token']}"},
        timeout=30,
    )
    show(answer, json.dumps(body) if body else "", side=side)
    return answer


def show(answer: Answer, sent: str, *, side: str = "webhook") -> None:
    """Print a request and its answer, each on one line."""
    say(f"  {side}: {answer.request.method} {answer.request.path_url}  {short(sent)}".rstrip())
    say(f"    -> {paint(str(answer.status_code), 32 if answer.ok else 31)} {short(answer.text)}".rstrip())


def title(text: str) -> None:
    """Print the title of the next step."""
    say(f"\n{paint(text, 1)}")


def expect(answer: Answer, status: int) -> None:
    """Raise a Problem unless the answer has this status."""
    check(answer.status_code == status, f"the answer is {answer.status_code}, and {status} was expected")


def check(so: bool, otherwise: str) -> None:  # noqa: FBT001 - like assert, which may be switched off
    """Raise a Problem unless the condition holds."""
    if not so:
        raise Problem(otherwise)


def running_stack() -> Stack:
    """The content of stack.json, which `make run` writes."""
    file = default_place(0).stack_json
    if not file.exists():
        raise Problem("there is no local stack yet: run `make run` in another terminal.")
    stack: Stack = json.loads(file.read_text())
    return stack


def place_of(stack: Stack) -> Place:
    """The place of that stack: its port is in every URL."""
    port = urlsplit(stack["okta"]["base_url"]).port
    return default_place(int(port))


if __name__ == "__main__":
    main()

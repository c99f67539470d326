"""How long lifts and bounces take for those who wait for them, on a local stack of its own.

    PYTHONPATH=layers/domain/python:cli:. python -m bench.lift

Single lifts by Okta's remove-list, at random times, of an organization whose provider is a SendGrid on this machine:
from the answer to the provider's delete, and to the moment at which the record was settled here. Then the same with
functions that may not ask the job to run, so that only its schedule is left. And bounces: from the webhook's post to
the first answer that lists the address. Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import requests

from bench.classification import verdict
from local import stack
from local.demo_data import DEMO
from local.deploy import client, function_names
from local.ministack import free_port
from local.place import STACK_NAME, Place
from reprieve.access.quota import Bucket
from reprieve.clock import SECOND, now
from reprieve.organization import MAX_LIMIT, Membership
from reprieve_cli import operations
from reprieve_cli import stack as command
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.stack_access import access_of
from tests.support.webhook import signed, signing_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.upstream import Seen

LIFTS: Final = 200
#: seconds between two lifts, on average
APART: Final = 1.0
#: seconds from an answer to the lift: for half of them, and for all but one in a hundred
HALF: Final = 5
NEARLY_ALL: Final = 130
#: seconds that the last ones are waited for
PATIENCE: Final = 300
ORGANIZATION: Final = "lifting"
KEY: Final = "SG.bench"
SCOPES: Final = ["okta.orgs.manage", "reprieve.removals.read"]
DENIED: Final = {"Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "*"}


@dataclass
class Provider(FakeSendGrid):
    """A SendGrid that notes when an address left its bounces, in milliseconds."""

    left: dict[str, int] = field(default_factory=dict)

    def work(self, request: Seen) -> tuple[int, Any]:
        """See the base."""
        before = self.listed("bounces")
        answer = super().work(request)
        self.left |= dict.fromkeys(before - self.listed("bounces"), now())
        return answer


@dataclass(frozen=True)
class Bench:
    """The stack, and its callers."""

    described: dict[str, Any]
    provider: Provider
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def bounce(self, email: str) -> float:
        """Have an address of the demo bounce; the seconds until an answer lists it."""
        event = {
            "email": email,
            "event": "bounce",
            "type": "bounce",
            "reason": "550 5.1.1 no such user",
            "status": "5.1.1",
            "sg_event_id": f"bounce-{email}",
            "timestamp": int(time.time()) - 5,
        }
        body = json.dumps([event]).encode()
        headers = signed(signing_key(self.described), body)
        mine = {"Authorization": f"Bearer {self.described['sendgrid']['token']}"}
        began = time.monotonic()
        self.session.post(self.described["webhook"]["url"], data=body, headers=headers, timeout=60).raise_for_status()
        url = f"{self.described['sendgrid']['base_url']}/v3/suppression/bounces"
        while email not in {row["email"] for row in self.session.get(url, headers=mine, timeout=60).json()}:
            time.sleep(0.01)
        return time.monotonic() - began

    def lift(self, email: str) -> tuple[str, str, int]:
        """Ask for a lift: the address, the request's id, and the moment of its answer in milliseconds."""
        self.provider.put("bounces", email)
        answer = self.session.post(
            f"{self.described['okta']['base_url']}/api/v1/org/email/bounces/remove-list",
            json={"emailAddresses": [email]},
            headers={"Authorization": f"SSWS {self.token}"},
            timeout=60,
        )
        assert (answer.status_code, answer.json()) == (200, {"errors": []}), answer.text
        return email, answer.headers["X-Okta-Request-Id"], now()

    def finished(self, request_id: str) -> int | None:
        """When the removal of a request was settled, in milliseconds; None while it waits."""
        answer = self.session.get(
            f"{self.described['reprieve']['base_url']}/reprieve/removals",
            params={"request_id": request_id},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        )
        (removal,) = answer.json()["removals"]
        if removal["state"] != "done":
            return None
        return round(datetime.fromisoformat(removal["finished_at"]).timestamp() * SECOND)

    def lifts(self, name: str) -> tuple[list[float], list[float]]:
        """Have addresses lifted; the seconds from each answer until it was lifted at the provider, and here."""
        asked = []
        for number in range(LIFTS):
            time.sleep(random.expovariate(1 / APART))
            asked.append(self.lift(f"{name}-{number:03}@example.com"))
        ends, found = time.monotonic() + PATIENCE, dict[str, int]()
        while len(found) < LIFTS and time.monotonic() < ends:
            for email, request_id, _ in asked:
                if email not in found and (finished := self.finished(request_id)):
                    found[email] = finished
            time.sleep(1)
        if len(found) < LIFTS:
            sys.exit(f"{LIFTS - len(found)} lifts are not done after {PATIENCE} s")
        there = [(self.provider.left[email] - answered) / SECOND for email, _, answered in asked]
        return there, [(found[email] - answered) / SECOND for email, _, answered in asked]


def percentile(times: Sequence[float], share: float) -> float:
    """The time that a share of all keeps, in seconds; what was done before the answer arrived took none."""
    return max(0.0, sorted(times)[round(share * (len(times) - 1))])


def enrolled(place: Place, provider: Provider) -> str:
    """Create the organization; a token of its own."""
    command.connect(STACK_NAME)
    operations.create_organization(ORGANIZATION, membership=Membership.ANYONE)
    operations.set_provider(ORGANIZATION, kind="sendgrid", base_url=provider.url, api_key=KEY)
    for name in (ORGANIZATION, DEMO):
        access_of(place).change_organization(name, {}, dict.fromkeys(Bucket, MAX_LIMIT))
    token: str = operations.issue_credential(ORGANIZATION, name="bench", scopes=SCOPES)[0]
    return token


def forbid_prompt_runs(place: Place) -> None:
    """Have the functions' roles deny what a prompt run takes."""
    name = function_names(place)["RemoveListFunction"]
    role = client(place, "lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    document = json.dumps({"Version": "2012-10-17", "Statement": [DENIED]})
    client(place, "iam").put_role_policy(RoleName=role, PolicyName="no-prompt-runs", PolicyDocument=document)


def main() -> None:
    """Print the figures, the goals and whether they are met."""
    with tempfile.TemporaryDirectory() as home:
        place = Place(Path(home), free_port())
        with Provider() as provider, stack.running(place):
            provider.allow(KEY)
            os.environ.update(place.aws_environment())
            bench = Bench(json.loads(place.stack_json.read_text()), provider, enrolled(place, provider))
            bounced = [bench.bounce(f"bounced-{number:03}@example.com") for number in range(LIFTS)]
            prompt = bench.lifts("prompt")
            forbid_prompt_runs(place)
            by_schedule = bench.lifts("scheduled")
    met = True
    for what, times in (("prompt runs", prompt), ("prompt runs refused", by_schedule)):
        for where, seconds in zip(("at the provider", "here"), times, strict=True):
            half, nearly_all = percentile(seconds, 0.5), percentile(seconds, 0.99)
            if times is prompt:
                met &= verdict(f"{what}: answered to lifted {where}, p50 s", half, HALF, at_least=False)
            else:
                print(f"{what}: answered to lifted {where}, p50 s: {half:.3g}")
            met &= verdict(f"{what}: answered to lifted {where}, p99 s", nearly_all, NEARLY_ALL, at_least=False)
    print(f"bounce posted to listed, s: p50 {percentile(bounced, 0.5):.3g}, p99 {percentile(bounced, 0.99):.3g}")
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()

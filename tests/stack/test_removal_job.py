"""The removal job on the real template: overlapping runs, and one that is killed in the middle.

The provider is a SendGrid of the test's own, which remembers every call. REPRIEVE_REMOVALS sets how many removals wait;
the local stack does some hundred writes a second, so that asking for 10,000 takes minutes on a small machine.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.config import Config

from local.deploy import outputs
from local.place import ROOT, tool_environment
from tests.support.fake_sendgrid import FakeSendGrid
from tests.support.workers import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.place import Place
    from tests.stack.conftest import Runner

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: REPRIEVE_REMOVALS=10000 for the full load
COUNT = int(os.environ.get("REPRIEVE_REMOVALS", "400"))
KEY = "SG.stack"
#: a lease, and a margin for a busy machine
LEASE_SECONDS = 160
#: several leases: a busy machine may end a run in the middle
SECONDS_TO_SETTLE = 600
#: of the provider in the middle of a run
SECONDS_OF_THE_HANG = 120

SET_UP = """
import json, sys
from reprieve.organization import Membership
from reprieve_cli import operations, stack
from local.place import STACK_NAME
organization, base_url = sys.argv[1:]
stack.connect(STACK_NAME)
operations.create_organization(organization, membership=Membership.ANYONE, shards=8)
operations.set_provider(organization, kind="sendgrid", base_url=base_url, api_key="SG.stack")
scopes = ["okta.orgs.manage", "reprieve.removals.read"]
print(json.dumps(operations.issue_credential(organization, name="test", scopes=scopes)[0]))
"""


@pytest.fixture
def upstream() -> Iterator[FakeSendGrid]:
    with FakeSendGrid() as fake:
        fake.allow(KEY)
        yield fake


def enrol(place: Place, upstream: FakeSendGrid, organization: str) -> str:
    """Create an organization whose provider is the test's; return its token."""
    done = subprocess.run(
        [sys.executable, "-c", SET_UP, organization, upstream.url],
        cwd=ROOT,
        env={**tool_environment(place), "PYTHONPATH": f"{ROOT}/layers/domain/python:{ROOT}/cli:{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout))


def ask(stack: dict[str, Any], token: str, emails: list[str]) -> list[str]:
    """Request removals, 1,000 per request (fewer on a slow machine); return the requests' ids."""
    url = f"{stack['okta']['base_url']}/api/v1/org/email/bounces/remove-list"
    asked = []
    for start in range(0, len(emails), 250):
        answer = requests.post(
            url,
            json={"emailAddresses": emails[start : start + 250]},
            headers={"Authorization": f"SSWS {token}"},
            timeout=120,
        )
        assert (answer.status_code, answer.json()) == (200, {"errors": []})
        asked.append(answer.headers["X-Okta-Request-Id"])
    return asked


def tick(place: Place) -> dict[str, Any]:
    """Run the job once; return {} if it was killed before its answer."""
    # a run may take longer than boto3's timeout, and a retry would be another run
    config = Config(read_timeout=180, retries={"total_max_attempts": 1})
    patient = boto3.client(
        "lambda",
        endpoint_url=place.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )
    answer = patient.invoke(FunctionName=outputs(place)["RemovalJobFunction"])
    said = json.load(answer["Payload"])
    return {} if "FunctionError" in answer else said


def deleted(upstream: FakeSendGrid) -> Counter[str]:
    """The number of deletions upstream per address."""
    return Counter(email for seen in list(upstream.seen) if seen.body for email in json.loads(seen.body)["emails"])


def states(stack: dict[str, Any], token: str, request_ids: list[str]) -> Counter[str]:
    """The number of removals per state."""
    return Counter(removal["state"] for request_id in request_ids for removal in removals_of(stack, token, request_id))


def removals_of(stack: dict[str, Any], token: str, request_id: str) -> list[dict[str, Any]]:
    answer = requests.get(
        f"{stack['reprieve']['base_url']}/reprieve/removals",
        params={"request_id": request_id},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["removals"]
    return found


def until_done(stack: dict[str, Any], token: str, request_ids: list[str], run: Callable[[], object]) -> Counter[str]:
    """Run the job until all of the removals are done, or for several leases; return their states."""
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    while set(found := states(stack, token, request_ids)) != {"done"} and time.monotonic() < deadline:
        run()
        time.sleep(0.5)
    return found


def test_overlapping_runs_delete_each_address_upstream_once(
    stack: dict[str, Any], place: Place, upstream: FakeSendGrid
) -> None:
    token = enrol(place, upstream, "overlap")
    emails = [f"user-{number}@example.com" for number in range(COUNT)]
    request_ids = ask(stack, token, emails)
    with ThreadPoolExecutor(2) as pool:
        settled = until_done(stack, token, request_ids, lambda: list(pool.map(tick, [place, place])))
    assert settled == {"done": COUNT}
    assert deleted(upstream) == dict.fromkeys(emails, 1)


def test_a_job_that_is_killed_in_the_middle_loses_nothing(
    stack: dict[str, Any], place: Place, upstream: FakeSendGrid
) -> None:
    token = enrol(place, upstream, "killed")
    emails = [f"victim-{number}@example.com" for number in range(600)]
    killed: list[int] = []

    def kill(handler: Any) -> None:
        """Carry out the first bulk, then kill the function that sent it."""
        handler.work()
        for process in workers(place, "removal-job"):
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    upstream.trouble.append(kill)
    request_ids = ask(stack, token, emails)  # which asks the job to run
    tick(place)
    assert killed
    assert states(stack, token, request_ids)["done"] < len(emails)
    time.sleep(LEASE_SECONDS)
    assert until_done(stack, token, request_ids, lambda: tick(place)) == {"done": len(emails)}
    # addresses of the killed run are deleted twice, because their result was lost; the others once
    assert set(deleted(upstream)) == set(emails)
    assert max(deleted(upstream).values()) == 2


def test_stopping_the_stack_in_the_middle_of_a_run_does_not_wait_for_it_and_loses_nothing(
    stack: dict[str, Any], runner: Runner, upstream: FakeSendGrid
) -> None:
    token = enrol(runner.place, upstream, "stopped")
    asked, stopped = threading.Event(), threading.Event()

    def hang(_: Any) -> None:
        asked.set()
        stopped.wait(SECONDS_OF_THE_HANG)

    upstream.trouble.append(hang)
    (request_id,) = ask(stack, token, ["patient@example.com"])  # which asks the job to run
    assert asked.wait(60)
    runner.stop()
    stopped.set()
    runner.start()
    (removal,) = removals_of(stack, token, request_id)
    # a run that was waited for would have noted an attempt that failed
    assert (removal["state"], removal["attempts"], removal["last_answer"]) == ("pending", 0, None)

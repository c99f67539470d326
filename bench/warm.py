"""What a warm request costs, as a share of bare boto3 making the same calls: `make bench-warm`, after a build.

A request is answered in this process first, and its calls of DynamoDB are recorded. Then two processes are measured,
each on a fresh store with the same content: the function as built, which answers such requests, and a bare boto3 client
that makes the recorded calls. Each has answered one request, or made one request's calls, before the measurement
begins. Counted are instructions by callgrind where valgrind is installed, else processor time. A request that misses
its goal fails the run.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore import xform_name

from bench.deployment import LAYERS, SETTINGS, email, get, handling, post, prepare, webhook
from bench.processes import Process, between_marks, unit
from bench.store import running
from local.build import build_if_changed
from local.place import default_place
from reprieve.runtime import wiring
from reprieve.store.boto3_transport import Boto3
from tests.support import moto_aws
from tests.support.gateway import Context, function
from tests.support.tables import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GOAL: Final = 0.5
#: makes the calls of each request, which are on lines of their own
BARE: Final = """
import os, pickle, boto3
client = boto3.client("dynamodb")
with open({file!r}, "rb") as file:
    requests = pickle.load(file)
for number, calls in enumerate(requests):
    if number == 1:
        os.getppid()
    for operation, arguments in calls:
        try:
            getattr(client, operation)(**arguments)
        except client.exceptions.ClientError:
            pass  # a condition that did not hold, as for the function
os.getppid()
"""


@dataclass(frozen=True, slots=True)
class Request:
    """A kind of request, and its goal.

    Attributes:
        name: in words.
        function: the folder of the function.
        events: makes the event of one more request.
        count: how many are measured.
        entries, logged: how many entries the list and the log have.
    """

    name: str
    function: str
    events: Callable[[int], dict[str, Any]]
    count: int
    goal: float = GOAL
    entries: int = 10
    logged: int = 10


def _removal(first: int, count: int) -> dict[str, Any]:
    addresses = [email(first + number) for number in range(count)]
    return post("okta", "api", "/v1/org/email/bounces/remove-list", {"emailAddresses": addresses})


REQUESTS: Final = (
    Request(
        "one address of a list",
        "suppressions",
        lambda number: get("sendgrid", "v3", "/suppression/bounces/{email+}", path={"email": email(number)}),
        8,
    ),
    Request(
        "a list's page of 500",
        "suppressions",
        lambda _: get("sendgrid", "v3", "/suppression/bounces", query={"limit": "500"}),
        2,
        entries=500,
    ),
    Request("remove-list of 1", "remove_list", lambda number: _removal(number, 1), 8),
    Request("remove-list of 100", "remove_list", lambda number: _removal(number * 100, 100), 2, entries=300),
    Request("a webhook's post of 1", "event_webhook", lambda number: webhook(number, 1), 8),
    Request("a webhook's post of 100", "event_webhook", lambda number: webhook(number * 100, 100), 2),
    Request("a webhook's post of 5,000", "event_webhook", lambda number: webhook(number * 5_000, 5_000), 1, goal=0.75),
    Request(
        "the log's page of 1,000",
        "system_log",
        lambda _: get("okta", "api", "/v1/logs", query={"sortOrder": "DESCENDING", "limit": "1000"}),
        2,
        goal=0.7,
        logged=1_000,
    ),
)


class Recorder:
    """A transport that keeps what it was asked."""

    def __init__(self, transport: Boto3) -> None:
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self._transport = transport

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `store.transport.Transport`."""
        self.calls.append((xform_name(operation), arguments))
        return self._transport.call(operation, arguments)

    def taken(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What was asked since this was called last."""
        calls, self.calls = self.calls, []
        return calls


def main() -> None:
    """Build, measure, print the table, and exit with 1 if a goal is missed."""
    build_if_changed(default_place(0))
    print(f"| warm request | DynamoDB calls | {unit()} | bare boto3 | share | goal | |")
    print("|---|---:|---:|---:|---:|---:|---|")
    missed = []
    for one in REQUESTS:
        calls, ours, bare = measured(one)
        good = ours / bare <= one.goal
        missed += [] if good else [one.name]
        verdict = "met" if good else "MISSED"
        print(
            f"| {one.name} | {calls} | {ours:.1f} | {bare:.1f} | {ours / bare:.2f} | {one.goal} | {verdict} |",
            flush=True,
        )
    if missed:
        sys.exit(f"missed: {', '.join(missed)}")


def measured(one: Request) -> tuple[int, float, float]:
    """The calls of a request, its cost, and the cost of the same calls by bare boto3."""
    events = [one.events(number) for number in range(one.count + 1)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        calls = recorded(one, events)
        file = folder / "calls"
        file.write_bytes(pickle.dumps(calls))
        endpoints = [stack.enter_context(stored(one)) for _ in range(2)]
        ours = handling(one.function, events, status=200, endpoint=endpoints[0], folder=folder, mark="os.getppid()")
        bare = Process(BARE.format(file=str(file)), LAYERS, {"AWS_ENDPOINT_URL": endpoints[1]})
        with ThreadPoolExecutor(2) as pool:
            costs = list(pool.map(between_marks, (ours, bare)))
    return len(calls[-1]), costs[0] / one.count, costs[1] / one.count


def recorded(one: Request, events: list[dict[str, Any]]) -> list[list[tuple[str, Mapping[str, Any]]]]:
    """The calls of DynamoDB for each event, in a process that has answered one before."""
    with pytest.MonkeyPatch.context() as patch, running() as (client, _):
        prepare(client, entries=one.entries, logged=one.logged)
        for name, value in (environment() | SETTINGS).items():
            patch.setenv(name, value)
        recorder = Recorder(Boto3(client))
        moto_aws.forget(clients=True)
        patch.setattr(wiring, "dynamodb", lambda: recorder)
        patch.setattr("sys.stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115  (the function's log)
        handler = function(one.function)
        calls = []
        for event in events:
            answer = handler(event, Context())
            assert answer["statusCode"] == 200, answer
            calls.append(recorder.taken())
        moto_aws.forget(clients=True)
    return calls


@contextmanager
def stored(one: Request) -> Iterator[str]:
    """A fresh store with what a request finds; its URL."""
    with running() as (client, _):
        prepare(client, entries=one.entries, logged=one.logged)
        yield client.meta.endpoint_url


if __name__ == "__main__":
    main()

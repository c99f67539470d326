"""What a post of the event webhook takes, on dynoxide: write units, processor time and memory.

PYTHONPATH=layers/domain/python python -m bench.ingest

The webhook's function is measured as it is deployed, from API Gateway's event to its answer. The reference of processor
time is boto3's own batch writer, which puts the same items: for every event one in Suppressions and one in EventLog.
Exits with 1 if a goal is missed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import boto3
from boto3.dynamodb.types import TypeDeserializer
from cryptography.hazmat.primitives.asymmetric import ec

from bench.classification import LONGEST, SETS, load, verdict
from bench.cost_measure import ORGANIZATION, SETTINGS, add
from bench.store import Meter
from reprieve.runtime import telemetry, wiring
from tests.support import dynoxide
from tests.support.gateway import Context, function, proxy_event
from tests.support.moto_aws import forget
from tests.support.tables import create_tables, environment
from tests.support.webhook import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

#: write units of an event that suppresses an address, beside its log entry
UNITS: Final = 2.1
#: processor time of the function over that of the batch writer
RATIO: Final = 1.5
#: megabytes of a whole process at its peak
MEMORY: Final = 512
LARGE: Final = 5_000
#: posts per round, by the number of their events
POSTS: Final = {1: 50, 100: 2, LARGE: 1}
ROUNDS: Final = 5
#: one event in so many repeats one of the post before
REPEATS: Final = 10
TABLES: Final = ("Suppressions", "EventLog")


@dataclass
class Provider:
    """Posts bounces as SendGrid does: each of an address of its own, with the words of a real mail server.

    What is repeated comes under a new event id, as SendGrid repeats it.
    """

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    since: int = field(default_factory=lambda: int(time.time()) - 60)
    made: int = 0

    @cached_property
    def texts(self) -> list[tuple[str, str]]:
        """What mail servers said, and the status."""
        refusals = [one for name in SETS for one in load(name)]
        return [(one.text, one.status) for one in refusals if len(one.text) <= LONGEST]

    def posts(self, size: int, *, repeating: bool) -> list[dict[str, Any]]:
        """API Gateway's events for the posts of a round, of `size` delivery events each."""
        return [self._post(size, repeating=repeating) for _ in range(POSTS[size])]

    def _post(self, size: int, *, repeating: bool) -> dict[str, Any]:
        numbers = range(self.made, self.made + size)
        self.made += size
        events = []
        for number in numbers:
            repeated = repeating and number % REPEATS == 0 and number > size
            event = self._event(number - size - 1 if repeated else number)
            events.append(event | {"sg_event_id": f"Ym91bmNlLTAtMTk5NDIxMTIt{number:08}"})
        body = json.dumps(events).encode()
        return proxy_event(
            "POST",
            "/events/{kind}/{org}",
            path={"kind": "sendgrid", "org": ORGANIZATION.id},
            query={},
            headers=signed(self.key, body),
            body=body,
            stage="reprieve",
            as_base64=True,
        )

    def _event(self, number: int) -> dict[str, Any]:
        text, status = self.texts[number % len(self.texts)]
        return {
            "bounce_classification": "Unclassified",
            "email": f"recipient-{number:08}@example.com",
            "event": "bounce",
            "ip": "192.0.2.44",
            "reason": f"{text} <recipient-{number:08}@example.com> s{number:x}",
            "sg_message_id": f"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-{number:08}.0",
            "smtp-id": f"<LRzXl_NHStOGhQ4kofSm_A.{number:08}@ismtpd0039p1iad1.sendgrid.net>",
            "status": status,
            "timestamp": self.since,
            "tls": 1,
            "type": "bounce",
        }


class Writer:
    """boto3's batch writer, as it comes.

    Args:
        items: by table, as many as the largest post has events.
    """

    def __init__(self, items: Mapping[str, Sequence[Any]]) -> None:
        dynamodb = boto3.resource("dynamodb")
        self._tables = [(dynamodb.Table(name), items[name]) for name in TABLES]

    def put(self, count: int, *, times: int) -> None:
        """Put so many items into each table, some times."""
        for table, items in self._tables * times:
            with table.batch_writer() as writer:
                for item in items[:count]:
                    writer.put_item(Item=item)


def answer(posts: Sequence[Mapping[str, Any]]) -> None:
    """Have the webhook's function answer posts."""
    answers = {function("event_webhook")(post, Context())["statusCode"] for post in posts}
    assert answers == {200}, answers


@contextmanager
def silent() -> Iterator[None]:
    """Drop what the function writes to its log."""
    handler: Any = telemetry.logger().registered_handler
    with Path(os.devnull).open("w") as nowhere, mock.patch.object(handler, "stream", nowhere), redirect_stdout(nowhere):
        yield


def milliseconds(work: Callable[[], None]) -> float:
    """Processor time of some work."""
    began = time.process_time()
    with silent():
        work()
    return (time.process_time() - began) * 1_000


def ratio(provider: Provider, writer: Writer, size: int) -> float:
    """Processor time of posts over that of the batch writer: the median of rounds, each of which measures both."""
    count, rounds = POSTS[size], []
    for _ in range(ROUNDS):
        works = partial(answer, provider.posts(size, repeating=True)), partial(writer.put, size, times=count)
        rounds.append([milliseconds(work) / count for work in works])
    ours, theirs = map(min, zip(*rounds, strict=True))
    print(f"a post of {size:,}: {ours:.1f} ms at best, the batch writer {theirs:.1f} ms")
    return median(answering / writing for answering, writing in rounds)


def peak(post: Mapping[str, Any]) -> int:
    """Have the function answer a post; the megabytes of this process at its peak."""
    with silent():
        answer([post])
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) // 1_024


def units(provider: Provider) -> dict[str, float]:
    """Write units per event that puts a new address on a list, by table."""
    with store("boto3"):
        meter = Meter()
        meter.attach(wiring.client("dynamodb"))
        add(ORGANIZATION, provider.key)
        meter.clear()
        with silent():
            answer(provider.posts(LARGE, repeating=False))
    return {name: meter.writes[name] / LARGE for name in TABLES}


def scanned(client: DynamoDBClient) -> dict[str, list[Any]]:
    """The items of the tables, as boto3's own tables take them."""
    plain = TypeDeserializer().deserialize
    return {
        name: [
            {word: plain(value) for word, value in item.items()}
            for page in client.get_paginator("scan").paginate(TableName=name)
            for item in page["Items"]
        ]
        for name in TABLES
    }


@contextmanager
def store(transport: str) -> Iterator[DynamoDBClient]:
    """A store with the template's tables, which the function reaches by a transport within the block, and a client."""
    with dynoxide.running() as client:
        create_tables(client)
        place = {"AWS_ENDPOINT_URL": client.meta.endpoint_url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        with mock.patch.dict(os.environ, environment() | SETTINGS | place | {"DYNAMODB_TRANSPORT": transport}):
            forget(clients=True)
            yield client


def main() -> None:
    """Print the figures, the goals and whether they are met."""
    provider = Provider()
    spent = units(provider)
    with store("light") as client:
        add(ORGANIZATION, provider.key)
        with silent():
            answer(provider.posts(LARGE, repeating=False))
        writer = Writer(scanned(client))
        ratios = {size: ratio(provider, writer, size) for size in POSTS}
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            megabytes = pool.apply(peak, provider.posts(LARGE, repeating=True))
    print(f"write units of an event's log entry: {spent['EventLog']:.2f}")
    met = [
        verdict("write units per event that suppresses an address", spent["Suppressions"], UNITS, at_least=False),
        *(
            verdict(f"processor time of a post of {size:,} over the batch writer's", found, RATIO, at_least=False)
            for size, found in ratios.items()
        ),
        verdict(f"megabytes at the peak of a post of {LARGE:,}", megabytes, MEMORY, at_least=False),
    ]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()

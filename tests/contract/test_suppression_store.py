"""One contract of the suppression store, on the simulated DynamoDB, on moto and on dynoxide.

What the simulation proves is worth as much as its DynamoDB is like the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from reprieve.organization import Organization
from reprieve.removal import LEASE, Removal, RemovalRequest, RemovalState, Requester, Settlement, watermark
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.suppression import Suppression, SuppressionList
from tests.simulation.dynamodb import Client, SerialTable
from tests.simulation.world import Choices, World
from tests.support import dynoxide
from tests.support.moto_partiql import inserting
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_800_000_000_000
ORG = Organization("acme", "Acme", shards=2)
BOUNCES = SuppressionList.BOUNCES
KEY = "a@x.org"
DONE, PENDING, FAILED, SUPERSEDED = (
    RemovalState.DONE,
    RemovalState.PENDING,
    RemovalState.FAILED,
    RemovalState.SUPERSEDED,
)


@dataclass
class Bench:
    """The store, and short words for what tests do with it."""

    table: Table
    store: Suppressions

    def bounce(self, at: int, event_id: str = "e", key: str = KEY, reason: str = "") -> int:
        return self.store.record(ORG, [Suppression(BOUNCES, key, key.upper(), at, reason=reason, event_id=event_id)])

    def ask(self, name: str = "r", now: int = NOW, key: str = KEY) -> None:
        request = RemovalRequest(f"{name}-0", BOUNCES, key, key)
        self.store.request_removals(ORG, [request], Requester("c", name), now=now)

    def take(self, now: int = NOW) -> Removal:
        (row,) = self.store.claim(ORG, self.store.due(ORG, now=now, limit=9), now=now, lease=LEASE)
        return row

    def settle(self, row: Removal, state: RemovalState, now: int = NOW, **more: Any) -> bool:
        return self.store.settle(ORG, [Settlement(row, state, more.pop("attempts", 0), **more)], now=now)[0]

    def listed(self) -> int | None:
        found = self.store.get(ORG, BOUNCES, KEY)
        return found.created if found else None


@pytest.fixture(params=["simulated", "moto", "dynoxide"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    if request.param == "simulated":
        client = Client(World(Choices(0)), "Suppressions", lambda *_: None)
        table: Table = SerialTable(client, "Suppressions")  # type: ignore[arg-type]
        yield Bench(table, Suppressions(table))
    elif request.param == "moto":
        for word in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(word, "testing")
        with mock_aws(), inserting():
            yield _on(boto3.client("dynamodb", "eu-west-1"))
    else:
        with dynoxide.running() as client:
            yield _on(client)


def _on(client: Any) -> Bench:
    create_tables(client)
    table = Table(client, "Suppressions")
    return Bench(table, Suppressions(table))


def test_the_newest_event_stands_whatever_the_order(bench: Bench) -> None:
    assert bench.bounce(NOW - 5_000) == 1
    assert bench.bounce(NOW - 9_000) == 0
    assert bench.bounce(NOW - 5_000) == 0
    assert bench.listed() == NOW - 5_000
    assert bench.bounce(NOW - 1_000) == 1
    assert bench.listed() == NOW - 1_000


def test_in_the_same_millisecond_the_greater_event_id_counts(bench: Bench) -> None:
    bench.bounce(NOW, "e2", reason="second")
    for event, reason, shown in (("e1", "first", "second"), ("e3", "third", "third")):
        bench.bounce(NOW, event, reason=reason)
        found = bench.store.get(ORG, BOUNCES, KEY)
        assert found is not None
        assert found.reason == shown


def test_a_removal_lifts_what_it_forgave_and_nothing_brings_that_back(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.ask()
    assert bench.listed() == NOW - 60_000
    row = bench.take()
    assert (row.email, row.state, row.attempts) == ("A@X.ORG", PENDING, 0)
    assert bench.settle(row, DONE, answer="204")
    assert bench.listed() is None
    assert bench.bounce(NOW - 40_000, "late") == 0
    assert bench.bounce(NOW - 60_000) == 0
    assert bench.listed() is None
    assert bench.store.due(ORG, now=NOW * 2, limit=9) == []


def test_the_bounce_that_stood_there_is_forgiven_even_if_it_is_younger_than_the_allowance(bench: Bench) -> None:
    bench.bounce(NOW - 1_000)
    bench.ask()
    assert bench.settle(bench.take(), DONE)
    assert bench.bounce(NOW - 1_000, "repeated") == 0
    assert bench.listed() is None


def test_a_newer_bounce_is_not_lifted_and_supersedes(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    bench.ask()
    row = bench.take()
    bench.bounce(NOW + 1_000, "newer")
    assert not bench.settle(row, DONE)
    assert bench.settle(row, SUPERSEDED)
    assert bench.listed() == NOW + 1_000


def test_a_removal_of_what_we_never_heard_of_is_done_and_forgives_all_the_same(bench: Bench) -> None:
    bench.ask()
    row = bench.take()
    assert (row.email, row.bounced_at, row.forgiven_until) == (KEY, None, watermark(NOW))
    assert bench.settle(row, DONE)
    assert bench.bounce(watermark(NOW)) == 0
    assert bench.bounce(watermark(NOW) + 1) == 1


def test_a_row_is_taken_by_one_worker_and_free_again_when_the_lease_ends(bench: Bench) -> None:
    bench.ask()
    due = bench.store.due(ORG, now=NOW, limit=9)
    assert len(bench.store.claim(ORG, due, now=NOW, lease=LEASE)) == 1
    assert bench.store.claim(ORG, due, now=NOW + LEASE - 1, lease=LEASE) == []
    assert len(bench.store.claim(ORG, due, now=NOW + LEASE, lease=LEASE)) == 1


@pytest.mark.parametrize("state", RemovalState)
def test_who_lost_the_claim_can_write_nothing(bench: Bench, state: RemovalState) -> None:
    bench.ask()
    row = bench.take()
    bench.take(NOW + LEASE)
    assert not bench.settle(row, state, due_at=NOW)


@pytest.mark.parametrize("state", RemovalState)
def test_a_newer_request_takes_the_row_from_whoever_has_it(bench: Bench, state: RemovalState) -> None:
    bench.ask("r1")
    row = bench.take()
    bench.ask("r2")
    assert not bench.settle(row, state, due_at=NOW)
    assert bench.take().id == "r2-0"


def test_a_row_that_is_given_back_waits_until_it_is_due(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), PENDING, due_at=NOW + 5_000, attempts=2, answer="429")
    assert bench.store.due(ORG, now=NOW + 4_999, limit=9) == []
    row = bench.take(NOW + 5_000)
    assert (row.attempts, row.last_answer) == (2, "429")


def test_what_has_ended_cannot_be_taken_however_old_the_news_of_it(bench: Bench) -> None:
    bench.ask()
    stale = bench.store.due(ORG, now=NOW, limit=9)
    bench.settle(bench.take(), DONE)
    assert bench.store.claim(ORG, stale, now=NOW + 10 * LEASE, lease=LEASE) == []


def test_a_failed_removal_waits_for_a_person_and_is_tried_again_once(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), FAILED, attempts=10)
    assert bench.store.due(ORG, now=NOW * 2, limit=9) == []
    page, cursor = RemovalRecords(bench.table).waiting(ORG, FAILED, limit=9, after=None)
    assert ([row.id for row in page], cursor) == (["r-0"], None)
    assert bench.store.retry(ORG, page[0], now=NOW + 1)
    assert not bench.store.retry(ORG, page[0], now=NOW + 1)
    assert bench.take(NOW + 1).attempts == 0


def test_a_clock_that_is_behind_moves_no_watermark_back_and_its_request_is_recorded(bench: Bench) -> None:
    bench.ask("ahead", NOW + 120_000)
    bench.ask("behind", NOW - 120_000)
    row = bench.take(NOW)
    assert (row.id, row.forgiven_until) == ("behind-0", watermark(NOW + 120_000))


def test_longest_due_come_first_through_every_shard(bench: Bench) -> None:
    for number in range(6):
        bench.ask(f"r{number}", NOW + number, f"n{number}@x.org")
    assert [row.key for row in bench.store.due(ORG, now=NOW + 4, limit=4)] == [f"n{n}@x.org" for n in range(4)]


def test_a_request_is_found_with_all_of_its_removals(bench: Bench) -> None:
    requests = [RemovalRequest(f"r-{n}", BOUNCES, f"n{n}@x.org", f"N{n}@x.org") for n in range(120)]
    bench.store.request_removals(ORG, requests, Requester("c", "r"), now=NOW)
    found = RemovalRecords(bench.table).of_request(ORG, "r")
    assert [(one.id, one.email) for one in found] == [(f"r-{n}", f"N{n}@x.org") for n in range(120)]
    assert all(one.record is not None and one.record.id == one.id for one in found)
    assert RemovalRecords(bench.table).of_request(Organization("other", "Other", shards=2), "r") == []

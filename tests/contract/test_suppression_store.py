"""One contract of the suppression store, on every DynamoDB of the tests: simulated, in process, dynoxide, supplied.

What the simulation proves is worth as much as its DynamoDB is like the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.clock import SECOND
from reprieve.organization import Organization
from reprieve.removals.queue import LEASE, SECOND_LOOK, Claim, Due, Part, Settlement
from reprieve.removals.removal import Removal, RemovalRequest, RemovalState, watermark
from reprieve.store.language import Update
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.removal_records import RemovalRecords
from reprieve.store.suppression_item import record_key
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table
from reprieve.suppressions.listing import Since
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.simulation.dynamodb import Client, SerialTable
from tests.simulation.world import Choices, World
from tests.support import dynoxide, supplied, transports
from tests.support.contexts import context
from tests.support.dynamodb import Database
from tests.support.entries import entry_on
from tests.support.tables import create_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """The store, with short methods for the tests."""

    table: Table
    store: Suppressions
    queue: RemovalQueue

    def bounce(self, at: int, event_id: str = "e", key: str = KEY, reason: str = "") -> int:
        return self.store.record(ORG, [Suppression(BOUNCES, key, key.upper(), at, reason=reason, event_id=event_id)])

    def ask(self, name: str = "r", now: int = NOW, key: str = KEY) -> None:
        request = RemovalRequest(f"{name}-0", BOUNCES, key, key)
        self.store.request_removals(context(ORG, credential="c", request_id=name, now=now), [request])

    def ask_many(self, *keys: str, name: str = "r", now: int = NOW) -> None:
        requests = [RemovalRequest(f"{name}-{number}", BOUNCES, key, key) for number, key in enumerate(keys)]
        self.store.request_removals(context(ORG, credential="c", request_id=name, now=now), requests)

    def ask_listed(self, *keys: str, since: int = 0, hidden: bool = False) -> list[bool]:
        requests = [RemovalRequest(f"r-{number}", BOUNCES, key, key, hide=True) for number, key in enumerate(keys)]
        return self.store.request_listed(
            context(ORG, now=NOW),
            requests,
            since=Since(hard=since, soft=since),
            hidden=hidden,
            forgiven_until=watermark(NOW),
        )

    def ask_hidden(self, *keys: str) -> list[bool]:
        return self.ask_listed(*keys, since=NOW // SECOND, hidden=True)

    def due(self, now: int = NOW, limit: int = 9) -> list[Due]:
        return self.queue.due(ORG, now=now, limit=limit)

    def claim(self, due: list[Due], now: int = NOW) -> list[Claim]:
        return [claim for claim in self.queue.claim(ORG, due, now=now, lease=LEASE) if claim]

    def take(self, now: int = NOW) -> Removal:
        ((row,),) = (claim.removals for claim in self.claim(self.due(now), now))
        return row

    def take_part(self, now: int = NOW) -> tuple[list[Removal], Part]:
        (claim,) = self.claim(self.due(now), now)
        assert claim.part is not None
        return list(claim.removals), claim.part

    def settle(self, row: Removal, state: RemovalState, now: int = NOW, **more: Any) -> bool:
        return self.queue.settle(ORG, [Settlement(row, state, more.pop("attempts", 0), **more)], now=now)[0]

    def release(self, part: Part, unsettled: Sequence[Removal] = ()) -> None:
        self.queue.release([Claim(tuple(unsettled), part)], set(), now=NOW)

    def listed(self) -> int | None:
        found = entry_on(self.table, ORG, BOUNCES, KEY)
        return found.created if found else None


ENGINES = {"dynoxide": dynoxide, "supplied": supplied}


@pytest.fixture(
    scope="module",
    params=["simulated", "in process", *(f"{engine} by {name}" for engine in ENGINES for name in transports.BOTH)],
)
def dynamodb(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A shared client and transport, which take longer to make than most tests; None if each test makes its own."""
    if " by " not in request.param:
        yield None if request.param == "simulated" else Database()
        return
    engine, name = request.param.split(" by ")
    with (
        ENGINES[engine].running() as client,
        transports.over(client, name, adapted=engine == "dynoxide") as transport,
    ):
        yield client, transport


@pytest.fixture
def bench(dynamodb: Any) -> Bench:
    """A bench on empty tables."""
    if dynamodb is None:
        client = Client(World(Choices(0)), "Suppressions", lambda *_: None)
        table: Table = SerialTable(client, "Suppressions")  # type: ignore[arg-type]
    elif isinstance(dynamodb, Database):
        table = Table(Database().client(), "Suppressions")  # type: ignore[arg-type]
    else:
        client, transport = dynamodb
        if "Suppressions" in client.list_tables()["TableNames"]:
            client.delete_table(TableName="Suppressions")
        create_table(client, "Suppressions")
        table = Table(transport, "Suppressions")
    return Bench(table, Suppressions(table), RemovalQueue(table))


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
        found = entry_on(bench.table, ORG, BOUNCES, KEY)
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
    assert bench.due(NOW * 2) == []


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


def test_a_removal_of_an_unknown_address_is_done_and_forgives_all_the_same(bench: Bench) -> None:
    bench.ask()
    row = bench.take()
    assert (row.email, row.bounced_at, row.forgiven_until) == (KEY, None, watermark(NOW))
    assert bench.settle(row, DONE)
    assert bench.bounce(watermark(NOW)) == 0
    assert bench.bounce(watermark(NOW) + 1) == 1


def test_a_row_is_taken_by_one_worker_and_free_again_when_the_lease_ends(bench: Bench) -> None:
    bench.ask()
    due = bench.due()
    assert len(bench.claim(due)) == 1
    assert bench.claim(due, NOW + LEASE - 1) == []
    assert len(bench.claim(due, NOW + LEASE)) == 1


@pytest.mark.parametrize("state", RemovalState)
def test_a_worker_that_lost_its_claim_can_write_nothing(bench: Bench, state: RemovalState) -> None:
    bench.ask()
    row = bench.take()
    bench.take(NOW + LEASE)
    assert not bench.settle(row, state, due_at=NOW)


@pytest.mark.parametrize("state", RemovalState)
def test_a_newer_request_takes_the_row_from_the_worker_that_holds_it(bench: Bench, state: RemovalState) -> None:
    bench.ask("r1")
    row = bench.take()
    bench.ask("r2")
    assert not bench.settle(row, state, due_at=NOW)
    assert bench.take().id == "r2-0"


def test_a_row_that_is_given_back_waits_until_it_is_due(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), PENDING, due_at=NOW + 5_000, attempts=2, answer="429")
    assert bench.due(NOW + 4_999) == []
    row = bench.take(NOW + 5_000)
    assert (row.attempts, row.last_answer) == (2, "429")


def test_an_ended_removal_cannot_be_claimed_however_stale_the_index(bench: Bench) -> None:
    bench.ask()
    stale = bench.due()
    bench.settle(bench.take(), DONE)
    assert bench.claim(stale, NOW + 10 * LEASE) == []


def test_a_failed_removal_waits_for_a_person_and_is_tried_again_once(bench: Bench) -> None:
    bench.ask()
    assert bench.settle(bench.take(), FAILED, attempts=10)
    assert bench.due(NOW * 2) == []
    page, cursor = RemovalRecords(bench.table).waiting(ORG, FAILED, limit=9, after=None)
    assert ([row.id for row in page], cursor) == (["r-0"], None)
    assert bench.queue.retry(ORG, page[0], now=NOW + 1)
    assert not bench.queue.retry(ORG, page[0], now=NOW + 1)
    assert bench.take(NOW + 1).attempts == 0


def test_pages_neither_skip_nor_repeat_where_a_part_names_what_was_not_recorded(bench: Bench) -> None:
    for key in ("d@x.org", "e@x.org"):
        bench.bounce(NOW - 60_000, key=key)
    assert bench.ask_hidden("a@x.org", "b@x.org", "d@x.org", "e@x.org") == [False, False, True, True]
    records, seen, after = RemovalRecords(bench.table), [], None
    for _ in range(4):
        page, after = records.waiting(ORG, PENDING, limit=1, after=after)
        seen += [row.id for row in page]
        if not after:
            break
    assert (seen, after) == (["r-2", "r-3"], None)


def test_a_clock_that_is_behind_moves_no_watermark_back_and_its_request_is_recorded(bench: Bench) -> None:
    bench.ask("ahead", NOW + 120_000)
    bench.ask("behind", NOW - 120_000)
    row = bench.take(NOW)
    assert (row.id, row.forgiven_until) == ("behind-0", watermark(NOW + 120_000))


def test_longest_due_come_first_through_every_shard(bench: Bench) -> None:
    for number in range(6):
        bench.ask(f"r{number}", NOW + number, f"n{number}@x.org")
    assert [one.handle[1] for one in bench.due(NOW + 4, limit=4)] == [f"n{n}@x.org" for n in range(4)]


def test_a_request_is_found_with_all_of_its_removals(bench: Bench) -> None:
    requests = [RemovalRequest(f"r-{n}", BOUNCES, f"n{n}@x.org", f"N{n}@x.org") for n in range(105)]
    bench.store.request_removals(context(ORG, credential="c", request_id="r", now=NOW), requests)
    found = RemovalRecords(bench.table).of_request(ORG, "r")
    assert [(one.id, one.email) for one in found] == [(f"r-{n}", f"N{n}@x.org") for n in range(105)]
    assert all(one.record is not None and one.record.id == one.id for one in found)
    assert RemovalRecords(bench.table).of_request(Organization("other", "Other", shards=2), "r") == []


def test_removals_of_one_request_wait_as_parts_of_sixteen_and_are_taken_by_one_write_each(bench: Bench) -> None:
    bench.ask_many(*(f"n{number}@x.org" for number in range(20)))
    assert sorted(one.size for one in bench.due()) == [16, 16]
    claims = bench.claim(bench.due())
    assert sorted(len(claim.removals) for claim in claims) == [4, 16]
    assert all(claim.part and claim.part.accounted for claim in claims)
    assert bench.claim(bench.due(), NOW + LEASE - 1) == []


def test_a_part_leaves_the_queue_and_stays_as_a_note(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    assert bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in rows], now=NOW) == [True, True]
    bench.release(part)
    assert bench.due(NOW * 2) == []
    found = RemovalRecords(bench.table).of_request(ORG, "r")
    assert [(one.id, one.record and one.record.state) for one in found] == [("r-0", DONE), ("r-1", DONE)]


def test_a_removal_that_its_part_does_not_end_is_queued_individually(
    bench: Bench,
) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    assert bench.settle(rows[0], PENDING, due_at=NOW + 2 * SECOND_LOOK, attempts=1)
    bench.release(part, rows[1:])
    (again, part) = bench.take_part(NOW + SECOND_LOOK)
    assert ([row.id for row in again], part.accounted) == (["r-1"], True)
    bench.release(part)
    assert bench.take(NOW + 2 * SECOND_LOOK).attempts == 1


def test_a_worker_that_read_a_removal_before_it_was_returned_cannot_settle_it(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, _ = bench.take_part()
    late, _ = bench.take_part(NOW + LEASE)
    assert rows == late
    assert bench.settle(late[0], PENDING, due_at=NOW, attempts=1)
    assert [bench.settle(rows[0], state, due_at=NOW) for state in RemovalState] == [False] * len(RemovalState)


def test_a_worker_that_lost_a_part_can_neither_keep_nor_release_it(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, lost = bench.take_part()
    bench.take_part(NOW + LEASE)
    bench.release(lost)
    bench.release(lost, rows)
    assert bench.claim(bench.due(NOW + LEASE), NOW + LEASE) == []
    assert len(bench.claim(bench.due(NOW + 2 * LEASE), NOW + 2 * LEASE)) == 1


def test_a_removal_that_a_newer_request_replaced_is_not_taken_and_cannot_be_accounted_for(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    bench.ask("newer", NOW + 1)
    rows, part = bench.take_part()
    assert ([row.id for row in rows], part.accounted) == (["r-1"], False)


def test_the_removals_of_a_repeated_request_are_queued_individually(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org")
    rows, part = bench.take_part()
    bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in rows], now=NOW)
    bench.release(part)
    bench.ask_many(KEY, "b@x.org", now=NOW + SECOND)
    assert [one.size for one in bench.due(NOW + SECOND)] == [1, 1]


def test_a_request_does_not_record_its_removal_twice(bench: Bench) -> None:
    for keys in ((KEY,), (KEY, "b@x.org")):
        bench.ask_many(*keys, name=f"r{len(keys)}")
        for claim in bench.claim(bench.due()):
            bench.queue.settle(ORG, [Settlement(row, DONE, 0) for row in claim.removals], now=NOW)
            if claim.part:
                bench.release(claim.part)
        bench.ask_many(*keys, name=f"r{len(keys)}")
        assert bench.due() == []


def test_of_two_requests_with_one_watermark_the_second_is_queued_individually(bench: Bench) -> None:
    bench.ask_many(KEY, "b@x.org", name="first")
    bench.ask_many(KEY, "b@x.org", name="second", now=NOW + 1)
    claims = [[row.id for row in claim.removals] for claim in bench.claim(bench.due(NOW + 1), NOW + 1)]
    assert sorted(claims) == [[], [], ["second-0"], ["second-1"]]


def test_an_address_that_is_lifted_only_if_listed_is_queued_individually(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert (bench.ask_listed("b@x.org", KEY), bench.listed()) == ([False, True], None)
    assert [one.size for one in bench.due()] == [1]
    assert bench.take().id == "r-1"


def test_a_part_keeps_the_numbers_of_its_removals_when_one_is_not_recorded(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    assert (bench.ask_hidden("b@x.org", KEY), bench.listed()) == ([False, True], None)
    rows, part = bench.take_part()
    assert ([row.id for row in rows], part.accounted) == (["r-1"], False)


def test_a_bounce_younger_than_the_watermark_is_forgiven_as_it_was_seen(bench: Bench) -> None:
    bench.bounce(NOW - 1_000)
    bench.ask_many(KEY, "b@x.org")
    (alone,), (waits,) = sorted((claim.removals for claim in bench.claim(bench.due())), key=lambda rows: rows[0].id)
    assert (alone.id, alone.forgiven_until, alone.forgiven_bounce) == ("r-0", watermark(NOW), NOW - 1_000)
    assert (waits.id, waits.forgiven_until, waits.forgiven_bounce) == ("r-1", watermark(NOW), 0)


def test_a_record_that_must_be_kept_does_not_expire_when_it_is_lifted(bench: Bench) -> None:
    bench.bounce(NOW - 60_000)
    kept = Update(set=["#kept_until = :end"])
    bench.table.update(record_key(ORG, BOUNCES, KEY), kept, {":end": 7_000_000_000})
    bench.ask()
    assert bench.settle(bench.take(), DONE)
    item = bench.table.get(record_key(ORG, BOUNCES, KEY), consistent=True)
    assert item is not None
    assert (item["expires_at"], item["lifts"]) == (7_000_000_000, 1)

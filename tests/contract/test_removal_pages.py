"""Lists of removals: the longest due, what waits for a person page by page, and those of a request."""

from __future__ import annotations

from reprieve.organization import Organization
from reprieve.removals.removal import RemovalRequest
from reprieve.store.removal_records import RemovalRecords
from tests.support.contexts import context
from tests.support.suppression_store import BOUNCES, FAILED, NOW, ORG, PENDING, Bench


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

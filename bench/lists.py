"""The lists: requests, capacity units and time of each operation, beside the physical floor, as a list grows.

    python -m bench.lists             1,000, 10,000 and 100,000 entries, 1 and 4 shards
    python -m bench.lists --full      and 1,000,000 (loading takes minutes)

Prints the table that README quotes; ends with an error when a bound is broken.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import floors
from bench.store import Meter, running
from reprieve.listing import Pattern, Selection, shown_since
from reprieve.organization import Organization
from reprieve.removal import RemovalRequest, Requester, watermark
from reprieve.store import keys
from reprieve.store.listing import Listing
from reprieve.store.suppressions import Suppressions
from reprieve.store.table import Table, marshal
from reprieve.suppression import SuppressionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLE = "Suppressions"
BOUNCES = SuppressionList.BOUNCES
NOW = 1_790_000_000_000
#: what ByTime shows of a record
SHOWN = (
    "partition",
    "address",
    "by_time",
    "email",
    "bounced_at",
    "reason",
    "status",
    "permanence",
    "classification",
    "provider",
)
REASON = "550 5.1.1 The email account that you tried to reach does not exist. Please try again "
LIMIT = 500


@dataclass(frozen=True)
class Measured:
    """One line: the operation, what it took, what it must take, and the most times the floor that is allowed."""

    operation: str
    entries: int
    shards: int
    requests: int
    least_requests: int
    units: float
    least_units: float
    milliseconds: float
    bound: float | None

    @property
    def broken(self) -> bool:
        """Whether the bound is; requests are held to one a shard, and one more in a hundred."""
        if self.bound is None:
            return False
        return self.units > self.bound * self.least_units or self.requests > self.least_requests + (self.shards > 1)


def entry(organization: Organization, index: int, total: int) -> dict[str, Any]:
    """The index-th oldest entry: an address that says nothing about its place, two seconds after the one before."""
    word = hashlib.blake2b(str(index).encode(), digest_size=5).hexdigest()
    key = f"{word[:6]}.{word[6:]}{index}@example{index % 97}.com"
    created = NOW - (total - index) * 2_000
    return {
        "partition": keys.suppressions(organization, BOUNCES, keys.shard_of(organization, key)),
        "address": key,
        "email": key,
        "bounced_at": created,
        "reason": REASON,
        "status": "5.1.1",
        "permanence": "hard",
        "classification": "Invalid Address",
        "provider": "sendgrid",
        "ip": "",
        "event_id": f"event-{index}",
        "seen": 1,
        "by_time": keys.by_time(created, key),
    }


def load(client: Any, organization: Organization, total: int) -> None:
    """Fill a list, several batches at a time."""

    def batch(start: int) -> None:
        puts = [
            {"PutRequest": {"Item": marshal(entry(organization, index, total))}}
            for index in range(start, min(start + 25, total))
        ]
        while puts:
            puts = client.batch_write_item(RequestItems={TABLE: puts})["UnprocessedItems"].get(TABLE)

    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        for done, _ in enumerate(threads.map(batch, range(0, total, 25))):
            if done % 4_000 == 3_999:
                print(f"  {(done + 1) * 25:,} of {total:,}", file=sys.stderr)
    print(f"  {total:,} entries in {time.monotonic() - began:.0f} s", file=sys.stderr)


def measure(meter: Meter, times: int, act: Callable[[int], object]) -> tuple[int, float, float]:
    """Requests and units of the median run, and its milliseconds; the first run warms up."""
    act(0)
    runs = []
    for number in range(1, times + 1):
        meter.reset()
        began = time.perf_counter()
        act(number)
        runs.append((time.perf_counter() - began, meter.requests, meter.units))
    return (
        int(statistics.median(run[1] for run in runs)),
        statistics.median(run[2] for run in runs),
        statistics.median(run[0] for run in runs) * 1000,
    )


def operations(client: Any, meter: Meter, organization: Organization, total: int) -> Iterator[Measured]:
    """Everything that is measured of one list."""
    table = Table(client, TABLE)
    listing, suppressions = Listing(table), Suppressions(table)
    shards, chance = organization.shards, random.Random(7)
    sample = [entry(organization, chance.randrange(total), total) for _ in range(50)]
    shown = [floors.size(marshal({name: one[name] for name in SHOWN})) for one in sample]
    line = sum(shown) // len(shown)
    whole = max(floors.size(marshal(one)) for one in sample)
    page = floors.read(min(LIMIT, total) * line)
    middle = NOW // 1000 - total
    times = 21 if total <= 100_000 else 11

    def row(
        operation: str, floor: tuple[int, float], bound: float | None, act: Callable[[int], object], repeat: int
    ) -> Measured:
        requests, units, milliseconds = measure(meter, repeat, act)
        return Measured(operation, total, shards, requests, floor[0], units, floor[1], milliseconds, bound)

    def ask(selection: Selection, offset: int = 0, limit: int = LIMIT) -> Callable[[int], object]:
        return lambda _: listing.page(organization, BOUNCES, selection, offset=offset, limit=limit, now=NOW)

    def delete(number: int) -> object:
        key = sample[number]["address"]
        request = RemovalRequest(f"r-{number}", BOUNCES, key, key, hide=True)
        return suppressions.request_listed(
            organization,
            [request],
            Requester("bench", "r"),
            since=shown_since(organization, BOUNCES, now=NOW),
            hidden=False,
            forgiven_until=watermark(NOW),
            now=NOW,
        )

    def get(number: int) -> object:
        return listing.get(organization, BOUNCES, sample[-number]["address"], now=NOW)

    yield row("get one", (1, floors.read(whole, consistent=True)), 1.0, get, times)
    yield row("first page of 500", (shards, page), 1.3, ask(Selection()), times)
    # the newest 500 of the older half
    yield row("time range, 500", (shards, page), 1.3, ask(Selection(end=middle)), times)
    prefix = Selection(pattern=Pattern.parse(sample[0]["address"][:9]))
    yield row("narrow prefix", (shards, shards * floors.read(whole)), 1.0, ask(prefix), times)
    deep = min(total // 2, 100_000)
    if total <= 200_000:
        yield row(f"offset {deep:,}, 500", (shards, page), None, ask(Selection(), deep), 3)
        rare = Selection(pattern=Pattern.parse(f"%{sample[1]['address'][4:12]}"))
        yield row("substring, 1 hit", (shards, page), None, ask(rare), 3)
        common = Selection(pattern=Pattern.parse("%example1%com"))
        yield row("substring, common", (shards, page), None, ask(common), 3)
    # the record, its line of ByTime that goes, its line of the queue that comes
    yield row("delete one", (1, floors.write(3)), 1.0, delete, times)


def main() -> None:
    """Measure, print, and hold the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="with 1,000,000 entries")
    parser.add_argument("--sizes", type=int, nargs="+", help="other numbers of entries")
    given = parser.parse_args()
    sizes = given.sizes or [1_000, 10_000, 100_000, *([1_000_000] if given.full else [])]
    found: list[Measured] = []
    for shards in (1, 4):
        for total in sizes:
            print(f"{shards} shard(s), {total:,} entries", file=sys.stderr)
            with running() as (client, meter):
                organization = Organization("bench", "Bench", shards=shards)
                load(client, organization, total)
                found += operations(client, meter, organization, total)
    report(found)
    broken = [one for one in found if one.broken]
    flat = list(growth(found))
    print(
        "\nLatency, largest list against the smallest: "
        + ", ".join(f"{name} ({shards} shards) {ratio:.2f}" for name, shards, ratio in flat)
    )
    for one in broken:
        print(f"BROKEN: {one}", file=sys.stderr)
    sys.exit(bool(broken))


def report(found: list[Measured]) -> None:
    """The table, in Markdown."""
    print("| operation | entries | shards | requests | floor | units | floor | ratio | ms (p50) |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for one in sorted(found, key=lambda one: (one.shards, one.operation.split(",")[0].split(" ")[0], one.entries)):
        print(
            f"| {one.operation} | {one.entries:,} | {one.shards} | {one.requests} | {one.least_requests} |"
            f" {one.units:g} |"
            f" {one.least_units:g} | {one.units / one.least_units:.2f} | {one.milliseconds:.1f} |"
        )


def growth(found: list[Measured]) -> Iterator[tuple[str, int, float]]:
    """How much slower the pages of the largest list are than those of the smallest."""
    for name in ("first page of 500", "time range, 500"):
        for shards in (1, 4):
            rows = sorted(
                (one for one in found if (one.operation, one.shards) == (name, shards)), key=lambda one: one.entries
            )
            yield name, shards, rows[-1].milliseconds / rows[0].milliseconds


if __name__ == "__main__":
    main()

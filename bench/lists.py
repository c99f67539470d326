"""Requests, capacity units and time of each operation on a list, against the physical floor, as the list grows.

    PYTHONPATH=layers/domain/python python -m bench.lists             1,000, 10,000 and 100,000 entries, 1 and 4 shards
    PYTHONPATH=layers/domain/python python -m bench.lists --full      and 1,000,000 (loading takes minutes)

Each list has a store of its own, and the lists are measured in turn, so that other load on the machine slows all alike;
growth is the median ratio of neighbouring measurements. Prints the table of bench/RESULTS.md, and exits with 1 if a
bound is broken.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import floors
from bench.store import Meter, running
from reprieve.clock import Millis, Seconds, to_seconds
from reprieve.context import OPERATOR, Context
from reprieve.organization import Organization
from reprieve.removals.removal import RemovalRequest, watermark
from reprieve.store.boto3_transport import Boto3
from reprieve.store.language import marshal
from reprieve.store.listing import Listing
from reprieve.store.suppressions import Suppressions, item_of
from reprieve.store.table import Table
from reprieve.suppressions.listing import Pattern, Selection, shown_since
from reprieve.suppressions.suppression import Classification, Suppression, SuppressionList
from tests.support.tables import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.store.language import Item

TABLE = "Suppressions"
BOUNCES = SuppressionList.BOUNCES
NOW = Millis(1_790_000_000_000)
REASON = "550 5.1.1 The email account that you tried to reach does not exist. Please try again "
LIMIT = 500
#: repetitions of an operation that reads at most a page, and of one that reads much of the list
OFTEN, SELDOM = 61, 3
#: on longer lists, operations that must read what they skip are refused
DEEP = 200_000
#: the most that the largest list may be slower than the smallest, for a flat operation
FLAT = 1.3


@dataclass(frozen=True)
class Operation:
    """One measured operation on a list.

    Attributes:
        requests, units: the floor.
        most_requests: the bound, or None.
        times_units: the bound, as a multiple of the floor, or None.
        flat: whether its time must not depend on the length of the list.
        repeat: the number of measurements.
    """

    name: str
    act: Callable[[int], object]
    requests: int
    units: float
    most_requests: int | None = None
    times_units: float | None = None
    flat: bool = False
    repeat: int = OFTEN


@dataclass
class Line:
    """The measurements of one operation on one list, run by run."""

    operation: Operation
    entries: int
    shards: int
    requests: list[int] = field(default_factory=list)
    units: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def measure(self, meter: Meter, number: int) -> None:
        """Run the operation once, and record it."""
        meter.clear()
        began = time.perf_counter()
        self.operation.act(number)
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        self.requests.append(meter.requests.total())
        self.units.append(meter.units)

    @property
    def broken(self) -> bool:
        """Whether a bound is broken."""
        of = self.operation
        many = of.most_requests is not None and statistics.median(self.requests) > of.most_requests
        return many or (of.times_units is not None and statistics.median(self.units) > of.times_units * of.units)


def suppression(index: int, total: int) -> Suppression:
    """The index-th oldest entry, two seconds after the one before, with an address that does not show the order."""
    word = hashlib.blake2b(str(index).encode(), digest_size=5).hexdigest()
    key = f"{word[:6]}.{word[6:]}{index}@example{index % 97}.com"
    return Suppression(
        BOUNCES,
        key,
        key,
        Millis(NOW - (total - index) * 2_000),
        REASON,
        "5.1.1",
        classification=Classification.INVALID_ADDRESS,
        provider="sendgrid",
        event_id=f"event-{index}",
    )


def items(organization: Organization, total: int) -> Iterator[Item]:
    """The records of a list, as the store writes them."""
    for index in range(total):
        if index % 100_000 == 99_999:
            print(f"  {index + 1:,} of {total:,} created", file=sys.stderr)
        yield item_of(organization, [suppression(index, total)])


def operations(client: DynamoDBClient, organization: Organization, total: int) -> list[Operation]:
    """The measured operations on one list."""
    table = Table(Boto3(client), TABLE)
    listing, suppressions = Listing(table), Suppressions(table)
    shards = organization.shards
    sample = [suppression(index, total) for index in random.Random(7).sample(range(total), 100)]
    records = [item_of(organization, [one]) for one in sample]
    line = sum(floors.size(marshal(_shown(one))) for one in records) // len(records)
    whole = max(floors.size(marshal(one)) for one in records)
    page = floors.read(LIMIT * line)
    # a shard that has more than its share of a page is queried twice
    pages = shards + (shards > 1)

    def ask(selection: Selection, offset: int = 0) -> Callable[[int], object]:
        return lambda _: listing.page(organization, BOUNCES, selection, offset=offset, limit=LIMIT, now=NOW)

    asked = Context(organization, OPERATOR, "r", NOW)

    def delete(number: int) -> object:
        key = sample[number].key
        return suppressions.request_listed(
            asked,
            [RemovalRequest(f"r-{number}", BOUNCES, key, key, hide=True)],
            since=shown_since(organization, BOUNCES, now=NOW),
            hidden=False,
            forgiven_until=watermark(NOW),
        )

    def get(number: int) -> object:
        return listing.get(organization, BOUNCES, sample[-number].key, now=NOW)

    def like(text: str) -> Selection:
        return Selection(pattern=Pattern.parse(text))

    # the newest 500 of the older half
    older = Selection(end=Seconds(to_seconds(NOW) - total))
    deep = (
        []
        if total > DEEP
        else [
            Operation("offset to the middle, 500", ask(Selection(), total // 2), shards, page, repeat=SELDOM),
            Operation("substring, 1 hit", ask(like(f"%{sample[1].key[4:12]}")), shards, page, repeat=SELDOM),
            Operation("substring, common", ask(like("%example1%com")), shards, page, repeat=SELDOM),
        ]
    )
    return [
        Operation("get one", get, 1, floors.read(whole, consistent=True), 1, 1.0),
        Operation("first page of 500", ask(Selection()), shards, page, pages, 1.3, flat=True),
        Operation("time range, 500", ask(older), shards, page, pages, 1.3, flat=True),
        Operation("narrow prefix", ask(like(sample[0].key[:9])), shards, shards * floors.read(whole), shards, 1.0),
        *deep,
        # the record, its deleted entry in ByTime, its new entry in the queue
        Operation("delete one", delete, 1, floors.write(3), 1, 1.0),
    ]


def _shown(item: Item) -> Item:
    """The part of a record that ByTime shows."""
    (index,) = (one for one in tables()[TABLE]["GlobalSecondaryIndexes"] if one["IndexName"] == "ByTime")
    names = {"partition", "address", "by_time", *index["Projection"]["NonKeyAttributes"]}
    return {name: value for name, value in item.items() if name in names}


def measure(shards: int, sizes: Sequence[int]) -> list[Line]:
    """Measure lists of every size, each in its own store, in turn."""
    organization = Organization("bench", "Bench", shards=shards)
    lines: list[tuple[Meter, Line]] = []
    with ExitStack() as stores:
        for total in sizes:
            began = time.monotonic()
            client, meter = stores.enter_context(running({TABLE: items(organization, total)}))
            print(f"  {total:,} entries, {shards} shard(s): {time.monotonic() - began:.0f} s", file=sys.stderr)
            lines += [(meter, Line(one, total, shards)) for one in operations(client, organization, total)]
        for name in dict.fromkeys(line.operation.name for _, line in lines):
            alike = [(meter, line) for meter, line in lines if line.operation.name == name]
            for number in range(alike[0][1].operation.repeat + 1):
                # forwards, then backwards, so that no list is always the first
                for meter, line in alike[:: -1 if number % 2 else 1]:
                    line.measure(meter, number)
                if number == 0:
                    for _, line in alike:  # the first run was a warm-up
                        line.requests, line.units, line.milliseconds = [], [], []
    return [line for _, line in lines]


def table(lines: Sequence[Line]) -> Iterator[str]:
    """The table: a row per operation and number of shards, with a figure per list where the figures differ."""
    yield "| operation | shards | requests | floor | units / floor | ms (p50) |"
    yield "|---|---:|---|---:|---|---|"
    for shards, name in dict.fromkeys((line.shards, line.operation.name) for line in lines):
        alike = [line for line in lines if (line.shards, line.operation.name) == (shards, name)]
        requests = _figures(f"{statistics.median(line.requests):g}" for line in alike)
        units = _figures(f"{statistics.median(line.units) / line.operation.units:.2f}" for line in alike)
        times = _figures(f"{statistics.median(line.milliseconds):.1f}" for line in alike)
        yield f"| {name} | {shards} | {requests} | {alike[0].operation.requests} | {units} | {times} |"


def _figures(figures: Iterable[str]) -> str:
    each = list(figures)
    return each[0] if len(set(each)) == 1 else ", ".join(each)


def growth(lines: Sequence[Line]) -> Iterator[tuple[str, float]]:
    """The time on the largest list as a multiple of that on the smallest, for each flat operation."""
    for line in lines:
        alike = [one for one in lines if (one.operation.name, one.shards) == (line.operation.name, line.shards)]
        if line.operation.flat and line is alike[0] and len(alike) > 1:
            pairs = zip(alike[0].milliseconds, alike[-1].milliseconds, strict=True)
            yield f"{line.operation.name}, {line.shards} shard(s)", statistics.median(b / a for a, b in pairs)


def main() -> None:
    """Measure, print, and exit with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="add a list of 1,000,000 entries")
    parser.add_argument("--sizes", type=int, nargs="+", help="use lists of these lengths, 1,000 or more")
    given = parser.parse_args()
    sizes = given.sizes or [1_000, 10_000, 100_000, *([1_000_000] if given.full else [])]
    lines = [line for shards in (1, 4) for line in measure(shards, sorted(sizes))]
    print(f"On lists of {', '.join(f'{size:,}' for size in sorted(sizes))} entries:\n")
    print("\n".join(table(lines)))
    grown = list(growth(lines))
    print(f"\nTime on {max(sizes):,} entries against {min(sizes):,} (bound {FLAT}):")
    print(", ".join(f"{name} {ratio:.2f}" for name, ratio in grown) + f". Load: {os.getloadavg()[0]:.1f}.")
    broken = [str(line) for line in lines if line.broken] + [name for name, ratio in grown if ratio > FLAT]
    for one in broken:
        print(f"BROKEN: {one}", file=sys.stderr)
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()

"""What a System Log query costs, by how much the log holds: `python -m bench.system_log [ENTRIES ...]`.

The log is filled to each size in turn (10, 1,000 and 1,000,000 unless told otherwise), spread over 30 days. One address
has ten deliveries in it, eight of them failures; the rest belong to others. Floors: one request, and half a unit for
each 4 KB of the index items that the answer is made of.
"""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any

from bench import dynoxide
from reprieve import delivery_log, log
from reprieve.delivery import DeliveryEvent, DeliveryKind
from reprieve.filter_parser import parse
from reprieve.log import KEPT
from reprieve.organization import Organization
from reprieve.service.system_log import Query, SystemLog
from reprieve.store.event_log import EventLog, LogReader
from reprieve.store.table import Table
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from reprieve.service.system_log import Page

SIZES = (10, 1_000, 1_000_000)
ACME = Organization("acme", "Acme")
NOW = 1_790_000_000_000
DAY, PERIOD = 86_400_000, 30 * 86_400_000
MESSAGE = (
    "550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)"
)
USER = "firstname.lastname@company.com"
FAILURES = f'target.id eq "{USER}" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'
BATCH = 500


def delivery(number: int, email: str, at: int, kind: DeliveryKind) -> log.LogEntry:
    message = MESSAGE.format(email) if kind is DeliveryKind.BOUNCE else "250 2.0.0 OK 1763712345 ab12-20020a05 - gsmtp"
    event = DeliveryEvent(
        f"ZGVsaXZlcmVkLTAtMTIzNDU2Nzg5-{number}",
        kind,
        email,
        email,
        at,
        message,
        "5.1.1" if kind is DeliveryKind.BOUNCE else "2.0.0",
        provider="sendgrid",
        message_id=f"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B{number}.0",
    )
    return delivery_log.delivery(event)


class Bench:
    def __init__(self, client: Any, meter: dynoxide.Meter) -> None:
        self.meter = meter
        self.client = client
        self._time = NOW - DAY
        self.log = EventLog(Table(client, "EventLog"), lambda: self._time)
        self.reader = SystemLog(LogReader(Table(client, "EventLog")), lambda: NOW)

    def fill(self, begin: int, end: int) -> float:
        """Entries of strangers; the write units of one."""
        self.meter.clear()
        for start in range(begin, end, BATCH):
            numbers = range(start, min(start + BATCH, end))
            # the golden ratio spreads the times evenly, in whatever order
            times = [NOW - PERIOD + int(PERIOD * ((number * 0.6180339887) % 1)) for number in numbers]
            self._time = times[0]
            self.log.append(
                ACME,
                [
                    delivery(number, f"person{number % 50_021}@example.com", at, DeliveryKind.DELIVERED)
                    for number, at in zip(numbers, times, strict=True)
                ],
            )
        return self.meter.writes / max(1, end - begin)

    def ask(self, **query: Any) -> tuple[Page, float]:
        self.meter.clear()
        began = time.perf_counter()
        page = self.reader.page(ACME, Query(**query), after=None, now=NOW)
        return page, (time.perf_counter() - began) * 1000

    def row(self, name: str, entries: int, floor: float, **query: Any) -> float:
        page, milliseconds = self.ask(**query)
        requests, units = self.meter.requests["Query"], self.meter.reads
        print(
            f"| {entries:>9,} | {name:<46} | {len(page.events):>5} | {requests} / 1 | {units} / {floor} "
            f"| {units / floor:.2f} | {milliseconds:.0f} ms |",
            flush=True,
        )
        return units / floor


def floor_of(items: list[dict[str, Any]]) -> float:
    return max(1, math.ceil(sum(map(size_of, items)) / 4096)) / 2


def size_of(item: dict[str, Any]) -> int:
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: dict[str, Any]) -> int:
    ((_, content),) = value.items()
    return len(content)


def main() -> None:
    """Fill, ask, print."""
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    with dynoxide.running() as client:
        create_tables(client)
        with dynoxide.metered(client) as meter:
            bench = Bench(client, meter)
            kinds = [DeliveryKind.BOUNCE] * 8 + [DeliveryKind.DELIVERED] * 2
            bench.log.append(
                ACME, [delivery(-spot, USER, NOW - DAY + spot * 60_000, kind) for spot, kind in enumerate(kinds)]
            )
            print(f"write units of an entry, in four copies: {meter.writes / 10:.2f}", flush=True)
            mine = client.query(
                TableName="EventLog",
                IndexName="ByTarget",
                KeyConditionExpression="target = :t",
                ExpressionAttributeValues={":t": {"S": f"acme#{USER}"}},
            )["Items"]
            print(f"bytes of an index item, on average: {sum(map(size_of, mine)) / len(mine):.0f}")
            print("| in the log | query | found | requests / floor | read units / floor | ratio | time |")
            print("|---|---|---|---|---|---|---|")
            filled, all_, failures, worst = 10, floor_of(mine), floor_of(mine[:8]), 0.0
            for size in sizes:
                began = time.monotonic()
                bench.fill(filled, size)
                filled = max(size, filled)
                target, reference = parse(f'target.id eq "{USER}"'), parse(FAILURES)
                bounded, polling = {"since": NOW - 7 * DAY, "until": NOW}, {"since": NOW - KEPT, "until": None}
                worst = max(
                    worst,
                    bench.row("one target, bounded", size, all_, filter=target, **bounded),
                    bench.row("one target, polling", size, all_, filter=target, **polling),
                    bench.row("the reference query, bounded", size, failures, filter=reference, **bounded),
                    bench.row("the reference query, polling", size, failures, filter=reference, **polling),
                )
                if size >= 1_000:
                    for name, moments in (("bounded", bounded), ("polling", polling)):
                        bench.row(f"any entry, {name}", size, math.nan, limit=1_000, **moments)
                print(f"  (filled in {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
            print(f"worst ratio by target: {worst:.2f} (bound 1.2)")
            if worst > 1.2:
                raise SystemExit(1)


if __name__ == "__main__":
    main()

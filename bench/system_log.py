"""The cost of a system log query by the size of the log.

    PYTHONPATH=layers/domain/python python -m bench.system_log           10, 1,000 and 100,000 entries
    PYTHONPATH=layers/domain/python python -m bench.system_log --full    10, 1,000 and 1,000,000 (loading takes minutes)

The entries are spread over 30 days. One address has ten deliveries among them, eight of which failed; the rest belong
to other addresses. Floors: one request, and half a unit per 4 KiB of the index items of the answer.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from bench import floors
from bench.store import Meter, running
from reprieve.clock import DAY, MINUTE, Millis, days
from reprieve.organization import Organization
from reprieve.store import keys
from reprieve.store import system_log as event_log
from reprieve.store.boto3_transport import Boto3
from reprieve.store.system_log import EventLog, LogReader
from reprieve.store.table import Table
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.system_log.filter.parser import parse
from reprieve.system_log.query import Query, SystemLog
from reprieve.system_log.span import LOG_RETENTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.store.language import Item
    from reprieve.system_log.entry import LogEntry

SIZES, FULL = (10, 1_000, 100_000), (10, 1_000, 1_000_000)
TABLE = "EventLog"
ACME = Organization("acme", "Acme")
NOW = Millis(1_790_000_000_000)
PERIOD = days(30)
MESSAGE = (
    "550 5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)"
)
USER = "firstname.lastname@company.com"
FAILURES = f'target.id eq "{USER}" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'
#: the most read units of a query by target, as a multiple of the floor
BOUND = 1.2
MINE = [DeliveryKind.BOUNCE] * 8 + [DeliveryKind.DELIVERED] * 2


def delivery(number: int, email: str, at: Millis, kind: DeliveryKind) -> LogEntry:
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
    return delivery_entry(event, provider_name="Sendgrid")


def strangers(count: int) -> Iterator[Item]:
    """Entries of other addresses, as the store writes them, with the arrival at the time of publication."""
    for number in range(count):
        # the golden ratio spreads the times evenly, in mixed order
        at = Millis(NOW - PERIOD + int(PERIOD * ((number * 0.6180339887) % 1)))
        entry = delivery(number, f"person{number % 50_021}@example.com", at, DeliveryKind.DELIVERED)
        yield {**event_log._item(ACME, entry), "arrival": keys.log_position(at, entry.uuid)}


class Bench:
    """A log of one size, and the cost of its queries."""

    def __init__(self, client: DynamoDBClient, meter: Meter, size: int) -> None:
        self.client, self.meter, self.size = client, meter, size
        self.log = EventLog(Table(Boto3(client), TABLE), lambda: Millis(NOW - DAY))
        self.reader = SystemLog(LogReader(Table(Boto3(client), TABLE)), lambda: NOW)

    def append_mine(self) -> tuple[list[Any], float]:
        """Store the ten entries of the address; return its items of ByTarget, and the write units per entry."""
        self.meter.clear()
        entries = [delivery(-spot, USER, Millis(NOW - DAY + spot * MINUTE), kind) for spot, kind in enumerate(MINE)]
        self.log.append(ACME, entries)
        units = self.meter.writes.total() / len(entries)
        found = self.client.query(
            TableName=TABLE,
            IndexName="ByTarget",
            KeyConditionExpression="target = :t",
            ExpressionAttributeValues={":t": {"S": keys.log_target(ACME, USER)}},
        )["Items"]
        return found, units

    def row(self, name: str, floor: float, **query: Any) -> float:
        """Run a query and print its row; return the read units as a multiple of the floor (0 means no floor)."""
        self.meter.clear()
        began = time.perf_counter()
        page = self.reader.page(ACME, Query(**query), after=None, now=NOW)
        milliseconds = (time.perf_counter() - began) * 1000
        requests, units = self.meter.requests["Query"], self.meter.reads.total()
        against, ratio = (f" / {floor}", f"{units / floor:.2f}") if floor else ("", "")
        print(
            f"| {self.size:,} | {name} | {len(page.events):,} | {requests} / 1 | {units}{against} | {ratio} |"
            f" {milliseconds:.0f} ms |",
            flush=True,
        )
        return units / floor if floor else 0.0

    def rows(self, mine: list[Any]) -> float:
        """Run all queries; return the worst ratio of the queries by target."""
        everything, failures = (floors.read(*map(floors.size, some)) for some in (mine, mine[:8]))
        target, reference = parse(f'target.id eq "{USER}"'), parse(FAILURES)
        ways: dict[str, dict[str, Any]] = {
            "bounded": {"since": NOW - 7 * DAY, "until": NOW},
            "polling": {"since": NOW - LOG_RETENTION, "until": None},
        }
        worst = 0.0
        for way, moments in ways.items():
            worst = max(
                worst,
                self.row(f"one target, {way}", everything, filter=target, **moments),
                self.row(f"the reference query, {way}", failures, filter=reference, **moments),
            )
            if self.size >= 1_000:
                self.row(f"any entry, {way}", 0, limit=1_000, **moments)
        return worst


def main() -> None:
    """Fill the log, run the queries, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="use a log of 1,000,000 entries instead of 100,000")
    worst = 0.0
    print("| in the log | query | found | requests / floor | read units / floor | ratio | time |")
    print("|---|---|---|---|---|---|---|")
    for size in FULL if parser.parse_args().full else SIZES:
        began = time.monotonic()
        with running({TABLE: strangers(size - len(MINE))}) as (client, meter):
            print(f"  {size:,} entries in {time.monotonic() - began:.0f} s", file=sys.stderr)
            bench = Bench(client, meter, size)
            mine, writes = bench.append_mine()
            worst = max(worst, bench.rows(mine))
    print(f"\nWrite units per entry, in four copies: {writes:.2f}.")
    print(f"Average bytes of an index item: {sum(map(floors.size, mine)) / len(mine):.0f}.")
    print(f"Worst ratio by target: {worst:.2f} (bound {BOUND}).")
    if worst > BOUND:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

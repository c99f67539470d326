"""What the runs of a policy read and write over a long list, on dynoxide: the walk, an hour after it, and a day.

PYTHONPATH=layers/domain/python python -m bench.policies [--count 100000]
"""

from __future__ import annotations

import argparse
import random
import time
from typing import TYPE_CHECKING

from bench.store import running
from reprieve.clock import DAY, HOUR, Millis
from reprieve.organization import Organization, PolicySetting
from reprieve.policies.manage import Policies
from reprieve.policies.run import PolicyRun
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.evidence import EvidenceStore
from reprieve.store.holds import Holds
from reprieve.store.listing import Listing
from reprieve.store.policy_progress import PolicyProgress
from reprieve.store.suppressions import Suppressions, item_of
from reprieve.store.system_log import EventLog, LogReader
from reprieve.store.table import Table
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from bench.store import Meter
    from reprieve.policies.run import PolicyReport
    from reprieve.store.language import Item

NOW = Millis(1_767_225_600_000)
ORGANIZATION = Organization("bench", "Bench", policy=PolicySetting(version=1, enabled=True))
REASON = "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the address"
#: of the entries that are older than a week: the rest has been lifted and has failed again, for want of a mailbox
SHARE_DUE = 0.01


class Clock:
    """The time of the runs, moved by hand."""

    now = NOW

    def __call__(self) -> Millis:
        """See `wiring.now`."""
        return self.now


def entries(count: int) -> Iterator[Item]:
    """Records of hard bounces: most of the last week, which are held; the others are left to a person, or due."""
    chance = random.Random(7)
    for number in range(count):
        kind = chance.random()
        age = chance.randrange(7 * DAY) if kind > 2 * SHARE_DUE else 8 * DAY + chance.randrange(300 * DAY)
        key = f"recipient{number}@mail{number % 977}.example"
        fails = [NOW - age, *([NOW - age - 20 * DAY] if SHARE_DUE < kind <= 2 * SHARE_DUE else [])]
        events = [
            Suppression(
                SuppressionList.BOUNCES,
                key,
                key,
                Millis(at),
                REASON,
                "5.1.1",
                Permanence.HARD,
                Classification.INVALID_ADDRESS,
                "sendgrid",
                event_id=f"{number:032x}{at}",
            )
            for at in sorted(fails)
        ]
        yield item_of(ORGANIZATION, events)


def measure(client: DynamoDBClient, meter: Meter, count: int, *, hooked: bool) -> None:
    """Run a walk, the next hours and the next days, and print what each took.

    Args:
        client: of the store.
        meter: counts what it takes.
        count: of entries.
        hooked: whether a hook hears of the ends of holds.
    """
    clock = Clock()
    table = Table(Boto3(client), "Suppressions")
    access = Access(Table(Boto3(client), "Access"), Table(Boto3(client), "ProviderAccounts"))
    access.create_organization(ORGANIZATION)
    run = PolicyRun(
        access=access,
        listing=Listing(table),
        evidence=EvidenceStore(table),
        holds=Holds(table),
        removals=Suppressions(table),
        progress=PolicyProgress(table),
        policies=Policies(access, EventLog(Table(Boto3(client), "EventLog"), clock)),
        reader=LogReader(Table(Boto3(client), "EventLog")),
        log=EventLog(Table(Boto3(client), "EventLog"), clock),
        clock=clock,
        remaining=lambda: Millis(10 * HOUR),
        spread=lambda: 0.0,
        listening=lambda: frozenset({ORGANIZATION.id} if hooked else ()),
    )
    print(f"{count} entries of bounces{', with a hook that hears of the ends of holds' if hooked else ''}")
    print(f"{'run':24} {'looked':>8} {'judged':>8} {'lifted':>8} {'reads':>9} {'an entry':>9} {'writes':>8} {'s':>6}")

    def one(name: str, hours: int) -> None:
        clock.now = Millis(clock.now + hours * HOUR)
        meter.clear()
        begun = time.monotonic()
        report: PolicyReport = run.run()
        if report.faults:
            raise SystemExit(report.faults[0])
        took, reads, writes = time.monotonic() - begun, meter.reads.total(), meter.writes.total()
        print(
            f"{name:24} {report.looked:8} {report.judged:8} {report.lifted.total():8} {reads:9.1f} "
            f"{reads / count:9.4f} {writes:8.0f} {took:6.1f}"
        )

    one("the walk", 0)
    for number in range(1, 4):
        one(f"hour {number} after it", 1)
    for number in range(1, 3):
        one(f"day {number} after that", 24)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="What the runs of a policy read and write over a long list.")
    parser.add_argument("--count", type=int, default=100_000)
    count = parser.parse_args().count
    for hooked in (False, True):
        with running({"Suppressions": entries(count)}) as (client, meter):
            measure(client, meter, count, hooked=hooked)


if __name__ == "__main__":
    main()

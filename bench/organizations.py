"""What runs of the removal job and the upkeep cost by the number of organizations, and how long these wait.

    PYTHONPATH=layers/domain/python:. python -m bench.organizations

Requests and units are counted on dynoxide, with 1, 100 and 10,000 organizations, of which none or 1 % have a removal
due. The waiting times are those of the real job in simulated time, as in tests/simulation/test_fairness.py: 60
providers that hang, 40 that do not, and one organization with 20,000 pending removals. Exits with 1 if a goal is
missed.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bench.classification import verdict
from bench.store import running
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import DAY, MINUTE, Millis, now, seconds
from reprieve.organization import Membership, Organization
from reprieve.providers.none import NoProvider
from reprieve.rates.watch import RateWatch
from reprieve.removals.job import RemovalJob
from reprieve.removals.removal import RemovalRequest
from reprieve.removals.upkeep import Upkeep
from reprieve.runtime.wiring import LANES
from reprieve.store import queue_index
from reprieve.store.access import Access, _account_item, _organization_item
from reprieve.store.boto3_transport import Boto3
from reprieve.store.groups import GroupStore
from reprieve.store.listing import Listing
from reprieve.store.old_queue import OldQueue
from reprieve.store.rates import Rates
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog, LogReader
from reprieve.store.table import Table
from reprieve.suppressions.suppression import SuppressionList
from tests.simulation.test_fairness import TICK, p95, waits
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from bench.store import Meter
    from reprieve.removals.tally import Tally
    from reprieve.store.language import Item

NUMBERS: Final = (1, 100, 10_000)
#: of so many organizations, one has a removal due
SHARE: Final = 100
#: requests of a run that has nothing to do
IDLE: Final = 20
#: pending removals of the organization that has many
BACKLOG: Final = 20_000


@dataclass
class Run:
    """What one run took."""

    tally: Tally
    requests: int
    reads: float
    writes: float
    seconds: float


@dataclass
class Bench:
    """The job on a store that counts, with accounts that count how often they are opened."""

    client: DynamoDBClient
    meter: Meter
    opened: list[str] = field(default_factory=list)

    def table(self, name: str) -> Table:
        """A table by name."""
        return Table(Boto3(self.client), name)

    def open(self, organization: Organization, _: ProviderAccount) -> NoProvider:
        """An account's adapter, whose key a real one would have KMS open."""
        self.opened.append(organization.id)
        return NoProvider()

    def run(self) -> Run:
        """Run the job once."""
        job = RemovalJob(
            access=Access(self.table("Access"), self.table("ProviderAccounts")),
            queue=RemovalQueue(self.table("Suppressions")),
            log=EventLog(self.table("EventLog"), now),
            groups=GroupStore(self.table("Suppressions")),
            provider_for=self.open,
            clock=now,
            remaining=lambda: seconds(110),
            spread=random.Random(1).random,
        )
        self.meter.clear()
        self.opened.clear()
        began = time.perf_counter()
        tally = job.run()
        meter = self.meter
        took = time.perf_counter() - began
        return Run(tally, meter.requests.total(), meter.reads.total(), meter.writes.total(), took)


def organizations(count: int) -> list[Organization]:
    """Organizations of one shard each."""
    return [Organization(f"org-{number:05}", "Organization", Membership.ANYONE) for number in range(count)]


def items(owners: Sequence[Organization]) -> dict[str, list[Item]]:
    """Each organization with its account, and with something that is due next year."""
    account = ProviderAccount("sendgrid", "https://api.sendgrid.com", b"sealed")
    due = Millis(now() + 365 * DAY)
    held: Item = {"address": "a@example.org", "requested_at": due, "due_at": due}
    return {
        "Access": [_organization_item(one) for one in owners],
        "ProviderAccounts": [_account_item(one.id, account) for one in owners],
        "Suppressions": [
            {"partition": f"{one.id}#holds#0", **held, **queue_index.entry(one, "pending", 0, due)} for one in owners
        ],
    }


def calls(count: int, *, later: bool) -> list[bool]:
    """Measure runs with so many organizations; print them, and return whether each goal is met.

    Args:
        count: of organizations.
        later: whether each of them has something that is due next year.
    """
    owners = organizations(count)
    stored = items(owners)
    if not later:
        del stored["Suppressions"]
    with running(stored) as (client, meter):
        bench = Bench(client, meter)
        idle = bench.run()
        title = f"{count:>6,} organizations" + (", each with a hold that ends next year" if later else "")
        print(f"{title}, nothing due: {idle.requests} requests, {idle.reads:g} read units, {idle.seconds:.2f} s")
        if later:
            return []
        met = [
            verdict("  requests of an idle run", idle.requests, IDLE, at_least=False),
            verdict("  accounts that an idle run opens", len(bench.opened), 0, at_least=False),
        ]
        working = owners[::SHARE]
        store = Suppressions(bench.table("Suppressions"))
        for one in working:
            wanted = RemovalRequest("r-0", SuppressionList.BOUNCES, "a@example.org", "a@example.org")
            store.request_removals(context(one, request_id="r", now=Millis(now() - MINUTE)), [wanted])
        busy = bench.run()
        assert busy.tally.counts["lifted"] == len(working), busy.tally
        more = (busy.requests - idle.requests) / len(working)
        print(
            f"{title}, {len(working)} with a removal due: {busy.requests} requests ({more:.1f} more for each), "
            f"{busy.reads:g} read units, {busy.writes:g} write units, {busy.seconds:.2f} s"
        )
        return [
            *met,
            verdict("  accounts opened for each that has one due", len(bench.opened) / len(working), 1, at_least=False),
        ]


def swept(count: int) -> None:
    """Measure and print a run of the upkeep with so many organizations, of which none has anything to be swept."""
    with running({"Access": [_organization_item(one) for one in organizations(count)]}) as (client, meter):
        bench = Bench(client, meter)
        lists = bench.table("Suppressions")
        log = EventLog(bench.table("EventLog"), now)
        upkeep = Upkeep(
            access=Access(bench.table("Access"), bench.table("ProviderAccounts")),
            suppressions=Suppressions(lists),
            listing=Listing(lists),
            old_queue=OldQueue(lists),
            look=RateWatch(Rates(lists), log, LogReader(bench.table("EventLog"))).look,
            clock=now,
            remaining=lambda: seconds(110),
        )
        meter.clear()
        began = time.process_time()
        report = upkeep.run()
        took = time.process_time() - began
        assert (report.faults, report.finished) == ([], True)
        requests, reads = meter.requests.total(), meter.reads.total()
        print(f"{count:>6,} organizations, the upkeep: {requests} requests, {reads:g} read units, {took:.2f} s")
        meter.clear()
        listed = sum(1 for _ in upkeep.access.organizations())
        print(
            f"{listed:>6,} organizations, their list alone: {meter.requests.total()} requests, {meter.reads.total():g}"
        )


def main() -> None:
    """Measure, and exit with 1 if a goal is missed."""
    met = [each for count in NUMBERS for each in calls(count, later=False)]
    calls(NUMBERS[-1], later=True)
    for count in NUMBERS:
        swept(count)
    for backlog in (0, BACKLOG):
        beside = f", beside 60 providers that hang and an organization with {backlog:,} pending"
        waited = p95(waits(LANES, backlog=backlog)) / TICK
        met.append(verdict(f"wait of the healthy, p95, in ticks{beside}", waited, 2, at_least=False))
    sys.exit(not all(met))


if __name__ == "__main__":
    main()

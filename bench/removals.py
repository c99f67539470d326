"""Speed of one worker of the removal job, and capacity units per removal, on dynoxide with a local provider.

PYTHONPATH=layers/domain/python python -m bench.removals [--count 5000]
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.store import running
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import MINUTE, Millis, now, seconds, to_seconds
from reprieve.organization import Membership, Organization
from reprieve.providers.sendgrid.adapter import SendGrid
from reprieve.removals.allowance import Allowance
from reprieve.removals.job import RemovalJob
from reprieve.removals.request import Removals
from reprieve.store.access import Access
from reprieve.store.boto3_transport import Boto3
from reprieve.store.groups import GroupStore
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog
from reprieve.store.table import Table
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.fake_sendgrid import FakeSendGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from bench.store import Meter

KEY = "SG.bench"


@contextmanager
def phase(meter: Meter, title: str, count: int) -> Iterator[None]:
    """Print the throughput of a phase, and its units per removal."""
    meter.clear()
    began, worked = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    units = ", ".join(f"{n / count:.2f} write units {table}" for table, n in sorted(meter.writes.items()))
    print(
        f"{title:<28} {count / seconds:7.0f} per second ({count / cpu:.0f} per second of CPU); "
        f"per removal {units}; {meter.reads.total() / count:.3f} read units"
    )


def main() -> None:
    """Record, request and carry out removals; print each phase."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--count", type=int, default=5_000)
    count = parser.parse_args().count
    with running() as (client, meter), FakeSendGrid() as upstream:
        upstream.allow(KEY)
        run(client, meter, upstream, count)


def run(client: DynamoDBClient, meter: Meter, upstream: FakeSendGrid, count: int) -> None:
    """Run the life of `count` removals."""
    organization = Organization("bench", "Bench", Membership.ANYONE)
    access = Access(Table(Boto3(client), "Access"), Table(Boto3(client), "ProviderAccounts"))
    access.create_organization(organization)
    assert access.set_provider_account(organization.id, ProviderAccount("sendgrid"), provider_name="", before=None)
    store, log = Suppressions(Table(Boto3(client), "Suppressions")), EventLog(Table(Boto3(client), "EventLog"), now)
    emails = [f"recipient-{number:06}@example.com" for number in range(count)]
    bounced = Millis(now() - MINUTE)
    listed = [Suppression(SuppressionList.BOUNCES, email, email, bounced, "550 5.1.1 no such user") for email in emails]
    with phase(meter, "record bounces", count):
        store.record(organization, listed)
    for email in emails:
        upstream.put("bounces", email, created=to_seconds(bounced))
    removals = Removals(store, None, log, Allowance(None))  # type: ignore[arg-type]  # no recipients are looked up
    with phase(meter, "acknowledge, 1,000 per request", count):
        for number, chunk in enumerate(_chunks(emails)):
            asked = context(organization, request_id=f"request-{number}", now=now())
            removals.request(asked, chunk)
    acknowledged = meter.writes["Suppressions"], meter.reads["Suppressions"]
    job = RemovalJob(
        access=access,
        queue=RemovalQueue(Table(Boto3(client), "Suppressions")),
        log=log,
        groups=GroupStore(Table(Boto3(client), "Suppressions")),
        provider_for=lambda *_: SendGrid(base_url=upstream.url, api_key=KEY, clock=now),
        clock=now,
        remaining=lambda: seconds(110),
        spread=random.SystemRandom().random,
    )
    with phase(meter, "carry out, one worker", count):
        tally = job.run()
    assert tally.counts["lifted"] == count, tally
    assert not upstream.listed("bounces")
    writes = (acknowledged[0] + meter.writes["Suppressions"]) / count
    reads = (acknowledged[1] + meter.reads["Suppressions"]) / count
    print(f"per listed address, over its life: {writes:.2f} write units (bound 4), {reads:.3f} read units (bound 1)")


def _chunks(emails: list[str]) -> Iterator[list[str]]:
    return (emails[start : start + 1_000] for start in range(0, len(emails), 1_000))


if __name__ == "__main__":
    main()

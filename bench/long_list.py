"""The life of a long list: imported by the operator twice, deleted as a whole, and lifted at the provider and here.

    PYTHONPATH=layers/domain/python:cli python -m bench.long_list             10,000 entries
    PYTHONPATH=layers/domain/python:cli python -m bench.long_list --full      100,000

The background functions are killed at random calls, again and again, as when a Lambda function runs out of time or its
machine fails. Everything goes through `wiring`, as in the functions. Fails if an entry is left at the end, or if the
deleted list shows one.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.store import running
from reprieve.access.provider_account import ProviderAccount
from reprieve.clock import MINUTE, Millis, now
from reprieve.context import OPERATOR
from reprieve.organization import Organization
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import LEASE
from reprieve.runtime import wiring
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import SuppressionList
from reprieve_cli import operations
from tests.support import dynoxide
from tests.support.contexts import context
from tests.support.tables import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.store import Meter

BOUNCES = SuppressionList.BOUNCES
SINCE = 1_767_225_600
#: rows of the file that cannot be used
BAD = 100
#: addresses per call upstream; a turn of the job takes about two calls per address
BATCH = 100
#: a run of a background function is killed after a random number of calls: at least MIN_CALLS, too few for a turn; at
#: most MAX_CALLS, or a quarter of the list's length if that is more
MIN_CALLS, MAX_CALLS = 100, 1_000


class CutOff(BaseException):
    """The kill of a function's process. The function must not catch it."""


@dataclass
class Power:
    """The number of calls to DynamoDB that a run has left."""

    left: int = sys.maxsize

    def spend(self, **_: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise CutOff


@dataclass
class Upstream:
    """A provider that lifts every listed address on request."""

    batch: int = BATCH
    listed: set[str] = field(default_factory=set)
    asked: int = 0

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, _list: SuppressionList, emails: Sequence[str], **_: Any) -> list[LiftAnswer]:
        self.asked += len(emails)
        answers = [LiftAnswer(LiftOutcome.LIFTED if email in self.listed else LiftOutcome.ABSENT) for email in emails]
        self.listed.difference_update(emails)
        return answers

    def close(self) -> None:
        """Do nothing: there is no connection."""


@dataclass
class Clock:
    """A clock that can be moved forward."""

    ahead: int = 0

    def __call__(self) -> Millis:
        return Millis(now() + self.ahead)


class Context:
    """Lambda's context with time left: runs are ended by `Power`, not by time."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 110_000


def csv(count: int) -> str:
    """A file of `count` rows, BAD of which are invalid."""
    good = (f"Recipient-{n}@example{n % 97}.com,{SINCE + n},550 5.1.1 no such user,5.1.1\n" for n in range(count - BAD))
    bad = (f"no address {n},{SINCE},,\n" for n in range(BAD))
    return "email,created,reason,status\n" + "".join(good) + "".join(bad)


@contextmanager
def phase(title: str, count: int, meter: Meter) -> Iterator[None]:
    """Print the time of a part, and its requests and units per entry; a refused write reports no units."""
    meter.clear()
    began, worked = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    each = (meter.requests.total() / count, meter.writes.total() / count, meter.reads.total() / count)
    print(f"| {title} | {seconds:.2f} s | {cpu:.2f} s | " + " | ".join(f"{one:.2f}" for one in each) + " |", flush=True)


def until_done(run: Callable[[], bool], power: Power, clock: Clock, calls: Iterator[int]) -> int:
    """Run until a run finishes and reports that nothing is left; return how many runs were killed."""
    cut_off = 0
    while True:
        power.left = next(calls)
        try:
            if run():
                return cut_off
            # entries that wait for another try are due later
            clock.ahead += MINUTE
        except CutOff:
            cut_off += 1
            # what the killed run had claimed is free when its lease ends
            clock.ahead += LEASE
        finally:
            power.left = sys.maxsize


def live(count: int, meter: Meter, power: Power, seed: int) -> None:
    """Run all parts, and assert that nothing is left."""
    clock, upstream, chance = Clock(), Upstream(), random.Random(seed)
    calls = iter(lambda: chance.randint(MIN_CALLS, max(MAX_CALLS, count // 4)), None)
    wiring.now = clock
    operations.operator = lambda: OPERATOR
    wiring.provider_for = lambda *_: upstream  # type: ignore[assignment]
    wiring.access().create_organization(Organization("bench", "Bench"))
    assert wiring.access().set_provider_account("bench", ProviderAccount("sendgrid"), provider_name="", before=None)
    owner = partial(operations.find_organization, "bench")
    listing, good = wiring.listing(), count - BAD
    text, progress = csv(count), []
    print("| part | time | CPU time of this process | requests | write units | read units |")
    print("|---|---:|---:|---:|---:|---:|")
    for title, expected in ((f"import {count:,} rows", (good, 0)), ("import them again", (0, good))):
        with phase(title, count, meter):
            report = operations.import_list(
                "bench", BOUNCES, text, progress=lambda done, total: progress.append((done, total))
            )
        assert (report.imported, report.unchanged, len(report.refused)) == (*expected, BAD), report
    assert progress[-1] == (good, good)
    assert len(progress) == 2 * -(-good // 250)
    assert listing.count(owner(), BOUNCES, Selection(), now=clock()) == good
    upstream.listed = {one.email for one in listing.each(owner(), BOUNCES, Selection(), now=clock())}
    assert len(upstream.listed) == good
    with phase("delete_all, in total", 1, meter):
        wiring.lists().clear(context(owner(), request_id="clear", now=clock()), BOUNCES)
    with phase("the first page after it, in total", 1, meter):
        page = listing.page(owner(), BOUNCES, Selection(), offset=0, limit=500, now=clock())
    assert page == ([], False)
    assert listing.count(owner(), BOUNCES, Selection(), now=clock()) == 0
    with phase("the upkeep requests the removals", good, meter):
        swept = until_done(lambda: wiring.upkeep(Context).run().finished, power, clock, calls)
    with phase("the removal job carries them out", good, meter):
        carried = until_done(lambda: not _waiting(clock), power, clock, calls)
    assert upstream.listed == set()
    # what the store holds, whether or not the deletion hides it
    whole = Organization("bench", "Bench")
    assert listing.count(whole, BOUNCES, Selection(), now=clock()) == 0
    assert wiring.removal_queue().due(whole, now=Millis(clock() + LEASE), limit=1) == []
    print(
        f"\nThe upkeep was killed {swept} times, the removal job {carried} times; nothing is left."
        f" Requests upstream per address: {upstream.asked / good:.3f}."
    )


def _waiting(clock: Clock) -> bool:
    """Run the job; return whether a removal still waits."""
    wiring.removal_job(Context).run()
    return bool(wiring.removal_queue().due(operations.find_organization("bench"), now=Millis(clock() + LEASE), limit=1))


def run(count: int, seed: int = 7) -> None:
    """Run the life of one list on a new store."""
    with running() as (client, meter):
        os.environ |= {
            **environment(),
            "AWS_ENDPOINT_URL": client.meta.endpoint_url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
        power = Power()
        mine = wiring.client("dynamodb")
        dynoxide.adapt(mine)
        meter.attach(mine)
        mine.meta.events.register("before-call.dynamodb", power.spend)
        live(count, meter, power, seed)


def main() -> None:
    """Run, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="use 100,000 entries")
    parser.add_argument("--count", type=int, help="use this number of entries")
    given = parser.parse_args()
    run(given.count or (100_000 if given.full else 10_000))
    print(f"Peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB.")


if __name__ == "__main__":
    main()

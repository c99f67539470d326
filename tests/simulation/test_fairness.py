"""Providers that hang delay no other organization: the real job, its lanes and its time simulated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from reprieve.clock import MINUTE, SECOND
from reprieve.organization import Organization
from reprieve.removals.job import RemovalJob
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime.wiring import LANES
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppressions import Suppressions
from reprieve.suppressions.reconcile import Differences
from reprieve.suppressions.scheduled import ScheduledReconciliation
from reprieve.suppressions.suppression import SuppressionList
from tests.simulation.dynamodb import Client, SerialTable
from tests.simulation.scenario import Access
from tests.simulation.world import START, Choices, World
from tests.support.contexts import context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprieve.context import Context
    from reprieve.lanes import Lanes

TICK = 2 * MINUTE
#: what Lambda gives a run
RUN = 110 * SECOND
HANGING = [Organization(f"hanging{number:02}", "Hanging") for number in range(60)]
#: an organization that has many removals waiting
LARGE = Organization("large", "Large")
HEALTHY = [Organization(f"healthy{number:02}", "Healthy") for number in range(40)]
LISTS = SuppressionList.BOUNCES
#: removals of one request at the most
MOST = 1_000


class Silent:
    """A log that discards its entries."""

    def append(self, *_: object) -> None:
        pass


class Upstream:
    """A provider that answers after a third of a second, or not at all until its time is up."""

    batch = 100

    def __init__(self, world: World, *, hangs: bool) -> None:
        self.world = world
        self.hangs = hangs

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, _: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.world.sleep(budget / SECOND if self.hangs else 0.3)
        outcome = LiftOutcome.RETRY if self.hangs else LiftOutcome.LIFTED
        return [LiftAnswer(outcome) for _ in emails]

    def close(self) -> None:
        pass


def lanes(world: World, count: int) -> Lanes:
    """Lanes of simulated time, as `lanes.threads` has them of real time."""

    def run(lane: Callable[[], None]) -> None:
        processes = [world.start(f"lane {number}", lane) for number in range(count)]
        while not all(process.over for process in processes):
            world.sleep(1)

    return run


def waits(count: int, *, backlog: int = 0) -> list[int]:
    """The waiting time of each removal of a healthy organization, in milliseconds, over several runs of the job.

    Args:
        count: of lanes.
        backlog: how many removals of a large organization wait from the start, in requests of 1,000.
    """
    world = World(Choices(played=()))
    client = Client(world, "Suppressions", lambda *_: None)
    table = SerialTable(client, "Suppressions")  # type: ignore[arg-type]
    queue, store = RemovalQueue(table), Suppressions(table)
    access = Access.of([*HANGING, *HEALTHY, *([LARGE] if backlog else [])])
    chance = Choices(7)

    def ask(organization: Organization, name: str, count: int) -> None:
        requests = [RemovalRequest(f"{name}-{n}", LISTS, f"{name}{n}@x.org", f"{name}{n}@x.org") for n in range(count)]
        store.request_removals(context(organization, now=world.now, request_id=name), requests)

    def tick() -> None:
        began = world.now
        RemovalJob(
            access=access,  # type: ignore[arg-type]
            queue=queue,
            log=Silent(),  # type: ignore[arg-type]
            groups=None,  # type: ignore[arg-type]
            provider_for=lambda one, _: Upstream(world, hangs=one in HANGING),  # type: ignore[arg-type,return-value]
            clock=lambda: world.now,
            remaining=lambda: began + RUN - world.now,
            spread=lambda: chance.below(1_000) / 1_000,
            lanes=lanes(world, count),
        ).run()

    for number in range(0, backlog, MOST):
        ask(LARGE, f"l{number}", min(MOST, backlog - number))
    for number in range(5):
        begins = START + number * TICK
        for organization in HANGING:
            world.now = max(world.now, begins)
            ask(organization, f"h{number}", 3)
        for organization in HEALTHY[number::5]:
            world.now = begins + chance.below(TICK - 5_000)
            ask(organization, f"r{number}", 3)
        world.now = begins + TICK
        world.start(f"tick {number}", tick)
        world.run()
    items = [item for (partition, _), item in client.items.items() if partition.startswith("healthy")]
    records = [item for item in items if "removal_state" in item]
    assert len(records) == 3 * len(HEALTHY)
    now = world.now
    return [
        (item["finished_at"] if item["removal_state"] == RemovalState.DONE else now) - item["requested_at"]
        for item in records
    ]


def p95(values: Sequence[int]) -> int:
    return sorted(values)[len(values) * 95 // 100]


def test_with_sixty_providers_that_hang_the_others_wait_less_than_two_ticks() -> None:
    assert p95(waits(LANES)) < 2 * TICK


def test_an_organization_with_thousands_of_removals_delays_the_others_no_more() -> None:
    assert p95(waits(LANES, backlog=4_000)) < 2 * TICK


def test_without_lanes_they_would_wait_for_those_that_hang() -> None:
    assert p95(waits(1)) > 2 * TICK


def test_in_the_daily_comparison_a_provider_that_hangs_holds_up_one_lane() -> None:
    world = World(Choices(played=()))
    compared: list[str] = []

    class Slow:
        def run(self, asked: Context, **_: int) -> Differences:
            world.sleep(150 if asked.organization in HANGING else 2)
            compared.append(asked.organization.id)
            return Differences()

    day = ScheduledReconciliation(
        Access.of([*HANGING, *HEALTHY]),  # type: ignore[arg-type]
        Slow(),  # type: ignore[arg-type]
        SimpleNamespace(sweep=lambda *_, **__: None),  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        lambda: START + 15 * MINUTE - world.now,
        lambda: 0.0,
        lanes(world, LANES),
    )
    left: list[int] = []
    world.start("day", lambda: left.append(day.compare(start=0, end=START).left))
    world.run()
    assert (left, len(compared)) == ([0], len(HANGING) + len(HEALTHY))

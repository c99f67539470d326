"""What happens by itself in a history: runs of the policies, deliveries that end their holds, and posts to hooks."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reprieve.address import comparison_key
from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.errors import Unavailable
from reprieve.hooks.deliver import HookDelivery
from reprieve.hooks.forms import Posters
from reprieve.hooks.hook import Hook, Progress, Secret
from reprieve.hooks.notice import notice_of
from reprieve.net.post import Posted
from reprieve.organization import PolicySetting
from reprieve.policies.manage import Policies
from reprieve.policies.policy import Policy, Rule, Then, When
from reprieve.policies.run import PolicyRun
from reprieve.policies.written import text_of
from reprieve.store.evidence import EvidenceStore
from reprieve.store.faults import Fault as StoreFault
from reprieve.store.hooks import Hooks as HookStore
from reprieve.store.policy_progress import PolicyProgress
from reprieve.store.system_log import LogReader
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.suppression import Permanence
from reprieve.system_log.entry import EventType
from reprieve.system_log.span import position
from tests.simulation.by_hand import KEYS
from tests.simulation.dynamodb import BEHIND, Client, SerialTable, fault
from tests.simulation.world import START, Failure, half
from tests.support.event_bus import Bus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprieve.organization import Organization
    from tests.simulation.scenario import Scenario
    from tests.simulation.world import Process, World

#: lasting failures are lifted at once, others a day later or by a delivery
POLICY = Policy(
    (
        Rule("lasting", Then.LIFT, When(permanences=frozenset({Permanence.HARD}))),
        Rule("passing", Then.HOLD, hold_days=(1,)),
    )
)
#: how soon a run of the policies looks at what is new, instead of ten minutes
SETTLING = Millis(20_000)
#: an entry that is stored longer than this after it was stamped may be missed by hooks
LATE = 20_000
#: rounds, an hour each, after which hooks that take everything have heard of everything
ROUNDS = 60
REMOVALS = (EventType.REMOVAL_DONE, EventType.REMOVAL_FAILED, EventType.REMOVAL_SUPERSEDED)


class Log(Client):
    """The system log's table. Its index by arrival lags, but no longer than hooks leave it to settle."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "EventLog", self._arrived)
        #: the entries that were stored long after they were stamped, by id
        self.late: set[str] = set()

    def query(self, **arguments: Any) -> dict[str, Any]:
        recent = self.world.now - BEHIND
        self.before = {key: item for key, item in self.before.items() if self.changed[key] > recent}
        return super().query(**arguments)

    def _arrived(self, key: tuple[Any, Any], _before: object, item: Mapping[str, Any] | None) -> None:
        if item is not None and self.world.now - int(item["arrival"][:13]) > LATE:
            self.late.add(key[1].partition("#")[2])

    def events(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every entry, with its organization."""
        return [
            (item["log"].partition("#")[0], json.loads(zlib.decompress(item["event"]))) for item in self.items.values()
        ]


class Receiver:
    """Takes what hooks are posted, or not, and notes what it has taken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken: dict[str, set[str]] = defaultdict(set)

    def may_post(self, _url: str) -> bool:
        return True

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        assert json.loads(body)["id"] == headers["webhook-id"]

        def effect() -> Posted:
            if not self.world.calm and self.world.choices.below(4) == 3:
                return Posted((500, 429)[self.world.choices.below(2)])
            self.taken[url].add(headers["webhook-id"])
            return Posted(204)

        try:
            return self.world.io("post", effect, error=fault)
        except StoreFault:
            return Posted(0, problem="no answer")


class Opener:
    """Every secret in clear."""

    def unseal(self, _sealed: bytes, _context: Mapping[str, str]) -> str:
        return "whsec_c2VjcmV0"


class ByItself:
    """The runs of one history, over the log that it writes."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.enabled = False
        self.receiver = Receiver(scenario.world)
        # no invariant of the lists is about these items
        apart = SerialTable(Client(scenario.world, "Suppressions", lambda *_: None), "Suppressions")  # type: ignore[arg-type]
        self.progress, self.hooks = PolicyProgress(apart), HookStore(apart)
        self.reader = LogReader(SerialTable(scenario.log, "EventLog"))  # type: ignore[arg-type]

    def enable(self) -> None:
        """Have every organization enable its policy, and add a hook that hears of everything."""
        self.enabled = True
        setting = PolicySetting(text_of(POLICY), 1, enabled=True)
        access = self.scenario.access
        access.accounts = {replace(one, policy=setting): accounts for one, accounts in access.accounts.items()}
        for one in access.accounts:
            self.hooks.add(
                Hook(
                    organization_id=one.id,
                    id=f"hook-{one.id}",
                    place=0,
                    url=one.id,
                    description="",
                    types=frozenset(),
                    enabled=True,
                    disabled_reason="",
                    secrets=(Secret(b"sealed"),),
                    created=Millis(START),
                    updated=Millis(START),
                    progress=Progress(position(Millis(START))),
                )
            )

    def begin(self, organizations: list[Organization], begin: int) -> None:
        """Start the processes of one half of the history."""
        choices, pace = self.scenario.choices, self.scenario.pace
        for number in range(choices.below(4)):
            self._deliver(organizations[choices.below(len(organizations))], number, begin)
        for number in range(2 + choices.below(3)):
            self._run_policies(f"policies{number}", begin + choices.below(16) * pace)
        for number in range(2 + choices.below(3)):
            starts = begin + MINUTE + choices.below(20) * pace
            self.scenario.world.start(f"hooks{number}", self._post).until = starts

    def finish(self) -> None:
        """Post until there is nothing left, and check what was heard."""
        world = self.scenario.world
        for _ in range(ROUNDS if self.enabled else 0):
            world.now += HOUR
            world.start("hooks", self._post)
            world.run()
            found = [one for each in self.scenario.access.accounts for one in self.hooks.hooks(each)]
            if all(one.enabled and not one.progress.waiting and one.progress.due <= world.now for one in found):
                break
            for one in (one for one in found if not one.enabled):
                # none took anything between the halves of a long history, so one that failed then may be disabled
                self.hooks.change(one, replace(one, enabled=True, version=one.version + 1))
        if self.enabled:
            self._check_heard()
            self._check_logged()

    def _deliver(self, organization: Organization, number: int, begin: int) -> None:
        """A message that is delivered, and the webhook about it."""
        choices, email = self.scenario.choices, KEYS[self.scenario.choices.below(len(KEYS))]
        account = self.scenario.access.provider_accounts(organization.id)[0]
        at = Millis(begin + (choices.below(12) - 4) * 10_000)
        identity = f"delivered{organization.id}{number}{half(begin)}"
        event = DeliveryEvent(identity, DeliveryKind.DELIVERED, email, comparison_key(email), at)
        deliver = partial(self.scenario.deliver, organization, account, event)
        self.scenario.world.start(f"webhook {identity}", deliver).until = begin + choices.below(8) * self.scenario.pace

    def _run_policies(self, name: str, starts: int) -> None:
        scenario = self.scenario
        holder: list[Process] = []
        table = SerialTable(scenario.client, "Suppressions")  # type: ignore[arg-type]

        def run() -> None:
            report = PolicyRun(
                access=scenario.access,  # type: ignore[arg-type]
                listing=scenario.listing,
                evidence=EvidenceStore(table),
                holds=scenario.by_hand.hold_store,
                removals=scenario.store,
                progress=self.progress,
                policies=Policies(scenario.access, scenario.event_log),  # type: ignore[arg-type]
                reader=self.reader,
                log=scenario.event_log,
                clock=holder[0].clock,  # type: ignore[arg-type]
                remaining=lambda: Millis(110_000),
                spread=lambda: scenario.choices.below(16) / 16,
                listening=lambda: frozenset(one.id for one in scenario.access.accounts),
            ).run()
            if odd := [one for one in report.faults if "Error at" in one]:
                raise Failure(f"the run of the policies failed: {odd}")

        holder.append(scenario.world.start(name, run, skew=scenario.skew()))
        holder[0].until = starts

    def _post(self) -> None:
        scenario = self.scenario
        delivery = HookDelivery(
            hooks=self.hooks,
            access=scenario.access,  # type: ignore[arg-type]
            reader=self.reader,
            log=scenario.event_log,
            opener=Opener(),  # type: ignore[arg-type]
            posters=Posters(self.receiver, Bus(arn="")),  # type: ignore[arg-type]
            clock=lambda: Millis(scenario.world.now),
            remaining=lambda: 50_000,
            chance=lambda: scenario.choices.below(16) / 16,
        )
        # a run that cannot find the hooks is an error, and the next one begins anew
        with suppress(Unavailable):
            delivery.run()

    def _check_heard(self) -> None:
        """Check that each change was heard of at least once, and that nothing was that is no change."""
        log = self.scenario.log
        changes: dict[str, set[str]] = defaultdict(set)
        for organization, event in log.events():
            if notice := notice_of(event):
                changes[organization].add(notice.id)
        for one in self.scenario.access.accounts:
            if missed := changes[one.id] - self.receiver.taken[one.id] - log.late:
                raise Failure(f"the hook of {one.id} has not heard of {sorted(missed)}")
            if more := self.receiver.taken[one.id] - changes[one.id]:
                raise Failure(f"the hook of {one.id} has heard of {sorted(more)}, which nothing is")

    def _check_logged(self) -> None:
        """Check that each change has one event id: the end of a removal by itself, and each event that is on a list.

        The end of removals together is one entry, whose id is that of the group: where a run was cut short, the next
        one may carry some of them out again with others.
        """
        ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for organization, event in self.scenario.log.events():
            debug, kind = event["debugContext"]["debugData"], event["eventType"]
            if kind in REMOVALS and ", " not in debug["removalId"]:
                ids[organization, kind, f"{debug['removalId']} {debug.get('retries')}"].add(event["uuid"])
            if kind == EventType.EMAIL_DELIVERY and "list" in debug:
                ids[organization, debug["list"], event["target"][0]["id"], event["published"]].add(event["uuid"])
        for change, found in ids.items():
            if change[1] in REMOVALS and len(found) > 1:
                raise Failure(f"{change} has several ids: {sorted(found)}")
        self.scenario.oracle.events_are_logged(self.scenario.client.items, ids.keys())

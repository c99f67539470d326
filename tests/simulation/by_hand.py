"""What people do by hand in a history: holds and their lifts, unsubscribes from all mail or a group, deleted groups."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from reprieve.access.caller import Caller
from reprieve.address import Address, comparison_key
from reprieve.clock import Millis
from reprieve.errors import NotFound, Unavailable
from reprieve.removals.holds import Holds
from reprieve.store.groups import GroupStore
from reprieve.store.holds import Holds as HoldStore
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.groups import UnsubscribeGroups
from reprieve.suppressions.suppression import HOLDS, GroupList, SuppressionList
from tests.simulation.dynamodb import SerialTable
from tests.simulation.oracle import HOLD, LIFT
from tests.simulation.upstream import SECOND, GroupsUpstream
from tests.simulation.world import Crash, half

if TYPE_CHECKING:
    from reprieve.organization import Organization
    from reprieve.suppressions.suppression import AnyList
    from tests.simulation.scenario import Scenario

KEYS = ("Ann@example.org", "bob@example.org", "cy@example.org")
#: the groups of each organization that has any, with their accounts
GROUPS = (Group(1, "news"), Group(2, "offers", account=SECOND))
#: how long a hold lasts, in milliseconds, where it has an end
LENGTHS = (40_000, 200_000, 500_000)


class ByHand:
    """The verbs of one history for what is listed by hand, and the processes that use them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        table = SerialTable(scenario.client, "Suppressions")  # type: ignore[arg-type]
        self.hold_store = HoldStore(table)
        self.holds = Holds(self.hold_store, scenario.listing, scenario.store, scenario.event_log)
        self.group_store = GroupStore(table)
        self.groups = UnsubscribeGroups(self.group_store, scenario.event_log, self._groups_of)  # type: ignore[arg-type]
        for one in scenario.access.accounts if scenario.grouped else ():
            self._found_groups(one)

    def begin(self, organizations: list[Organization], begin: int) -> None:
        """Start the processes of one half of the history."""
        choices = self.scenario.choices
        for number in range(self.scenario.holds):
            organization = organizations[choices.below(len(organizations))]
            self.hold(organization, f"h{number}{half(begin)}", begin)
            self.lift(organization, f"l{number}{half(begin)}", begin)
        for number in range(1 + choices.below(3) if self.scenario.grouped else 0):
            organization, group = organizations[choices.below(len(organizations))], GROUPS[choices.below(len(GROUPS))]
            self.unsubscribe(organization, f"g{number}{half(begin)}", begin, group.list)
            if choices.below(2):
                self.scenario.request(organization, f"rg{number}{half(begin)}", begin, group.list)
            if choices.below(3) == 2:
                self.delete_group(organization, group.id, begin)

    def _found_groups(self, organization: Organization) -> None:
        """Have an organization's groups be there from the beginning, here and at its accounts."""
        accounts = self.scenario.access.accounts[organization]
        groups = tuple(one for one in GROUPS if one.account in accounts)
        self.group_store.replace(organization, Groups(groups, last_id=len(GROUPS), version=1))
        for one in groups:
            self.scenario.oracle.homes[organization.id, one.list] = one.account
            self.scenario.upstreams[organization.id, accounts[one.account].mark].groups.add(one.id)

    def hold(self, organization: Organization, request_id: str, begin: int) -> None:
        """Hold an address, with an end or without, until it is answered."""
        choices, world, oracle = self.scenario.choices, self.scenario.world, self.scenario.oracle
        email = KEYS[choices.below(1 if self.scenario.short else 2)]
        length = (0, *LENGTHS)[choices.below(1 + len(LENGTHS))]
        skew = self.scenario.skew()

        def ask() -> None:
            for attempt in count():
                began, now = world.ios, Millis(world.now + skew)
                asked = self._caller(organization).context(f"{HOLD}{request_id}{attempt}", now)
                try:
                    self.holds.add(asked, email, reason="r", until=Millis(now + length) if length else None)
                except (Unavailable, Crash):
                    world.sleep(20)
                    continue
                oracle.answered_by_hand((organization.id, HOLDS, comparison_key(email)), began)
                return

        process = world.start(f"hold {request_id}", ask)
        process.until = begin + choices.below(6) * self.scenario.pace

    def lift(self, organization: Organization, request_id: str, begin: int) -> None:
        """Lift a hold, if there is one."""
        choices, world, oracle = self.scenario.choices, self.scenario.world, self.scenario.oracle
        email = KEYS[choices.below(1 if self.scenario.short else 2)]

        def ask() -> None:
            for attempt in range(3):
                began, now = world.ios, Millis(world.now + self.scenario.skew())
                name = f"{LIFT}{request_id}{attempt}"
                try:
                    self.holds.lift(self._caller(organization).context(name, now), email)
                except Unavailable:
                    continue
                except NotFound:
                    return
                finally:
                    oracle.over(name, now)
                oracle.answered_lift((organization.id, HOLDS, comparison_key(email)), began)
                return

        process = world.start(f"lift {request_id}", ask)
        process.until = begin + (3 + choices.below(30)) * self.scenario.pace

    def unsubscribe(
        self, organization: Organization, request_id: str, begin: int, name: AnyList = SuppressionList.UNSUBSCRIBES
    ) -> None:
        """Unsubscribe addresses from all mail, or from a group while it is there, until it is answered."""
        choices, world, oracle = self.scenario.choices, self.scenario.world, self.scenario.oracle
        emails = [email for email in KEYS if choices.below(2)] or [KEYS[0]]
        places = [(organization.id, name, comparison_key(email)) for email in emails]
        skew = self.scenario.skew()
        oracle.unsubscribing.update(places)

        def ask() -> None:
            for attempt in count():
                began = world.ios
                asked = self._caller(organization).context(f"{request_id}{attempt}", Millis(world.now + skew))
                try:
                    if isinstance(name, GroupList):
                        self.group_store.all(organization).get(name.group)
                    self.scenario.unsubscribes.add(asked, [Address.parse(email) for email in emails], to=name)
                except NotFound:
                    return
                except (Unavailable, Crash):
                    world.sleep(20)
                else:
                    for place in places:
                        oracle.answered_by_hand(place, began)
                    return

        process = world.start(f"unsubscribe {request_id}", ask)
        process.until = begin + choices.below(6) * self.scenario.pace

    def delete_group(self, organization: Organization, group_id: int, begin: int) -> None:
        """Delete a group until it is answered, and then forget its entries, as the daily run does."""
        world = self.scenario.world

        def ask() -> None:
            for attempt in count():
                asked = self._caller(organization).context(f"delete{group_id}{attempt}", Millis(world.now))
                try:
                    self.groups.delete(asked, group_id)
                except NotFound:
                    pass
                except (Unavailable, Crash):
                    world.sleep(20)
                    continue
                break
            world.sleep(self.scenario.choices.below(3) * 30)
            self.sweep(organization)

        process = world.start(f"delete group {group_id}", ask)
        process.until = begin + (3 + self.scenario.choices.below(30)) * self.scenario.pace

    def sweep(self, organization: Organization) -> None:
        """Forget the entries of deleted groups, as far as the store lets it."""
        with suppress(Unavailable):
            self.groups.sweep(organization, goes_on=lambda: True)

    def _groups_of(self, organization: Organization, name: str) -> GroupsUpstream | None:
        account = self.scenario.access.accounts[organization].get(name)
        if account is None or not self.scenario.grouped:
            return None
        return GroupsUpstream(self.scenario.upstreams[organization.id, account.mark])

    @staticmethod
    def _caller(organization: Organization) -> Caller:
        return Caller(organization, "cred", frozenset())

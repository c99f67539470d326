"""A simulated provider: one of an organization's accounts, its list, and its faults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from reprieve.address import comparison_key
from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.suppressions.group import Group
from reprieve.suppressions.suppression import HOLDS, GroupList, Suppression
from tests.simulation.world import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprieve.suppressions.suppression import AnyList
    from tests.simulation.oracle import Oracle
    from tests.simulation.world import World


T = TypeVar("T")

#: the name of an organization's second account
SECOND = "second"


#: the answer for an unsubscribe group that the account does not have
NO_GROUP = LiftAnswer(LiftOutcome.REFUSED, "404: the provider has no such group")


class ProviderFault(Exception):
    """The provider did not answer properly."""


@dataclass
class Upstream:
    """One of an organization's accounts at a provider: its list and its behaviour. It takes spellings as they are.

    Attributes:
        mark: the account's.
        down_until: until when it fails, by time-outs, by asking to wait, or by refusing the account.
        trouble: which of the three.
        holds_with: the list that it keeps holds on, without a difference; the holds where it has a list for them.
        groups: the ids of its unsubscribe groups.
    """

    world: World
    oracle: Oracle
    organization: str
    mark: str
    batch: int
    exact: bool
    poisoned: str
    poison_until: int = 0
    down_until: int = 0
    trouble: LiftOutcome = LiftOutcome.RETRY
    holds_with: AnyList = HOLDS
    listed: dict[tuple[str, str], Suppression] = field(default_factory=dict)
    groups: set[int] = field(default_factory=set)

    def kept_with(self, name: AnyList) -> tuple[AnyList, ...]:
        shared = {HOLDS, self.holds_with}
        return tuple(shared - {name}) if name in shared else ()

    def lift(self, suppression_list: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.world.now < self.down_until:
            return self._fail(len(emails))
        if self.world.chance(Fault.THROTTLE, 6):
            return [LiftAnswer(LiftOutcome.WAIT, "429", self.world.now + 60_000)] * len(emails)
        if self.world.chance(Fault.ACCOUNT, 20):
            return [LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")] * len(emails)
        return self._change("delete", self._delete, suppression_list, emails)

    def put(self, suppression_list: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.world.now < self.down_until:
            return self._fail(len(emails))
        return self._change("put", self._put, suppression_list, emails)

    def _fail(self, count: int) -> list[LiftAnswer]:
        self.world.fired[Fault.DOWN] += 1
        return [LiftAnswer(self.trouble, "down")] * count

    def entries(self, suppression_list: AnyList, *, start: int, end: int) -> Iterator[Suppression]:
        """The current entries of the list, without event ids."""
        found = self.world.io(
            f"upstream {self.organization} list",
            lambda: [replace(one, list=suppression_list) for one in self.on(suppression_list)],
            error=lambda: Unavailable("503"),
        )
        return (one for one in found if start <= one.created <= end)

    def entry_of(self, suppression_list: AnyList, email: str, *, otherwise: int) -> Suppression | None:
        """The current entry of one address."""
        if self.world.now < self.down_until:
            self.world.fired[Fault.DOWN] += 1
            raise Unavailable("down")
        return self.world.io(
            f"upstream {self.organization} entry",
            lambda: self.listed.get((suppression_list, email)),
            error=lambda: Unavailable("503"),
        )

    def on(self, name: AnyList) -> list[Suppression]:
        """What it has on a list."""
        return [one for (listed, _), one in self.listed.items() if listed == name]

    def _change(
        self,
        word: str,
        effect: Callable[[AnyList, Sequence[str]], list[LiftAnswer]],
        name: AnyList,
        emails: Sequence[str],
    ) -> list[LiftAnswer]:
        what = f"upstream {self.organization} {self.mark.partition(' ')[0]} {word} {len(emails)}"
        try:
            return self.world.io(what, lambda: effect(name, emails), error=ProviderFault)
        except ProviderFault:
            return [LiftAnswer(LiftOutcome.RETRY, "503")] * len(emails)

    def _put(self, name: AnyList, emails: Sequence[str]) -> list[LiftAnswer]:
        return [self._trouble_with(email) or self._put_one(name, email) for email in emails]

    def _put_one(self, name: AnyList, email: str) -> LiftAnswer:
        if isinstance(name, GroupList) and name.group not in self.groups:
            return NO_GROUP
        there = self._place(name)
        if not any(one.key == comparison_key(email) for one in self.on(there)):
            self.listed[there, email] = Suppression(there, comparison_key(email), email, self.world.now)
        self.oracle.put_upstream(self.organization, self.mark, name, email)
        return LiftAnswer(LiftOutcome.LISTED, "")

    def _delete(self, name: AnyList, emails: Sequence[str]) -> list[LiftAnswer]:
        self.oracle.asked_upstream(self.organization, self.mark, name, emails, exact=self.exact)
        return [self._trouble_with(email) or self._delete_one(name, email) for email in emails]

    def _delete_one(self, name: AnyList, email: str) -> LiftAnswer:
        if isinstance(name, GroupList) and name.group not in self.groups:
            return NO_GROUP
        gone = self.listed.pop((self._place(name), email), None)
        self.oracle.done_upstream(self.organization, self.mark, name, email)
        return LiftAnswer(LiftOutcome.LIFTED if gone else LiftOutcome.ABSENT, "")

    def _place(self, name: AnyList) -> AnyList:
        return self.holds_with if name == HOLDS else name

    def _trouble_with(self, email: str) -> LiftAnswer | None:
        if email == self.poisoned and self.world.now < self.poison_until:
            return LiftAnswer(LiftOutcome.REFUSED, "400")
        if self.world.chance(Fault.PARTIAL, 8):
            return LiftAnswer(LiftOutcome.WAIT, "not tried")
        return None

    def close(self) -> None:
        pass


@dataclass
class GroupsUpstream:
    """The unsubscribe groups of an account."""

    upstream: Upstream

    def all(self) -> list[Group]:
        return self._call("groups", lambda: [Group(one, f"group {one}") for one in sorted(self.upstream.groups)])

    def delete(self, group_id: int) -> None:
        self._call("delete group", lambda: self._delete(group_id))

    def entries(self, *, start: int, end: int) -> Iterator[Suppression]:
        found = self._call(
            "group lists", lambda: [one for one in self.upstream.listed.values() if isinstance(one.list, GroupList)]
        )
        return (one for one in found if start <= one.created <= end)

    def close(self) -> None:
        pass

    def _delete(self, group_id: int) -> None:
        self.upstream.groups.discard(group_id)
        for one in self.upstream.on(GroupList.of(group_id)):
            del self.upstream.listed[one.list, one.email]

    def _call(self, word: str, effect: Callable[[], T]) -> T:
        world, what = self.upstream.world, f"upstream {self.upstream.organization} {word}"
        return world.io(what, effect, error=lambda: Unavailable("503"))

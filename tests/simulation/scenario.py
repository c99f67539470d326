"""A history: organizations, bounces, webhooks, requests and runs of the job, all at once, then quiet.

The service, the stores and the job are the real ones; only DynamoDB's client, the provider and the clock are simulated.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self
from unittest import mock

from reprieve.access.caller import Caller
from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.address import Address, comparison_key, digest
from reprieve.clock import DAY, Millis
from reprieve.context import RECONCILIATION, Context
from reprieve.errors import NotFound, Unavailable
from reprieve.organization import Membership, Organization
from reprieve.policies import progress
from reprieve.recipients.recipient import Field, Recipient
from reprieve.removals import block, upkeep, upstream
from reprieve.removals.allowance import Allowance
from reprieve.removals.block import UnblockOutcome
from reprieve.removals.job import RemovalJob
from reprieve.removals.lift import LiftOutcome
from reprieve.removals.lists import Lists
from reprieve.removals.removal import findable_id
from reprieve.removals.request import Removals
from reprieve.removals.unblock import Unblocks
from reprieve.removals.upkeep import Upkeep
from reprieve.store import pending, queue_index, unblocks
from reprieve.store.comparison import Comparison
from reprieve.store.inquiries import Inquiries as InquiryStore
from reprieve.store.listing import Listing
from reprieve.store.old_queue import OldQueue
from reprieve.store.queue_index import is_queued
from reprieve.store.removal_queue import RemovalQueue
from reprieve.store.suppression_item import removal_of
from reprieve.store.suppressions import Suppressions
from reprieve.store.system_log import EventLog
from reprieve.store.unblocks import Unblocks as UnblockStore
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Ingest
from reprieve.suppressions.inquiries import Inquiries
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.reconcile import Reconciliation
from reprieve.suppressions.suppression import HOLDS, Classification, GroupList, Suppression, SuppressionList
from reprieve.suppressions.take_over import TakeOver
from reprieve.suppressions.unsubscribe import Unsubscribes
from reprieve.suppressions.whitelist import Whitelist
from reprieve.system_log.entry import EventType
from tests.simulation import by_itself
from tests.simulation.by_hand import KEYS, ByHand
from tests.simulation.by_itself import ByItself, Log
from tests.simulation.dynamodb import Client, SerialTable
from tests.simulation.oracle import LISTED_ONLY, UNBLOCK, Oracle
from tests.simulation.upstream import SECOND, Upstream
from tests.simulation.world import START, Choices, Crash, Failure, Fault, Process, World, half

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reprieve.suppressions.suppression import AnyList
    from tests.simulation.dynamodb import Item
    from tests.simulation.oracle import End

#: text that is not an address: Okta's removal refuses it, but the lists may hold it
MISSPELLED = "dee@@example.org"
LISTS = (SuppressionList.BOUNCES, SuppressionList.BOUNCES, SuppressionList.SPAM_REPORTS, SuppressionList.BLOCKS)
KINDS = {
    SuppressionList.BOUNCES: DeliveryKind.BOUNCE,
    SuppressionList.SPAM_REPORTS: DeliveryKind.SPAM_REPORT,
    SuppressionList.BLOCKS: DeliveryKind.BLOCKED,
}
#: soft bounces that block an address, and how often it may be unblocked
THRESHOLD, LIMIT = 2, 2
#: the start of the second half of a long history, when lifted records of the first half have expired
LATER = 8 * DAY
#: how an organization's second account may fail
TROUBLES = (LiftOutcome.RETRY, LiftOutcome.WAIT, LiftOutcome.ACCOUNT_BROKEN)
#: the second by which a cleared list must be empty
CLEARED = (START - 40_000) // 1000
SKEWS = (0, 0, 120_000, -120_000, 20_000)
#: slots of the queue, so few that organizations meet in them, and what removals wait for in them
SLOTS = 2
QUEUES = ("pending#", "failed#")
#: what the daily comparison covers: less than how long a lifted record keeps its watermark
COMPARED = 2 * DAY
#: the number of quiet ticks after which every removal must have ended
TICKS = 400
#: the log entries of the ends of removals and additions
ENDED = {
    *(EventType.REMOVAL_DONE, EventType.REMOVAL_FAILED, EventType.REMOVAL_SUPERSEDED),
    *(EventType.ADDITION_DONE, EventType.ADDITION_FAILED),
}


@dataclass
class Access:
    """The organizations and their accounts, by name."""

    accounts: dict[Organization, dict[str, ProviderAccount]]

    @classmethod
    def of(cls, organizations: Iterable[Organization]) -> Self:
        """Organizations with one account each."""
        return cls({one: {DEFAULT: ProviderAccount("none")} for one in organizations})

    def organization(self, organization_id: str) -> Organization | None:
        return next((one for one in self.accounts if one.id == organization_id), None)

    def organizations(self) -> Iterator[Organization]:
        return iter(list(self.accounts))

    def provider_accounts(self, organization_id: str) -> list[ProviderAccount]:
        return list(self._of(organization_id).values())

    def pause_provider(self, organization_id: str, name: str, *, until: int, reason: str) -> None:
        accounts = self._of(organization_id)
        if name in accounts:
            accounts[name] = replace(accounts[name], paused_until=Millis(until), paused_reason=reason)

    def _of(self, organization_id: str) -> dict[str, ProviderAccount]:
        return next(accounts for organization, accounts in self.accounts.items() if organization.id == organization_id)


@dataclass
class Recipients:
    """A record of the CRM for each address."""

    def get_many(self, _: Organization, module: str, identifiers: Iterable[str]) -> list[Recipient]:
        return [
            Recipient(one, module, Address.parse(KEYS[int(one)]), None, created=START, updated=START)
            for one in identifiers
        ]


class NoWhitelist:
    """The address whitelist of an organization that has none."""

    def whitelist(self, _: Organization) -> Whitelist:
        return Whitelist()

    def count_hits(self, _: Organization, entries: Iterable[str]) -> None:
        assert not list(entries)


class NoCounts:
    """Counts of delivery events that keep nothing: no rule of the removal protocol is about them."""

    def add(self, *_: object, **__: object) -> None:
        """Forget them."""


class Scenario:
    """One run; `play` raises Failure if an invariant does not hold."""

    #: the number of I/Os at which a fault can happen
    exposed = 0
    #: until when what is queued is queued as the release before did, in milliseconds; 0 for never
    upgrade = 0

    def __init__(
        self,
        choices: Choices,
        *,
        planned: dict[int, Fault] | None = None,
        short: bool = False,
    ) -> None:
        self.choices, self.short = choices, short
        odds = (0, 40, 15, 8)[choices.below(4)] if planned is None else 0
        self.world = World(choices, odds=odds, planned=planned)
        self.oracle = Oracle(self.world)
        self.client = Client(self.world, "Suppressions", self.oracle.written)
        self.log = Log(self.world)
        self.store = Suppressions(SerialTable(self.client, "Suppressions"))  # type: ignore[arg-type]
        self.queue = RemovalQueue(SerialTable(self.client, "Suppressions"))  # type: ignore[arg-type]
        self.event_log = EventLog(SerialTable(self.log, "EventLog"), lambda: self.world.now)  # type: ignore[arg-type]
        number = 1 if short else 1 + choices.below(2)
        cleared = {SuppressionList.BOUNCES: CLEARED} if choices.below(3) == 2 else {}
        organizations = [
            Organization(
                f"org{n}",
                f"Org {n}",
                Membership.ANYONE,
                shards=1 + choices.below(2),
                cleared=cleared,
                soft_bounce_threshold=THRESHOLD,
            )
            for n in range(number)
        ]
        self.cleared, self.oracle.cleared = bool(cleared), cleared
        self.oracle.threshold, self.oracle.limit = THRESHOLD, LIMIT
        self.access = Access.of(organizations)
        # skew breaks leases, so deleting twice is only wrong where clocks agree and nothing fails
        self.skewed = not short and choices.below(2) == 1
        self.poison = choices.below(4) == 3
        #: whether events are moments or minutes apart
        self.pace = (15_000, 300)[choices.below(2)]
        #: whether many requests concern the same address at a time
        self.crowd = not short and choices.below(4) == 3
        #: what a short history is about: a removal, a hold or a group
        about = choices.aside(3) if short else None
        self.requests = int(about == 0) if short else 1 + choices.below(3) + 2 * self.crowd
        self.unblocks = 0 if short else (0, 0, 2, 4)[choices.below(4)]
        #: whether everything happens again after the lifted records have expired
        self.weeks = not short and choices.below(4) == 3
        #: messages that an account drops, about whose addresses it is asked
        self.drops = 0 if short else (0, 0, 2, 4)[choices.aside(4)]
        #: unsubscribes by hand, which are carried to the provider
        self.additions = 0 if short else (0, 0, 1, 3)[choices.below(4)]
        #: holds by hand, lifts of them, and the list that providers keep them on
        self.holds = int(about == 1) if short else (0, 0, 0, 1, 4)[choices.aside(5)]
        self.holds_with = (HOLDS, SuppressionList.UNSUBSCRIBES, SuppressionList.BOUNCES)[choices.aside(3)]
        #: whether there are unsubscribe groups
        self.grouped = about == 2 if short else choices.aside(4) == 3
        #: whether an organization sends by two accounts, of which one may fail for a day or be changed meanwhile
        self.two = choices.below(3) == 2
        self.outage = (0, DAY)[choices.below(2)] if self.two else 0
        self.changes = 0 if short or not self.two else (0, 0, 1, 2)[choices.below(4)]
        self.oracle.clocks_agree = not self.skewed
        faulty = (odds, self.skewed, self.poison, self.outage, self.changes)
        more = (self.cleared, self.unblocks, self.weeks, self.additions, self.holds, self.grouped, self.drops)
        self.exact = planned is None and self.requests == 1 and not any(faulty + more)
        self.upstreams: dict[tuple[str, str], Upstream] = {}
        for one in organizations:
            self._add_account(one, ProviderAccount("none"))
            if self.two:
                self._add_account(one, ProviderAccount("none", name=SECOND), down_for=self.outage)
        self.inquiries = InquiryStore(SerialTable(self.client, "Suppressions"))  # type: ignore[arg-type]
        self.ingest = Ingest(self.store, None, NoWhitelist(), self.event_log, None, self.inquiries, NoCounts())  # type: ignore[arg-type]
        allowance = Allowance(None)  # type: ignore[arg-type]
        self.removals = Removals(self.store, None, self.event_log, allowance)  # type: ignore[arg-type]
        self.lists = Lists(self.store, None, None, self.event_log, allowance)  # type: ignore[arg-type]
        self.unsubscribes = Unsubscribes(self.store, self.store, self.event_log)
        self.listing = Listing(SerialTable(self.client, "Suppressions"))  # type: ignore[arg-type]
        self.unblocking = Unblocks(
            UnblockStore(SerialTable(self.client, "Suppressions")),  # type: ignore[arg-type]
            Recipients(),  # type: ignore[arg-type]
            self.event_log,
            allowance,
        )
        self.by_hand, self.by_itself = ByHand(self), ByItself(self)
        self.reconciliation = Reconciliation(
            self.access,  # type: ignore[arg-type]
            TakeOver(self.store, self.event_log),
            NoWhitelist(),  # type: ignore[arg-type]
            self.by_hand.hold_store,
            Comparison(SerialTable(self.client, "Suppressions")),  # type: ignore[arg-type]
            self.by_hand.groups,
            self._upstream,  # type: ignore[arg-type]
        )
        self.asking = Inquiries(self.access, self.inquiries, self.reconciliation, self._upstream)  # type: ignore[arg-type]

    def _upstream(self, organization: Organization, account: ProviderAccount) -> Upstream:
        return self.upstreams[organization.id, account.mark]

    def _add_account(self, organization: Organization, account: ProviderAccount, down_for: int = 0) -> None:
        """Add an account with its list, or change one, which is another list then."""
        choices, oracle = self.choices, self.oracle
        accounts = self.access.accounts[organization]
        for name in {account.name} & set(accounts):
            oracle.accounts[organization.id].pop(accounts[name].mark, None)
        accounts[account.name] = account
        oracle.accounts[organization.id][account.mark] = self.world.now
        self.upstreams[organization.id, account.mark] = Upstream(
            self.world,
            oracle,
            organization.id,
            account.mark,
            1 + choices.below(3),
            self.exact,
            KEYS[0],
            START + 90_000 if self.poison else 0,
            self.world.now + down_for if down_for else 0,
            TROUBLES[choices.below(len(TROUBLES))] if down_for else LiftOutcome.RETRY,
            self.holds_with,
        )
        oracle.shared = {HOLDS, self.holds_with}

    def _change_accounts(self, organization: Organization, number: int) -> None:
        """Change the second account, or remove it, or add it again."""
        accounts = self.access.accounts[organization]
        self.world.fired[Fault.CHANGED] += 1
        if SECOND in accounts and self.choices.below(2):
            self.oracle.accounts[organization.id].pop(accounts.pop(SECOND).mark)
        else:
            self._add_account(organization, ProviderAccount("none", on_behalf_of=f"other{number}", name=SECOND))

    def play(self) -> None:
        """Play everything concurrently, then wait until nothing is pending, then check the end."""
        if not self.short and self.choices.aside(4) == 3:
            self.upgrade = START + self.choices.aside(12) * self.pace
            self.client.stored = self._as_released
        if not self.short and self.choices.aside(5) == 4 and not self.exact:
            self.by_itself.enable()
        with (
            mock.patch.object(upstream, "MAX_ATTEMPTS", 2),
            mock.patch.object(pending, "PART", 2),
            mock.patch.object(queue_index, "SLOTS", SLOTS),
            mock.patch.object(queue_index, "PAGE", 2),
            mock.patch.object(upkeep, "SHARES", 1),
            mock.patch.object(progress, "SETTLING", by_itself.SETTLING),
            mock.patch.object(progress, "STEP", 30 * DAY),
            mock.patch.object(block, "UNBLOCKS", LIMIT),
            mock.patch.object(unblocks, "UNBLOCKS", LIMIT),
        ):
            self._begin(START)
            if self.weeks:
                self._begin(START + LATER)
            self.world.run()
            self._settle_down()
            self.by_itself.finish()
        # every item that may expire does, and none is needed
        self.world.now += LATER
        self.client.expire()
        self.oracle.ends_are_logged(self.client.items, set(self._logged_ends()))
        self.oracle.finally_holds(self.client.items)
        listed_upstream = {
            (organization.id, mark, name, email)
            for organization, accounts in self.access.accounts.items()
            for mark in (account.mark for account in accounts.values())
            for name, email in self.upstreams[organization.id, mark].listed
        }
        self.oracle.drops_are_explained(self.client.items, listed_upstream)
        if not any(self.world.fired[fault] for fault in (Fault.ZOMBIE, Fault.LATE, Fault.SKEW)):
            for organization, accounts in self.access.accounts.items():
                # an account that was added later need not have what was done before
                for account in accounts.values():
                    if self.oracle.accounts[organization.id][account.mark] == START:
                        listed = {
                            (organization.id, name, comparison_key(email))
                            for name, email in self._upstream(organization, account).listed
                        }
                        self.oracle.upstream_agrees(organization.id, account.name, self.client.items, listed)

    def _logged_ends(self) -> Iterator[End]:
        """The ends of removals and additions in the system log."""
        for organization, entry in self.log.events():
            if entry["eventType"] in ENDED:
                _, kind, state = entry["eventType"].split(".")
                debug = entry["debugContext"]["debugData"]
                for identifier in debug["removalId"].split(", "):
                    yield organization, debug["list"], kind, identifier, state

    def _begin(self, begin: int) -> None:
        """Start the processes of one half of the history."""
        choices, short = self.choices, self.short
        organizations = list(self.access.accounts)
        for organization in organizations:
            for number in range(2 if short else 1 + choices.below(4)):
                self._bounce(organization, number, begin)
        for number in range(self.requests):
            organization = organizations[choices.below(len(organizations))]
            self.request(organization, f"r{number}{half(begin)}", begin)
        self._begin_rarer_things(organizations, begin)
        if self.by_itself.enabled:
            self.by_itself.begin(organizations, begin)
        if self.cleared:
            self._upkeep(starts=begin + choices.below(6) * self.pace)
        for _ in range(2 if self.upgrade else 0):
            self._upkeep(starts=begin + choices.below(12) * self.pace)
        for number in range(2 if short else 1 + choices.below(3)):
            self._job(f"job{number}", starts=begin + choices.below(8) * self.pace)

        # the schedule continues, so that workers meet the leftovers of others
        for number in range(0 if short else choices.below(6)):
            self._job(f"late{number}", starts=begin + 60_000 + choices.below(20) * 20_000)
        for number in range(2 if self.poison else 0):
            process = self.world.start(f"redrive{number}", self._redrive)
            process.until = begin + 60_000 + choices.below(8) * 10_000

    def _begin_rarer_things(self, organizations: list[Organization], begin: int) -> None:
        choices = self.choices
        for number in range(self.unblocks):
            organization = organizations[choices.below(len(organizations))]
            self._unblock(organization, f"{UNBLOCK}u{number}{half(begin)}", begin)
        for number in range(self.additions):
            organization = organizations[choices.below(len(organizations))]
            self.by_hand.unsubscribe(organization, f"a{number}{half(begin)}", begin)
            self.request(organization, f"ra{number}{half(begin)}", begin, SuppressionList.UNSUBSCRIBES)
        self.by_hand.begin(organizations, begin)
        for number in range(self.changes):
            organization = organizations[choices.below(len(organizations))]
            change = partial(self._change_accounts, organization, number + (begin > START) * 10)
            self.world.start("accounts", change).until = begin + choices.below(10) * self.pace
        if not self.short and choices.below(3) == 2:
            self._reconcile(organizations[0], begin + choices.below(10) * self.pace)
        for number in range(self.drops):
            self._drop(organizations[choices.below(len(organizations))], number, begin)
        for _ in range(self.drops):
            self._inquire(begin + choices.below(12) * self.pace)
        for _ in range(2 if begin > START else 0):
            self.world.start("ttl", self.client.expire).until = begin + choices.below(10) * self.pace

    def _as_released(self, item: Item) -> Item:
        """An item as the release that is deployed at the time stores it: the one before has other keys in the queue."""
        if self.world.now >= self.upgrade or not item.get("slot", "").startswith(QUEUES):
            return item
        state, _, slot = item["slot"].partition("#")
        organization = item["partition"].partition("#")[0]
        # as many slots as an organization has shards at the most
        shard = (int(slot) - digest(organization)) % SLOTS
        kept = {name: value for name, value in item.items() if name not in {"slot", "rank"}}
        return {**kept, "queue": f"{organization}#{state}#{shard}"}

    def _redrive(self) -> None:
        """Retry failed removals after a while, as an operator would."""
        for key, item in list(self.client.items.items()):
            if item.get("removal_state") == "failed":
                seen = removal_of(item)
                self.world.sleep(self.choices.below(4) * 30)
                try:
                    organization = next(one for one in self.access.accounts if key[0].startswith(f"{one.id}#"))
                    self.queue.retry(organization, seen, now=self.world.now)
                except Unavailable:
                    continue

    def skew(self) -> int:
        """How far the clock of a new host is off, in milliseconds."""
        skew = SKEWS[self.choices.below(len(SKEWS))] if self.skewed else 0
        if skew:
            self.world.fired[Fault.SKEW] += 1
        return skew

    def _bounce(self, organization: Organization, number: int, begin: int) -> None:
        """A bounce at the provider, and the webhooks about it: at least one, until one is answered."""
        email = (*KEYS, MISSPELLED)[self.choices.below(1 if self.short else len(KEYS) + 1)]
        accounts = self.access.provider_accounts(organization.id)
        account = accounts[self.choices.below(len(accounts))] if len(accounts) > 1 else accounts[0]
        if account.name == SECOND:
            # each provider has its own spelling
            email = email.lower()
        name = LISTS[self.choices.below(len(LISTS))]
        at = begin + (self.choices.below(12) - 8) * 10_000
        identity = f"e{organization.id}{number}{half(begin)}"
        key = comparison_key(email)
        if not self.short and self.choices.below(16) == 15:
            at += 3_600_000
            self.oracle.ahead.add((organization.id, name, key))
        soft = not self.short and self.choices.below(2) == 1
        reason = Classification.MAILBOX_UNAVAILABLE if soft else Classification.INVALID_ADDRESS
        event = DeliveryEvent(identity, KINDS[name], email, key, at, classification=reason, provider="sendgrid")
        entry = suppression_of(event)
        assert entry is not None
        self.oracle.events[organization.id, name, key].add((at, identity))
        self._upstream(organization, account).listed[name, email] = replace(entry, event_id="")
        copies = 1 + self.world.chance(Fault.DUPLICATE, 3)
        for copy in range(copies):
            process = self.world.start(f"webhook {identity}.{copy}", lambda: self.deliver(organization, account, event))
            process.until = begin + self.choices.below(10) * self.pace
            if process.until > begin + 5 * self.pace:
                self.world.fired[Fault.REORDER] += 1

    def deliver(self, organization: Organization, account: ProviderAccount, event: DeliveryEvent) -> None:
        batch = Batch([event])
        while True:
            try:
                self.ingest.accept(
                    organization, batch, provider_name="Sendgrid", account=account.name, now=self.world.now
                )
            except (Unavailable, Crash):
                self.world.sleep(20)
            else:
                return

    def request(self, organization: Organization, request_id: str, begin: int, name: AnyList | None = None) -> None:
        emails = [email for email in KEYS if self.short or self.crowd or self.choices.below(2)] or [KEYS[0]]
        if name is None:
            name = SuppressionList.BOUNCES if self.crowd else LISTS[self.choices.below(len(LISTS))]
        caller = Caller(organization, "cred", frozenset())
        verbs = [self._by_sendgrid, self._one_by_sendgrid]
        if not isinstance(name, GroupList):
            verbs = [self._by_okta, self._by_okta, *verbs]
        verb = verbs[self.choices.below(len(verbs))]

        def ask() -> None:
            for attempt in range(3):
                # each request may run on another host, with its own clock
                now = self.world.now + self.skew()
                try:
                    accepted = verb(caller, emails, name, f"{request_id}{attempt}", now)
                except Unavailable:
                    continue
                finally:
                    self.oracle.over(f"{request_id}{attempt}", now)
                self.oracle.answered(organization.id, name, accepted, now)
                return

        process = self.world.start(f"request {request_id}", ask)
        process.until = begin + self.choices.below(1 if self.crowd else 6) * self.pace

    def _unblock(self, organization: Organization, request_id: str, begin: int) -> None:
        """Unblock one or more records by Zoho's verb, whether listed or not."""
        wanted = [str(number) for number in range(len(KEYS)) if self.choices.below(2)] or ["0"]
        caller = Caller(organization, "cred", frozenset())

        def ask() -> None:
            for attempt in range(3):
                now, name = self.world.now + self.skew(), f"{request_id}{attempt}"
                context = caller.context(name, Millis(now))
                try:
                    results = self.unblocking.request(context, "Leads", wanted, [Field.EMAIL])
                except Unavailable:
                    continue
                finally:
                    self.oracle.over(name, now)
                for result in results:
                    if result.outcome is UnblockOutcome.UNBLOCKED:
                        key = comparison_key(KEYS[int(result.id)])
                        self.oracle.answered_unblock(organization.id, key, name)
                return

        process = self.world.start(request_id, ask)
        process.until = begin + self.choices.below(10) * self.pace

    def _reconcile(self, organization: Organization, starts: int) -> None:
        """Run the daily comparison during the history."""
        skew = self.skew()

        def run() -> None:
            end = self.world.now + skew
            asked = Context(organization, RECONCILIATION, f"reconciliation-{end}", Millis(end))
            self.reconciliation.run(asked, start=end - COMPARED, end=end)

        process = self.world.start("reconciliation", run)
        process.until = starts

    def _drop(self, organization: Organization, number: int, begin: int) -> None:
        """A message that an account drops because of its list, and the webhook about it until it is answered.

        The account lists the address from before the drop on, and its bounce was never reported, or it was.
        """
        email = KEYS[self.choices.below(len(KEYS))]
        accounts = self.access.provider_accounts(organization.id)
        account = accounts[self.choices.below(len(accounts))]
        at = begin + (self.choices.below(12) - 8) * 10_000
        upstream_ = self._upstream(organization, account)
        entry = Suppression(SuppressionList.BOUNCES, comparison_key(email), email, Millis(at - 5_000), "550")
        lists = bool(self.choices.below(2))

        def bounce() -> None:
            if lists and (SuppressionList.BOUNCES, email) not in upstream_.listed:
                upstream_.listed[SuppressionList.BOUNCES, email] = entry
                self.oracle.unreported[organization.id, "bounces", entry.key].add(entry.created)

        if begin == START:
            bounce()
        event = DeliveryEvent(
            f"d{organization.id}{number}{half(begin)}",
            DeliveryKind.DROPPED,
            email,
            comparison_key(email),
            Millis(at),
            "Bounced Address",
        )

        def deliver() -> None:
            if begin > START:
                # no account lists what happens weeks later
                bounce()
            self.deliver(organization, account, event)
            # a drop of weeks ago is no evidence any more
            if begin > START or not self.weeks:
                self.oracle.dropped.add((organization.id, account.mark, "bounces", email))

        process = self.world.start(f"drop {event.id}", deliver)
        process.until = begin + self.choices.below(8) * self.pace

    def _inquire(self, starts: int) -> None:
        """Ask accounts about the addresses that are due."""
        skew = self.skew()

        def run() -> None:
            now = Millis(self.world.now + skew)
            try:
                due = self.inquiries.due_organizations(now=now)
            except Unavailable:
                return
            for organization in filter(None, map(self.access.organization, due)):
                asked = Context(organization, RECONCILIATION, f"{RECONCILIATION.id}-{now}", now)
                try:
                    self.asking.run(asked, goes_on=lambda: True)
                except Unavailable:
                    continue

        self.world.start("inquiries", run).until = starts

    def _by_okta(self, caller: Caller, emails: list[str], name: AnyList, request_id: str, now: int) -> dict[str, str]:
        """Request removals by Okta's API, for listed and other addresses; return the ids by address."""
        outcomes = self.removals.request(caller.context(request_id, Millis(now)), emails, suppression_list=name)
        return {outcome.submitted: outcome.removal_id or "none" for outcome in outcomes}

    def _by_sendgrid(
        self, caller: Caller, emails: list[str], name: AnyList, request_id: str, now: int
    ) -> dict[str, str]:
        """Request removals by SendGrid's API, which hides the entries at once; return the ids by address."""
        asked = [*emails, MISSPELLED]
        lifted = self.lists.lift_many(caller.context(request_id, Millis(now)), name, asked)
        ids = {email: f"{request_id}-{number}" for number, email in enumerate(asked)}
        ids[MISSPELLED] = findable_id(request_id, len(emails), comparison_key(MISSPELLED))
        return {email: removal_id for email, removal_id in ids.items() if removal_id in lifted}

    def _one_by_sendgrid(
        self, caller: Caller, emails: list[str], name: AnyList, request_id: str, now: int
    ) -> dict[str, str]:
        """Request the removal of one address by SendGrid's API, if it is listed."""
        try:
            self.lists.lift(caller.context(f"{LISTED_ONLY}{request_id}", Millis(now)), name, emails[0])
        except NotFound:
            return {}
        return {emails[0]: findable_id(f"{LISTED_ONLY}{request_id}", 0, comparison_key(emails[0]))}

    def _upkeep(self, *, starts: int) -> None:
        """Run the upkeep, which takes off cleared entries, and moves what the release before has queued."""
        skew = self.skew()

        def run() -> None:
            Upkeep(
                access=self.access,  # type: ignore[arg-type]
                suppressions=self.store,
                listing=self.listing,
                old_queue=OldQueue(SerialTable(self.client, "Suppressions")),  # type: ignore[arg-type]
                look=lambda *_, **__: 0,
                clock=lambda: self.world.now + skew,
                remaining=lambda: 110_000,
            ).run()

        process = self.world.start("upkeep", run)
        process.until = starts

    def _job(self, name: str, *, starts: int) -> Process:
        holder: list[Process] = []
        began: list[int] = []

        def run() -> None:
            began.append(self.world.now)
            job = RemovalJob(
                access=self.access,  # type: ignore[arg-type]
                queue=self.queue,
                log=self.event_log,
                groups=self.by_hand.group_store,
                provider_for=self._upstream,  # type: ignore[arg-type]
                clock=holder[0].clock,
                remaining=lambda: 110_000 - (self.world.now - began[0]),
                spread=lambda: self.choices.below(16) / 16,
            )
            # a run that can read nothing of the queue is an error, and the next one begins anew
            with suppress(Unavailable):
                job.run()

        process = self.world.start(name, run, skew=self.skew())
        process.until = starts
        holder.append(process)
        return process

    def _settle_down(self) -> None:
        """Run the job without faults until the queue is empty."""
        self.exposed = self.world.ios
        self.world.calm = True
        self.skewed = False
        self.upgrade = min(self.upgrade, self.world.now)
        if self.cleared or self.upgrade:
            self._upkeep(starts=0)
            self.world.run()
        for tick in range(TICKS):
            items = self.client.items.values()
            waiting = [item for item in items if is_queued(item) and item.get("removal_state") != "failed"]
            if not waiting:
                return
            free = min(max(_due_at(item), item.get("lease_until", 0)) for item in waiting)
            accounts = [one for each in self.access.accounts.values() for one in each.values()]
            paused = max(account.paused_until for account in accounts)
            down = max(one.down_until for one in self.upstreams.values())
            if down > self.world.now:
                self.world.now += 3_600_000
            self.world.now = max(
                self.world.now + 120_000, min(free, self.world.now + 3_600_000), min(paused, self.world.now + 900_000)
            )
            if any("queue" in item for item in waiting):
                self._upkeep(starts=0)
                self.world.run()
            self._job(f"tick{tick}", starts=0)
            self.world.run()
            if self.drops:
                self._inquire(0)
                self.world.run()
            if self.drops and self.cleared:
                # what was taken over may have been cleared before
                self._upkeep(starts=0)
                self.world.run()
        raise Failure("something is in the queue for ever")


def _due_at(item: Item) -> int:
    """When a waiting item is due, whichever release has queued it."""
    return queue_index.due_at(item) if "rank" in item else item["due_at"]  # type: ignore[no-any-return]

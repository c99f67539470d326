"""The daily comparison: entries that a webhook missed are recorded, forgiven ones are not."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.clock import DAY, SECOND
from reprieve.errors import Unavailable
from reprieve.lanes import single
from reprieve.organization import Organization
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.suppressions import Suppressions
from reprieve.suppressions.group import Group
from reprieve.suppressions.reconcile import Differences
from reprieve.suppressions.scheduled import ScheduledReconciliation
from reprieve.suppressions.suppression import GroupList, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Calls, Context, cases, event, function

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprieve.suppressions.recorded import Recorded
    from reprieve.suppressions.suppression import AnyList

BOUNCES, SPAM = SuppressionList.BOUNCES, SuppressionList.SPAM_REPORTS


@dataclass
class Provider:
    """A provider that lists the given entries."""

    listed: list[Suppression] = field(default_factory=list)
    broken: frozenset[SuppressionList] = frozenset()
    closed: int = 0

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def entries(self, suppression_list: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        if suppression_list in self.broken:
            raise Unavailable("SendGrid: 403")
        yield from (one for one in self.listed if one.list is suppression_list and start <= one.created <= end)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def provider(dynamodb: object, monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(wiring, "provider_for", lambda *_: provider)
    wiring.access().create_organization(DEMO)
    assert wiring.access().set_provider_account(DEMO.id, ProviderAccount("none"), provider_name="", before=None)
    return provider


def entry(key: str, created: int, name: AnyList = BOUNCES) -> Suppression:
    return Suppression(name, key, key.upper(), created, reason="550")


def run(*, dry_run: bool = False) -> tuple[int, list[str], int]:
    now = wiring.now()
    found = wiring.reconciliation().run(context(DEMO, now=now), start=now - DAY, end=now, dry_run=dry_run)
    return found.compared, [one.key for one in found.missing], found.repaired


def test_what_the_provider_lists_and_we_do_not_is_recorded(provider: Provider) -> None:
    now = wiring.now()
    known, missed = entry("known@x.org", now - 5_000), entry("missed@x.org", now - 4_000)
    wiring.suppressions().record(DEMO, [known])
    provider.listed = [known, missed, entry("missed@x.org", now - 3_000, SPAM), entry("old@x.org", now - 2 * DAY)]
    assert run(dry_run=True) == (3, ["missed@x.org", "missed@x.org"], 0)
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, "missed@x.org") is None
    assert run() == (3, ["missed@x.org", "missed@x.org"], 2)
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, "missed@x.org") == missed.reported_by(DEFAULT)
    assert run() == (3, [], 0)
    assert provider.closed == 3


def test_what_a_removal_forgave_does_not_come_back(provider: Provider) -> None:
    now = wiring.now()
    wiring.suppressions().request_removals(
        context(DEMO, credential="c", request_id="r", now=now), [RemovalRequest("r-0", BOUNCES, "a@x.org", "a@x.org")]
    )
    provider.listed = [entry("a@x.org", now - 60_000)]
    assert run() == (1, [], 0)
    provider.listed = [entry("a@x.org", now)]
    assert run() == (1, ["a@x.org"], 1)


def test_an_address_that_is_listed_twice_is_taken_over_once_with_its_newest_entry(provider: Provider) -> None:
    now = wiring.now()
    provider.listed = [entry("a@x.org", now - 1_000), entry("a@x.org", now - 9_000)]
    assert run() == (2, ["a@x.org"], 1)
    listed = entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, "a@x.org")
    assert listed is not None
    assert listed.created == now - 1_000


def test_one_unreadable_list_does_not_stop_the_others_and_is_reported(provider: Provider) -> None:
    provider.listed = [entry("a@x.org", wiring.now(), SPAM)]
    provider.broken = frozenset({BOUNCES})
    summary = function("reconciliation")(event("reconciliation", "schedule"), Context(remaining=900_000))
    assert summary == {"compared": 1, "missing": 1, "repaired": 1, "unread": 1, "left": 0}


def test_a_failure_in_one_organization_stops_no_other(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    others = [Organization(f"other{number}", "Other") for number in range(5)]
    for organization in others:
        wiring.access().create_organization(organization)
        account = ProviderAccount("none")
        wiring.access().set_provider_account(organization.id, account, provider_name="", before=None)
    provider.listed = [entry("a@x.org", wiring.now())]

    def provider_for(organization: Organization, _: ProviderAccount) -> Provider:
        if organization == DEMO:
            raise RuntimeError("unexpected")
        return provider

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    summary = function("reconciliation")({}, Context(remaining=900_000))
    assert summary == {"compared": 5, "missing": 5, "repaired": 5, "unread": 1, "left": 0}
    for organization in others:
        assert entry_on(wiring.table("SUPPRESSIONS"), organization, BOUNCES, "a@x.org") is not None


def test_a_defect_in_reading_one_list_stops_no_other(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.listed = [entry("a@x.org", wiring.now(), SPAM)]
    read = provider.entries

    def entries(name: SuppressionList, *, start: int, end: int) -> Iterator[Suppression]:
        if name is BOUNCES:
            raise RuntimeError("unexpected")
        return read(name, start=start, end=end)

    monkeypatch.setattr(provider, "entries", entries)
    found = wiring.reconciliation().run(context(DEMO, now=wiring.now()), start=0, end=wiring.now())
    assert (found.repaired, list(found.unread)) == (1, [BOUNCES])
    assert found.unread[BOUNCES].startswith("RuntimeError at test_reconciliation.py:")


@pytest.mark.parametrize("account", [None, ProviderAccount("none", paused_until=2**50)])
def test_an_organization_without_an_account_or_with_one_that_is_paused_is_not_asked(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, account: ProviderAccount | None
) -> None:
    provider.listed = [entry("a@x.org", wiring.now())]
    monkeypatch.setattr(wiring.access(), "provider_accounts", lambda _: [account] if account else [])
    assert run() == (0, [], 0)
    assert provider.closed == 0


def test_an_entry_stamped_ahead_is_taken_over_no_later_than_clocks_may_differ(provider: Provider) -> None:
    now, ahead = wiring.now(), 2**50
    provider.entries = lambda name, **_: iter([entry("a@x.org", ahead, name)])  # type: ignore[method-assign]
    wiring.reconciliation().run(context(DEMO, now=now), start=0, end=now)
    found = entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, "a@x.org")
    assert found is not None
    assert found.created == now + 30_000


def test_what_one_run_leaves_out_is_not_what_the_next_one_leaves_out() -> None:
    """Time for half of the organizations: whichever the order of the table, each has its turn in a few runs."""
    everyone = [Organization(f"org{number:02}", "Org") for number in range(20)]
    chance, compared = random.Random(1), []

    access = SimpleNamespace(organizations=lambda: iter(everyone))
    groups = SimpleNamespace(sweep=lambda *_, **__: None)

    class Some:
        def run(self, asked: Any, **_: int) -> Differences:
            compared.append(asked.organization.id)
            return Differences()

    for _ in range(10):
        left = iter(range(110 * SECOND, 0, -5 * SECOND))
        rest: Any = (access, Some(), groups, None)
        day = ScheduledReconciliation(*rest, left.__next__, chance.random, single)
        assert day.compare(start=0, end=1).left == 9
    counts = Counter(compared)
    assert set(counts) == {one.id for one in everyone}
    assert min(counts.values()) >= 2


def test_nothing_is_begun_without_time(provider: Provider) -> None:
    provider.listed = [entry("a@x.org", wiring.now())]
    summary = function("reconciliation")({}, Context(remaining=30_000))
    assert summary == {"compared": 0, "missing": 0, "repaired": 0, "unread": 0, "left": 1}


def test_what_is_known_costs_reads_only(provider: Provider, calls: Calls) -> None:
    now = wiring.now()
    provider.listed = [entry(f"n{number}@x.org", now - number) for number in range(120)]
    wiring.suppressions().record(DEMO, provider.listed)
    calls.clear()
    run()
    # the account twice, because its groups are opened by themselves
    assert calls == {"Query": 2, "BatchGetItem": 2}


# ---- unsubscribe groups


@dataclass
class ProviderGroups:
    """A provider that has the given groups, and members on their lists."""

    groups: list[Group] = field(default_factory=list)
    members: list[Suppression] = field(default_factory=list)
    closed: int = 0

    def all(self) -> list[Group]:
        return self.groups

    def entries(self, *, start: int, end: int) -> Iterator[Suppression]:
        yield from (one for one in self.members if start <= one.created <= end)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def groups(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> ProviderGroups:
    assert provider
    found = ProviderGroups()
    monkeypatch.setattr(wiring, "provider_groups", lambda *_: found)
    return found


def test_groups_and_their_members_that_no_webhook_reported_are_taken_over(groups: ProviderGroups) -> None:
    now = wiring.now()
    wiring.unsubscribe_groups().hear_of(DEMO, {103}, account=DEFAULT, now=now)
    groups.groups = [Group(103, "News", "d"), Group(104, "Offers", is_default=True)]
    groups.members = [entry("a@x.org", now - 1_000, GroupList.of(one)) for one in (103, 104)]
    assert run(dry_run=True) == (2, ["a@x.org", "a@x.org"], 0)
    assert wiring.group_store().all(DEMO).groups == (Group(103, "Group 103"),)
    assert run() == (2, ["a@x.org", "a@x.org"], 2)
    assert wiring.group_store().all(DEMO).groups == tuple(groups.groups)
    for one in (103, 104):
        assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, GroupList.of(one), "a@x.org") is not None
    assert run() == (2, [], 0)
    assert groups.closed == 3
    added = [one for one in logged() if one["eventType"] == "reprieve.suppression.add"]
    assert sorted(one["debugContext"]["debugData"]["list"] for one in added) == ["group-103", "group-104"]


def test_a_group_that_was_deleted_here_or_is_only_here_stays_as_it_is(groups: ProviderGroups) -> None:
    now = wiring.now()
    verbs = wiring.unsubscribe_groups()
    verbs.hear_of(DEMO, {103, 105}, account=DEFAULT, now=now)
    assert wiring.group_store().replace(DEMO, replace(wiring.group_store().all(DEMO).without(103, now=now), version=2))
    groups.groups = [Group(103, "News")]
    run()
    assert [one.id for one in wiring.group_store().all(DEMO).groups] == [105]


def test_groups_that_cannot_be_read_stop_no_list(provider: Provider, groups: ProviderGroups) -> None:
    provider.listed = [entry("a@x.org", wiring.now())]

    def all_() -> list[Group]:
        raise Unavailable("SendGrid: 403")

    groups.all = all_  # type: ignore[method-assign]
    found = wiring.reconciliation().run(context(DEMO, now=wiring.now()), start=0, end=wiring.now())
    assert (found.repaired, found.unread) == (1, {"groups": "SendGrid: 403"})


def test_the_daily_run_sweeps_deleted_groups(groups: ProviderGroups) -> None:
    now = wiring.now()
    assert groups
    wiring.unsubscribe_groups().hear_of(DEMO, {103}, account=DEFAULT, now=now)
    wiring.suppressions().record(DEMO, [entry("a@x.org", now, GroupList.of(103))])
    known = wiring.group_store().all(DEMO)
    assert wiring.group_store().replace(DEMO, replace(known.without(103, now=now), version=2))
    function("reconciliation")({}, Context(remaining=900_000))
    assert entry_on(wiring.table("SUPPRESSIONS"), DEMO, GroupList.of(103), "a@x.org") is None
    assert wiring.group_store().all(DEMO).unswept == set()


def test_what_was_recorded_before_a_fault_is_found_and_logged(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.listed = [entry("a@x.org", wiring.now())]
    real, answers = Suppressions.record, iter([Unavailable("the answer was lost")])

    def record(store: Suppressions, organization: Organization, entries: Sequence[Suppression], by: str) -> Recorded:
        recorded = real(store, organization, entries, by=by)
        if problem := next(answers, None):
            raise problem
        return recorded

    with monkeypatch.context() as patch:
        patch.setattr(Suppressions, "record", record)
        found = wiring.reconciliation().run(context(DEMO, now=wiring.now()), start=0, end=wiring.now())
    assert (found.repaired, found.unread) == (1, {})
    # the next comparison finds nothing missing
    assert run() == (1, [], 0)
    assert added() == ["A@X.ORG"]


def test_of_what_was_missing_only_what_changed_its_list_is_logged(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = wiring.now()
    provider.listed = [entry("forgiven@x.org", now - 60_000), entry("a@x.org", now - 60_000)]
    real = Suppressions.record

    def record(store: Suppressions, organization: Organization, entries: Sequence[Suppression], by: str) -> Recorded:
        """Let a lift forgive one of them between the comparison and the write."""
        wanted = [RemovalRequest("r-0", BOUNCES, "forgiven@x.org", "forgiven@x.org", hide=True)]
        store.request_removals(context(DEMO, now=now, request_id="r"), wanted)
        return real(store, organization, entries, by=by)

    monkeypatch.setattr(Suppressions, "record", record)
    assert run() == (2, ["forgiven@x.org", "a@x.org"], 1)
    assert added() == ["A@X.ORG"]


def added() -> list[str]:
    """The addresses of each entry of the system log that says that addresses were put on a list."""
    return [one["target"][0]["displayName"] for one in logged() if one["eventType"] == "reprieve.suppression.add"]


def logged() -> list[Any]:
    span = Span(Order.PUBLISHED, position(0), LATEST, newest_first=False)
    return [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=100)]


#: the result of each event when a webhook was missed
ANSWERS = {
    "schedule": {"compared": 1, "missing": 1, "repaired": 1, "unread": 0, "left": 0},
    "inquiries": {"answered": 0, "repaired": 0, "postponed": 0, "given_up": 0, "left": 0},
}


def test_every_event_does_the_whole_run(provider: Provider) -> None:
    provider.listed = [entry("a@x.org", wiring.now())]
    handler, context = function("reconciliation"), Context(remaining=900_000)
    answers = {case: handler(event("reconciliation", case), context) for case in cases("reconciliation")}
    assert answers == ANSWERS

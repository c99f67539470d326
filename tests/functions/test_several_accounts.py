"""An organization with several provider accounts: a lift is done when every account has carried it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.address import Address
from reprieve.clock import DAY, MINUTE
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_ATTEMPTS, RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.group import Group
from reprieve.suppressions.suppression import GroupList, Suppression, SuppressionList
from tests.support.contexts import context
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Context, event, function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Clock

KEY = "name@company.com"
BOUNCES = SuppressionList.BOUNCES
MAIN = ProviderAccount("none")
OTHER = ProviderAccount("none", name="frankfurt")
LIFTED = LiftAnswer(LiftOutcome.LIFTED, "204")
DOWN = LiftAnswer(LiftOutcome.RETRY, "503")
THROTTLED = LiftAnswer(LiftOutcome.WAIT, "429")
BROKEN = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")
REFUSED = LiftAnswer(LiftOutcome.REFUSED, "400")


@dataclass
class Provider:
    """One account's provider, with one answer for every address."""

    answer: LiftAnswer = LIFTED
    batch: int = 100
    asked: list[str] = field(default_factory=list)
    listed: list[Suppression] = field(default_factory=list)
    closed: int = 0

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, _: AnyList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        self.asked += emails
        return [self.answer] * len(emails)

    put = lift

    def entries(self, name: SuppressionList, *, start: int, end: int) -> Any:
        return iter([one for one in self.listed if one.list is name])

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def providers(dynamodb: object, monkeypatch: pytest.MonkeyPatch) -> dict[str, Provider]:
    """The providers of the accounts, by name."""
    found = {MAIN.name: Provider(), OTHER.name: Provider()}

    def provider_for(_: object, account: ProviderAccount) -> Provider:
        return found[account.name]

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    wiring.access().create_organization(DEMO)
    for account in (MAIN, OTHER):
        assert wiring.access().set_provider_account(DEMO.id, account, provider_name="", before=None)
    return found


def bounce(account: str, email: str = KEY, created: int | None = None, name: AnyList = BOUNCES) -> None:
    at = wiring.now() - 60_000 if created is None else created
    wiring.suppressions().record(DEMO, [Suppression(name, KEY, email, at).reported_by(account)])


def request(*emails: str, name: AnyList = BOUNCES) -> None:
    asked = context(DEMO, credential="cred-1", request_id="r", now=wiring.now())
    rows = [RemovalRequest(f"r-{number}", name, email, email) for number, email in enumerate(emails or (KEY,))]
    wiring.suppressions().request_removals(asked, rows)


def tick() -> dict[str, Any]:
    return function("removal_job")(event("removal_job", "schedule"), Context(remaining=110_000))


def removal(key: str = KEY) -> Any:
    return next(one for one in wiring.following().of_address(DEMO, key) if one.record).record


def is_listed() -> bool:
    return entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, KEY) is not None


def test_a_lift_goes_to_every_account_each_in_its_own_spelling_and_is_done_when_all_are(
    providers: dict[str, Provider],
) -> None:
    bounce(DEFAULT, "Name@Company.com")
    bounce("frankfurt", "NAME@company.com", created=wiring.now() - 50_000)
    request()
    assert tick()["counts"] == {"lifted": 1}
    assert {name: one.asked for name, one in providers.items()} == {
        DEFAULT: ["Name@Company.com"],
        "frankfurt": ["NAME@company.com"],
    }
    assert [one.closed for one in providers.values()] == [1, 1]
    found = removal()
    assert (found.state, found.carried, found.last_answer) == ("done", frozenset(), "default: 204; frankfurt: 204")
    assert not is_listed()


def test_an_account_that_has_reported_nothing_is_asked_in_the_spelling_of_the_record(
    providers: dict[str, Provider],
) -> None:
    bounce("frankfurt", "NAME@company.com")
    request()
    tick()
    assert providers[DEFAULT].asked == ["NAME@company.com"]


@pytest.mark.parametrize("trouble", [DOWN, THROTTLED, BROKEN, REFUSED])
def test_what_an_account_answers_beside_success_is_counted_as_an_error(
    providers: dict[str, Provider], trouble: LiftAnswer
) -> None:
    providers["frankfurt"].answer = trouble
    request()
    assert tick()["errors"] == {trouble.outcome.value: 1}


@pytest.mark.parametrize("trouble", [DOWN, THROTTLED, BROKEN])
def test_while_one_account_fails_the_address_stays_and_what_the_other_has_carried_out_is_not_repeated(
    providers: dict[str, Provider], clock: Clock, trouble: LiftAnswer
) -> None:
    bounce(DEFAULT)
    request()
    providers["frankfurt"].answer = trouble
    until = clock.now + DAY
    while clock.now < until:
        assert tick()["counts"].get("lifted", 0) == 0
        assert is_listed()
        clock.now += 20 * MINUTE
    found = removal()
    assert (found.state, found.carried_out_at, found.last_answer) == (
        "pending",
        [DEFAULT],
        f"frankfurt: {trouble.detail}",
    )
    assert providers[DEFAULT].asked == [KEY]
    providers["frankfurt"].answer = LIFTED
    clock.now += 2 * 60 * MINUTE
    assert tick()["counts"] == {"lifted": 1}
    assert providers[DEFAULT].asked == [KEY]
    assert not is_listed()


def test_a_paused_account_is_not_called_and_does_not_stop_the_other(
    providers: dict[str, Provider], clock: Clock
) -> None:
    wiring.access().pause_provider("demo", "frankfurt", until=clock.now + 15 * MINUTE, reason="401")
    request()
    assert tick()["counts"] == {"postponed": 1}
    assert {name: one.asked for name, one in providers.items()} == {DEFAULT: [KEY], "frankfurt": []}
    assert (removal().due_at, removal().last_answer) == (clock.now + 15 * MINUTE, "frankfurt: not called in this run")
    clock.now += 15 * MINUTE
    assert tick()["counts"] == {"lifted": 1}


def test_a_refused_account_is_paused_alone(providers: dict[str, Provider], clock: Clock) -> None:
    providers["frankfurt"].answer = BROKEN
    request()
    tick()
    paused = {one.name: one.is_paused(clock.now) for one in wiring.access().provider_accounts("demo")}
    assert paused == {DEFAULT: False, "frankfurt": True}


def test_what_waits_for_an_account_that_is_down_does_not_delay_what_the_other_can_carry_out(
    providers: dict[str, Provider], clock: Clock
) -> None:
    providers["frankfurt"].answer = THROTTLED
    old = [f"old{number}@company.com" for number in range(40)]
    for one in providers.values():
        one.batch = 8
    request(*old)
    tick()
    assert sorted(providers[DEFAULT].asked) == sorted(old)
    assert len(providers["frankfurt"].asked) == 8
    clock.now += 20 * MINUTE
    asked = context(DEMO, credential="cred-1", request_id="s", now=wiring.now())
    wiring.suppressions().request_removals(asked, [RemovalRequest("s-0", BOUNCES, KEY, KEY)])
    tick()
    assert providers[DEFAULT].asked[-1] == KEY
    assert len(providers["frankfurt"].asked) == 16


def test_a_removal_fails_only_when_every_account_that_is_left_refuses_it(
    providers: dict[str, Provider], clock: Clock
) -> None:
    providers[DEFAULT].answer = REFUSED
    providers["frankfurt"].answer = THROTTLED
    request()
    for _ in range(MAX_ATTEMPTS + 2):
        tick()
        clock.now += 2 * 60 * MINUTE
    assert removal().state == "pending"
    providers["frankfurt"].answer = LIFTED
    for _ in range(MAX_ATTEMPTS + 1):
        tick()
        clock.now += 2 * 60 * MINUTE
    found = removal()
    assert (found.state, found.carried_out_at, found.last_answer) == ("failed", ["frankfurt"], "default: 400")
    assert wiring.removal_queue().retry(DEMO, found, now=wiring.now())
    providers[DEFAULT].answer = LIFTED
    before = list(providers["frankfurt"].asked)
    assert tick()["counts"] == {"lifted": 1}
    assert providers["frankfurt"].asked == before


def test_a_removed_account_is_not_waited_for(providers: dict[str, Provider], clock: Clock) -> None:
    providers["frankfurt"].answer = THROTTLED
    request()
    tick()
    wiring.provider_accounts().remove(context(DEMO, now=wiring.now()), "frankfurt")
    clock.now += MINUTE
    assert tick()["counts"] == {"lifted": 1}
    assert providers[DEFAULT].asked == [KEY]


def test_an_account_that_was_changed_or_added_meanwhile_is_called(providers: dict[str, Provider], clock: Clock) -> None:
    providers["frankfurt"].answer = THROTTLED
    request()
    tick()
    changed = replace(MAIN, base_url="https://elsewhere.example")
    assert wiring.access().set_provider_account("demo", changed, provider_name="", before=MAIN)
    third = replace(OTHER, name="london")
    providers["london"] = Provider()
    assert wiring.access().set_provider_account("demo", third, provider_name="", before=None)
    providers["frankfurt"].answer = LIFTED
    clock.now += MINUTE
    assert tick()["counts"] == {"lifted": 1}
    assert [len(one.asked) for one in providers.values()] == [2, 2, 1]


def test_a_new_request_is_carried_out_by_every_account_once_more(providers: dict[str, Provider], clock: Clock) -> None:
    providers["frankfurt"].answer = THROTTLED
    bounce(DEFAULT)
    request()
    tick()
    clock.now += MINUTE
    bounce(DEFAULT, created=clock.now - 1_000)
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-1", request_id="s", now=wiring.now()), [RemovalRequest("s-0", BOUNCES, KEY, KEY)]
    )
    providers["frankfurt"].answer = LIFTED
    assert tick()["counts"] == {"lifted": 1}
    assert providers[DEFAULT].asked == [KEY, KEY]


def test_an_account_that_cannot_be_opened_does_not_stop_the_other(
    providers: dict[str, Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    working = wiring.provider_for

    def provider_for(organization: Any, account: ProviderAccount) -> Any:
        if account.name == "frankfurt":
            raise RuntimeError("unexpected")
        return working(organization, account)

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    request()
    assert tick()["errors"] == {"RuntimeError": 1}
    assert removal().carried_out_at == [DEFAULT]


def test_what_concerns_a_group_goes_to_the_account_that_has_the_group_alone(providers: dict[str, Provider]) -> None:
    group = Group(7, "News", account="frankfurt")
    wiring.unsubscribe_groups().take_over(context(DEMO, now=wiring.now()), [group], account="frankfurt")
    bounce("frankfurt", name=GroupList.of(7))
    request(name=GroupList.of(7))
    assert tick()["counts"] == {"lifted": 1}
    assert {name: one.asked for name, one in providers.items()} == {DEFAULT: [], "frankfurt": [KEY]}
    assert wiring.group_store().all(DEMO).groups == (group,)


def test_what_concerns_a_group_whose_account_was_removed_does_not_go_to_the_one_that_is_left(
    providers: dict[str, Provider],
) -> None:
    group = Group(7, "News", account="frankfurt")
    wiring.unsubscribe_groups().take_over(context(DEMO, now=wiring.now()), [group], account="frankfurt")
    assert wiring.access().remove_provider_account(DEMO.id, OTHER, provider_name="")
    bounce(DEFAULT, name=GroupList.of(7))
    request(name=GroupList.of(7))
    assert tick()["counts"] == {"lifted": 1}
    assert providers[DEFAULT].asked == []


def test_what_waits_for_a_group_that_was_deleted_ends_without_a_call(providers: dict[str, Provider]) -> None:
    asked = context(DEMO, now=wiring.now(), request_id="u")
    wiring.unsubscribe_groups().take_over(asked, [Group(7, "News")])
    wiring.unsubscribes().add(asked, [Address.parse(KEY)], to=GroupList.of(7))
    wiring.unsubscribe_groups().delete(asked, 7)
    assert tick()["counts"] == {"listed": 1}
    assert [one.asked for one in providers.values()] == [[], []]
    assert tick()["waiting"] == 0


def test_a_hold_reaches_every_account(providers: dict[str, Provider]) -> None:
    for one in providers.values():
        one.answer = LiftAnswer(LiftOutcome.LISTED, "listed")
    wiring.holds().add(context(DEMO, now=wiring.now()), KEY, reason="asked by phone")
    assert tick()["counts"] == {"listed": 1}
    assert [one.asked for one in providers.values()] == [[KEY], [KEY]]


def test_the_comparison_reads_each_account_and_says_whose_list_it_could_not_read(
    providers: dict[str, Provider], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = wiring.now() - 60_000
    providers[DEFAULT].listed = [Suppression(BOUNCES, KEY, KEY, at)]
    providers["frankfurt"].listed = [Suppression(BOUNCES, "b@x.org", "B@x.org", at)]
    found = wiring.reconciliation().run(context(DEMO, now=wiring.now()), start=0, end=wiring.now())
    assert (found.repaired, found.unread) == (2, {})
    kept = entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, "b@x.org")
    assert kept is not None
    assert kept.accounts == {("frankfurt", "B@x.org")}

    def broken(*_: object, **__: object) -> Any:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(providers["frankfurt"], "entries", broken)
    found = wiring.reconciliation().run(context(DEMO, now=wiring.now()), start=0, end=wiring.now())
    assert list(found.unread) == [f"frankfurt/{name}" for name in SuppressionList]


def test_an_entry_names_the_accounts_that_reported_it_until_it_is_lifted(providers: dict[str, Provider]) -> None:
    bounce("frankfurt", created=wiring.now() - 50_000)
    bounce(DEFAULT, created=wiring.now() - 60_000)
    kept = entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, KEY)
    assert kept is not None
    assert kept.reporters == [DEFAULT, "frankfurt"]
    request()
    tick()
    bounce("frankfurt", created=wiring.now() + 1_000)
    kept = entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, KEY)
    assert kept is not None
    assert kept.reporters == ["frankfurt"]


def test_an_entry_from_before_there_were_several_accounts_is_the_default_ones(providers: dict[str, Provider]) -> None:
    old, by_hand = Suppression(BOUNCES, KEY, KEY, 5, provider="sendgrid"), Suppression(BOUNCES, "b@x.org", "b@x.org", 5)
    wiring.suppressions().record(DEMO, [old, replace(by_hand, provider="import")])
    found = [entry_on(wiring.table("SUPPRESSIONS"), DEMO, BOUNCES, key) for key in (KEY, "b@x.org")]
    assert [one.reporters for one in found if one] == [[DEFAULT], []]

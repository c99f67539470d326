"""A drop that no list explains has its account asked about the address; what the account lists is listed here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import DAY, Millis
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.inquiry import MAX_DROP_AGE
from reprieve.suppressions.suppression import HOLDS, GroupList, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, function
from tests.support.inquiries import (
    BOUNCES,
    NOTHING,
    REASONS,
    SPAM,
    UNSUBSCRIBES,
    Provider,
    account,
    ask,
    drop,
    found,
    lift,
    listed,
    waiting,
)

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Calls, Clock


@pytest.mark.parametrize("name", REASONS)
def test_what_the_account_lists_is_listed_as_the_account_has_it(
    provider: Provider, clock: Clock, name: SuppressionList
) -> None:
    entry = listed("Ann@x.io", clock.now - 90 * DAY, name)
    provider.listed = [entry]
    drop(clock, "Ann@x.io", name=name)
    assert found("ann@x.io", name) is None
    assert ask() == NOTHING | {"answered": 1, "repaired": 1}
    assert found("ann@x.io", name) == entry.reported_by(DEFAULT)
    assert waiting() == []
    assert ask() == NOTHING
    span = Span(Order.PUBLISHED, position(Millis(0)), LATEST, newest_first=True)
    log = [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=9)]
    (added,) = [one for one in log if one["eventType"] == "reprieve.suppression.add"]
    assert added["actor"]["id"] == "reconciliation"


def test_what_the_account_does_not_list_leaves_nothing(provider: Provider, clock: Clock) -> None:
    provider.listed = [listed("ann@x.io", clock.now, SPAM), listed("bob@x.io", clock.now)]
    drop(clock, "ann@x.io")
    assert ask() == NOTHING | {"answered": 1}
    assert [found("ann@x.io", name) for name in SuppressionList] == [None] * 5
    assert (provider.asked, waiting()) == (["ann@x.io"], [])


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "Spam Content"},
        {"reason": "Recipient List over Package Quota"},
        {"reason": ""},
        # the drop itself lists it
        {"reason": "Invalid"},
        {"at": 1_767_225_600_000 - MAX_DROP_AGE},
    ],
)
def test_a_drop_that_is_no_evidence_has_nothing_asked(provider: Provider, clock: Clock, change: dict[str, Any]) -> None:
    drop(clock, "ann@x.io", **change)
    assert waiting() == []


def test_a_drop_that_a_list_here_explains_has_nothing_asked(provider: Provider, clock: Clock, calls: Calls) -> None:
    explaining: list[tuple[AnyList, SuppressionList, dict[str, Any]]] = [
        (BOUNCES, BOUNCES, {}),
        (SPAM, SPAM, {}),
        (UNSUBSCRIBES, UNSUBSCRIBES, {}),
        (HOLDS, UNSUBSCRIBES, {}),
        (GroupList.of(7), UNSUBSCRIBES, {"group": 7}),
    ]
    for name, dropped_for, more in explaining:
        email = f"{name}@x.io"
        wiring.suppressions().record(DEMO, [replace(listed(email, clock.now - DAY), list=name)])
        calls.clear()
        drop(clock, email, name=dropped_for, **more)
        # one read that explains it; nothing is written but its log entry and a count
        assert calls == {"BatchGetItem": 1, "BatchExecuteStatement": 1, "UpdateItem": 1}
        assert waiting() == []
    drop(clock, "bounces@x.io", name=SPAM)
    drop(clock, "group-7@x.io", name=UNSUBSCRIBES, group=8)
    assert waiting() == ["bounces@x.io", "group-7@x.io"]


def test_a_removal_that_waits_explains_a_drop(provider: Provider, clock: Clock) -> None:
    lift(clock, "ann@x.io")
    drop(clock, "ann@x.io")
    assert waiting() == []


def test_each_account_is_asked_about_what_it_dropped_itself(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    account("second")
    providers = {DEFAULT: provider, "second": Provider([listed("bob@x.io", clock.now), listed("ann@x.io", clock.now)])}
    monkeypatch.setattr(wiring, "provider_for", lambda _, one: providers[one.name])
    provider.listed = [listed("bob@x.io", clock.now)]
    drop(clock, "ann@x.io")
    drop(clock, "bob@x.io", account="second")
    assert ask() == NOTHING | {"answered": 2, "repaired": 1}
    assert found("ann@x.io") is None
    bob = found("bob@x.io")
    assert bob is not None
    assert bob.reporters == ["second"]
    drop(clock, "cy@x.io")
    drop(clock, "cy@x.io", account="second")
    ask()
    assert (provider.asked.count("cy@x.io"), providers["second"].asked.count("cy@x.io")) == (1, 1)


def test_what_a_removed_account_dropped_needs_no_answer(provider: Provider, clock: Clock) -> None:
    drop(clock, "ann@x.io", account="gone")
    assert ask() == NOTHING | {"answered": 1}
    assert (provider.asked, waiting()) == ([], [])


def test_many_drops_of_an_address_ask_once(provider: Provider, clock: Clock) -> None:
    drop(clock, "ann@x.io", "ann@x.io")
    for _ in range(3):
        drop(clock, "ann@x.io", at=clock.now + 1)
    assert ask() == NOTHING | {"answered": 1}
    assert provider.asked == ["ann@x.io"]


def test_a_drop_while_the_account_is_asked_has_it_asked_again(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account may list the address just after it answered that it does not."""
    read = provider.entry_of

    def entry_of(name: SuppressionList, email: str, *, otherwise: int) -> Suppression | None:
        entry = read(name, email, otherwise=otherwise)
        if not provider.listed:
            provider.listed = [listed("ann@x.io", clock.now)]
            drop(clock, "ann@x.io")
        return entry

    monkeypatch.setattr(provider, "entry_of", entry_of)
    drop(clock, "ann@x.io")
    assert ask() == NOTHING | {"answered": 1}
    assert waiting() == ["ann@x.io"]
    assert ask() == NOTHING | {"answered": 1, "repaired": 1}
    assert waiting() == []


def test_a_run_without_inquiries_costs_16_queries_however_many_organizations_there_are(
    provider: Provider, calls: Calls
) -> None:
    for number in range(30):
        wiring.access().create_organization(Organization(f"other{number}", "Other"))
    calls.clear()
    ask()
    assert calls == {"Query": 16}


def test_an_inquiry_costs_a_known_number_of_calls(provider: Provider, clock: Clock, calls: Calls) -> None:
    calls.clear()
    drop(clock, "ann@x.io")
    assert calls == {"BatchGetItem": 1, "UpdateItem": 2, "BatchExecuteStatement": 1}
    provider.listed = [listed("ann@x.io", clock.now)]
    calls.clear()
    ask()
    # the look for organizations, due ones, accounts; the organization; the inquiry and what is known of the address;
    # the whitelist; the entry and its log entry; the end
    assert calls == {
        "Query": 18,
        "BatchGetItem": 2,
        "GetItem": 2,
        "BatchExecuteStatement": 2,
        "DeleteItem": 1,
    }


def test_why_names_the_list_once_it_is_known(provider: Provider, clock: Clock, call: Any) -> None:
    def why() -> Any:
        return call(
            function("addresses"),
            "GET",
            "/addresses/{email+}",
            path={"email": "ann@x.io"},
            scopes=["reprieve.addresses.read"],
            stage="reprieve",
        ).body

    provider.listed = [listed("ann@x.io", clock.now - DAY)]
    drop(clock, "ann@x.io")
    before = why()
    assert (before["mailed"], before["withheld_by_provider"]["list"], before["suppressions"]) == (False, "bounces", [])
    ask()
    after = why()
    assert (after["mailed"], after["withheld_by_provider"]) == (False, None)
    assert [one["list"] for one in after["suppressions"]] == ["bounces"]

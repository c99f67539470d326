"""An account that cannot be asked is asked later, holds up no other, and has its share of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reprieve.access.provider_account import DEFAULT, ProviderAccount
from reprieve.clock import HOUR, MINUTE, Millis
from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.store import queue_index
from reprieve.suppressions.inquiries import MOST, PATIENCE
from reprieve.suppressions.inquiry import MAX_DROP_AGE
from tests.support.gateway import DEMO, Context
from tests.support.inquiries import (
    NOTHING,
    Provider,
    account,
    ask,
    drop,
    found,
    listed,
    waiting,
)

if TYPE_CHECKING:
    from io import StringIO

    import pytest

    from reprieve.suppressions.suppression import Suppression, SuppressionList
    from tests.support.gateway import Clock


def test_an_account_that_cannot_be_asked_is_asked_later_and_longer_each_time(
    provider: Provider, clock: Clock, log: StringIO
) -> None:
    provider.broken = True
    provider.listed = [listed("ann@x.io", clock.now)]
    drop(clock, "ann@x.io")
    waits = []
    for _ in range(8):
        assert ask() == NOTHING | {"postponed": 1}
        (item,) = wiring.table("SUPPRESSIONS").items_under("demo#inquiries", "")
        waits.append((queue_index.due_at(item) - clock.now) // MINUTE)
        assert ask() == NOTHING
        clock.now += waits[-1] * MINUTE
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    said = [one for line in log.getvalue().splitlines() if (one := json.loads(line))["message"] == "not asked"]
    assert {(one["account"], one["detail"], one["level"]) for one in said} == {
        ("demo", "SendGrid: 503: the provider failed", "ERROR")
    }
    provider.broken = False
    assert ask() == NOTHING | {"answered": 1, "repaired": 1}


def test_an_inquiry_is_given_up_visibly_when_its_drop_is_no_evidence_any_more(
    provider: Provider, clock: Clock, capsys: pytest.CaptureFixture[str], log: StringIO
) -> None:
    provider.broken = True
    drop(clock, "ann@x.io")
    clock.now += MAX_DROP_AGE - 1
    assert ask()["postponed"] == 1
    clock.now += HOUR
    assert ask() == NOTHING | {"given_up": 1}
    assert waiting() == []
    assert '"message":"not asked"' in log.getvalue()
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [one["ReconciliationUnread"] for one in metrics if "ReconciliationUnread" in one] == [[1.0]]


def test_after_a_few_faults_in_a_row_an_account_is_left_alone_for_this_run(provider: Provider, clock: Clock) -> None:
    provider.broken = True
    drop(clock, *(f"u{number}@x.io" for number in range(9)))
    assert ask() == NOTHING | {"postponed": 9}
    assert len(provider.asked) == PATIENCE


def test_one_address_that_fails_stops_no_other(provider: Provider, clock: Clock) -> None:
    provider.troubles = [None, RuntimeError("a defect, with ann@x.io in it"), None, Unavailable("503"), None]
    drop(clock, *(f"u{number}@x.io" for number in range(5)))
    assert ask() == NOTHING | {"answered": 3, "postponed": 2}


def test_an_account_that_cannot_be_opened_or_is_paused_stops_no_other(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "paused"):
        account(name)
    wiring.access().pause_provider("demo", "paused", until=Millis(clock.now + HOUR), reason="401")

    def provider_for(_: Organization, one: ProviderAccount) -> Provider:
        assert one.name != "paused"
        if one.name == "closed":
            raise Unavailable("KMS")
        return provider

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    provider.listed = [listed("ann@x.io", clock.now)]
    for name in ("closed", "paused", DEFAULT):
        drop(clock, "ann@x.io", account=name)
    assert ask() == NOTHING | {"answered": 1, "repaired": 1, "postponed": 2}


def test_a_failure_in_one_organization_stops_no_other(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Organization("other", "Other")
    wiring.access().create_organization(other)
    account(DEFAULT, "other")
    provider.listed = [listed("ann@x.io", clock.now)]
    for organization in (DEMO, other):
        drop(clock, "ann@x.io", organization=organization)
    due = type(wiring.inquiry_store()).due

    def fail(self: Any, organization: Organization, **more: Any) -> Any:
        if organization == DEMO:
            raise RuntimeError("unexpected")
        return due(self, organization, **more)

    monkeypatch.setattr(type(wiring.inquiry_store()), "due", fail)
    assert ask() == NOTHING | {"answered": 1, "repaired": 1}
    assert found("ann@x.io", organization=other) is not None
    assert found("ann@x.io") is None
    assert waiting() == ["ann@x.io"]


def test_a_run_asks_about_a_bounded_number_of_addresses_and_the_rest_waits(provider: Provider, clock: Clock) -> None:
    emails = [f"u{number:03}@x.io" for number in range(MOST + 5)]
    drop(clock, *emails)
    assert [ask()["answered"] for _ in range(3)] == [MOST, 5, 0]
    assert sorted(provider.asked) == emails


def test_one_organizations_slow_provider_takes_its_turn_and_no_more(
    provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [900_000]
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: left[0])
    read = provider.entry_of

    def slow(name: SuppressionList, email: str, *, otherwise: int) -> Suppression | None:
        left[0] -= 6_000
        return read(name, email, otherwise=otherwise)

    monkeypatch.setattr(provider, "entry_of", slow)
    drop(clock, *(f"u{number}@x.io" for number in range(9)))
    assert ask() == NOTHING | {"answered": 4}
    assert len(waiting()) == 5


def test_nothing_is_begun_without_time(provider: Provider, clock: Clock) -> None:
    drop(clock, "ann@x.io")
    assert ask(remaining=30_000) == NOTHING | {"left": 1}

"""What the provider refuses, or cannot do now, waits, fails visibly or pauses its account, and stops no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.access.provider_account import DEFAULT
from reprieve.clock import DAY
from reprieve.organization import Organization
from reprieve.removals.lift import LiftAnswer, LiftOutcome
from reprieve.removals.removal import MAX_ATTEMPTS
from reprieve.runtime import wiring
from tests.support.gateway import Context
from tests.support.removal_job import KEY, Provider, again, enrol, record, request, tick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from reprieve.access.provider_account import ProviderAccount
    from reprieve.suppressions.suppression import SuppressionList
    from tests.support.gateway import Clock


def test_what_cannot_be_done_now_stays_in_the_queue_until_the_provider_asked_us_back(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    request()
    retry_at = wiring.now() + 7_200_000
    provider.answer = LiftAnswer(LiftOutcome.WAIT, "429", retry_at)
    assert tick()["counts"] == {"postponed": 1}
    after = record(dynamodb)
    assert (after["removal_state"], after["attempts"], after["due_at"]) == ("pending", "0", str(retry_at))
    assert "lease_until" not in after


def test_an_outage_ends_no_removal_within_a_day_and_what_still_fails_then_is_given_up(
    provider: Provider, dynamodb: DynamoDBClient
) -> None:
    request()
    provider.answer = LiftAnswer(LiftOutcome.RETRY, "503")
    for _ in range(MAX_ATTEMPTS + 2):
        assert tick()["counts"] == {"postponed": 1}
        again(dynamodb)
    again(dynamodb, requested_at=wiring.now() - DAY)
    assert tick()["counts"] == {"failed": 1}


def test_after_its_attempts_a_removal_fails_visibly(provider: Provider, dynamodb: DynamoDBClient) -> None:
    request()
    provider.answer = LiftAnswer(LiftOutcome.REFUSED, "400: the provider refused the address")
    for _ in range(MAX_ATTEMPTS):
        tick()
        again(dynamodb)
    after = record(dynamodb)
    assert (after["removal_state"], after["slot"], after["rank"]) == ("failed", "failed#0", f"demo#{0:013}")
    assert len(provider.asked) == MAX_ATTEMPTS


def test_a_broken_account_pauses_its_organization_only_and_burns_no_attempt(
    provider: Provider, dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, healthy = Organization("other", "Other"), Provider()
    enrol(other)
    request()
    request("a@b.co", other)
    provider.answer = LiftAnswer(LiftOutcome.ACCOUNT_BROKEN, "401")
    monkeypatch.setattr(wiring, "provider_for", lambda organization, _: healthy if organization == other else provider)
    assert tick()["counts"] == {"postponed": 1, "lifted": 1}
    assert record(dynamodb)["attempts"] == "0"
    (account,) = wiring.access().provider_accounts("demo")
    assert account.paused_until > wiring.now()


def test_of_an_organization_whose_accounts_are_paused_the_age_of_what_waits_longest_is_reported(
    provider: Provider, clock: Clock
) -> None:
    several = Organization("several", "Several", shards=4)
    enrol(several)
    for number in range(8):
        request(f"n{number}@company.com", several, request_id=f"r{number}")
        clock.now += 1_000
    wiring.access().pause_provider(several.id, DEFAULT, until=clock.now + DAY, reason="401")
    assert tick() == {"counts": {}, "errors": {}, "waiting": 1, "oldest": 8_000}
    assert provider.asked == []


class Broken(Provider):
    """An adapter with a defect: an exception that is not ours, with an address in its text."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def kept_with(self, _: object) -> tuple[()]:
        return ()

    def lift(self, suppression_list: SuppressionList, emails: Sequence[str], *, budget: int) -> list[LiftAnswer]:
        if self.where == "lift":
            raise RuntimeError(f"unexpected: {emails}")
        return super().lift(suppression_list, emails, budget=budget)

    def close(self) -> None:
        if self.where == "close":
            raise RuntimeError("unexpected")


@pytest.mark.parametrize("where", ["open", "lift", "close"])
def test_a_defect_in_one_adapter_stops_no_other_organization(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    others = [Organization(f"other{number}", "Other") for number in range(5)]
    for organization in others:
        enrol(organization)
        request(organization=organization)
    request()
    broken = Broken(where)

    def provider_for(organization: Organization, _: ProviderAccount) -> Provider:
        if organization.id == "demo" and where == "open":
            raise RuntimeError("unexpected")
        return broken if organization.id == "demo" else provider

    monkeypatch.setattr(wiring, "provider_for", provider_for)
    tally = wiring.removal_job(Context(remaining=110_000)).run()
    assert tally.counts["lifted"] == len(others) + (where == "close")
    assert tally.errors == {"RuntimeError": 1}
    (fault,) = tally.faults
    assert fault.startswith("demo: RuntimeError at test_removal_job_faults.py:")
    assert KEY not in fault

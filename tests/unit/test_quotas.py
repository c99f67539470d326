"""Quotas: whatever processes share a window, together they grant an organization what was promised and no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reprieve.access.quota import (
    MAX_LEASE,
    PER_MINUTE,
    Bucket,
    Quota,
    granted,
    lease_size,
    limit_of,
    window,
)
from reprieve.access.quotas import Quotas
from reprieve.clock import MINUTE, Millis
from reprieve.errors import InvalidInput, Unavailable
from reprieve.organization import MAX_LIMIT, Organization

NOW = Millis(1_767_225_600_000)
ACME = Organization("acme", "Acme", limits={Bucket.OKTA_LOGS: 10})
LOGS = Bucket.OKTA_LOGS


@dataclass
class Counters:
    """The counters, as DynamoDB has them: each lease is one atomic addition."""

    leases: Counter[tuple[str, Bucket, int]] = field(default_factory=Counter)
    writes: int = 0
    down: bool = False

    def lease(self, organization_id: str, bucket: Bucket, size: int, *, start: Millis) -> int:
        if self.down:
            raise Unavailable("the store did not answer")
        self.writes += 1
        self.leases[organization_id, bucket, start] += size
        return self.leases[organization_id, bucket, start]

    def leased(self, organization_id: str, bucket: Bucket, *, start: Millis) -> int:
        return self.leases[organization_id, bucket, start]


def having(limit: int) -> Organization:
    return replace(ACME, limits={LOGS: limit})


def granted_to(processes: list[Quotas], organization: Organization, order: list[int], now: Millis = NOW) -> int:
    """How many requests succeed when they reach the processes in this order."""
    return sum(not processes[number].count(organization, LOGS, now=now).exceeded for number in order)


def test_a_process_alone_grants_the_limit_exactly_and_shows_the_rest() -> None:
    quotas = Quotas(Counters())
    seen = [quotas.count(ACME, LOGS, now=NOW) for _ in range(12)]
    end = Millis(NOW + MINUTE)
    assert seen == [Quota(10, 9 - n, end) for n in range(10)] + [Quota(10, 0, end, exceeded=True)] * 2


@pytest.mark.parametrize("limit", [60, 120, 600, 1_200])
def test_eight_processes_that_are_kept_busy_grant_the_limit_exactly(limit: int) -> None:
    counters = Counters()
    processes = [Quotas(counters) for _ in range(8)]
    assert granted_to(processes, having(limit), list(range(8)) * limit) == limit


@pytest.mark.parametrize("limit", [60, 120, 600, 1_200])
def test_a_minute_of_eight_processes_like_the_one_before_costs_at_most_a_fifth_of_a_write_per_request(
    limit: int,
) -> None:
    counters = Counters()
    processes, order = [Quotas(counters) for _ in range(8)], (list(range(8)) * limit)[:limit]
    granted_to(processes, having(limit), order)
    before = counters.writes
    assert granted_to(processes, having(limit), order, Millis(NOW + MINUTE)) >= limit - 7 * (MAX_LEASE - 1)
    assert counters.writes - before <= limit / 5


@pytest.mark.parametrize("limit", [60, 120, 600, 1_200])
def test_a_busy_process_writes_at_most_a_fifth_from_its_first_minute_on(limit: int) -> None:
    counters = Counters()
    assert granted_to([Quotas(counters)], having(limit), [0] * limit) == limit
    assert counters.writes <= limit / 5


def test_as_many_processes_as_the_limit_that_begin_at_once_are_all_served() -> None:
    for limit in (1, 60, PER_MINUTE[LOGS]):
        counters = Counters()
        processes = [Quotas(counters) for _ in range(limit)]
        assert granted_to(processes, having(limit), list(range(limit))) == limit


def test_refused_requests_cost_no_writes() -> None:
    counters = Counters()
    quotas = Quotas(counters)
    granted_to([quotas], ACME, [0] * 10)
    before = counters.writes
    assert granted_to([quotas], ACME, [0] * 100) == 0
    assert counters.writes == before


def test_what_was_leased_ends_with_its_window() -> None:
    quotas = Quotas(Counters())
    granted_to([quotas], ACME, [0] * 10)
    assert granted_to([quotas], ACME, [0] * 20, Millis(NOW + MINUTE)) == 10
    # the window before was not the one before this
    assert granted_to([quotas], ACME, [0] * 20, Millis(NOW + 7 * MINUTE)) == 10


def test_buckets_and_organizations_are_counted_apart() -> None:
    counters = Counters()
    quotas = Quotas(counters)
    assert granted_to([quotas], ACME, [0] * 11) == 10
    assert not quotas.count(ACME, Bucket.OKTA_BOUNCES, now=NOW).exceeded
    assert not quotas.count(replace(ACME, id="other"), LOGS, now=NOW).exceeded


def test_a_limit_that_was_raised_counts_at_once_and_a_lowered_one_with_the_next_lease() -> None:
    quotas = Quotas(Counters())
    assert granted_to([quotas], having(2), [0] * 3) == 2
    assert granted_to([quotas], having(4), [0] * 9) == 2
    assert granted_to([quotas], having(3), [0] * 9) == 0


def test_a_lease_that_the_store_does_not_grant_is_not_spent() -> None:
    counters = Counters(down=True)
    quotas = Quotas(counters)
    with pytest.raises(Unavailable):
        quotas.count(ACME, LOGS, now=NOW)
    counters.down = False
    assert granted_to([quotas], ACME, [0] * 11) == 10


def test_a_look_at_the_quota_counts_nothing() -> None:
    counters = Counters()
    quotas = Quotas(counters)
    quotas.count(ACME, LOGS, now=NOW)
    assert [quotas.peek(ACME, LOGS, now=NOW) for _ in range(2)] == [Quota(10, 9, Millis(NOW + MINUTE))] * 2


def test_the_defaults_are_the_published_figures() -> None:
    assert {bucket.value: limit_of(replace(ACME, limits={}), bucket) for bucket in Bucket} == {
        "okta_bounces": 60,
        "okta_logs": 120,
        "okta_users": 600,
        "okta_other": 1_200,
        "sendgrid": 600,
        "zoho": 600,
        "reprieve": 600,
    }


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 1000000 requests per minute"):
        having(limit)


@given(limit=st.integers(1, MAX_LIMIT), spent=st.integers(0, MAX_LIMIT))
def test_a_lease_is_no_larger_than_what_was_spent_beyond_the_first_share(limit: int, spent: int) -> None:
    size = lease_size(limit, spent)
    assert 1 <= size <= MAX_LEASE
    assert size <= max(1, spent, limit // 120)


@given(limit=st.integers(1, 100), sizes=st.lists(st.integers(1, MAX_LEASE), max_size=50))
def test_leases_together_are_granted_up_to_the_limit(limit: int, sizes: list[int]) -> None:
    leased, given_out = 0, 0
    for size in sizes:
        leased += size
        given_out += granted(limit, size, leased)
    assert given_out == min(limit, sum(sizes))


@given(st.integers(0, 2**45))
def test_a_window_is_the_minute_of_a_moment(now: int) -> None:
    start = window(Millis(now))
    assert start % MINUTE == 0
    assert start <= now < start + MINUTE


class SharedWindow(RuleBasedStateMachine):
    """Any processes, in any order, over any minutes, with a store that fails at times."""

    def __init__(self) -> None:
        super().__init__()
        self.counters = Counters()
        self.processes = [Quotas(self.counters) for _ in range(8)]
        self.organization = having(30)
        self.now = NOW
        self.served = 0
        self.by_process: Counter[int] = Counter()
        self.recently: Counter[int] = Counter()

    @rule(number=st.integers(0, 7), times=st.integers(1, 40))
    def ask(self, number: int, times: int) -> None:
        for _ in range(times):
            try:
                quota = self.processes[number].count(self.organization, LOGS, now=self.now)
            except Unavailable:
                continue
            if quota.exceeded:
                assert self.counters.leased("acme", LOGS, start=window(self.now)) >= 30
                assert quota.remaining == 0
            else:
                self.served += 1
                self.by_process[number] += 1

    @rule(seconds=st.integers(1, 90))
    def wait(self, seconds: int) -> None:
        before, self.now = window(self.now), Millis(self.now + seconds * 1_000)
        if window(self.now) != before:
            self.served, self.recently, self.by_process = 0, self.by_process, Counter()

    @rule()
    def fail_or_recover(self) -> None:
        self.counters.down = not self.counters.down

    @invariant()
    def never_more_than_the_limit(self) -> None:
        assert self.served <= 30

    @rule()
    def whatever_idle_processes_hold_the_rest_is_granted(self) -> None:
        """A process that goes on until it is refused leaves to the others at most one lease each."""
        self.counters.down = False
        self.ask(0, 31)
        held = sum(max(1, self.by_process[n], self.recently[n]) for n in range(1, 8) if self.by_process[n])
        assert self.served >= 30 - min(held, 7 * MAX_LEASE)


TestSharedWindow = SharedWindow.TestCase

"""The numbers of the removal protocol."""

from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, SECOND
from reprieve.removals.queue import SECOND_LOOK, SETTLED, Part
from reprieve.removals.removal import LEASE, MAX_BACKOFF, Removal, RemovalState, backoff, watermark
from reprieve.suppressions.suppression import SuppressionList

moments = st.integers(min_value=10**12, max_value=2 * 10**12)


@given(moments)
def test_the_watermark_is_in_whole_seconds_and_thirty_older_than_our_clock(now: int) -> None:
    mark = watermark(now)
    assert mark % 1000 == 0
    assert 30_000 <= now - mark < 31_000


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_backoff_is_bounded_whatever_the_number_of_attempts(attempts: int, spread: float) -> None:
    assert SECOND <= backoff(attempts, spread=spread) <= MAX_BACKOFF


def test_backoff_doubles_up_to_an_hour_and_is_spread_over_the_whole_range() -> None:
    assert [backoff(attempts, spread=0.5) // 1000 for attempts in range(1, 9)] == [
        15,
        30,
        60,
        120,
        240,
        480,
        960,
        1800,
    ]
    assert backoff(3, spread=0) == SECOND


def test_a_lease_outlives_the_longest_run_of_the_job() -> None:
    assert LEASE > 110_000


def a_removal(*, bounced_at: int | None, until: int, bounce: int) -> Removal:
    return Removal(
        id="r",
        list=SuppressionList.BOUNCES,
        key="a@b.co",
        email="a@b.co",
        state=RemovalState.PENDING,
        requested_at=0,
        requested_by="c",
        request_id="r",
        forgiven_until=until,
        forgiven_bounce=bounce,
        bounced_at=bounced_at,
        attempts=0,
        fence=1,
        due_at=0,
    )


def test_a_removal_is_overtaken_only_by_a_bounce_later_than_all_that_was_forgiven() -> None:
    assert not a_removal(bounced_at=None, until=10, bounce=0).overtaken
    assert not a_removal(bounced_at=10, until=10, bounce=0).overtaken
    assert not a_removal(bounced_at=15, until=10, bounce=15).overtaken
    assert a_removal(bounced_at=16, until=10, bounce=15).overtaken


def a_part(*, accounted: bool) -> Part:
    return Part(("o#requests#0", "r#0"), 1, 1_000_000, accounted)


def test_a_part_of_which_all_is_settled_or_accounted_for_is_done() -> None:
    assert a_part(accounted=True).due_again(settled=True, now=1_000_000) is None


def test_a_part_whose_settlement_was_lost_is_looked_at_again_in_a_minute_however_old_it_is() -> None:
    for age in (0, SETTLED + 1, DAY):
        now = 1_000_000 + age
        assert a_part(accounted=True).due_again(settled=False, now=now) == now + SECOND_LOOK


def test_a_part_that_misses_a_record_is_looked_at_less_and_less_often_until_none_can_come() -> None:
    for age, wait in ((-120_000, 60_000), (0, 60_000), (90_000, 90_000), (SETTLED, SETTLED)):
        now = 1_000_000 + age
        assert a_part(accounted=False).due_again(settled=True, now=now) == now + wait
    assert a_part(accounted=False).due_again(settled=True, now=1_000_001 + SETTLED) is None

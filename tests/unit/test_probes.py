"""Probes of domains that failed as a whole, for any entries and any deliveries."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, Millis
from reprieve.policies.probes import MAX_PROBES, NO_DOMAIN, WAIT, Probe, Probes, domain_of
from reprieve.suppressions.suppression import Suppression, SuppressionList

NOW = Millis(1_767_225_600_000)
keys = st.builds("{}@{}.io".format, st.integers(0, 5), st.integers(0, 3))
days = st.integers(0, 20).map(lambda ago: Millis(NOW - ago * DAY))
entries = st.builds(
    lambda key, at, status: Suppression(SuppressionList.BOUNCES, key, key, at, status=status),
    keys,
    days,
    st.sampled_from([*sorted(NO_DOMAIN)[:2], "5.1.1", "5.4.1", ""]),
)
lists = st.lists(entries, max_size=12, unique_by=lambda one: one.key)
probed = st.builds(
    lambda lifted, at, delivered: Probes().counting(lifted, at, {}).hearing(delivered).on(NOW),
    lists,
    days,
    st.dictionaries(keys, days, max_size=3),
)


@given(probed, lists)
def test_of_a_failed_domain_at_most_one_is_lifted_while_no_delivery_was_heard_and_of_others_all(
    probes: Probes, due: list[Suppression]
) -> None:
    through = probes.let_through(due)
    probing = Counter(domain_of(one.key) for one in through if probes.needed_by(one))
    assert set(probing.values()) <= {1}
    assert not probing.keys() & probes.known.keys()
    assert [one for one in through if not probes.needed_by(one)] == [one for one in due if not probes.needed_by(one)]
    # what was lifted is probed then, so the rest of its domain waits
    assert [one for one in probes.counting(through, NOW, {}).let_through(due) if probes.needed_by(one)] == []


@given(probed, lists)
def test_whatever_waits_is_let_through_when_its_time_is_over(probes: Probes, due: list[Suppression]) -> None:
    through = probes.let_through(due)
    for one in due:
        if one not in through:
            until = probes.until(one, NOW)
            assert NOW < until <= NOW + WAIT
            assert probes.on(until).let_through([one]) == [one]


@given(probed, lists, days)
def test_after_a_delivery_that_the_probe_waits_for_all_that_failed_before_it_are_let_through(
    probes: Probes, due: list[Suppression], at: Millis
) -> None:
    waiting = {domain_of(one.key) for one in due if one not in probes.let_through(due)}
    unanswered = {name for name in waiting if name in probes.known and probes.known[name].at <= at}
    heard = probes.hearing({f"any@{name}": at for name in unanswered})
    before = [one for one in due if domain_of(one.key) in unanswered and one.created < at]
    assert heard.let_through(before) == before


def test_the_latest_delivery_since_the_probe_counts_whichever_is_heard_of_first_and_newer_failures_wait() -> None:
    one = Suppression(SuppressionList.BOUNCES, "a@x.io", "", Millis(NOW - DAY), status="5.1.2")
    probes = Probes().counting([one], NOW, {})
    for moments, found in (((-1,), 0), ((1, 3), 3), ((3, 1), 3), ((0, -1), 0)):
        heard = probes
        for days_later in moments:
            heard = heard.hearing({"b@x.io": Millis(NOW + days_later * DAY)})
        latest = Millis(NOW + found * DAY)
        assert heard.answered == (frozenset() if moments == (-1,) else {"x.io"})
        after = Suppression(SuppressionList.BOUNCES, "c@x.io", "", latest, status="5.1.2")
        assert heard.let_through([after]) == []
        assert heard.until(after, latest) == latest + WAIT
        if heard.answered:
            assert heard.known["x.io"] == Probe(NOW, latest)


def test_the_probe_of_a_domain_that_takes_mail_every_day_ends_all_the_same() -> None:
    one = Suppression(SuppressionList.BOUNCES, "a@x.io", "", Millis(NOW - DAY), status="5.1.2")
    probes = Probes().counting([one], NOW, {})
    for number in range(2 * WAIT // DAY):
        probes = probes.hearing({"a@x.io": Millis(NOW + number * DAY)}).on(Millis(NOW + number * DAY))
        assert probes.answered == {"x.io"}
    assert not probes.on(Millis(NOW + 2 * WAIT)).known


def test_an_address_with_a_delivery_of_its_own_is_a_probe_that_has_been_answered() -> None:
    proven, before, after = (
        Suppression(SuppressionList.BOUNCES, f"{name}@x.io", "", Millis(NOW + at), status="5.1.2")
        for name, at in (("proven", 0), ("before", 1), ("after", 3))
    )
    probes = Probes().counting([proven], Millis(NOW + DAY), {proven.key: Millis(NOW + 2)})
    assert probes.let_through([before, after]) == [before]


def test_a_status_with_space_around_it_is_the_status() -> None:
    one = Suppression(SuppressionList.BOUNCES, "a@x.io", "", NOW, status=" 5.1.2 ")
    assert Probes().needed_by(one)


def test_no_more_domains_are_probed_than_may_be() -> None:
    due = [Suppression(SuppressionList.BOUNCES, f"a@{n}.io", "", NOW, status="5.1.2") for n in range(MAX_PROBES + 5)]
    assert Probes().let_through(due) == due[:MAX_PROBES]

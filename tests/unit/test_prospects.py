"""What is to be expected of a lift: named cases, and that more trouble never makes it look better."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.addresses.mail_domain import TAKES_NONE, Mail, MailDomain
from reprieve.addresses.prospect import EXPECTED, Because, Expected, Prospect, prospect
from reprieve.dialects.reprieve import prospects
from reprieve.suppressions.evidence import Evidence, Outcome
from reprieve.suppressions.suppression import Classification, GroupList, Permanence, Suppression, SuppressionList

NOW = 1_800_000_000_000
DAY = 86_400_000
FINE = MailDomain("x.org", Mail.MX)
GONE = MailDomain("x.org", Mail.MISSING)
WRONG = MailDomain("gmial.com", Mail.MX, "gmail.com")
HARD = {"permanence": Permanence.HARD}
MAILBOX = {**HARD, "classification": Classification.INVALID_ADDRESS}
ENTRIES = st.builds(
    Suppression,
    st.sampled_from([*SuppressionList, GroupList.of(7)]),
    st.just("a@x.org"),
    st.just("a@x.org"),
    st.just(NOW),
    permanence=st.sampled_from(Permanence),
    classification=st.sampled_from(Classification),
)
DOMAINS = st.none() | st.builds(MailDomain, st.just("x.org"), st.sampled_from(Mail), st.sampled_from(["", "gmail.com"]))
MOMENTS = st.integers(NOW - 3 * DAY, NOW + DAY)
OUTCOMES = st.lists(
    st.builds(Outcome, MOMENTS, st.sampled_from(Permanence), st.sampled_from(Classification)), max_size=8
)
EVIDENCE = st.builds(
    Evidence, OUTCOMES.map(tuple), st.integers(0, 3), st.none() | MOMENTS, delivered_at=st.none() | MOMENTS
)


def entry(name: Any = SuppressionList.BOUNCES, **attributes: Any) -> Suppression:
    return Suppression(name, "a@x.org", "a@x.org", NOW, **attributes)


def outcomes(*ages: int) -> tuple[Outcome, ...]:
    return tuple(Outcome(NOW - age, Permanence.HARD, Classification.INVALID_ADDRESS, "5.1.1") for age in ages)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_entry", "evidence", "domain", "because", "again"),
    [
        (entry(**MAILBOX), Evidence(), FINE, Because.NO_MAILBOX, 0),
        (entry(SuppressionList.INVALID_EMAILS), Evidence(), FINE, Because.NO_MAILBOX, 0),
        (
            entry(classification=Classification.INVALID_ADDRESS, permanence=Permanence.SOFT),
            Evidence(),
            FINE,
            Because.PASSES,
            0,
        ),
        (entry(**HARD), Evidence(), FINE, Because.UNCLEAR, 0),
        (entry(**HARD), Evidence(), None, Because.UNCLEAR, 0),
        (entry(**HARD, classification=Classification.CONTENT), Evidence(), FINE, Because.PASSES, 0),
        (entry(**HARD, classification=Classification.MAILBOX_UNAVAILABLE), Evidence(), FINE, Because.UNCLEAR, 0),
        (entry(permanence=Permanence.SOFT), Evidence(), FINE, Because.PASSES, 0),
        (
            entry(permanence=Permanence.SOFT, classification=Classification.REPUTATION),
            Evidence(),
            FINE,
            Because.SENDER,
            0,
        ),
        (entry(permanence=Permanence.SOFT), Evidence(), WRONG, Because.MISSPELT, 0),
        (entry(permanence=Permanence.SOFT), Evidence(), GONE, Because.NO_MAIL, 0),
        (entry(permanence=Permanence.SOFT), Evidence(outcomes(9 * DAY, 0), 2, NOW - DAY), FINE, Because.RELAPSED, 2),
        # lifted, and never failed before that: it did not fail again
        (entry(permanence=Permanence.SOFT), Evidence(outcomes(0), 1, NOW - DAY), FINE, Because.PASSES, 0),
        (entry(**MAILBOX), Evidence(outcomes(0), delivered_at=NOW + 1), FINE, Because.DELIVERED, 0),
        (entry(**MAILBOX), Evidence(outcomes(0), delivered_at=NOW), FINE, Because.NO_MAILBOX, 0),
        (entry(**MAILBOX), Evidence(outcomes(0), delivered_at=NOW + 1), GONE, Because.NO_MAIL, 0),
        (entry(SuppressionList.SPAM_REPORTS), Evidence(), FINE, Because.WISH, 0),
        (entry(SuppressionList.UNSUBSCRIBES), Evidence(), WRONG, Because.WISH, 0),
        (entry(SuppressionList.UNSUBSCRIBES), Evidence(), GONE, Because.NO_MAIL, 0),
        (entry(GroupList.of(7)), Evidence(), FINE, Because.WISH, 0),
    ],
)
def test_the_first_reason_decides(
    given_entry: Suppression, evidence: Evidence, domain: MailDomain | None, because: Because, again: int
) -> None:
    assert prospect(given_entry, evidence, domain) == Prospect(because, again)


@given(ENTRIES, EVIDENCE, DOMAINS)
def test_every_entry_has_an_expectation_that_can_be_said(
    one: Suppression, evidence: Evidence, domain: MailDomain | None
) -> None:
    found = prospect(one, evidence, domain)
    assert found.expected is EXPECTED[found.because]
    assert prospects.of_prospect(found).endswith(".")
    assert prospects.tell(one).endswith(".")
    assert domain is None or prospects.of_domain(domain).endswith(".")


@given(ENTRIES, EVIDENCE, DOMAINS)
def test_what_takes_no_mail_is_always_expected_to_bounce(
    one: Suppression, evidence: Evidence, domain: MailDomain | None
) -> None:
    for mail in TAKES_NONE:
        found = prospect(one, evidence, replace(domain or FINE, mail=mail))
        assert (found.because, found.expected) == (Because.NO_MAIL, Expected.BOUNCES)


@given(ENTRIES, EVIDENCE, DOMAINS)
def test_a_dns_without_an_answer_decides_nothing(
    one: Suppression, evidence: Evidence, domain: MailDomain | None
) -> None:
    silent, takes = (replace(domain or FINE, mail=mail) for mail in (Mail.UNKNOWN, Mail.MX))
    assert prospect(one, evidence, silent) == prospect(one, evidence, takes)


@given(ENTRIES, EVIDENCE, DOMAINS)
def test_a_further_relapse_never_makes_it_look_better(
    one: Suppression, evidence: Evidence, domain: MailDomain | None
) -> None:
    order = (Expected.BOUNCES, Expected.UNKNOWN, Expected.MAY_WORK)
    before = prospect(one, evidence, domain)
    after = prospect(one, replace(evidence, lifts=evidence.lifts + 1), domain)
    assert order.index(after.expected) <= order.index(before.expected)
    assert after.bounced_again >= before.bounced_again


def test_each_reason_and_each_state_of_a_domain_has_its_own_sentence() -> None:
    assert set(prospects.WHY) == set(Because)
    assert set(prospects.MAIL) == set(Mail)
    assert set(prospects.EXPECTED) == set(Expected) == set(EXPECTED.values())
    assert set(prospects.TELL_OF_CLASS) == set(Classification)
    assert set(prospects.TELL_OF_LIST) == set(SuppressionList) - {SuppressionList.BOUNCES, SuppressionList.BLOCKS}
    for table in (prospects.WHY, prospects.MAIL, prospects.TELL_OF_CLASS, prospects.TELL_OF_LIST):
        assert len(set(table.values())) == len(table)  # type: ignore[attr-defined]

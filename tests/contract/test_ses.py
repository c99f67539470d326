"""SES's adapter: spellings, reasons, tenants, its pace and its errors."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ReadTimeoutError,
    UnknownServiceError,
)

from reprieve.errors import Unavailable
from reprieve.removals.lift import LiftOutcome
from reprieve.suppressions.suppression import HOLDS, SuppressionList
from tests.support.fake_ses import error as ses_error
from tests.support.providers import BOUNCES, BUDGET, NOW, SPAM, SesBench, assert_clean, outcomes


def test_ses_finds_the_exact_spelling_and_no_other_first(ses: SesBench) -> None:
    ses.put(BOUNCES, "Ann@Example.org")
    assert outcomes(ses.provider.lift(BOUNCES, ["Ann@Example.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]
    assert [name for name, _ in ses.fake.calls] == ["GetSuppressedDestination", "DeleteSuppressedDestination"]
    assert {call["EmailAddress"] for _, call in ses.fake.calls} == {"Ann@Example.org"}


def test_ses_tries_lower_case_before_it_believes_in_absence(ses: SesBench) -> None:
    ses.put(BOUNCES, "ann@example.org")
    (answer,) = ses.provider.lift(BOUNCES, ["Ann@Example.org"], budget=BUDGET)
    assert answer.outcome is LiftOutcome.LIFTED
    assert not ses.listed(BOUNCES)


def test_ses_tries_the_comparison_key_as_well(ses: SesBench) -> None:
    ses.put(BOUNCES, "jörg@xn--exmple-cua.org")
    assert outcomes(ses.provider.lift(BOUNCES, ["jörg@exämple.org"], budget=BUDGET)) == [LiftOutcome.LIFTED]


def test_ses_cannot_find_an_unknown_spelling(ses: SesBench) -> None:
    """A known limit: the reconciliation records the spelling, and from then on it is found."""
    ses.put(BOUNCES, "ANN@example.org")
    assert outcomes(ses.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ABSENT]
    (entry,) = ses.provider.entries(BOUNCES, start=0, end=NOW)
    assert entry.key == "ann@example.org"
    assert outcomes(ses.provider.lift(BOUNCES, [entry.email], budget=BUDGET)) == [LiftOutcome.LIFTED]


@pytest.mark.parametrize(("asked", "kept"), [(BOUNCES, SPAM), (SPAM, BOUNCES)])
def test_ses_never_forgives_a_complaint_with_a_bounce_or_the_reverse(
    ses: SesBench, asked: SuppressionList, kept: SuppressionList
) -> None:
    ses.put(kept, "ann@example.org")
    assert outcomes(ses.provider.lift(asked, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ABSENT]
    assert ses.listed(kept) == {"ann@example.org"}


@pytest.mark.parametrize("name", [SuppressionList.BLOCKS, SuppressionList.INVALID_EMAILS, SuppressionList.UNSUBSCRIBES])
def test_ses_is_not_asked_about_lists_that_it_does_not_keep(ses: SesBench, name: SuppressionList) -> None:
    assert outcomes(ses.provider.lift(name, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ABSENT]
    assert list(ses.provider.entries(name, start=0, end=NOW)) == []
    assert ses.calls() == 0


def test_ses_is_called_once_per_second(ses: SesBench) -> None:
    for n in range(25):
        ses.put(BOUNCES, f"n{n}@example.org")
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(25)], budget=60_000)
    assert outcomes(answers) == [LiftOutcome.LIFTED] * 25
    assert ses.calls() == 50
    assert ses.time.slept == [pytest.approx(1.0)] * 49


def test_ses_stops_when_the_budget_is_spent(ses: SesBench) -> None:
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(25)], budget=5_000)
    assert outcomes(answers) == [LiftOutcome.ABSENT] * 5 + [LiftOutcome.WAIT] * 20
    assert answers[-1].detail.startswith("not tried")


def test_ses_keeps_what_it_did_before_the_throttle(ses: SesBench) -> None:
    for n in range(4):
        ses.put(BOUNCES, f"n{n}@example.org")
    ses.fake.errors += [None, None, ses_error("TooManyRequestsException", 429)]
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(4)], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.LIFTED] + [LiftOutcome.WAIT] * 3
    assert ses.calls() == 3
    assert ses.listed(BOUNCES) == {"n1@example.org", "n2@example.org", "n3@example.org"}


def test_ses_does_not_believe_in_the_absence_of_an_address_from_a_missing_tenant(ses: SesBench) -> None:
    stranger = ses.adapter(tenant="unknown")
    answers = stranger.lift(BOUNCES, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.ACCOUNT_BROKEN] * 2
    assert_clean(answers)
    with pytest.raises(Unavailable):
        list(stranger.entries(BOUNCES, start=0, end=NOW))


def test_ses_checks_the_tenant_once(ses: SesBench) -> None:
    assert (
        outcomes(ses.other.lift(BOUNCES, [f"n{n}@example.org" for n in range(3)], budget=BUDGET))
        == [LiftOutcome.ABSENT] * 3
    )
    assert [name for name, _ in ses.fake.calls].count("ListSuppressedDestinations") == 1
    assert all(call["TenantName"] == "sub" for _, call in ses.fake.calls)


def test_ses_without_a_tenant_never_names_one(ses: SesBench) -> None:
    ses.put(BOUNCES, "ann@example.org")
    ses.provider.lift(BOUNCES, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    list(ses.provider.entries(BOUNCES, start=0, end=NOW))
    assert all("TenantName" not in call for _, call in ses.fake.calls)


def test_an_entry_that_vanishes_between_the_two_calls_is_absent(ses: SesBench) -> None:
    ses.put(BOUNCES, "ann@example.org")
    ses.fake.errors += [None, ses_error("NotFoundException", 404)]
    assert outcomes(ses.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ABSENT]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ses_error("BadRequestException", 400), LiftOutcome.REFUSED),
        (ses_error("ThrottlingException", 400), LiftOutcome.WAIT),
        (ses_error("ExpiredTokenException", 403), LiftOutcome.ACCOUNT_BROKEN),
        (ses_error("SomethingNew", 403), LiftOutcome.ACCOUNT_BROKEN),
        (ses_error("UnknownOperationException", 404), LiftOutcome.ACCOUNT_BROKEN),
        (ses_error("InternalFailure", 500), LiftOutcome.RETRY),
        (ses_error("SomethingNew", 418), LiftOutcome.RETRY),
        (ParamValidationError(report="boo@example.org"), LiftOutcome.ACCOUNT_BROKEN),
        (UnknownServiceError(service_name="sesv2", known_service_names="s3"), LiftOutcome.ACCOUNT_BROKEN),
        (NoRegionError(), LiftOutcome.ACCOUNT_BROKEN),
        (NoCredentialsError(), LiftOutcome.ACCOUNT_BROKEN),
        (CredentialRetrievalError(provider="boo@example.org", error_msg="expired"), LiftOutcome.ACCOUNT_BROKEN),
        (ConnectTimeoutError(endpoint_url="https://boo@example.org"), LiftOutcome.RETRY),
        (ReadTimeoutError(endpoint_url="https://boo@example.org"), LiftOutcome.RETRY),
        (ConnectionClosedError(endpoint_url="https://boo@example.org"), LiftOutcome.RETRY),
    ],
)
def test_each_error_of_ses_has_one_outcome_and_its_words_are_not_quoted(
    ses: SesBench, error: Exception, outcome: LiftOutcome
) -> None:
    ses.fake.always = error
    answers = ses.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert outcomes(answers) == [outcome]
    assert_clean(answers)


def kinds(base: type[BotoCoreError]) -> list[type[BotoCoreError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in kinds(child))]


@pytest.mark.parametrize("kind", kinds(BotoCoreError), ids=lambda kind: kind.__name__)
def test_no_error_of_boto3_itself_counts_as_the_provider_refusing_or_lacking_the_address(
    ses: SesBench, kind: type[BotoCoreError]
) -> None:
    ses.put(BOUNCES, "ann@example.org")
    ses.fake.always = kind.__new__(kind)
    answers = ses.provider.lift(BOUNCES, ["ann@example.org"], budget=BUDGET)
    assert answers[0].outcome in {LiftOutcome.RETRY, LiftOutcome.ACCOUNT_BROKEN}
    with pytest.raises(Unavailable):
        list(ses.provider.entries(BOUNCES, start=0, end=NOW))


def test_a_boto3_that_does_not_know_a_tenant_stops_the_account_and_says_so(ses: SesBench) -> None:
    ses.fake.always = ParamValidationError(report='Unknown parameter in input: "TenantName"')
    answers = ses.provider.lift(BOUNCES, ["ann@example.org", "bob@example.org"], budget=BUDGET)
    assert [(answer.outcome, answer.detail) for answer in answers] == [
        (LiftOutcome.ACCOUNT_BROKEN, "the deployed boto3 could not send the request to SES")
    ] * 2
    with pytest.raises(Unavailable, match="the deployed boto3 could not send"):
        list(ses.provider.entries(BOUNCES, start=0, end=NOW))


def test_ses_goes_on_after_one_fault_and_gives_up_after_three(ses: SesBench) -> None:
    fault = ses_error("InternalFailure", 500)
    ses.fake.errors += [fault, fault, None, fault]
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(5)], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.RETRY] * 2 + [LiftOutcome.ABSENT, LiftOutcome.RETRY, LiftOutcome.ABSENT]
    ses.fake.calls.clear()
    ses.fake.always = fault
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(9)], budget=BUDGET)
    assert outcomes(answers) == [LiftOutcome.RETRY] * 3 + [LiftOutcome.WAIT] * 6
    assert ses.calls() == 3


def test_ses_pages_are_chained(ses: SesBench) -> None:
    for n in range(10):
        ses.put(BOUNCES, f"n{n}@example.org", 1_700_000_000 + n)
    ses.fake.errors += [None, ses_error("TooManyRequestsException", 429), ses_error("TooManyRequestsException", 429)]
    found = [entry.email for entry in ses.provider.entries(BOUNCES, start=0, end=NOW)]
    assert found == [f"n{n}@example.org" for n in range(10)]
    assert ses.calls() == 6


def test_ses_pages_that_go_round_in_circles_end(ses: SesBench) -> None:
    for n in range(10):
        ses.put(BOUNCES, f"n{n}@example.org")
    real = ses.fake._list
    ses.fake._list = lambda parameters: real(parameters) | {"NextToken": "3"}  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="form a circle"):
        list(ses.provider.entries(BOUNCES, start=0, end=NOW))


def test_ses_takes_no_longer_than_the_time_that_is_given(ses: SesBench) -> None:
    answers = ses.provider.lift(BOUNCES, [f"n{n}@example.org" for n in range(9)], budget=3_000)
    assert ses.time.seconds <= 4
    assert LiftOutcome.WAIT in outcomes(answers)


def test_a_hold_leaves_an_entry_that_is_there_as_it_is(ses: SesBench) -> None:
    ses.put(SPAM, "ann@example.org")
    answers = ses.provider.put(HOLDS, ["Ann@example.org"], budget=BUDGET)
    assert [(one.outcome, one.detail) for one in answers] == [
        (LiftOutcome.LISTED, "on the list already, and left as it is")
    ]
    assert ses.listed(SPAM) == {"ann@example.org"}
    assert [operation for operation, _ in ses.fake.calls] == ["GetSuppressedDestination"] * 2
    assert outcomes(ses.provider.lift(HOLDS, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ABSENT]


def test_a_hold_of_a_tenant_that_is_not_there_breaks_the_account(ses: SesBench) -> None:
    provider = ses.adapter(tenant="unknown")
    assert outcomes(provider.put(HOLDS, ["ann@example.org"], budget=BUDGET)) == [LiftOutcome.ACCOUNT_BROKEN]

"""Hard or soft: the provider's type, then the status code, then the text, then the kind of event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import comparison_key
from reprieve.suppressions.classifier import CLASSIFIED, PROVIDER_TYPE, STATUS, TEXT, permanence
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind, suppression_of
from reprieve.suppressions.suppression import Classification, Permanence, SuppressionList

HARD, SOFT = Permanence.HARD, Permanence.SOFT


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("5.1.1", HARD),
        ("5.1.10", HARD),
        ("5.4.4", HARD),
        ("5.2.2", SOFT),
        ("5.2.1", SOFT),
        ("5.1.8", SOFT),
        ("5.7.1", SOFT),
        ("5.7.30", SOFT),
        ("4.1.1", SOFT),
        ("4.0.0", SOFT),
    ],
)
def test_a_status_code_decides_before_the_text(status: str, expected: Permanence) -> None:
    contrary = "mailbox full" if expected is HARD else "no such user"
    otherwise = SOFT if expected is HARD else HARD
    assert permanence(status=status, text=contrary, otherwise=otherwise) is expected


@pytest.mark.parametrize("status", ["5.0.0", "5.1.0", "5.4.1", "5.5.0", "2.0.0", "", "550", "5.x.1"])
def test_a_status_code_that_says_nothing_leaves_it_to_the_text(status: str) -> None:
    assert permanence(status=status, text="550 No such user here") is HARD
    assert permanence(status=status, text="Requested action not taken", otherwise=HARD) is HARD
    assert permanence(status=status, text="Requested action not taken", otherwise=SOFT) is SOFT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist", HARD),
        ("552-5.2.2 The email account that you tried to reach is over quota", SOFT),
        ("550 unknown user", HARD),
        ("host unknown: name not found", HARD),
        ("554 Recipient address rejected: user unknown in virtual mailbox table", HARD),
        ("450 user unknown, temporarily rejected", SOFT),
        ("452 whatever", SOFT),
        ("550 message blocked, see our list at 192.0.2.5.1.1", SOFT),
        ("550 mailbox is full", SOFT),
        ("554 this account has been disabled or discontinued", SOFT),
        ("the domain has a null MX", HARD),
    ],
)
def test_the_text_decides_when_no_code_does(text: str, expected: Permanence) -> None:
    assert permanence(text=text, otherwise=SOFT if expected is HARD else HARD) is expected


@pytest.mark.parametrize(
    ("provider", "kind", "expected"),
    [("sendgrid", "blocked", SOFT), ("ses", "Permanent", HARD), ("ses", "TRANSIENT", SOFT)],
)
def test_the_providers_own_type_decides_before_everything(provider: str, kind: str, expected: Permanence) -> None:
    contrary = "5.2.2" if expected is HARD else "5.1.1"
    assert permanence(provider=provider, kind=kind, status=contrary) is expected


@pytest.mark.parametrize("kind", ["Undetermined", "bounce", ""])
def test_a_type_that_says_nothing_decides_nothing(kind: str) -> None:
    assert [permanence(provider="ses", kind=kind, status=status) for status in ("5.1.1", "5.2.2")] == [HARD, SOFT]


def test_sendgrids_classification_decides_before_the_code() -> None:
    assert permanence(classification=Classification.INVALID_ADDRESS, status="5.2.2") is HARD
    assert permanence(classification=Classification.MAILBOX_UNAVAILABLE, status="5.1.1") is SOFT


def test_every_classification_but_the_one_without_an_opinion_is_in_the_table() -> None:
    assert set(CLASSIFIED) == set(Classification) - {Classification.UNCLASSIFIED}


def test_the_tables_hold_both_verdicts() -> None:
    for table in (PROVIDER_TYPE.values(), STATUS.values(), [verdict for verdict, _ in TEXT]):
        assert set(table) == {HARD, SOFT}


@given(st.text(max_size=3_000), st.text(max_size=20), st.sampled_from(Permanence))
def test_any_text_is_judged(text: str, status: str, otherwise: Permanence) -> None:
    assert permanence(text=text, status=status, otherwise=otherwise) in Permanence


@pytest.mark.parametrize(
    ("kind", "status", "place", "expected"),
    [
        (DeliveryKind.BOUNCE, "5.1.1", SuppressionList.BOUNCES, HARD),
        (DeliveryKind.BOUNCE, "5.2.2", SuppressionList.BOUNCES, SOFT),
        (DeliveryKind.BOUNCE, "", SuppressionList.BOUNCES, HARD),
        (DeliveryKind.BLOCKED, "5.1.1", SuppressionList.BLOCKS, SOFT),
        (DeliveryKind.SPAM_REPORT, "", SuppressionList.SPAM_REPORTS, HARD),
    ],
)
def test_an_event_puts_the_address_on_its_list_as_hard_or_soft(
    kind: DeliveryKind, status: str, place: SuppressionList, expected: Permanence
) -> None:
    email = "ann@example.org"
    event = DeliveryEvent("e", kind, email, comparison_key(email), 1, status=status, provider="sendgrid", type="bounce")
    found = suppression_of(event)
    assert found is not None
    assert (found.list, found.permanence) == (place, expected)

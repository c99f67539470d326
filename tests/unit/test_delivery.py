"""The list that an event puts an address on."""

import pytest

from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList


def an_event(kind: DeliveryKind, message: str = "text ") -> DeliveryEvent:
    return DeliveryEvent(
        "id",
        kind,
        "A@b.co",
        "a@b.co",
        5,
        message,
        "5.1.1",
        Classification.INVALID_ADDRESS,
        "sendgrid",
        "m",
        "192.0.2.1",
    )


@pytest.mark.parametrize(
    ("kind", "message", "target"),
    [
        (DeliveryKind.BOUNCE, "550", SuppressionList.BOUNCES),
        (DeliveryKind.BLOCKED, "554", SuppressionList.BLOCKS),
        (DeliveryKind.SPAM_REPORT, "", SuppressionList.SPAM_REPORTS),
        (DeliveryKind.UNSUBSCRIBE, "", SuppressionList.UNSUBSCRIBES),
        (DeliveryKind.DROPPED, "Invalid", SuppressionList.INVALID_EMAILS),
        (DeliveryKind.DROPPED, " invalid ", SuppressionList.INVALID_EMAILS),
        (DeliveryKind.DROPPED, "Invalid SMTPAPI header", None),
        (DeliveryKind.DROPPED, "Bounced Address", None),
        (DeliveryKind.DELIVERED, "250 OK", None),
        (DeliveryKind.DEFERRED, "451 later", None),
    ],
)
def test_an_event_lists_the_address_where_it_belongs_or_nowhere(
    kind: DeliveryKind, message: str, target: SuppressionList | None
) -> None:
    entry = suppression_of(an_event(kind, message))
    assert (entry.list if entry else None) == target


def test_a_bounce_is_kept_with_everything_that_the_provider_said_verbatim() -> None:
    assert suppression_of(an_event(DeliveryKind.BOUNCE)) == Suppression(
        list=SuppressionList.BOUNCES,
        key="a@b.co",
        email="A@b.co",
        created=5,
        reason="text ",
        status="5.1.1",
        permanence=Permanence.HARD,
        classification=Classification.INVALID_ADDRESS,
        provider="sendgrid",
        ip="",
        event_id="id",
        count=1,
    )


def test_only_spam_reports_keep_the_sending_address() -> None:
    report = suppression_of(an_event(DeliveryKind.SPAM_REPORT))
    assert report is not None
    assert report.ip == "192.0.2.1"


@pytest.mark.parametrize(
    ("word", "member"),
    [
        ("Technical", Classification.TECHNICAL),
        ("Technical Failure", Classification.TECHNICAL),
        ("Frequency or Volume Too High", Classification.FREQUENCY),
        ("Frequency/Volume", Classification.FREQUENCY),
        ("invalid", Classification.INVALID_ADDRESS),
        ("MAILBOX UNAVAILABLE", Classification.MAILBOX_UNAVAILABLE),
        ("Content", Classification.CONTENT),
        ("reputation", Classification.REPUTATION),
        ("Unclassified", Classification.UNCLASSIFIED),
        ("", Classification.UNCLASSIFIED),
        (None, Classification.UNCLASSIFIED),
        ("/", Classification.UNCLASSIFIED),
        ("something new", Classification.UNCLASSIFIED),
    ],
)
def test_a_classification_is_read_in_every_spelling_that_sendgrid_has_used(
    word: str | None, member: Classification
) -> None:
    assert Classification.read(word) is member

"""Amazon SES's notifications: which organization sent the mail, and what became of it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import MAX_KEY_OCTETS
from reprieve.clock import DAY
from reprieve.errors import InvalidInput
from reprieve.providers.ses.events import MAX_NOTIFICATION, parse_events, senders, unwrapped
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Permanence, SuppressionList

AT = 1_700_000_000_123
NOW = AT + 5_000
STAMP = "2023-11-14T22:13:20.123Z"
MAIL = {
    "timestamp": "2023-11-14T22:13:19.000Z",
    "source": "Shop <News@Shop.Example>",
    "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop.example",
    "messageId": "0100018bcf",
    "destination": ["a@example.org", "b@example.org"],
}
KNOWN = "550 5.1.1 user unknown"


def bounce(kind: str = "Permanent", subtype: str = "General", *, feedback: str = "f-1", **row: Any) -> dict[str, Any]:
    recipient = {"emailAddress": "a@example.org", "status": "5.1.1", "diagnosticCode": f"smtp; {KNOWN}"} | row
    about = {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [recipient],
        "timestamp": STAMP,
        "feedbackId": feedback,
    }
    return {"eventType": "Bounce", "bounce": about, "mail": MAIL}


def complaint(*emails: str, **about: Any) -> dict[str, Any]:
    content = {
        "complainedRecipients": [{"emailAddress": email} for email in emails],
        "timestamp": STAMP,
        "feedbackId": "f-2",
        "complaintFeedbackType": "abuse",
        "complaintSubType": None,
    }
    return {"eventType": "Complaint", "complaint": content | about, "mail": MAIL}


def delay(stamp: str = STAMP) -> dict[str, Any]:
    row = {"emailAddress": "a@example.org", "status": "4.4.1", "diagnosticCode": "smtp; 451 4.4.1 timeout"}
    about = {"timestamp": stamp, "delayType": "TransientCommunicationFailure", "delayedRecipients": [row]}
    return {"eventType": "DeliveryDelay", "deliveryDelay": about, "mail": MAIL}


def delivery(*emails: object) -> dict[str, Any]:
    about = {"timestamp": STAMP, "recipients": list(emails), "smtpResponse": "250 2.6.0 queued"}
    return {"eventType": "Delivery", "delivery": about, "mail": MAIL}


def read(notification: object, *, now: int = NOW) -> Batch:
    return parse_events(Post({}, json.dumps(notification).encode(), now))


def only(notification: object) -> DeliveryEvent:
    batch = read(notification)
    assert (len(batch.events), batch.unreadable, batch.ignored) == (1, [], 0)
    return batch.events[0]


def problem(notification: object, *, now: int = NOW) -> str:
    body = json.dumps(notification).encode()
    (found,) = parse_events(Post({}, body, now)).unreadable
    assert found == Unreadable("ses", found.reason, body)
    return found.reason


def test_a_bounce_is_an_event_with_the_receiving_servers_words() -> None:
    event = only(bounce())
    assert event == DeliveryEvent(
        id=event.id,
        kind=DeliveryKind.BOUNCE,
        email="a@example.org",
        key="a@example.org",
        at=AT,
        message=KNOWN,
        status="5.1.1",
        provider="ses",
        message_id="0100018bcf",
        opinion=Permanence.HARD,
    )


LISTS = SuppressionList
KINDS = DeliveryKind


@pytest.mark.parametrize(
    ("kind", "subtype", "happened", "listed"),
    [
        ("Permanent", "General", KINDS.BOUNCE, (LISTS.BOUNCES, Permanence.HARD)),
        ("Permanent", "NoEmail", KINDS.BOUNCE, (LISTS.BOUNCES, Permanence.HARD)),
        ("Permanent", "Suppressed", KINDS.BOUNCE, (LISTS.BOUNCES, Permanence.HARD)),
        ("Permanent", "SomethingNew", KINDS.BOUNCE, (LISTS.BOUNCES, Permanence.HARD)),
        ("Permanent", "OnAccountSuppressionList", KINDS.DROPPED, None),
        ("Permanent", "OnTenantSuppressionList", KINDS.DROPPED, None),
        ("Permanent", "EmailValidationSuppressed", KINDS.DROPPED, None),
        ("Permanent", "UnsubscribedRecipient", KINDS.UNSUBSCRIBE, (LISTS.UNSUBSCRIBES, Permanence.HARD)),
        ("Transient", "General", KINDS.BLOCKED, (LISTS.BLOCKS, Permanence.SOFT)),
        ("Transient", "MailboxFull", KINDS.BLOCKED, (LISTS.BLOCKS, Permanence.SOFT)),
        ("Transient", "CustomTimeoutExceeded", KINDS.BLOCKED, (LISTS.BLOCKS, Permanence.SOFT)),
        ("Transient", "SomethingNew", KINDS.BLOCKED, (LISTS.BLOCKS, Permanence.SOFT)),
        ("Transient", "MessageTooLarge", KINDS.BLOCKED, None),
        ("Transient", "ContentRejected", KINDS.BLOCKED, None),
        ("Transient", "AttachmentRejected", KINDS.BLOCKED, None),
        ("Transient", "UnsubscribedRecipient", KINDS.UNSUBSCRIBE, (LISTS.UNSUBSCRIBES, Permanence.HARD)),
        ("Undetermined", "Undetermined", KINDS.BLOCKED, (LISTS.BLOCKS, Permanence.SOFT)),
    ],
)
def test_each_subtype_of_a_bounce_has_its_list(
    kind: str, subtype: str, happened: DeliveryKind, listed: tuple[SuppressionList, Permanence] | None
) -> None:
    event = only(bounce(kind, subtype, status="", diagnosticCode=""))
    entry = suppression_of(event)
    # an echo of SES's own list is what SendGrid calls a drop for a bounced address
    said = (
        "Bounced Address" if subtype in {"OnAccountSuppressionList", "OnTenantSuppressionList"} else f"{kind}/{subtype}"
    )
    assert (event.kind, event.message) == (happened, said)
    assert (entry and (entry.list, entry.permanence)) == listed


def test_the_servers_words_count_for_more_than_the_type_that_ses_gives() -> None:
    mislabelled = suppression_of(only(bounce(status="5.2.2", diagnosticCode="smtp; 552 5.2.2 mailbox full")))
    undetermined = suppression_of(only(bounce("Undetermined", "Undetermined")))
    assert (mislabelled.list, mislabelled.permanence) == (SuppressionList.BOUNCES, Permanence.SOFT)
    assert (undetermined.list, undetermined.permanence) == (SuppressionList.BOUNCES, Permanence.HARD)


def test_what_one_recipients_words_decide_says_nothing_of_the_next() -> None:
    notification = bounce("Undetermined", "Undetermined")
    notification["bounce"]["bouncedRecipients"].append({"emailAddress": "b@example.org"})
    assert [event.kind for event in read(notification).events] == [DeliveryKind.BOUNCE, DeliveryKind.BLOCKED]


def test_an_unknown_type_of_bounce_is_set_aside() -> None:
    assert "bounceType" in problem(bounce("Eternal"))


def test_a_complaint_that_names_one_recipient_suppresses_it() -> None:
    event = only(complaint("a@example.org"))
    assert (event.kind, event.message, event.suppresses) == (DeliveryKind.SPAM_REPORT, "abuse", True)
    assert suppression_of(event).list is SuppressionList.SPAM_REPORTS


def test_a_complaint_that_names_several_suppresses_none_of_them() -> None:
    events = read(complaint("a@example.org", "b@example.org")).events
    assert {event.message for event in events} == {"one of 2 recipients, Amazon SES does not know which"}
    assert [suppression_of(event) for event in events] == [None, None]


def test_the_echo_of_a_complaint_is_no_complaint() -> None:
    event = only(complaint("a@example.org", complaintSubType="OnAccountSuppressionList"))
    assert (event.kind, suppression_of(event)) == (DeliveryKind.DROPPED, None)
    assert event.message == "Spam Reporting Address"


def test_an_echo_says_so_whatever_ses_says_of_its_list() -> None:
    said = "Amazon SES did not send the message to this address because it is on the suppression list for your account."
    event = only(bounce("Permanent", "OnAccountSuppressionList", diagnosticCode=said))
    assert (event.kind, event.message) == (DeliveryKind.DROPPED, "Bounced Address")


def test_a_mailbox_that_calls_a_mail_no_spam_does_not_complain() -> None:
    assert read(complaint("a@example.org", complaintFeedbackType="not-spam")) == Batch([], [], ignored=1)


def test_a_delivery_is_an_event_for_each_recipient() -> None:
    events = read(delivery("a@example.org", "B@Example.org")).events
    assert [(event.kind, event.email, event.message) for event in events] == [
        (DeliveryKind.DELIVERED, "a@example.org", "250 2.6.0 queued"),
        (DeliveryKind.DELIVERED, "B@Example.org", "250 2.6.0 queued"),
    ]


def test_a_delay_is_a_deferral_each_time() -> None:
    first, again, later = only(delay()), only(delay()), only(delay("2023-11-14T22:13:21.123Z"))
    assert (first.kind, first.message, first.status) == (DeliveryKind.DEFERRED, "451 4.4.1 timeout", "4.4.1")
    assert first.id == again.id != later.id


def test_a_virus_drops_the_mail_and_suppresses_none_of_its_recipients() -> None:
    batch = read({"eventType": "Reject", "reject": {"reason": "Bad content"}, "mail": MAIL})
    assert [(event.email, event.kind, event.message) for event in batch.events] == [
        ("a@example.org", DeliveryKind.DROPPED, "Bad content"),
        ("b@example.org", DeliveryKind.DROPPED, "Bad content"),
    ]
    assert [suppression_of(event) for event in batch.events] == [None, None]


@pytest.mark.parametrize(
    "notification",
    [
        {"eventType": "Send", "send": {}, "mail": MAIL},
        {"eventType": "Open", "open": {}, "mail": MAIL},
        {"eventType": "Rendering Failure", "mail": MAIL},
        {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have successfully subscribed"},
        {},
        {"eventType": ["Bounce"]},
    ],
)
def test_other_notifications_are_ignored(notification: dict[str, Any]) -> None:
    assert read(notification) == Batch([], ignored=1)


def test_the_two_forms_of_one_event_are_one() -> None:
    published = bounce()
    feedback = {name: value for name, value in published.items() if name != "eventType"}
    feedback = json.loads(json.dumps(feedback | {"notificationType": "Bounce"}))
    feedback["bounce"]["timestamp"] = "2023-11-14T22:13:20.500Z"
    assert only(published).id == only(feedback).id != only(bounce(feedback="f-9")).id


@pytest.mark.parametrize(
    "spelling",
    ["a@example.org", "Ann <a@example.org>", '"Last, Ann" <a@example.org>', "rfc822;a@example.org", " a@example.org "],
)
def test_an_address_is_read_with_what_a_notification_puts_around_it(spelling: str) -> None:
    assert only(bounce(emailAddress=spelling)).email == "a@example.org"


@pytest.mark.parametrize(
    ("spelling", "reason"),
    [
        (None, "missing or empty"),
        ("", "missing or empty"),
        (7, "missing or empty"),
        ("Ann <>", "missing or empty"),
        ("(" * 3_000 + ">", "missing or empty"),
        ("\ud83d@example.org", "has half of a surrogate pair"),
        ("a" * MAX_KEY_OCTETS + "@example.org", "octets"),
    ],
)
def test_a_recipient_that_cannot_be_read_sets_the_notification_aside_and_spares_the_others(
    spelling: object, reason: str
) -> None:
    body = json.dumps(delivery(spelling, "b@example.org")).encode()
    batch = parse_events(Post({}, body, NOW))
    assert [event.email for event in batch.events] == ["b@example.org"]
    assert [one.content for one in batch.unreadable] == [body]
    assert reason in batch.unreadable[0].reason


@pytest.mark.parametrize("stamp", [None, "", "yesterday", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", 17])
def test_a_time_that_cannot_be_sets_the_notification_aside(stamp: object) -> None:
    notification = bounce()
    notification["bounce"]["timestamp"] = stamp
    assert "timestamp" in problem(notification)


def test_a_time_is_accepted_up_to_a_day_ahead() -> None:
    assert read(bounce(), now=AT - DAY).events
    assert "timestamp" in problem(bounce(), now=AT - DAY - 1)


def test_half_of_an_emoji_in_a_servers_words_does_not_stop_the_bounce() -> None:
    assert only(bounce(diagnosticCode="smtp; 550 no \ud83d")).message == "550 no \N{REPLACEMENT CHARACTER}"


def test_words_that_are_too_long_to_keep_set_the_notification_aside() -> None:
    assert str(MAX_TEXT_OCTETS) in problem(bounce(diagnosticCode="x" * MAX_TEXT_OCTETS))


def test_the_sender_is_the_configuration_set_then_the_identity_and_last_what_the_author_wrote() -> None:
    mail = MAIL | {
        "tags": {"ses:configuration-set": ["Marketing"], "ses:from-domain": ["shop.example"]},
        "headers": [{"name": "X-SES-TENANT", "value": "tenant-a"}, {"name": "Subject", "value": "Hello"}],
    }
    assert senders(json.dumps({"mail": mail}).encode()) == (
        "configuration-set/Marketing",
        "identity/shop.example",
        "identity/news@shop.example",
        "tenant/tenant-a",
    )


@pytest.mark.parametrize(
    "mail", [{}, {"source": "(" * 3_000 + ">"}, {"tags": [], "headers": {}}, {"tags": {"ses:configuration-set": "x"}}]
)
def test_a_mail_that_names_no_sender_has_none(mail: dict[str, Any]) -> None:
    assert senders(json.dumps({"mail": mail}).encode()) == ()


def envelopes(notification: bytes) -> list[bytes]:
    text = notification.decode()
    return [
        notification,
        json.dumps({"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:x", "Message": text}).encode(),
        json.dumps({"source": "aws.ses", "detail-type": "Email Bounced", "detail": json.loads(text)}).encode(),
    ]


def test_a_notification_is_the_same_in_every_envelope() -> None:
    notification = json.dumps(bounce()).encode()
    assert [json.loads(unwrapped(one)) for one in envelopes(notification)] == [bounce()] * 3


def test_the_sentence_with_which_ses_greets_a_new_topic_is_no_notification() -> None:
    sentence = "Successfully validated SNS topic for Amazon SES event publishing."
    assert unwrapped(sentence.encode()) is None
    assert unwrapped(json.dumps({"Type": "Notification", "Message": sentence}).encode()) is None


@pytest.mark.parametrize(
    "message",
    [b"{", b"[]", b'{"Type":"Notification"}', b"{" + b" " * MAX_NOTIFICATION + b"}", b'{"a":' * 9_999, b'{"\xff":1}'],
)
def test_a_message_that_is_no_object_is_refused(message: bytes) -> None:
    with pytest.raises(InvalidInput):
        unwrapped(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.data())
def test_whatever_a_notification_holds_it_is_kept_ignored_or_set_aside(data: st.DataObject) -> None:
    forms = [bounce(), complaint("a@example.org"), delay(), delivery("a@example.org", "b@example.org")]
    notification = json.loads(json.dumps(data.draw(st.sampled_from(forms))))
    parents = [notification, *(value for value in notification.values() if isinstance(value, dict))]
    for _ in range(data.draw(st.integers(1, 3))):
        parent = data.draw(st.sampled_from(parents))
        parent[data.draw(st.sampled_from(sorted(parent)))] = data.draw(JSON)
    body = json.dumps(notification).encode()
    batch = parse_events(Post({}, body, NOW))
    assert batch.events or batch.unreadable or batch.ignored
    assert {one.content for one in batch.unreadable} <= {body}
    assert {entry.key for event in batch.events if (entry := suppression_of(event))} <= {
        one.key for one in batch.events
    }
    with suppress(InvalidInput):
        assert all("/" in sender for sender in senders(body))


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_at_all_are_a_notification_a_sentence_or_refused(message: bytes) -> None:
    try:
        inner = unwrapped(message)
    except InvalidInput:
        return
    if inner is not None:
        parse_events(Post({}, inner, NOW))

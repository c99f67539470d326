"""Mails that report on other mails: whom they are about, and what they say."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, Millis
from reprieve.errors import InvalidInput
from reprieve.providers.mail.reports import read_report
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.suppression import SuppressionList
from tests.support.mail_reports import DATA, FIRST, NOW, group, listed, mail, only, read, status_mail

KINDS = DeliveryKind
#: by mail: what it reports as kind, recipient, status, and the list that it puts the recipient on
CORPUS: dict[str, list[tuple[DeliveryKind, str, str, str]]] = {
    "postfix": [(KINDS.BOUNCE, "gone@receiver.example", "5.1.1", "bounces")],
    "postfix-delayed": [(KINDS.DEFERRED, "slow@receiver.example", "4.4.1", "")],
    "exchange-online": [(KINDS.BOUNCE, "former@receiver.example", "5.1.10", "bounces")],
    "exchange-quota": [(KINDS.BLOCKED, "full@receiver.example", "5.2.2", "blocks")],
    "gmail": [(KINDS.BOUNCE, "nosuch@webmail.example", "5.1.1", "bounces")],
    "gmail-classic": [(KINDS.BOUNCE, "nosuch@webmail.example", "", "bounces")],
    "exim": [(KINDS.BOUNCE, "ex@receiver.example", "5.0.0", "bounces")],
    "exim-text": [
        (KINDS.BOUNCE, "one@receiver.example", "", "bounces"),
        (KINDS.BLOCKED, "two@receiver.example", "", "blocks"),
    ],
    "qmail": [
        (KINDS.BOUNCE, "q1@receiver.example", "", "bounces"),
        (KINDS.BLOCKED, "q2@receiver.example", "", "blocks"),
    ],
    "sendmail": [(KINDS.BOUNCE, "s1@receiver.example", "5.1.1", "bounces")],
    "forwarded": [(KINDS.BLOCKED, "alias@forward.example", "4.2.2", "blocks")],
    "delivered": [(KINDS.DELIVERED, "here@receiver.example", "2.0.0", "")],
    "unknown-action": [(KINDS.BLOCKED, "odd@receiver.example", "5.1.1", "")],
    "internationalized": [
        (KINDS.BOUNCE, "josé@receiver.example", "5.1.1", "bounces"),
        (KINDS.BOUNCE, "jiørí@receiver.example", "5.1.1", "bounces"),
    ],
    "complaint": [(KINDS.SPAM_REPORT, "annoyed@mailbox.example", "", "spam_reports")],
    "complaint-of-several": [
        (KINDS.SPAM_REPORT, "annoyed@mailbox.example", "", ""),
        (KINDS.SPAM_REPORT, "other@mailbox.example", "", ""),
    ],
    "complaint-not-spam": [],
    "complaint-auth-failure": [],
    "out-of-office": [],
    "newsletter": [],
}


# ---- the forms that servers write


def test_the_corpus_is_read_whole() -> None:
    assert {path.stem for path in DATA.glob("*.eml")} == CORPUS.keys()


@pytest.mark.parametrize("name", CORPUS)
def test_each_form_reports_its_recipients_and_only_what_failed_for_good_is_a_bounce(name: str) -> None:
    batch = read(mail(name))
    assert [(one.kind, one.email, one.status, listed(one)) for one in batch.events] == CORPUS[name]
    assert batch.unreadable == ()
    assert batch.ignored == (0 if CORPUS[name] else 1)


@pytest.mark.parametrize("name", CORPUS)
def test_the_ends_of_lines_do_not_matter(name: str) -> None:
    assert read(mail(name).replace(b"\r\n", b"\n")) == read(mail(name))


def test_a_bounce_is_an_event_with_the_receiving_servers_words_and_the_returned_mails_id() -> None:
    event = only(mail("postfix"))
    assert event == DeliveryEvent(
        id=event.id,
        kind=DeliveryKind.BOUNCE,
        email="gone@receiver.example",
        key="gone@receiver.example",
        at=FIRST,
        message="550 5.1.1 <gone@receiver.example>: Recipient address rejected: User unknown in local recipient table",
        status="5.1.1",
        provider="mail",
        message_id="<invoice-1@sender.example>",
    )


def test_a_recipients_reason_is_its_own_and_not_its_neighbours() -> None:
    first, second = read(mail("qmail")).events
    assert first.message == (
        "<q1@receiver.example>: 192.0.2.25 does not like recipient. Remote host said: 550 5.1.1 unknown user "
        "Giving up on 192.0.2.25."
    )
    assert second.message == (
        "<q2@receiver.example>: 192.0.2.25 failed after I sent the message. Remote host said: 552 5.2.2 mailbox full"
    )


def test_the_returned_mails_own_words_say_nothing_about_its_delivery() -> None:
    assert "over quota" not in only(mail("gmail-classic")).message


# ---- actions


@pytest.mark.parametrize(
    ("action", "kind", "target"),
    [
        ("failed", KINDS.BOUNCE, "bounces"),
        ("Failed", KINDS.BOUNCE, "bounces"),
        ("failed (permanently)", KINDS.BOUNCE, "bounces"),
        ("delayed", KINDS.DEFERRED, ""),
        ("delivered", KINDS.DELIVERED, ""),
        ("expired", KINDS.BLOCKED, ""),
        ("error", KINDS.BLOCKED, ""),
        ("failure", KINDS.BLOCKED, ""),
    ],
)
def test_only_the_action_failed_puts_an_address_on_a_list(action: str, kind: DeliveryKind, target: str) -> None:
    event = only(status_mail(group(action=action, Diagnostic_Code="smtp; 550 5.1.1 user unknown")))
    assert (event.kind, listed(event)) == (kind, target)


@pytest.mark.parametrize("action", ["relayed", "expanded"])
def test_a_mail_that_went_on_is_no_outcome(action: str) -> None:
    assert read(status_mail(group(action=action))) == Batch([], ignored=1)


def test_a_status_notification_without_an_action_lists_what_its_words_say_and_no_more() -> None:
    silent = status_mail("Final-Recipient: rfc822; a@receiver.example\nStatus: 5.1.1")
    assert read(silent) == Batch([], ignored=1)


@pytest.mark.parametrize(
    ("status", "words", "target"),
    [
        ("5.1.1", "smtp; 550 5.1.1 user unknown", "bounces"),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", "blocks"),
        ("4.4.7", "smtp; 451 4.4.7 message expired", "blocks"),
        ("5.7.1", "smtp; 550 5.7.1 rejected as spam", "blocks"),
        ("5.0.0", "smtp; 550 failed", "blocks"),
    ],
)
def test_what_failed_is_a_bounce_only_if_our_classifier_calls_it_permanent(
    status: str, words: str, target: str
) -> None:
    assert listed(only(status_mail(group(Status=status, Diagnostic_Code=words)))) == target


def test_who_was_mailed_counts_and_not_whom_it_was_forwarded_to() -> None:
    fields = {"Original_Recipient": "rfc822; Alias@Forward.example"}
    assert only(status_mail(group("behind@private.example", **fields))).email == "Alias@Forward.example"


@pytest.mark.parametrize(
    "value", ["rfc822; <A@b.example>", "RFC822;A@b.example", "A@b.example", "<A@b.example>", "rfc822; A@b.example (A)"]
)
def test_a_recipient_is_read_with_or_without_its_type_brackets_or_comment(value: str) -> None:
    assert only(status_mail(group(Final_Recipient=value))).email == "A@b.example"


@pytest.mark.parametrize("value", ["rfc822; root", "x400; /G=No/S=Address", "", "rfc822; a@b@c", "rfc822;" + "(" * 400])
def test_what_is_no_address_reports_on_none(value: str) -> None:
    assert read(status_mail(group(Final_Recipient=value))) == Batch([], ignored=1)


def test_a_notification_that_a_mail_returns_is_not_its_own() -> None:
    inner = status_mail(group()).decode()
    outer = (
        "Date: Thu, 1 Jan 2026 00:00:05 +0000\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nHave a look.\n"
        f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    )
    assert read(outer.encode()) == Batch([], ignored=1)


def test_a_bounce_without_a_standard_comes_from_no_sender_or_is_in_the_log_alone() -> None:
    octets = mail("qmail").replace(b"Return-Path: <>", b"Return-Path: <someone@receiver.example>")
    assert [listed(one) for one in read(octets).events] == ["", ""]


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=6), st.sampled_from(["failed", "delayed"]))
def test_every_recipient_of_a_notification_has_its_event(names: list[str], action: str) -> None:
    groups = [group(f"{name}@r.example", action) for name in names]
    found = Counter(one.email for one in read(status_mail(*groups)).events)
    assert found == Counter({f"{name}@r.example" for name in names})


# ---- repeats and times


def test_a_repeated_report_has_the_same_ids_and_another_one_others() -> None:
    first = status_mail(group("a@r.example"), group("b@r.example"))
    again = status_mail(group("a@r.example"), group("b@r.example"), headers="Received: from elsewhere\n")
    other = first.replace(b"<n@mx", b"<m@mx")
    ids = [one.id for one in read(first).events]
    assert ids == [one.id for one in read(again).events]
    assert len({*ids, *(one.id for one in read(other).events)}) == 4


def test_a_report_without_an_id_is_known_by_its_time_and_the_mail_that_it_returns() -> None:
    anonymous = status_mail(group()).replace(b"Message-ID: <n@mx.sender.example>\n", b"")
    later = anonymous.replace(b"00:00:05", b"00:00:06")
    assert only(anonymous).id == only(anonymous).id
    assert only(anonymous).id != only(later).id


def test_a_recipient_that_is_named_twice_is_one_event() -> None:
    assert only(status_mail(group(), group())).email == "a@receiver.example"


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Thu, 1 Jan 2026 01:00:05 +0100", FIRST),
        ("1 Jan 2026 00:00:05 -0000", FIRST),
        ("Fri, 1 Jan 2027 00:00:00 +0000", Millis(FIRST + 3_000)),
        ("yesterday", Millis(FIRST + 3_000)),
        ("Mon, 1 Jan 1900 00:00:05 +0000", Millis(FIRST + 3_000)),
    ],
)
def test_a_report_is_of_the_time_that_it_says_or_else_of_its_receipt(date: str, at: Millis) -> None:
    stamp = b"Received: by mx.sender.example with SMTP id 1; Thu, 1 Jan 2026 00:00:08 +0000\n"
    octets = stamp + status_mail(group()).replace(b"Thu, 1 Jan 2026 00:00:05 +0000", date.encode())
    assert only(octets).at == at


def test_a_report_without_a_time_is_refused_with_the_fields_name() -> None:
    octets = status_mail(group()).replace(b"Date:", b"X-Date:")
    with pytest.raises(InvalidInput, match="Date: missing, or not a time that can be") as refused:
        read_report(Post({}, octets, NOW))
    assert refused.value.field == "Date"
    assert read(octets) == Batch([], [Unreadable("mail", str(refused.value), octets)])


def test_a_report_from_far_ahead_is_refused() -> None:
    ahead = mail("postfix")
    assert read(ahead, now=Millis(FIRST - DAY)).events
    assert read(ahead, now=Millis(FIRST - DAY - 1)).unreadable


# ---- complaints


def test_a_complaint_that_names_its_author_counts_and_one_of_several_candidates_does_not() -> None:
    assert only(mail("complaint")).message == "abuse"
    assert {one.message for one in read(mail("complaint-of-several")).events} == {
        "one of 2 recipients, the report does not say which"
    }


@pytest.mark.parametrize(("kind", "counts"), [("abuse", 1), ("fraud", 1), ("virus", 1), ("other", 1), ("not-spam", 0)])
def test_feedback_is_a_complaint_unless_it_says_the_opposite(kind: str, counts: int) -> None:
    octets = mail("complaint").replace(b"Feedback-Type: abuse", f"Feedback-Type: {kind}".encode())
    assert [listed(one) for one in read(octets).events] == [SuppressionList.SPAM_REPORTS.value] * counts


def test_a_report_on_a_signature_is_no_complaint() -> None:
    assert read(mail("complaint-auth-failure")) == Batch([], ignored=1)


def test_a_complaint_without_a_recipient_is_the_returned_mails_only_one() -> None:
    octets = mail("complaint").replace(b"Original-Rcpt-To: <annoyed@mailbox.example>\r\n", b"")
    assert (only(octets).email, listed(only(octets))) == ("annoyed@mailbox.example", "spam_reports")

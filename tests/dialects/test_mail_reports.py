"""Mails that report on other mails: whom they are about, what they say, and what hostile ones cost."""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprieve.address import is_address
from reprieve.clock import DAY, HOUR, Millis
from reprieve.errors import InvalidInput
from reprieve.providers.mail.opening import MAX_LINE, MAX_LINES, MAX_NESTINGS, MAX_OCTETS, beginning
from reprieve.providers.mail.reports import (
    MAX_RECIPIENTS,
    checked_sender,
    parse_received,
    parse_report,
    read_report,
    senders,
    unwrapped,
)
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind, suppression_of
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.suppression import SuppressionList

if TYPE_CHECKING:
    from types import FrameType

DATA = Path(__file__).parents[1] / "data" / "reports"
#: the second of 2026 in which the first mail was written
FIRST = Millis(1_767_225_605_000)
NOW = Millis(FIRST + HOUR)

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


def mail(name: str) -> bytes:
    """A mail of the corpus, with the line ends that it has on its way."""
    return (DATA / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


def read(octets: bytes, *, now: Millis = NOW) -> Batch:
    return parse_report(Post({}, octets, now))


def received(octets: bytes) -> Batch:
    return parse_received(Post({}, octets, NOW))


def listed(event: DeliveryEvent) -> str:
    found = suppression_of(event)
    return found.list.value if found else ""


def status_mail(*groups: str, headers: str = "", text: str = "") -> bytes:
    """A delivery status notification with a group of fields per recipient."""
    content = "\n\n".join(("Reporting-MTA: dns; mx.sender.example", *groups))
    return (
        f"{headers}Return-Path: <>\nDate: Thu, 1 Jan 2026 00:00:05 +0000\nMessage-ID: <n@mx.sender.example>\n"
        'To: bounces@sender.example\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n{content}\n\n--b--\n"
    ).encode()


def group(email: str = "a@receiver.example", action: str = "failed", **fields: str) -> str:
    given = {"Final-Recipient": f"rfc822; {email}", "Action": action, "Status": "5.1.1"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    return "\n".join(f"{name}: {value}" for name, value in given.items())


def only(octets: bytes) -> DeliveryEvent:
    batch = read(octets)
    assert (len(batch.events), batch.unreadable, batch.ignored) == (1, (), 0)
    return batch.events[0]


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


# ---- whose it is, and who vouches for it

RECEIPT = (
    "Return-Path: <>\nReceived: from mx.sender.example (mx.sender.example [192.0.2.10])\n"
    " by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc\n for In@Bounces.Example;\n"
    " Thu, 1 Jan 2026 00:00:08 +0000 (UTC)\n"
    "X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\n"
    "Received-SPF: pass (spfCheck: domain of mx.sender.example) client-ip=192.0.2.10;\n"
    "Authentication-Results: amazonses.com;\n spf=pass (spfCheck: domain of mx) client-ip=192.0.2.10;\n"
    " dkim=fail header.i=@sender.example;\n dmarc=none header.from=mx.sender.example;\n"
    "X-SES-RECEIPT: AEFBQUFB\nX-SES-DKIM-SIGNATURE: a=rsa-sha256;\n"
)
RESULTS = "spf=pass (spfCheck: domain of mx) client-ip=192.0.2.10;\n dkim=fail header.i=@sender.example;\n dmarc=none"


def test_what_a_domain_vouches_for_counts() -> None:
    (event,) = received(status_mail(group(), headers=RECEIPT)).events
    assert listed(event) == "bounces"


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        (RESULTS, "spf=none;\n dkim=none;\n dmarc=none"),
        (RESULTS, "spf=fail;\n dkim=fail;\n dmarc=fail"),
        (RESULTS, "spf=pass;\n dkim=pass;\n dmarc=fail"),
        ("amazonses.com;", "mx.forged.example;"),
        ("Authentication-Results", "X-Results"),
        ("Spam-Verdict: PASS", "Spam-Verdict: FAIL"),
        ("Virus-Verdict: PASS", "Virus-Verdict: FAIL"),
        ("X-SES-Spam-Verdict: PASS\n", ""),
        ("X-SES-RECEIPT: AEFBQUFB\n", ""),
        (RECEIPT, ""),
    ],
)
def test_what_none_vouches_for_is_in_the_log_alone(given: str, instead: str) -> None:
    octets = status_mail(group(), headers=RECEIPT.replace(given, instead))
    (event,) = received(octets).events
    (proved,) = received(status_mail(group(), headers=RECEIPT)).events
    assert (event.kind, listed(event), event.id) == (DeliveryKind.BOUNCE, "", proved.id)


def test_a_sender_cannot_write_its_own_receipt() -> None:
    """What it writes comes after SES's own fields."""
    refused = RECEIPT.replace(RESULTS, "spf=fail;\n dkim=none;\n dmarc=none")
    without = RECEIPT[: RECEIPT.index("Received-SPF")] + RECEIPT[RECEIPT.index("X-SES-RECEIPT") :]
    for own in (refused, without):
        (event,) = received(status_mail(group(), headers=own + RECEIPT)).events
        assert listed(event) == ""


def test_a_mail_is_known_by_whom_it_came_to_then_by_whom_the_returned_one_was_from() -> None:
    octets = RECEIPT.replace("Return-Path: <>\n", "").encode() + mail("complaint")
    assert senders(octets) == (
        "identity/in@bounces.example",
        "identity/bounces.example",
        "identity/complaints@sender.example",
        "identity/sender.example",
        "identity/news@sender.example",
    )


def test_a_claim_is_on_an_address_or_a_domain() -> None:
    assert checked_sender("identity/Bounces@Sender.Example") == "identity/bounces@sender.example"
    assert checked_sender("identity/Sender.Example") == "identity/sender.example"
    for wrong in ("configuration-set/x", "identity/", "identity/no domain", "sender.example"):
        with pytest.raises(InvalidInput, match="identity/ADDRESS or identity/DOMAIN"):
            checked_sender(wrong)


def test_a_bounce_without_a_standard_comes_from_no_sender_or_is_in_the_log_alone() -> None:
    octets = mail("qmail").replace(b"Return-Path: <>", b"Return-Path: <someone@receiver.example>")
    assert [listed(one) for one in read(octets).events] == ["", ""]


# ---- whatever comes

HEAD = b"Date: Thu, 1 Jan 2026 00:00:05 +0000\nMessage-ID: <x@y>\nTo: b@s.example\nFrom: <>\n"
REPORT = (
    b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: a\n\n"
)
COMPLAINT = REPORT.replace(b"delivery-status", b"feedback-report").replace(
    b"Reporting-MTA: a\n", b"Feedback-Type: abuse"
)
QMAIL = b"Content-Type: text/plain\n\nHi. This is the qmail-send program\n\n"


def levels(count: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (at, at) for at in range(count))


def recipients(form: bytes, count: int) -> bytes:
    return b"".join(form % at for at in range(count))


HOSTILE = {
    "a long line": HEAD + b"\n" + b"a" * 20_000_000,
    "many lines": HEAD + b"\n" + b"ab\n" * 5_000_000,
    "empty lines": HEAD + b"\n" * 10_000_000,
    "many fields": recipients(b"X-%d: y\n", 500_000) + HEAD + b"\n",
    "a field many times": b"X-Failed-Recipients: a@b.example\n" * 500_000 + HEAD + b"\n",
    "many levels": HEAD + levels(20_000),
    "as many levels as are read, and lines": HEAD + levels(MAX_NESTINGS // 2) + b"--x\n\n" * 100_000,
    "mails in mails": HEAD + b"Content-Type: message/rfc822\n\n" * 20_000,
    "many parts": HEAD + b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\n" * 100_000,
    "a digest": HEAD + b"Content-Type: multipart/digest; boundary=d\n\n" + b"--d\n\nA: b\n\nx\n" * 50_000,
    "a long boundary": HEAD + b"Content-Type: multipart/mixed; boundary=" + b"x" * 900 + b"\n\n--" + b"x" * 900 * 200,
    "many parameters": HEAD + b"Content-Type: text/plain" + b";a" * 1_000_000 + b"\n\n",
    "folded parameters": HEAD + b"Content-Type: text/plain\n" + b" ;a=b\n" * 500_000 + b"\n",
    "an encoding of quadratic time": HEAD + b"Content-Type: text/plain; charset=punycode\n\na-" + b"\xff99z" * 60_000,
    "many groups": HEAD + REPORT + b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 50_000,
    "many recipients": HEAD + REPORT + recipients(b"Final-Recipient: a%d@b.example\nAction: failed\n\n", 50_000),
    "many recipients without a standard": HEAD + QMAIL + recipients(b"<a%d@b.example>: 550 no user\n", 50_000),
    "as many as are read": HEAD + QMAIL + recipients(b"<a%d@b.example>: 550 no user\n", MAX_RECIPIENTS),
    "many complainants": HEAD + COMPLAINT + recipients(b"Original-Rcpt-To: <a%d@b.example>\n", 50_000),
    "comments in comments": HEAD + REPORT + b"Final-Recipient: " + b"(" * 900 + b"\nAction: failed\n",
    "comments in To": b"To: " + b"(" * 990 + b"\n" + HEAD + b"\nx",
    "brackets": HEAD + QMAIL + (b"<" * 900 + b"\n") * 300,
    "spaces": HEAD + QMAIL + b"<q@b.example>:\n" + (b" x" + b" " * 900 + b"\n") * 300,
    "dashes": HEAD + QMAIL + b"<q@b.example>:\n" + (b"-" * 999 + b"\n") * 300,
    "commas": HEAD + b"\n" + (b"," + b" " * 400 + b"a" * 500 + b"\n") * 300,
    "every octet": bytes(range(256)) * 50_000,
    "nothing": b"",
}


class TooMuchWork(BaseException):
    """More calls than a bounded reader makes; no `except Exception` catches it."""


def calls_within(limit: int, octets: bytes) -> None:
    """Read a mail in all ways; fail if that takes more calls of Python and C than the limit."""
    made = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}
        if made > limit:
            raise TooMuchWork

    sys.setprofile(count)
    try:
        received(octets)
        senders(octets)
    finally:
        sys.setprofile(None)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_is_read_in_bounded_steps_and_memory(name: str) -> None:
    calls_within(4_000_000, HOSTILE[name])
    tracemalloc.start()
    try:
        received(HOSTILE[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * MAX_OCTETS


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_reports_on_few_and_is_never_an_error(name: str) -> None:
    batch = received(HOSTILE[name])
    assert len(batch.events) <= MAX_RECIPIENTS
    assert all(listed(event) == "" for event in batch.events)


@given(st.binary(max_size=3_000))
@example(b"a" * 10 * MAX_LINE)
@example(b"\n" * 2 * MAX_LINES)
@example(b"message/" * 1000)
def test_what_is_read_of_a_mail_is_bounded_whatever_it_is(octets: bytes) -> None:
    kept = beginning(octets)
    assert len(kept) <= MAX_OCTETS + MAX_LINES
    assert len(kept.splitlines()) <= 2 * MAX_LINES
    assert kept.lower().count(b"message/") <= MAX_NESTINGS


#: pieces of reports, whole and broken, for mails that no one thought of
PIECES = st.sampled_from(
    [
        *(HEAD, REPORT, COMPLAINT, QMAIL, RECEIPT.encode(), b"--x\n", b"--x--\n", b"\n", b"\r\n", b"\x00", b"\xff\xfe"),
        b"Final-Recipient: rfc822; a@b.example\n",
        b"Original-Recipient: utf-8; \\x{D800}\\x{110000}@b.example\n",
        *(b"Action: failed\n", b"Action: delayed\n", b"Status: 5.1.1\n", b"Diagnostic-Code: smtp; 550 no user\n"),
        *(b"Content-Type: message/rfc822\n\n", b"Content-Type: text/rfc822-headers\n\n", b"Content-Type: \xff/\n\n"),
        *(b"Content-Transfer-Encoding: base64\n", b"Content-Type: text/plain; charset*0=pun; charset*1=ycode\n\n"),
        *(
            b"X-Failed-Recipients: \xe9@b.example, b@b.example\n",
            b"<q@b.example>:\n",
            b"Original-Rcpt-To: <a@b.example>\n",
        ),
        *(b"Date: \xff\n", b"Date: Thu, 99 Jan 99999999 99:99:99 +9999\n", b"From: \n", b"Message-ID: \xff\n"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=40)), max_size=14).map(b"".join))
def test_any_mail_has_events_or_a_reason_and_the_same_each_time(octets: bytes) -> None:
    batch = received(octets)
    assert batch == received(octets)
    assert bool(batch.events) + bool(batch.unreadable) + batch.ignored == 1
    for event in batch.events:
        assert is_address(event.email)
        assert event.id
        assert 0 < event.at <= NOW + DAY
        event.message.encode()
    for one in batch.unreadable:
        assert one.content == octets
    for sender in senders(octets):
        with suppress(InvalidInput):
            checked_sender(sender)
    assert unwrapped(octets) == octets


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=6), st.sampled_from(["failed", "delayed"]))
def test_every_recipient_of_a_notification_has_its_event(names: list[str], action: str) -> None:
    groups = [group(f"{name}@r.example", action) for name in names]
    found = Counter(one.email for one in read(status_mail(*groups)).events)
    assert found == Counter({f"{name}@r.example" for name in names})

"""Mails that report on other mails: what hostile ones cost, and that none is an error."""

from __future__ import annotations

import sys
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprieve.address import is_address
from reprieve.clock import DAY
from reprieve.errors import InvalidInput
from reprieve.providers.mail.opening import MAX_LINE, MAX_LINES, MAX_NESTINGS, MAX_OCTETS, beginning
from reprieve.providers.mail.reports import MAX_RECIPIENTS, checked_sender, senders, unwrapped
from tests.support.mail_reports import NOW, RECEIPT, listed, received

if TYPE_CHECKING:
    from types import FrameType

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


#: pieces of reports, whole and broken, for mails that the corpus does not have
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

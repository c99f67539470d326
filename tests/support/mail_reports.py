"""Mails that report on other mails: the corpus, mails made of parts, and their reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reprieve.clock import HOUR, Millis
from reprieve.providers.mail.reports import parse_received, parse_report
from reprieve.suppressions.ingest import Batch, Post
from reprieve.suppressions.listed import suppression_of

if TYPE_CHECKING:
    from reprieve.suppressions.delivery import DeliveryEvent

DATA = Path(__file__).parents[1] / "data" / "reports"
#: the second of 2026 in which the first mail was written
FIRST = Millis(1_767_225_605_000)
NOW = Millis(FIRST + HOUR)

#: what Amazon SES puts in front of a mail that it received, and its verdicts on the sender in it
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

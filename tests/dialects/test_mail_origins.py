"""Mails that report on other mails: whose they are, and who vouches for them."""

from __future__ import annotations

import pytest

from reprieve.errors import InvalidInput
from reprieve.providers.mail.reports import checked_sender, senders
from reprieve.suppressions.delivery import DeliveryKind
from tests.support.mail_reports import RECEIPT, RESULTS, group, listed, mail, received, status_mail


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

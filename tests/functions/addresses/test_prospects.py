"""What is known before a lift: the domain's mail, a misspelling, earlier lifts, and what is to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.address import comparison_key
from reprieve.addresses.mail_domain import Mail
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import Classification, Permanence, Suppression, SuppressionList
from tests.support import queue
from tests.support.addresses import KEY, NOW, explain, put
from tests.support.contexts import context
from tests.support.gateway import DEMO, Gateway

if TYPE_CHECKING:
    from tests.support.gateway import Calls
    from tests.support.mail_hosts import NoDns

pytestmark = pytest.mark.usefixtures("demo")


@pytest.mark.parametrize(
    ("mail", "sentence", "expected"),
    [
        (Mail.MX, "The domain x.io names mail servers.", "may_work"),
        (
            Mail.NULL_MX,
            "The domain x.io says that it takes no mail (null MX, RFC 7505).",
            "likely_to_bounce_again",
        ),
        (
            Mail.ADDRESS_ONLY,
            "The domain x.io names no mail server, only a host, which mail is then tried at.",
            "may_work",
        ),
        (
            Mail.NO_HOST,
            "The domain x.io names neither a mail server nor a host, so no mail can reach it.",
            "likely_to_bounce_again",
        ),
        (Mail.MISSING, "The domain x.io does not exist.", "likely_to_bounce_again"),
        (Mail.UNKNOWN, "The domain x.io could not be looked up in the DNS.", "may_work"),
    ],
)
def test_a_domain_that_takes_no_mail_decides_what_to_expect(
    call: Gateway, calls: Calls, dns: NoDns, mail: Mail, sentence: str, expected: str
) -> None:
    put(permanence=Permanence.SOFT)
    dns["x.io"] = mail
    body = explain(call).body
    assert body["domain"] == {"name": "x.io", "mail_servers": mail.value, "probably_meant": None, "sentence": sentence}
    assert body["suppressions"][0]["expected"] == expected
    # the DNS is asked once, and DynamoDB no more than without it
    assert (dns.asked, calls) == (["x.io"], {"BatchGetItem": 3, "Query": 1, "GetItem": 3})


def test_a_misspelt_domain_is_named_and_expected_to_bounce(call: Gateway, dns: NoDns) -> None:
    put("ann@gmial.com", permanence=Permanence.SOFT)
    dns["gmial.com"] = Mail.MX
    body = explain(call, "Ann@Gmial.com").body
    assert body["domain"] == {
        "name": "gmial.com",
        "mail_servers": "mx",
        "probably_meant": "gmail.com",
        "sentence": "The domain gmial.com names mail servers. Probably gmail.com is meant.",
    }
    assert body["suppressions"][0]["why_expected"] == ("It is likely to bounce again: the domain is probably misspelt.")


def test_what_is_not_an_address_has_no_domain_and_the_dns_is_not_asked(call: Gateway, dns: NoDns) -> None:
    entry = Suppression(SuppressionList.INVALID_EMAILS, comparison_key("no address"), "no address", NOW * 1000 - 1)
    wiring.suppressions().record(DEMO, [entry])
    body = explain(call, "no address").body
    assert (body["domain"], dns.asked) == (None, [])


def test_an_address_that_failed_again_after_its_lift_is_expected_to_do_so_once_more(call: Gateway) -> None:
    store, line = wiring.suppressions(), wiring.removal_queue()
    put(permanence=Permanence.SOFT)
    store.request_removals(
        context(DEMO, request_id="r", now=NOW * 1000), [RemovalRequest("r-0", SuppressionList.BOUNCES, KEY, KEY)]
    )
    (removal,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=NOW * 1000, lease=1)
    line.settle(DEMO, [Settlement(removal, RemovalState.DONE, removal.attempts, answer="204")], now=NOW * 1000)
    put(at=NOW + 3_600, permanence=Permanence.SOFT)
    (found,) = explain(call).body["suppressions"]
    assert (found["lifts"], found["bounced_again"], found["why_expected"]) == (
        1,
        1,
        "It is likely to bounce again: it has failed again after a lift before.",
    )


def test_a_delivery_since_the_failure_makes_a_lift_look_good(call: Gateway) -> None:
    put(classification=Classification.INVALID_ADDRESS)
    delivery = DeliveryEvent("e1", DeliveryKind.DELIVERED, KEY, KEY, NOW * 1000, provider="sendgrid")
    wiring.event_log().append(DEMO, [delivery_entry(delivery, provider_name="Sendgrid")])
    (found,) = explain(call).body["suppressions"]
    assert found["why_expected"] == "It may work: a message was delivered after the latest failure."

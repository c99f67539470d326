"""What the provider's latest drop says that no list explains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reprieve.clock import SECOND
from reprieve.providers.ses import events as ses
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import TOMBSTONE, RemovalRequest, RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.ingest import Post
from reprieve.suppressions.inquiry import MAX_DROP_AGE
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import (
    HOLDS,
    GroupList,
    Suppression,
    SuppressionList,
)
from tests.support import queue
from tests.support.addresses import KEY, NOW, explain, put
from tests.support.contexts import context
from tests.support.gateway import DEMO, Gateway

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Calls

pytestmark = pytest.mark.usefixtures("demo")


def dropped(reason: str, at: int = NOW - 60, kind: DeliveryKind = DeliveryKind.DROPPED) -> None:
    event = DeliveryEvent(f"{kind}-{at}", kind, KEY, KEY, at * 1000, reason, provider="sendgrid")
    wiring.event_log().append(DEMO, [delivery_entry(event, provider_name="Sendgrid")])


@pytest.mark.parametrize(
    ("about", "facts", "name"),
    [
        ("bounce", {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"}, "bounces"),
        ("complaint", {"complaintSubType": "OnAccountSuppressionList"}, "spam_reports"),
    ],
)
def test_an_echo_of_sess_own_list_shows_that_ses_withholds_mail(
    call: Gateway, about: str, facts: dict[str, object], name: str
) -> None:
    stamp, recipients = "2025-12-31T23:59:00.000Z", {"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}
    about_it = {**facts, recipients[about]: [{"emailAddress": KEY}], "timestamp": stamp, "feedbackId": "f"}
    notification = {"eventType": about.capitalize(), about: about_it, "mail": {"messageId": "m"}}
    batch = ses.parse_events(Post({}, json.dumps(notification).encode(), wiring.now()))
    wiring.event_log().append(DEMO, [delivery_entry(one, provider_name="SES") for one in batch.events])
    answer = explain(call).body
    assert answer["withheld_by_provider"] == {"list": name, "dropped_at": stamp}
    assert (answer["mailed"], answer["suppressions"]) == (False, [])


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("Bounced Address", "bounces"),
        (" spam reporting address ", "spam_reports"),
        ("Unsubscribed Address", "unsubscribes"),
        ("Invalid", "invalid_emails"),
    ],
)
def test_a_drop_that_no_list_explains_shows_that_the_provider_withholds_mail(
    call: Gateway, calls: Calls, reason: str, name: str
) -> None:
    dropped(reason)
    answer = explain(call).body
    assert answer["withheld_by_provider"] == {"list": name, "dropped_at": "2025-12-31T23:59:00.000Z"}
    assert (answer["mailed"], answer["suppressions"]) == (False, [])
    # no more requests than without
    assert calls == {"BatchGetItem": 3, "Query": 1, "GetItem": 3}


@pytest.mark.parametrize("reason", ["Spam Content", "Invalid SMTPAPI header", "Recipient List over Package Quota", ""])
def test_a_drop_for_the_message_says_nothing_about_the_address(call: Gateway, reason: str) -> None:
    dropped(reason)
    assert (explain(call).body["mailed"], explain(call).body["withheld_by_provider"]) == (True, None)


def test_a_drop_older_than_the_records_of_removals_are_kept_is_no_evidence(call: Gateway) -> None:
    assert MAX_DROP_AGE <= TOMBSTONE
    dropped("Bounced Address", at=NOW - MAX_DROP_AGE // SECOND)
    assert (explain(call).body["mailed"], explain(call).body["withheld_by_provider"]) == (True, None)


def test_a_drop_that_a_list_explains_or_that_something_newer_outdates_is_no_evidence(call: Gateway) -> None:
    dropped("Bounced Address")
    put(at=NOW - 90)
    assert explain(call).body["withheld_by_provider"] is None
    wiring.suppressions().request_removals(
        context(DEMO, credential="c", request_id="r", now=NOW * 1000),
        [RemovalRequest("r-0", SuppressionList.BOUNCES, KEY, KEY, hide=True)],
    )
    # the provider drops until the job has lifted it there
    assert explain(call).body["withheld_by_provider"] is None
    dropped("Unsubscribed Address", at=NOW - 50)
    assert explain(call).body["withheld_by_provider"]["list"] == "unsubscribes"
    wiring.suppressions().record(DEMO, [Suppression(GroupList.of(8), KEY, KEY, NOW * 1000 - 1)])
    assert wiring.group_store().replace(DEMO, Groups((Group(8, "News"),), version=1))
    assert explain(call).body["withheld_by_provider"] is None
    dropped("Spam Reporting Address", at=NOW - 40)
    assert explain(call).body["withheld_by_provider"]["list"] == "spam_reports"
    dropped("250 OK", at=NOW - 30, kind=DeliveryKind.DELIVERED)
    assert explain(call).body["withheld_by_provider"] is None


def lift(name: AnyList, end: RemovalState) -> None:
    """Lift the address from a list, up to an end of the removal."""
    moment = NOW * 1000
    request = RemovalRequest("r-0", name, KEY, KEY, hide=True)
    wiring.suppressions().request_removals(context(DEMO, credential="c", request_id="r", now=moment), [request])
    if end is not RemovalState.PENDING:
        (removal,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=moment, lease=1)
        wiring.removal_queue().settle(DEMO, [Settlement(removal, end, removal.attempts, answer="-")], now=moment)


@pytest.mark.parametrize("end", [RemovalState.PENDING, RemovalState.DONE])
@pytest.mark.parametrize("name", [HOLDS, GroupList.of(8)])
def test_a_drop_for_an_unsubscribe_is_explained_by_the_removal_of_a_hold_or_from_a_group(
    call: Gateway, calls: Calls, name: AnyList, end: RemovalState
) -> None:
    assert wiring.group_store().replace(DEMO, Groups((Group(8, "News"),), version=1))
    wiring.suppressions().record(DEMO, [Suppression(name, KEY, KEY, (NOW - 90) * 1000)])
    dropped("Unsubscribed Address")
    lift(name, end)
    body = explain(call).body
    assert calls == {"BatchGetItem": 3, "Query": 1, "GetItem": 3}
    assert (body["mailed"], body["withheld_by_provider"], body["holds"], body["suppressions"]) == (True, None, [], [])
    dropped("Bounced Address", at=NOW - 50)
    assert explain(call).body["withheld_by_provider"]["list"] == "bounces"
    dropped("Unsubscribed Address", at=NOW + 1)
    assert explain(call).body["mailed"] is (end is RemovalState.PENDING)


@pytest.mark.parametrize(
    ("name", "reason"), [(HOLDS, "Unsubscribed Address"), (SuppressionList.BOUNCES, "Bounced Address")]
)
def test_a_drop_is_not_explained_by_a_removal_that_has_failed(call: Gateway, name: AnyList, reason: str) -> None:
    wiring.suppressions().record(DEMO, [Suppression(name, KEY, KEY, (NOW - 90) * 1000)])
    dropped(reason)
    lift(name, RemovalState.FAILED)
    body = explain(call).body
    assert (body["mailed"], body["suppressions"], body["withheld_by_provider"] is None) == (False, [], False)


def test_a_drop_of_a_whitelisted_address_is_not_explained_by_a_list_that_is_spared(call: Gateway) -> None:
    put(at=NOW - 90)
    wiring.whitelists().change(context(DEMO, now=NOW * 1000), enabled=True, entries=["x.io"])
    assert explain(call).body["mailed"] is True
    dropped("Bounced Address")
    body = explain(call).body
    assert (body["mailed"], body["suppressions"][0]["suppresses"]) == (False, False)
    assert body["withheld_by_provider"] == {"list": "bounces", "dropped_at": "2025-12-31T23:59:00.000Z"}
    put(name=SuppressionList.SPAM_REPORTS)
    dropped("Spam Reporting Address", at=NOW - 50)
    assert explain(call).body["withheld_by_provider"] is None

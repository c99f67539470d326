"""Postmark's webhooks: which posts are believed, and what becomes of their events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, MINUTE
from reprieve.errors import InvalidInput, LimitExceeded, ReprieveError, Unauthenticated
from reprieve.providers.postmark.events import HEADER, MAX_BODY, check_headers, check_key, parse_events, verify
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Permanence, SuppressionList
from tests.support.webhook_posts import POSTMARK_KEY as KEY
from tests.support.webhook_posts import postmark_headers

AT = 1_700_000_000_123
NOW = AT + 5_000
#: seven digits of a fraction, as Postmark writes them
STAMP = "2023-11-14T17:13:20.1234567-05:00"


def bounce(kind: str = "HardBounce", **data: Any) -> dict[str, Any]:
    content = {
        "RecordType": "Bounce",
        "ID": 901542550,
        "Type": kind,
        "MessageID": "m-1",
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 user unknown",
        "Email": "a@example.org",
        "BouncedAt": STAMP,
        "Inactive": kind == "HardBounce",
        "CanActivate": True,
        "MessageStream": "outbound",
    }
    return content | data


def complaint() -> dict[str, Any]:
    return bounce("SpamComplaint", RecordType="SpamComplaint", Inactive=True, CanActivate=False, Details="abuse")


def delivery() -> dict[str, Any]:
    return {
        "RecordType": "Delivery",
        "MessageID": "m-1",
        "Recipient": "a@example.org",
        "DeliveredAt": STAMP,
        "Details": "OK",
    }


def change(reason: str | None, origin: str = "Recipient", *, suppress: object = True) -> dict[str, Any]:
    return {
        "RecordType": "SubscriptionChange",
        "MessageID": "m-1",
        "Recipient": "a@example.org",
        "ChangedAt": STAMP,
        "Origin": origin,
        "SuppressSending": suppress,
        "SuppressionReason": reason,
    }


def read(found: object) -> Batch:
    return parse_events(Post({}, json.dumps(found).encode(), NOW))


def only(found: object) -> DeliveryEvent:
    batch = read(found)
    assert (len(batch.events), list(batch.unreadable), batch.ignored) == (1, [], 0)
    return batch.events[0]


# ---- the key


def accepts(headers: dict[str, str], keys: str = KEY) -> bool:
    try:
        verify(Post(headers, b"{}", NOW), keys)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize(
    ("headers", "believed"),
    [
        (postmark_headers(), True),
        ({"authorization": postmark_headers()["authorization"].replace("Basic", "basic")}, True),
        ({HEADER: KEY}, True),
        (postmark_headers(f"{KEY}x"), False),
        (postmark_headers(KEY[:-1]), False),
        ({HEADER: KEY.upper()}, False),
        ({"authorization": f"Bearer {KEY}"}, False),
        ({"authorization": "Basic %%%"}, False),
        ({"authorization": f"Basic {base64.b64encode(bytes(range(200, 230))).decode()}"}, False),
        ({}, False),
    ],
)
def test_a_post_is_believed_for_the_password_in_its_url_or_the_key_in_its_header(
    headers: dict[str, str], *, believed: bool
) -> None:
    assert accepts(headers) == believed
    assert accepts(headers, f"another-key-of-the-operator {KEY}") == believed
    assert not accepts(headers, "another-key-of-the-operator")
    assert not accepts(headers, "")


def test_a_body_larger_than_any_event_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitExceeded):
        check_headers(Post(postmark_headers(), b" " * (MAX_BODY + 1), NOW))


@pytest.mark.parametrize("key", ["", "user:short", "user:a password with spaces in it", "user:" + "é" * 30, "x" * 201])
def test_what_is_too_short_to_prove_anything_is_refused_when_it_is_set(key: str) -> None:
    with pytest.raises(InvalidInput, match="webhook_key: 24 to 200 characters without spaces"):
        check_key(key)


@given(st.dictionaries(st.sampled_from(["authorization", HEADER]), st.text(max_size=80)))
def test_whatever_headers_say_the_answer_is_a_refusal_and_no_fault(headers: dict[str, str]) -> None:
    with pytest.raises(ReprieveError):
        verify(Post(headers, b"{}", NOW), KEY)


# ---- the events

HARD, SOFT, UNKNOWN = Permanence.HARD, Permanence.SOFT, Permanence.UNDETERMINED
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
BLOCKED, DROPPED = DeliveryKind.BLOCKED, DeliveryKind.DROPPED


@pytest.mark.parametrize(
    ("found", "kind", "listed"),
    [
        (bounce(), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce(Details=""), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce(Details="smtp;552 5.2.2 mailbox full"), DeliveryKind.BOUNCE, (BOUNCES, SOFT)),
        *((bounce(name, Details="smtp;451 busy"), BLOCKED, (BLOCKS, SOFT))
          for name in ("Transient", "DnsError", "SoftBounce", "Blocked", "Unknown")),
        (bounce("SoftBounce", Inactive=True), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce("Unknown", Inactive=True, Details=""), DeliveryKind.BOUNCE, (BOUNCES, UNKNOWN)),
        *((bounce(name), BLOCKED, None) for name in ("SpamNotification", "VirusNotification", "DMARCPolicy")),
        (bounce("BadEmailAddress"), DROPPED, (SuppressionList.INVALID_EMAILS, HARD)),
        (bounce("ManuallyDeactivated", Inactive=True), DROPPED, None),
        (bounce("SMTPApiError"), DROPPED, None),
        (bounce("Unsubscribe"), DeliveryKind.UNSUBSCRIBE, (SuppressionList.UNSUBSCRIBES, HARD)),
        (complaint(), DeliveryKind.SPAM_REPORT, (SuppressionList.SPAM_REPORTS, HARD)),
        (delivery(), DeliveryKind.DELIVERED, None),
        (change("HardBounce"), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (change("SpamComplaint"), DeliveryKind.SPAM_REPORT, (SuppressionList.SPAM_REPORTS, HARD)),
        (change("ManualSuppression"), DeliveryKind.UNSUBSCRIBE, (SuppressionList.UNSUBSCRIBES, HARD)),
    ],
)  # fmt: skip
def test_each_event_goes_to_the_list_it_belongs_to(
    found: object, kind: DeliveryKind, listed: tuple[SuppressionList, Permanence] | None
) -> None:
    one = only(found)
    entry = suppression_of(one)
    assert (one.kind, one.email, one.provider, one.message_id) == (kind, "a@example.org", "postmark", "m-1")
    assert (entry and (entry.list, entry.permanence)) == listed


@pytest.mark.parametrize(
    "found",
    [
        *({"RecordType": name} for name in ("Open", "Click", "Inbound", 7, None)),
        *(
            bounce(name)
            for name in ("AutoResponder", "AddressChange", "Subscribe", "ChallengeVerification", "Unconfirmed")
        ),
        change(None, suppress=False),
        change("ManualSuppression", "Customer"),
        change("ManualSuppression", "Admin"),
    ],
)
def test_events_that_are_not_ours_are_counted_and_left(found: object) -> None:
    """What was suppressed by hand is left to the reconciliation, which knows our holds."""
    assert read(found) == Batch([], ignored=1)


def test_the_servers_words_are_kept_and_postmarks_description_is_not_taken_for_them() -> None:
    assert only(bounce()).message == "550 5.1.1 user unknown"
    assert only(bounce(Details=None)).message == ""
    assert only(bounce("ManuallyDeactivated", Details=None)).message == "ManuallyDeactivated"


def test_a_subscription_change_yields_to_the_bounce_behind_it_which_has_the_servers_words() -> None:
    assert only(change("HardBounce")).at == AT - MINUTE < only(bounce()).at == AT
    assert only(change("ManualSuppression")).at == AT


def test_a_repeated_event_has_the_same_id_and_another_one_another() -> None:
    later = "2023-11-14T17:13:20.124-05:00"
    others = (bounce(ID=7), bounce(MessageID="m-2"), bounce(BouncedAt=later), bounce(Email="b@x.io"))
    events = (bounce(), bounce(), *others, complaint(), delivery(), change("HardBounce"))
    ids = [only(one).id for one in events]
    assert (ids[0] == ids[1], len(set(ids))) == (True, 8)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (bounce(BouncedAt="yesterday"), "BouncedAt: not a time in ISO 8601"),
        (delivery() | {"DeliveredAt": None}, "DeliveredAt: not a time in ISO 8601"),
        (change("HardBounce") | {"ChangedAt": "2023-11-17T00:00:00Z"}, "ChangedAt: not a time that can be"),
        (bounce(Email=""), "Email: missing or empty"),
        (delivery() | {"Recipient": 7}, "Recipient: missing or empty"),
        (bounce(Email="a" * 320 + "@x.io"), "Email: has more than 320 octets"),
        (bounce(Details="x" * 200_001), f"event: has more than {MAX_TEXT_OCTETS} octets of text"),
        ([bounce()], "event: not an object"),
    ],
)
def test_what_cannot_be_read_is_set_aside_whole_with_the_field_at_fault(found: object, reason: str) -> None:
    body = json.dumps(found).encode()
    batch = parse_events(Post({}, body, NOW))
    assert (list(batch.events), list(batch.unreadable)) == ([], [Unreadable("postmark", reason, body)])


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@given(st.sampled_from([bounce(), complaint(), delivery(), change("HardBounce")]), st.data())
def test_whatever_a_member_is_the_event_is_read_ignored_or_set_aside_with_its_bytes(
    found: dict[str, Any], data: st.DataObject
) -> None:
    changed = found | {data.draw(st.sampled_from(sorted(found))): data.draw(ANYTHING)}
    body = json.dumps(changed).encode()
    batch = parse_events(Post({}, body, NOW))
    assert bool(batch.events) + len(batch.unreadable) + batch.ignored == 1
    assert all(one.content == body for one in batch.unreadable)
    assert all(one.at <= NOW + DAY and one.octets <= MAX_TEXT_OCTETS for one in batch.events)

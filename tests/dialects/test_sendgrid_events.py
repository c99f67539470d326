"""SendGrid's Event Webhook: verification of its signature, and parsing of its events."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.errors import InvalidInput, LimitExceeded, ReprieveError, Unauthenticated, UnreadableBody
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind, suppression_of
from reprieve.suppressions.ingest import Post
from reprieve.suppressions.suppression import Classification

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sendgrid_webhook.json").read_text())
NOW = 1_700_000_000_000
VALID = next(vector for vector in VECTORS["vectors"] if vector["valid"])


def post(body: bytes, *, now: int = NOW, **headers: str) -> Post:
    return Post(headers, body, now)


def signed(vector: dict, *, age: int = 0) -> Post:
    timestamp = vector["timestamp"]
    moment = int(timestamp) * 1000 if timestamp.isdigit() else NOW
    headers = {sendgrid_events.SIGNATURE: vector["signature_b64_der"], sendgrid_events.TIMESTAMP: timestamp}
    return post(base64.b64decode(vector["payload_b64"]), now=moment + age, **headers)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_signature_vectors_of_sendgrids_own_sdks_are_judged_as_they_judge_them(vector: dict) -> None:
    request = signed(vector)
    if vector["valid"]:
        sendgrid_events.verify(request, vector["public_key_b64_der_spki"])
    else:
        with pytest.raises(Unauthenticated):
            sendgrid_events.verify(request, vector["public_key_b64_der_spki"])


@pytest.mark.parametrize("case", VECTORS["malformed"], ids=lambda case: case["name"])
def test_trailing_garbage_in_a_key_or_signature_is_refused(case: dict) -> None:
    key = case.get("public_key_b64_der_spki", VALID["public_key_b64_der_spki"])
    signature = case.get("signature_b64_der", VALID["signature_b64_der"])
    content = VALID["timestamp"].encode() + base64.b64decode(VALID["payload_b64"])
    assert not sendgrid_events.signature_matches(key, signature, content)


def test_a_zero_signature_is_refused() -> None:
    zero = base64.b64encode(bytes.fromhex("3006020100020100")).decode()
    assert not sendgrid_events.signature_matches(VALID["public_key_b64_der_spki"], zero, b"anything")


def test_without_a_key_nothing_is_believed() -> None:
    with pytest.raises(Unauthenticated):
        sendgrid_events.verify(signed(VALID), "")


def test_a_repeat_of_23_hours_is_believed_and_one_of_26_hours_is_not() -> None:
    key, hour = VALID["public_key_b64_der_spki"], 3_600_000
    sendgrid_events.verify(signed(VALID, age=23 * hour), key)
    with pytest.raises(Unauthenticated, match="window"):
        sendgrid_events.verify(signed(VALID, age=26 * hour), key)


def test_a_timestamp_more_than_five_minutes_ahead_is_not_believed() -> None:
    key, minute = VALID["public_key_b64_der_spki"], 60_000
    sendgrid_events.verify(signed(VALID, age=-5 * minute), key)
    with pytest.raises(Unauthenticated, match="window"):
        sendgrid_events.verify(signed(VALID, age=-6 * minute), key)


def test_a_body_larger_than_sendgrid_sends_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(LimitExceeded):
        sendgrid_events.verify(post(b"x" * (sendgrid_events.MAX_BODY + 1)), "")


def test_a_real_delayed_bounce_is_read_whole() -> None:
    raw = {
        "email": "Gone@Example.com",
        "event": "bounce",
        "type": "bounce",
        "reason": "550 5.1.10 RESOLVER.ADR.RecipientNotFound ",
        "status": "5.1.10",
        "bounce_classification": "Invalid Address",
        "sg_event_id": "abc",
        "sg_message_id": "",
        "timestamp": 1_699_999_999,
    }
    batch = sendgrid_events.parse_events(post(json.dumps([raw]).encode()))
    assert batch.events == [
        DeliveryEvent(
            id="abc",
            kind=DeliveryKind.BOUNCE,
            email="Gone@Example.com",
            key="gone@example.com",
            at=1_699_999_999_000,
            message="550 5.1.10 RESOLVER.ADR.RecipientNotFound ",
            status="5.1.10",
            classification=Classification.INVALID_ADDRESS,
            provider="sendgrid",
        )
    ]
    assert (batch.malformed, batch.ignored) == ([], 0)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"event": "delivered"}, DeliveryKind.DELIVERED),
        ({"event": "bounce", "type": "bounce"}, DeliveryKind.BOUNCE),
        ({"event": "bounce"}, DeliveryKind.BOUNCE),
        ({"event": "bounce", "type": "blocked"}, DeliveryKind.BLOCKED),
        ({"event": "bounce", "type": "expired"}, DeliveryKind.BLOCKED),
        ({"event": "deferred"}, DeliveryKind.DEFERRED),
        ({"event": "dropped"}, DeliveryKind.DROPPED),
        ({"event": "spamreport"}, DeliveryKind.SPAM_REPORT),
        ({"event": "unsubscribe"}, DeliveryKind.UNSUBSCRIBE),
    ],
)
def test_each_kind_of_event_that_is_kept_is_distinguished(raw: dict, kind: DeliveryKind) -> None:
    batch = sendgrid_events.parse_events(post(json.dumps([{"email": "a@b.co", "timestamp": 1, **raw}]).encode()))
    assert [event.kind for event in batch.events] == [kind]


@pytest.mark.parametrize("name", sorted(sendgrid_events.OTHERS))
def test_events_of_other_kinds_are_counted_and_ignored(name: str) -> None:
    batch = sendgrid_events.parse_events(post(json.dumps([{"event": name, "email": "a@b.co"}]).encode()))
    assert (batch.events, batch.malformed, batch.ignored) == ([], [], 1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("text", "event: not an object"),
        ({"email": "a@b.co", "timestamp": 1}, "event: not a known kind of event"),
        ({"event": "exploded", "email": "a@b.co", "timestamp": 1}, "event: not a known kind of event"),
        ({"event": "bounce", "timestamp": 1}, "email: missing or empty"),
        ({"event": "bounce", "email": " ", "timestamp": 1}, "email: missing or empty"),
        ({"event": "bounce", "email": "a@b.co"}, "timestamp: not a moment in whole seconds"),
        ({"event": "bounce", "email": "a@b.co", "timestamp": True}, "timestamp: not a moment in whole seconds"),
        ({"event": "bounce", "email": "a@b.co", "timestamp": 1.5}, "timestamp: not a moment in whole seconds"),
        (
            {"event": "bounce", "email": "a@b.co", "timestamp": 1_700_100_000},
            "timestamp: not a moment in whole seconds",
        ),
    ],
)
def test_one_malformed_event_does_not_lose_the_others(raw: object, reason: str) -> None:
    good = {"event": "delivered", "email": "a@b.co", "timestamp": 1_699_999_999, "sg_event_id": "e"}
    batch = sendgrid_events.parse_events(post(json.dumps([good, raw, good]).encode()))
    assert [event.id for event in batch.events] == ["e", "e"]
    assert batch.malformed == [{"reason": reason, "event": raw}]


def test_the_same_event_without_an_id_gets_the_same_id_whatever_the_order_of_its_keys() -> None:
    one = b'[{"event":"bounce","email":"a@b.co","timestamp":5}]'
    other = b'[{"timestamp":5,"email":"a@b.co","event":"bounce"}]'
    ids = {sendgrid_events.parse_events(post(body)).events[0].id for body in (one, other)}
    assert len(ids) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[", b"\xff"])
def test_a_body_that_is_not_an_array_of_events_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        sendgrid_events.parse_events(post(body))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(["event", "email", "timestamp", "type", "reason", "status", "sg_event_id", "ip"])
words = st.sampled_from([*sendgrid_events.KINDS, *sendgrid_events.OTHERS, "a@b.co", 1_699_999_999, "blocked"])


@given(st.lists(st.dictionaries(fields, words | values, max_size=8) | values, max_size=5))
def test_whatever_arrives_every_event_is_kept_ignored_or_dead_lettered(content: list) -> None:
    batch = sendgrid_events.parse_events(post(json.dumps(content).encode()))
    assert len(batch.events) + len(batch.malformed) + batch.ignored == len(content)


@given(st.binary(max_size=200), st.text(max_size=80), st.text(max_size=20), st.text(max_size=200))
def test_no_key_signature_or_body_makes_verification_raise_anything_but_a_refusal(
    body: bytes, signature: str, timestamp: str, key: str
) -> None:
    headers = {sendgrid_events.SIGNATURE: signature, sendgrid_events.TIMESTAMP: timestamp}
    with pytest.raises(ReprieveError):
        sendgrid_events.verify(replace(post(body), headers=headers), key)


def test_a_refused_event_says_which_field_was_wrong() -> None:
    with pytest.raises(InvalidInput) as caught:
        sendgrid_events._event({"event": "bounce", "email": "a@b.co", "timestamp": "soon"}, NOW)
    assert caught.value.field == "timestamp"


def test_the_sending_ip_of_a_spam_report_is_kept() -> None:
    raw = [{"email": "a@x.org", "event": "spamreport", "sg_event_id": "e", "timestamp": NOW // 1000, "ip": "192.0.2.9"}]
    (event,) = sendgrid_events.parse_events(post(json.dumps(raw).encode())).events
    assert event == DeliveryEvent(
        "e", DeliveryKind.SPAM_REPORT, "a@x.org", "a@x.org", NOW, provider="sendgrid", ip="192.0.2.9"
    )
    entry = suppression_of(event)
    assert entry is not None
    assert entry.ip == "192.0.2.9"

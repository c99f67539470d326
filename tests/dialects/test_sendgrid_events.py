"""SendGrid's Event Webhook: verification of its signature, and parsing of its events."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.address import MAX_KEY_OCTETS
from reprieve.errors import InvalidInput, LimitExceeded, ReprieveError, Unauthenticated
from reprieve.providers.sendgrid import events as sendgrid_events
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.listed import suppression_of
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


def identity(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


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


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "signature is missing"),
        ({sendgrid_events.TIMESTAMP: "1700000000"}, "signature is missing"),
        ({sendgrid_events.SIGNATURE: ""}, "signature is missing"),
        *(
            ({sendgrid_events.SIGNATURE: text, sendgrid_events.TIMESTAMP: "1700000000"}, "not a signature in base64")
            for text in ("x", "*" * 96, "A" * 104, "AAAA", "A" * 95, "\u0660" * 96)
        ),
        ({sendgrid_events.SIGNATURE: VALID["signature_b64_der"]}, "timestamp is missing"),
        ({sendgrid_events.SIGNATURE: VALID["signature_b64_der"], sendgrid_events.TIMESTAMP: "soon"}, "not a number"),
        ({sendgrid_events.SIGNATURE: VALID["signature_b64_der"], sendgrid_events.TIMESTAMP: "1"}, "accepted window"),
    ],
)
def test_what_no_key_could_prove_is_refused_by_its_headers_alone(headers: dict[str, str], said: str) -> None:
    with pytest.raises(Unauthenticated, match=said):
        sendgrid_events.check_headers(post(b"[]", **headers))


@pytest.mark.parametrize("vector", [one for one in VECTORS["vectors"] if one["valid"]], ids=lambda one: one["name"])
def test_the_headers_of_every_real_post_pass(vector: dict) -> None:
    sendgrid_events.check_headers(signed(vector))


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
            id=identity("gone@example.com", "bounce", 1_699_999_999_000, ""),
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
    assert (batch.unreadable, batch.ignored) == ([], 0)


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
    assert (batch.events, batch.unreadable, batch.ignored) == ([], [], 1)


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
    good, text = {"event": "delivered", "email": "a@b.co", "timestamp": 1_699_999_999}, json.dumps(raw).encode()
    batch = sendgrid_events.parse_events(post(json.dumps([good, raw, good]).encode()))
    assert [event.email for event in batch.events] == ["a@b.co", "a@b.co"]
    assert batch.unreadable == [Unreadable("sendgrid", reason, b"[" + text + b"]")]


GOOD = b'{"event":"bounce","email":"a@b.co","timestamp":1699999999}'
NOT_JSON = "event: not JSON in UTF-8, or more digits or levels than can be read"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"event":"bounce","email":"\\ud83d@b.co","timestamp":5}', "email: has half of a surrogate pair"),
        (b'{"event":"bounce","email":"%b","timestamp":5}' % (b"u" * 321), "email: has more than 320 octets"),
        (b'{"event":"bounce","email":"a@b.co","timestamp":%b}' % (b"1" * 5_000), NOT_JSON),
        (b'{"event":"bounce","email":"a@b.co","timestamp":5,"x":%b%b}' % (b"[" * 100_000, b"]" * 100_000), NOT_JSON),
        (b'{"event":"bounce","email":"a@b.co","timestamp":5,"reason":"\xff"}', NOT_JSON),
        (b'{"event":"bounce","email":"a@b.co","timestamp":5,}', NOT_JSON),
        (b'{"event":"bounce"}{"event":"open"}', NOT_JSON),
        (b"nothing", NOT_JSON),
    ],
)
def test_an_event_that_no_parser_takes_is_set_aside_as_it_came_and_the_rest_is_taken(raw: bytes, reason: str) -> None:
    batch = sendgrid_events.parse_events(post(b"\r\n[%b,\r\n%b ,%b]\r\n" % (GOOD, raw, GOOD)))
    assert [event.email for event in batch.events] == ["a@b.co", "a@b.co"]
    assert batch.unreadable == [Unreadable("sendgrid", reason, b"[" + raw + b"]")]


@pytest.mark.parametrize("name", ["reason", "response", "status", "ip", "sg_event_id", "sg_message_id", "x"])
def test_half_of_a_surrogate_pair_in_another_member_is_replaced_and_the_event_is_taken(name: str) -> None:
    event = {"event": "bounce", "email": "a@b.co", "timestamp": 1_699_999_999, name: "cut \ud83d"}
    (taken,) = sendgrid_events.parse_events(post(json.dumps([event]).encode())).events
    texts = {taken.message, taken.status, taken.ip, taken.message_id}
    assert texts == ({""} if name in {"sg_event_id", "x"} else {"", "cut \N{REPLACEMENT CHARACTER}"})


@pytest.mark.parametrize("name", ["reason", "status", "ip", "sg_message_id"])
def test_an_event_with_more_text_than_can_be_stored_is_set_aside(name: str) -> None:
    event = {"event": "bounce", "email": "a@b.co", "timestamp": 1_699_999_999}
    room = MAX_TEXT_OCTETS - len("a@b.co")
    fits, long = (json.dumps([{**event, name: "x" * length}]).encode() for length in (room, room + 1))
    assert len(sendgrid_events.parse_events(post(fits)).events) == 1
    reason = f"event: has more than {MAX_TEXT_OCTETS} octets of text"
    assert sendgrid_events.parse_events(post(long)) == Batch([], [Unreadable("sendgrid", reason, long)])


def test_an_address_of_as_many_octets_as_a_key_has_is_taken() -> None:
    event = {"event": "bounce", "email": "u" * MAX_KEY_OCTETS, "timestamp": 1_699_999_999}
    assert len(sendgrid_events.parse_events(post(json.dumps([event]).encode())).events) == 1


@pytest.mark.parametrize("name", ["sg_event_id", "attempt", "reason", "x"])
def test_a_repeat_in_which_only_what_is_not_its_identity_is_new_is_the_same_event(name: str) -> None:
    event = {"event": "bounce", "type": "blocked", "email": "a@b.co", "timestamp": 5, "sg_message_id": "m"}
    again = {name: "new", **event, "email": "A@B.co"}
    batch = sendgrid_events.parse_events(post(json.dumps([event, again]).encode()))
    assert {one.id for one in batch.events} == {identity("a@b.co", "blocked", 5_000, "m")}


@pytest.mark.parametrize(
    "change", [{"email": "c@b.co"}, {"type": "bounce"}, {"timestamp": 6}, {"sg_message_id": "other"}]
)
def test_another_address_kind_time_or_message_is_another_event_whatever_its_id(change: dict) -> None:
    event = {"event": "bounce", "type": "blocked", "email": "a@b.co", "timestamp": 5, "sg_message_id": "m"}
    event["sg_event_id"] = "e"
    batch = sendgrid_events.parse_events(post(json.dumps([event, {**event, **change}]).encode()))
    assert len({one.id for one in batch.events}) == 2


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[", b"\xff", b"[,]", b"[1,]", b'["', b"[]]", b"[] x", b"[{]", b"\x00[\x00]"]
)
def test_a_body_that_is_not_an_array_of_events_is_set_aside_whole(body: bytes) -> None:
    whole = Unreadable("sendgrid", "the body is not an array of events", body)
    assert sendgrid_events.parse_events(post(body)) == Batch([], [whole])


@pytest.mark.parametrize("body", [b"[]", b" [ \r\n] ", b"\xef\xbb\xbf[]"])
def test_an_empty_array_has_no_events(body: bytes) -> None:
    assert sendgrid_events.parse_events(post(body)) == Batch([], [])


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
    assert len(batch.events) + len(batch.unreadable) + batch.ignored == len(content)


@given(st.lists(values | st.text(alphabet='[]{}",\\\\ a'), max_size=5), st.sampled_from([None, 1]))
def test_an_array_is_taken_apart_as_a_parser_would(content: list, indent: int | None) -> None:
    body = json.dumps(content, ensure_ascii=False, indent=indent).encode()
    assert [json.loads(piece) for piece in sendgrid_events._pieces(body) or []] == content


@given(st.text(alphabet='[]{}",:\\\\ a1\n', max_size=40).map(str.encode) | st.binary(max_size=40))
def test_no_byte_of_any_body_is_lost(body: bytes) -> None:
    batch = sendgrid_events.parse_events(post(b"[" + body + b"]"))
    kept = b"".join(one.content for one in batch.unreadable)
    assert sorted(kept.translate(None, b"[], \t\r\n")) == sorted(body.translate(None, b"[], \t\r\n"))


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
        identity("a@x.org", "spamreport", NOW, ""),
        DeliveryKind.SPAM_REPORT,
        "a@x.org",
        "a@x.org",
        NOW,
        provider="sendgrid",
        ip="192.0.2.9",
    )
    entry = suppression_of(event)
    assert entry is not None
    assert entry.ip == "192.0.2.9"

"""Mailgun's webhooks: which posts are believed, and what becomes of their events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprieve.clock import DAY, HOUR, MINUTE
from reprieve.errors import InvalidInput, LimitExceeded, ReprieveError, Unauthenticated
from reprieve.providers.mailgun.events import MAX_BODY, check_key, check_signature, nonce, parse_events, verify
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Permanence, SuppressionList
from tests.support.webhook_posts import MAILGUN_KEY as KEY
from tests.support.webhook_posts import mailgun_body, mailgun_post

if TYPE_CHECKING:
    from reprieve.clock import Millis

AT = 1_700_000_000_123
NOW: Millis = AT + 5_000  # type: ignore[assignment]
HEADERS = {"to": "Ann <a@example.org>", "message-id": "m-1", "from": "shop@acme.test"}
#: computed by `openssl dgst -sha256 -hmac` over the timestamp and the token
KNOWN_KEY = "key-of-the-example-in-this-test"
KNOWN = {
    "timestamp": "1529006854",
    "token": "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0",
    "signature": "cd932f9f5315acd4785af0351d5708c8f003542bbd8e06010b2089fa42464c93",
}


def event(name: str, **data: Any) -> dict[str, Any]:
    content = {
        "event": name,
        "id": "e-1",
        "timestamp": AT / 1000,
        "recipient": "a@example.org",
        "message": {"headers": HEADERS},
    }
    return content | data


def failed(severity: str = "permanent", reason: str = "bounce", **status: Any) -> dict[str, Any]:
    said = {"code": 550, "message": "5.1.1 user unknown", "enhanced-code": "5.1.1"}
    return event("failed", severity=severity, reason=reason, **{"delivery-status": said | status})


def read(found: object) -> Batch:
    return parse_events(Post({}, json.dumps({"event-data": found}).encode(), NOW))


def only(found: object) -> DeliveryEvent:
    batch = read(found)
    assert (len(batch.events), list(batch.unreadable), batch.ignored) == (1, [], 0)
    return batch.events[0]


# ---- the signature


def accepts(post: Post, keys: str = KEY) -> bool:
    try:
        verify(post, keys)
    except Unauthenticated:
        return False
    return True


def test_a_signature_that_another_program_made_is_believed() -> None:
    post = Post({}, json.dumps({"signature": KNOWN, "event-data": {}}).encode(), 1_529_006_854_000)
    assert accepts(post, KNOWN_KEY)
    assert not accepts(post)
    assert nonce(post) == KNOWN["token"]


@pytest.mark.parametrize(
    ("keys", "believed"),
    [(KEY, True), (f"another-key-of-mailgun {KEY}", True), ("another-key-of-mailgun", False), ("", False)],
)
def test_any_of_the_keys_verifies_and_none_proves_nothing(keys: str, believed: bool) -> None:
    assert accepts(mailgun_post({}, NOW), keys) == believed


@pytest.mark.parametrize(
    ("age", "believed"),
    [(0, True), (9 * HOUR, True), (9 * HOUR + 1000, False), (-5 * MINUTE, True), (-5 * MINUTE - 1000, False)],
)
def test_a_signature_is_believed_as_long_as_mailgun_repeats_a_post(age: int, believed: bool) -> None:
    signed = AT // 1000 * 1000
    assert accepts(Post({}, mailgun_body({}, signed), signed + age)) == believed


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
@pytest.mark.parametrize("value", [None, "", 7, "x", "\u00e9", ["a"], True])
def test_a_signature_with_another_member_or_none_is_refused(name: str, value: object) -> None:
    found = json.loads(mailgun_body({}, NOW))
    found["signature"][name] = value
    assert not accepts(Post({}, json.dumps(found).encode(), NOW))


def test_the_primary_accounts_key_verifies_an_event_of_a_subaccount() -> None:
    found = json.loads(mailgun_body({}, NOW, key="the-key-of-the-subaccount"))
    found["signature"]["parent-signature"] = json.loads(mailgun_body({}, NOW))["signature"]["signature"]
    assert accepts(Post({}, json.dumps(found).encode(), NOW))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"signature": 7}', b"timestamp=1&token=x&signature=y"])
def test_a_body_without_a_signature_is_refused(body: bytes) -> None:
    with pytest.raises(Unauthenticated, match="the webhook's signature is missing or malformed"):
        check_signature(Post({}, body, NOW))


def test_a_body_larger_than_any_event_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitExceeded):
        check_signature(Post({}, b" " * (MAX_BODY + 1), NOW))


@pytest.mark.parametrize("key", ["", "short", "with a space in it, and long", "é" * 20, "x" * 201])
def test_what_is_no_signing_key_is_refused_when_it_is_set(key: str) -> None:
    with pytest.raises(InvalidInput, match="webhook_key: not an HTTP webhook signing key as Mailgun shows it"):
        check_key(key)


@given(st.dictionaries(st.sampled_from(["timestamp", "token", "signature"]), st.text(max_size=80) | st.integers()))
def test_whatever_the_signature_is_the_answer_is_a_refusal_and_no_fault(given_: dict[str, Any]) -> None:
    with pytest.raises(ReprieveError):
        verify(Post({}, json.dumps({"signature": given_}).encode(), NOW), KEY)


# ---- the events

HARD, SOFT = Permanence.HARD, Permanence.SOFT
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS


@pytest.mark.parametrize(
    ("found", "kind", "listed"),
    [
        (failed(), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (failed(message="5.2.2 mailbox full", **{"enhanced-code": "5.2.2"}), DeliveryKind.BOUNCE, (BOUNCES, SOFT)),
        (failed(message="no", **{"enhanced-code": ""}), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (failed(message="5.7.1 rejected", **{"bounce-type": "soft"}), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        (failed(reason="old", code=602, message="Too old"), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        (failed(reason="generic"), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        (failed(reason="suppress-bounce", code=605), DeliveryKind.DROPPED, None),
        (failed(reason="suppress-complaint", code=607), DeliveryKind.DROPPED, None),
        (failed(reason="suppress-unsubscribe", code=606), DeliveryKind.DROPPED, None),
        (failed(reason="bounce", code=605), DeliveryKind.DROPPED, None),
        (failed("temporary", "generic", code=450, message="greylisted"), DeliveryKind.DEFERRED, None),
        (event("complained"), DeliveryKind.SPAM_REPORT, (SuppressionList.SPAM_REPORTS, HARD)),
        (event("unsubscribed"), DeliveryKind.UNSUBSCRIBE, (SuppressionList.UNSUBSCRIBES, HARD)),
        (event("unsubscribed", **{"mailing-list": {"address": "l@acme.test"}}), DeliveryKind.UNSUBSCRIBE, None),
        (event("delivered", **{"delivery-status": {"code": 250, "message": "OK"}}), DeliveryKind.DELIVERED, None),
        (event("rejected", reject={"reason": "sandbox"}, recipient=None), DeliveryKind.DROPPED, None),
    ],
)
def test_each_event_goes_to_the_list_it_belongs_to(
    found: object, kind: DeliveryKind, listed: tuple[SuppressionList, Permanence] | None
) -> None:
    one = only(found)
    entry = suppression_of(one)
    assert (one.kind, one.email, one.provider, one.message_id, one.at) == (kind, "a@example.org", "mailgun", "m-1", AT)
    assert (entry and (entry.list, entry.permanence)) == listed


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({}, "550 5.1.1 user unknown"),
        ({"message": "550 5.1.1 user unknown"}, "550 5.1.1 user unknown"),
        ({"code": 498, "message": "No MX for x.org"}, "No MX for x.org"),
        ({"code": "550"}, "5.1.1 user unknown"),
        ({"message": "", "description": "described"}, "550 described"),
    ],
)
def test_the_servers_answer_is_kept_as_it_was_in_the_conversation(status: dict[str, Any], said: str) -> None:
    assert only(failed(**status)).message == said


@pytest.mark.parametrize("name", ["accepted", "opened", "clicked", "stored", "list_member_uploaded", 7, None])
def test_events_that_are_not_ours_are_counted_and_left(name: Any) -> None:
    assert read(event(name)) == Batch([], ignored=1)


def test_a_rejection_is_of_every_recipient_in_the_header() -> None:
    headers = HEADERS | {"to": "Ann <a@example.org>, b@example.org"}
    found = event("rejected", recipient=None, message={"headers": headers})
    assert [one.email for one in read(found).events] == ["a@example.org", "b@example.org"]


def test_a_repeated_event_has_the_same_id_and_another_one_another() -> None:
    changes = ({}, {}, {"id": "e-2"}, {"timestamp": AT / 1000 - 1}, {"recipient": "b@example.org"})
    ids = [only(one).id for one in (*(failed() | change for change in changes), event("complained"))]
    assert (ids[0] == ids[1], len(set(ids))) == (True, 5)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (failed() | {"timestamp": "soon"}, "timestamp: not a time that can be"),
        (failed() | {"timestamp": 0}, "timestamp: not a time that can be"),
        (failed() | {"timestamp": NOW / 1000 + 2 * 86_400}, "timestamp: not a time that can be"),
        (failed() | {"recipient": ""}, "recipient: missing or empty"),
        (failed() | {"recipient": 7}, "recipient: missing or empty"),
        (failed() | {"recipient": "a" * 320 + "@x.io"}, "recipient: has more than 320 octets"),
        (failed(message="x" * 200_001), f"event: has more than {MAX_TEXT_OCTETS} octets of text"),
    ],
)
def test_what_cannot_be_read_is_set_aside_whole_with_the_field_at_fault(found: object, reason: str) -> None:
    body = json.dumps({"event-data": found}).encode()
    batch = parse_events(Post({}, body, NOW))
    assert (list(batch.events), list(batch.unreadable)) == ([], [Unreadable("mailgun", reason, body)])


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
MEMBERS = ["event", "timestamp", "recipient", "message", "delivery-status", "reason", "severity", "id"]


@given(st.sampled_from(MEMBERS), ANYTHING, st.sampled_from(["code", "message", "enhanced-code"]), ANYTHING)
def test_whatever_a_member_is_the_event_is_read_ignored_or_set_aside_with_its_bytes(
    name: str, value: Any, inner: str, other: Any
) -> None:
    found = failed(**{inner: other}) | {name: value}
    body = json.dumps({"event-data": found}).encode()
    batch = parse_events(Post({}, body, NOW))
    assert bool(batch.events) + len(batch.unreadable) + batch.ignored == 1
    assert all(one.content == body for one in batch.unreadable)
    assert all(one.at <= NOW + DAY and one.octets <= MAX_TEXT_OCTETS for one in batch.events)

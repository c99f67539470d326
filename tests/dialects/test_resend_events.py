"""Resend's webhook: which posts are believed, judged by Svix's own verifier, and what becomes of their events."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reprieve.address import MAX_KEY_OCTETS
from reprieve.clock import DAY, MINUTE
from reprieve.errors import InvalidInput, LimitExceeded, ReprieveError, Unauthenticated
from reprieve.providers.resend.events import MAX_BODY, check_headers, check_secret, parse_events, verify
from reprieve.suppressions.delivery import MAX_TEXT_OCTETS, DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch, Post, Unreadable
from reprieve.suppressions.listed import suppression_of
from reprieve.suppressions.suppression import Permanence, SuppressionList
from tests.support.webhook_posts import RESEND_SECRET as SECRET
from tests.support.webhook_posts import resend_headers, resend_post

if TYPE_CHECKING:
    from collections.abc import Callable

AT = 1_700_000_000_123
NOW = AT + 5_000
STAMP = "2023-11-14T22:13:20.123Z"
OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


def event(kind: str, *to: str, **data: Any) -> dict[str, Any]:
    content = {
        "email_id": "m-1",
        "created_at": "2023-11-14T22:13:19.000Z",
        "from": "Acme <a@acme.example>",
        "to": list(to or ["a@example.org"]),
        "subject": "Hello",
    }
    return {"type": f"email.{kind}", "created_at": STAMP, "data": content | data}


def bounce(kind: str = "Permanent", subtype: str = "General", *codes: str, to: tuple[str, ...] = ()) -> dict[str, Any]:
    about = {
        "type": kind,
        "subType": subtype,
        "message": "The recipient's email provider sent a hard bounce message. It harms your reputation.",
        "diagnosticCode": list(codes or ["smtp; 550 5.1.1 user unknown"]),
    }
    return event("bounced", *to, bounce=about)


def added(origin: str, **data: Any) -> dict[str, Any]:
    content = {"id": "s-1", "email": "a@example.org", "origin": origin, "source_id": "m-1", "created_at": STAMP}
    return {"type": "suppression.added", "created_at": STAMP, "data": content | data}


def read(found: object, *, now: int = NOW) -> Batch:
    return parse_events(Post({}, json.dumps(found).encode(), now))


def only(found: object) -> DeliveryEvent:
    batch = read(found)
    assert (len(batch.events), list(batch.unreadable), batch.ignored) == (1, [], 0)
    return batch.events[0]


def problem(found: object) -> str:
    body = json.dumps(found).encode()
    batch = parse_events(Post({}, body, NOW))
    (one,) = batch.unreadable
    assert (one, list(batch.events)) == (Unreadable("resend", one.reason, body), [])
    return one.reason


# ---- the signature


def svix_accepts(post: Post, secret: str) -> bool:
    """The verdict of Svix's own verifier, whose headers are those of Standard Webhooks by other names."""
    headers = {name.replace("svix-", "webhook-"): value for name, value in post.headers.items()}
    with suppress(WebhookVerificationError, ValueError):
        Webhook(secret).verify(post.body, headers, json_parse=False)
        return True
    return False


def we_accept(post: Post, secrets: str) -> bool:
    with suppress(Unauthenticated):
        verify(post, secrets)
        return True
    return False


def forged(change: Callable[[dict[str, str]], object]) -> Post:
    """A post of this moment whose headers were changed after it was signed."""
    now, body = time.time_ns() // 1_000_000, b'{"a": 1}'
    headers = resend_headers(body, now)
    change(headers)
    return Post(headers, body, now)


FORGERIES: dict[str, Callable[[dict[str, str]], object]] = {
    "as it was": lambda headers: headers,
    "another id": lambda headers: headers.update({"svix-id": "msg_2"}),
    "a second later": lambda headers: headers.update({"svix-timestamp": str(int(headers["svix-timestamp"]) + 1)}),
    "five minutes and more": lambda headers: headers.update({"svix-timestamp": str(int(time.time()) - 400)}),
    "from ahead": lambda headers: headers.update({"svix-timestamp": str(int(time.time()) + 400)}),
    "not a time": lambda headers: headers.update({"svix-timestamp": "now"}),
    "another version": lambda headers: headers.update({"svix-signature": f"v2{headers['svix-signature'][2:]}"}),
    "one of several": lambda headers: headers.update({"svix-signature": f"v1a,AA== {headers['svix-signature']}"}),
    "cut": lambda headers: headers.update({"svix-signature": headers["svix-signature"][:-4]}),
    "no signature": lambda headers: headers.pop("svix-signature"),
    "no id": lambda headers: headers.pop("svix-id"),
    "no timestamp": lambda headers: headers.pop("svix-timestamp"),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_a_post_is_believed_exactly_when_svix_believes_it(name: str, secret: str) -> None:
    post = forged(FORGERIES[name])
    assert we_accept(post, secret) == svix_accepts(post, secret)
    assert we_accept(post, secret) == (secret == SECRET and name in {"as it was", "one of several"})


@given(st.binary(max_size=50), st.binary(min_size=16, max_size=40), st.sampled_from(["", "x"]))
def test_what_svix_signs_is_believed_and_what_was_changed_is_not(body: bytes, key: bytes, change: str) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    assert we_accept(resend_post(body, NOW, secret=secret), secret)
    tampered = Post(resend_headers(body, NOW, secret=secret), body + b" ", NOW)
    assert not we_accept(tampered, secret)
    assert not we_accept(resend_post(body, NOW, secret=OTHER), change)


def test_either_of_two_secrets_verifies_and_none_proves_nothing() -> None:
    post = resend_post({"a": 1}, NOW)
    assert [we_accept(post, secrets) for secrets in (f"{OTHER} {SECRET}", f"{SECRET} {OTHER}", OTHER, "")] == [
        *(True, True, False, False)
    ]


def test_a_body_larger_than_any_event_is_refused_before_it_is_read() -> None:
    with pytest.raises(LimitExceeded):
        check_headers(Post({}, b" " * (MAX_BODY + 1), NOW))


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "whsec_%%%", SECRET.removeprefix("whsec_"), "whsec_" + "A" * 21]
)
def test_what_is_no_secret_is_refused_when_it_is_set(secret: str) -> None:
    with pytest.raises(InvalidInput, match=r"webhook_key: not a signing secret as Resend shows it: whsec_\.\.\."):
        check_secret(secret)
    assert not we_accept(resend_post({"a": 1}, NOW), secret)


@given(st.dictionaries(st.sampled_from(["svix-id", "svix-timestamp", "svix-signature"]), st.text(max_size=300)))
def test_whatever_headers_say_the_answer_is_a_refusal_and_no_fault(headers: dict[str, str]) -> None:
    with pytest.raises(ReprieveError):
        verify(Post(headers, b"{}", NOW), SECRET)


# ---- the events

HARD, SOFT = Permanence.HARD, Permanence.SOFT
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS


@pytest.mark.parametrize(
    ("found", "kind", "listed"),
    [
        (bounce(), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce("Permanent", "NoEmail", "smtp; 550 no"), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce("Permanent", "MailboxFull", ""), DeliveryKind.BOUNCE, (BOUNCES, SOFT)),
        (bounce("Permanent", "General", "smtp; 552 5.2.2 mailbox full"), DeliveryKind.BOUNCE, (BOUNCES, SOFT)),
        (bounce("Transient", "General", "smtp; 451 busy"), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        (bounce("Transient", "MailboxFull", "smtp; 452 full"), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        *((bounce("Transient", f"{what}", "smtp; 552 no"), DeliveryKind.BLOCKED, None)
          for what in ("MessageTooLarge", "ContentRejected", "AttachmentRejected")),
        (bounce("Undetermined", "Undetermined", ""), DeliveryKind.BLOCKED, (BLOCKS, SOFT)),
        (bounce("Undetermined", "Undetermined", "smtp; 550 5.1.1 user unknown"), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (bounce("Permanent", "OnAccountSuppressionList"), DeliveryKind.DROPPED, None),
        (event("bounced", bounce={"message": "sent a hard bounce message"}), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (event("bounced", bounce={"message": "Resend has suppressed sending to this"}), DeliveryKind.DROPPED, None),
        (event("suppressed", suppressed={"reason": "previous_bounce"}), DeliveryKind.DROPPED, None),
        (event("failed", failed={"reason": "reached_daily_quota"}), DeliveryKind.DROPPED, None),
        (event("complained"), DeliveryKind.SPAM_REPORT, (SuppressionList.SPAM_REPORTS, HARD)),
        (event("delivered"), DeliveryKind.DELIVERED, None),
        (event("delivery_delayed"), DeliveryKind.DEFERRED, None),
        (added("bounce"), DeliveryKind.BOUNCE, (BOUNCES, HARD)),
        (added("complaint"), DeliveryKind.SPAM_REPORT, (SuppressionList.SPAM_REPORTS, HARD)),
    ],
)  # fmt: skip
def test_each_event_goes_to_the_list_it_belongs_to(
    found: object, kind: DeliveryKind, listed: tuple[SuppressionList, Permanence] | None
) -> None:
    one = only(found)
    entry = suppression_of(one)
    assert (one.kind, one.email, one.provider, one.message_id) == (kind, "a@example.org", "resend", "m-1")
    assert (entry and (entry.list, entry.permanence)) == listed


@pytest.mark.parametrize(
    "name",
    ["email.sent", "email.opened", "email.clicked", "email.scheduled", "contact.created", "suppression.removed", 7],
)
def test_events_that_are_not_ours_are_counted_and_left(name: object) -> None:
    assert read({"type": name, "created_at": STAMP, "data": {}}) == Batch([], ignored=1)


def test_what_was_put_on_the_list_by_hand_is_left_to_the_reconciliation_which_knows_our_holds() -> None:
    assert read(added("manual")) == Batch([], ignored=1)


def test_the_servers_words_are_kept_and_resends_own_sentence_is_not_taken_for_them() -> None:
    assert only(bounce()).message == "550 5.1.1 user unknown"
    assert only(bounce("Permanent", "General", "")).message == "Permanent/General"


@pytest.mark.parametrize("found", [bounce(to=("a@x.io", "B <b@x.io>")), event("complained", "a@x.io", "B <b@x.io>")])
def test_an_event_of_several_recipients_names_candidates_and_lists_none(found: object) -> None:
    events = read(found).events
    assert [(one.email, one.message, suppression_of(one)) for one in events] == [
        (email, "one of 2 recipients, Resend does not say which", None) for email in ("a@x.io", "b@x.io")
    ]


def test_a_delivery_to_several_recipients_is_of_each() -> None:
    assert [one.email for one in read(event("delivered", "a@x.io", "b@x.io")).events] == ["a@x.io", "b@x.io"]


def test_an_addition_yields_to_the_bounce_behind_it_which_has_the_servers_words() -> None:
    assert only(added("bounce")).at == AT - MINUTE < only(bounce()).at == AT


def test_a_repeated_event_has_the_same_id_and_another_one_another() -> None:
    ids = [only(one).id for one in (bounce(), bounce(), bounce() | {"created_at": "2023-11-14T22:13:20.124Z"},
                                    event("complained"), bounce(to=("b@example.org",)), added("bounce"))]  # fmt: skip
    assert (ids[0] == ids[1], len(set(ids))) == (True, 5)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (event("bounced") | {"created_at": "yesterday"}, "created_at: not a time in ISO 8601"),
        (event("bounced") | {"created_at": 7}, "created_at: not a time in ISO 8601"),
        (event("bounced") | {"created_at": "2023-11-16T22:13:20Z"}, "created_at: not a time that can be"),
        (event("bounced") | {"created_at": "1969-12-31T00:00:00Z"}, "created_at: not a time that can be"),
        (event("bounced") | {"data": None}, "to: missing or empty"),
        (event("bounced", to=[]), "to: missing or empty"),
        (event("bounced", to=[7]), "to: missing or empty"),
        (event("bounced", "a" * MAX_KEY_OCTETS + "@x.io"), f"to: has more than {MAX_KEY_OCTETS} octets"),
        (event("bounced", "\ud800@x.io"), "to: has half of a surrogate pair"),
        (
            bounce("Permanent", "General", "x" * (MAX_TEXT_OCTETS + 1)),
            f"event: has more than {MAX_TEXT_OCTETS} octets of text",
        ),
        (added("bounce", email=None), "email: missing or empty"),
        ([], "event: not an object"),
    ],
)
def test_what_cannot_be_read_is_set_aside_whole_with_the_field_at_fault(found: object, reason: str) -> None:
    assert problem(found) == reason


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 5_000, b"9" * 5_000])
def test_a_body_that_is_not_json_is_set_aside(body: bytes) -> None:
    (one,) = parse_events(Post({}, body, NOW)).unreadable
    assert (one.provider, one.content) == ("resend", body)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANYTHING = st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
OUTER = st.sampled_from(["type", "created_at", "data"])
INNER = st.sampled_from(["to", "bounce", "email_id", "suppressed"])


@given(OUTER, ANYTHING, INNER, ANYTHING)
def test_whatever_a_member_is_the_event_is_read_ignored_or_set_aside_with_its_bytes(
    name: str, value: Any, inner: str, other: Any
) -> None:
    found = bounce()
    found["data"][inner] = other
    found[name] = value
    body = json.dumps(found).encode()
    batch = parse_events(Post({}, body, NOW))
    assert bool(batch.events) + len(batch.unreadable) + batch.ignored == 1
    assert all(one.content == body for one in batch.unreadable)
    assert all(one.at <= NOW + DAY and one.octets <= MAX_TEXT_OCTETS for one in batch.events)

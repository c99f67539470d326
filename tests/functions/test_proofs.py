"""A proof that an address receives mail unblocks it: by an application's word, or by a confirmation link."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reprieve.access.credential import Credential, digest_of, issue_token
from reprieve.address import Address
from reprieve.clock import EPOCH, Millis, Seconds, to_seconds
from reprieve.errors import NotFound
from reprieve.removals import confirmation
from reprieve.removals.confirmation import LINK_LASTS, Link, signed
from reprieve.removals.proof import Proof
from reprieve.role import Role
from reprieve.runtime import wiring
from reprieve.suppressions import link_token, links
from reprieve.suppressions.listing import Selection
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.gateway import DEMO, Answer, Matching, function, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.gateway import Calls, Clock, Gateway

EMAIL = "Ann@x.io"
BOUNCES, BLOCKS = SuppressionList.BOUNCES, SuppressionList.BLOCKS
OTHER = replace(DEMO, id="other", name="Other")
NOTHING = problem(404, "Not Found", "no link like this")


@pytest.fixture(autouse=True)
def key(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_KEY", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    wiring.vault.cache_clear()
    wiring.link_keys.cache_clear()
    for organization in (DEMO, OTHER):
        wiring.access().create_organization(organization)


def bounce(clock: Clock, name: SuppressionList = BOUNCES, **more: Any) -> None:
    """List the address for a failure of now, a hard bounce unless `more` says otherwise."""
    entry = Suppression(
        **{
            "list": name,
            "key": "ann@x.io",
            "email": EMAIL,
            "created": Millis(clock.now),
            "reason": "550 5.1.1 no such user",
            "status": "5.1.1",
            "permanence": Permanence.HARD,
            "event_id": f"e-{clock.now}",
            **more,
        }
    )
    assert len(wiring.suppressions().record(DEMO, [entry]).changed) == 1


def prove(
    call: Gateway, word: object = "mail_received", email: str = EMAIL, *, others: Any = None, **more: Any
) -> Answer:
    return call(
        function("proofs"),
        "POST",
        "/proofs/{email+}",
        path={"email": email},
        body={"proof": word} | (others or {}),
        scopes=["reprieve.proofs.create"],
        stage="reprieve",
        as_base64=True,
        **more,
    )


def answer(outcome: str, was: str, left: int) -> Answer:
    followed = Matching("[0-9a-f]{32}") if outcome == "unblocked" else None
    body = {"email": EMAIL, "proof": "mail_received", "outcome": outcome, "was_blocked": was, "unblocks_left": left}
    return Answer(200, {**body, "request_id": followed})


def listed(name: SuppressionList = BOUNCES) -> list[str]:
    return [one.email for one in wiring.listing().each(DEMO, name, Selection(), now=wiring.now())]


def entries() -> list[Mapping[str, Any]]:
    span = Span(Order.PUBLISHED, position(EPOCH), LATEST, newest_first=False)
    return [stored.event for stored in wiring.log_reader().entries(DEMO, span, first=1_000)]


def test_a_proof_lifts_a_hard_bounce_and_the_log_says_what_proved_it(call: Gateway, clock: Clock, calls: Calls) -> None:
    bounce(clock)
    calls.clear()
    assert prove(call) == answer("unblocked", "permanent", 4)
    # both lists; the removal and the count; the note of the request; the log entry
    assert calls == {"BatchGetItem": 1, "TransactWriteItems": 1, "UpdateItem": 1, "BatchExecuteStatement": 1}
    assert listed() == []
    (entry,) = entries()
    assert (entry["eventType"], entry["actor"]["id"]) == ("system.email.bounce.removal", "cred-1")
    assert entry["debugContext"]["debugData"]["proof"] == "mail_received"


def test_its_removal_is_followed_by_the_request(call: Gateway, clock: Clock) -> None:
    bounce(clock)
    followed = wiring.following().of_request(DEMO, prove(call).body["request_id"])
    assert [(one.followed.list, one.state) for one in followed] == [(BOUNCES, "pending")]


@pytest.mark.parametrize("word", ["mail_received", "token_confirmed", "address_changed"])
def test_the_word_of_an_application_is_taken_on_these(call: Gateway, clock: Clock, word: str) -> None:
    bounce(clock)
    assert prove(call, word).body["outcome"] == "unblocked"


@pytest.mark.parametrize("word", ["link_followed", "hearsay", "", None, 1, ["mail_received"]])
def test_another_word_proves_nothing(call: Gateway, clock: Clock, calls: Calls, word: object) -> None:
    bounce(clock)
    calls.clear()
    refused = prove(call, word)
    assert refused.body["detail"].endswith("must be one of mail_received, token_confirmed, address_changed")
    assert (refused.status, refused.body["field"]) == (400, "proof")
    assert calls == {}
    assert listed() == [EMAIL]


def test_a_proof_has_no_other_member(call: Gateway, clock: Clock) -> None:
    bounce(clock)
    refused = prove(call, others={"because": "I say so"})
    assert (refused.status, refused.body["field"]) == (400, "because")
    assert listed() == [EMAIL]


def test_what_is_not_an_address_is_refused_by_name(call: Gateway, calls: Calls) -> None:
    assert prove(call, email="not an address").body["field"] == "email"
    assert calls == {}


def test_an_address_that_is_not_blocked_is_free_and_nothing_is_counted(call: Gateway, clock: Clock) -> None:
    bounce(clock, BLOCKS, permanence=Permanence.SOFT)
    assert prove(call) == answer("free", "none", 5)
    assert (listed(BLOCKS), entries()) == ([EMAIL], [])


def test_a_proof_says_nothing_about_complaints_and_unsubscribes(call: Gateway, clock: Clock) -> None:
    kept = (SuppressionList.SPAM_REPORTS, SuppressionList.UNSUBSCRIBES, SuppressionList.INVALID_EMAILS)
    for name in kept:
        bounce(clock, name)
    assert prove(call).body["outcome"] == "free"
    assert [listed(name) for name in kept] == [[EMAIL]] * 3


def test_a_proof_lifts_five_times_and_then_no_more(call: Gateway, clock: Clock) -> None:
    for left in (4, 3, 2, 1, 0):
        bounce(clock)
        assert prove(call) == answer("unblocked", "permanent", left)
        clock.now += 60_000
    bounce(clock)
    assert prove(call) == answer("exhausted", "permanent", 0)
    assert listed() == [EMAIL]


def test_a_help_desks_proofs_count_as_its_lifts_of_the_day(call: Gateway, clock: Clock) -> None:
    wiring.table("ACCESS").delete({"partition": "demo", "sort": "organization"})
    wiring.access().create_organization(replace(DEMO, help_desk_lifts=1))
    text = issue_token("demo")
    scopes = frozenset({"reprieve.proofs.create"})
    wiring.access().add_credential(
        Credential("d", "demo", digest_of(text), "desk", scopes, Millis(clock.now), role=Role.HELP_DESK)
    )
    desk = {"headers": {"Authorization": f"Bearer {text}"}, "organization": None}
    bounce(clock)
    assert prove(call, **desk).status == 200
    clock.now += 60_000
    bounce(clock)
    refused = prove(call, **desk)
    assert refused == problem(403, "Forbidden", "the role help_desk lifts at most 1 addresses a day")
    assert listed() == [EMAIL]


def make(call: Gateway, *emails: str, **more: Any) -> Answer:
    return call(
        function("proofs"),
        "POST",
        "/confirmation-links",
        body={"emails": emails, **more},
        scopes=["reprieve.proofs.create"],
        stage="reprieve",
        as_base64=True,
    )


def token(call: Gateway) -> str:
    made = make(call, EMAIL)
    assert made == Answer(
        200, {"links": [{"email": EMAIL, "url": Matching(r"https://reprieve\.example\.com/reprieve/confirm/\S+")}]}
    )
    text: str = made.body["links"][0]["url"]
    return text.rpartition("/")[2]


def follow(call: Gateway, text: str, method: str = "POST") -> Answer:
    path = {"token": text}
    form = {"content-type": "application/x-www-form-urlencoded"}
    return call(
        function("proofs"), method, "/confirm/{token}", path=path, headers=form, organization=None, stage="reprieve"
    )


def test_opening_a_confirmation_link_asks_and_changes_nothing(call: Gateway, clock: Clock, calls: Calls) -> None:
    bounce(clock)
    text = token(call)
    page = follow(call, text, "GET")
    # organization, key
    assert calls == {"GetItem": 2}
    assert "Does Ann@x.io receive mail, and shall Demo write to it again?" in page.body
    assert '<form method="post"><button>' in page.body
    assert listed() == [EMAIL]


def test_the_click_unblocks_the_address_and_a_second_one_finds_it_free(call: Gateway, clock: Clock) -> None:
    bounce(clock)
    text = token(call)
    assert "mail to Ann@x.io will be sent again" in follow(call, text).body
    assert listed() == []
    (entry,) = entries()
    assert entry["actor"]["id"] == "recipient"
    assert entry["debugContext"]["debugData"]["proof"] == "link_followed"
    assert "mail to Ann@x.io is not blocked" in follow(call, text).body
    assert len(entries()) == 1


def test_who_has_used_up_the_unblocks_is_sent_to_the_organization(call: Gateway, clock: Clock) -> None:
    for _ in range(5):
        bounce(clock)
        prove(call)
        clock.now += 60_000
    bounce(clock)
    assert "Please ask Demo for help." in follow(call, token(call)).body


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_confirmation_link_ends_after_three_days(call: Gateway, clock: Clock, method: str) -> None:
    bounce(clock)
    text = token(call)
    clock.now += LINK_LASTS
    assert follow(call, text, method).status == 200
    clock.now += 1_000
    assert follow(call, text, method) == NOTHING


def test_a_link_proves_nothing_unless_its_organization_has_signed_it_for_this_purpose(
    call: Gateway, clock: Clock
) -> None:
    bounce(clock)
    own, others = (wiring.link_keys().key_to_sign(one) for one in (DEMO, OTHER))
    link = Link("demo", to_seconds(Millis(clock.now)), EMAIL)
    good = signed(link, own)
    payload, _, signature = good.partition(".")
    elsewhere = urlsafe_b64encode(json.dumps(["other", link.made_at, EMAIL]).encode()).rstrip(b"=").decode()
    bad = [
        signed(link, others),
        links.signed(links.Link("demo", link.made_at, EMAIL), own),
        link_token.sign(("demo", link.made_at, EMAIL), own, b""),
        signed(replace(link, organization="nowhere"), own),
        f"{elsewhere}.{signature}",
        f"{payload}.{signature[:-1]}{'E' if signature.endswith('A') else 'A'}",
        "",
        "x" * 2_000,
    ]
    assert [follow(call, text) for text in bad] == [NOTHING] * len(bad)
    assert listed() == [EMAIL]
    assert follow(call, good).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"emails": []}, "emails"),
        ({"emails": ["a@x.io", "b"]}, "emails"),
        ({"emails": ["a@x.io"] * 1_001}, "emails"),
        ({"emails": ["a@x.io"], "group_id": 7}, "group_id"),
    ],
)
def test_a_request_for_links_that_cannot_be_read_is_refused_by_name(call: Gateway, body: Any, field: str) -> None:
    refused = make(call, *body.pop("emails"), **body)
    assert (refused.status, refused.body["field"]) == (400, field)


def armoured(raw: bytes) -> str:
    """A token's form, whatever it says."""
    return f"{urlsafe_b64encode(raw).rstrip(b'=').decode()}.{'A' * 43}"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(armoured)))
def test_any_text_is_a_link_or_is_not_one(text: str) -> None:
    try:
        link = confirmation._claimed(text)
    except NotFound:
        return
    assert Address.parse(link.email).spelling == link.email


def test_the_words_of_a_proof_are_written_down() -> None:
    assert list(Proof) == ["mail_received", "token_confirmed", "address_changed", "link_followed"]
    assert Seconds(3 * 86_400) == to_seconds(LINK_LASTS)

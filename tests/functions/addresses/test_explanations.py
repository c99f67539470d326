"""Why an address is not mailed: everything that is known about it, in one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from reprieve.address import Address, comparison_key
from reprieve.organization import Organization
from reprieve.recipients.recipient import Recipient
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import (
    Classification,
    GroupList,
    Permanence,
    Suppression,
    SuppressionList,
)
from tests.support.addresses import KEY, NOW, READ, explain, put, search, soft
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function

if TYPE_CHECKING:
    from tests.support.gateway import Calls

pytestmark = pytest.mark.usefixtures("demo")


def nothing(email: str) -> Answer:
    """The answer about an unknown address."""
    body = {
        "email": email,
        "mailed": True,
        "withheld_by_provider": None,
        "belongs_to_organization": False,
        "whitelisted_by": None,
        "domain": {
            "name": "x.io",
            "mail_servers": "unknown",
            "probably_meant": None,
            "sentence": "The domain x.io could not be looked up in the DNS.",
        },
        "block": {"kind": "none", "count": 0, "reason": None, "since": None},
        "holds": [],
        "suppressions": [],
        "groups": [],
        "removals": [],
        "next": [],
        "events": [],
        "limits": {
            "requests_a_minute": {"limit": 600, "remaining": 600, "resets_at": "2026-01-01T00:01:00.000Z"},
            "unblocks": {"limit": 5, "remaining": 5},
        },
    }
    return Answer(200, body)


def test_nothing_is_known_about_an_address_that_is_on_no_list(call: Gateway, calls: Calls) -> None:
    assert explain(call, "Unknown@x.io") == nothing("Unknown@x.io")
    assert calls == {"BatchGetItem": 3, "Query": 1, "GetItem": 3}


@pytest.mark.parametrize("text", ["garbage", "a@b", "@", "no%20body"])
def test_what_is_not_an_address_and_is_on_no_list_is_refused(call: Gateway, calls: Calls, text: str) -> None:
    answer = explain(call, text)
    assert (answer.status, answer.body["title"], answer.body["field"]) == (400, "Bad Request", "email")
    assert calls == {"GetItem": 1, "BatchGetItem": 1}


@pytest.mark.parametrize("text", ["garbage", "no body", "@x.io", "@"])
def test_what_is_not_an_address_and_is_on_a_list_is_explained(call: Gateway, text: str) -> None:
    entry = Suppression(SuppressionList.INVALID_EMAILS, comparison_key(text), text, NOW * 1000 - 1, provider="sendgrid")
    wiring.suppressions().record(DEMO, [entry])
    answer = explain(call, text)
    assert (answer.status, answer.body["email"], answer.body["mailed"]) == (200, text, False)
    assert answer.body["belongs_to_organization"] is None
    assert [one["list"] for one in answer.body["suppressions"]] == ["invalid_emails"]


@pytest.mark.parametrize("email", ["p%41@x.io", "a%2Fb@x.io", "plus%2B@x.io"])
def test_an_address_with_a_percent_sign_is_explained_and_no_other_is(call: Gateway, email: str) -> None:
    put(unquote(email))
    assert explain(call, email) == nothing(email)
    put(email)
    for path in (email, quote(email, safe=""), quote(quote(email, safe=""), safe="")):
        answer = explain(call, path)
        assert (answer.body["email"], answer.body["mailed"]) == (email, False)


def test_another_organization_learns_nothing_about_an_address(call: Gateway) -> None:
    other = Organization("other", "Other")
    wiring.recipients().put(DEMO, Recipient("00u1", "users", Address.parse(KEY), None, NOW, NOW))
    put()
    soft(SuppressionList.BLOCKS, 5)
    delivery = DeliveryEvent("e1", DeliveryKind.BOUNCE, KEY, KEY, NOW * 1000, "550 no ", provider="sendgrid")
    wiring.event_log().append(DEMO, [delivery_entry(delivery, provider_name="Sendgrid")])
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, KEY, KEY)
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-9", request_id="r", now=NOW * 1000), [request]
    )
    assert explain(call, organization=other) == nothing(KEY)
    assert search(call, other) == Answer(200, {"suppressions": [], "total": 0, "total_is_exact": True, "next": None})


def test_the_groups_that_an_address_has_left_are_shown_and_its_other_mail_is_mailed(
    call: Gateway, calls: Calls
) -> None:
    groups = Groups((Group(7, "News"), Group(8, "Offers", "d"), Group(9, "Alerts")), version=1)
    assert wiring.group_store().replace(DEMO, groups)
    entries = [Suppression(GroupList.of(one), KEY, "Ann@x.io", NOW * 1000, provider="api") for one in (8, 9)]
    wiring.suppressions().record(DEMO, entries)
    request = RemovalRequest("r-0", GroupList.of(9), KEY, KEY, hide=True)
    wiring.suppressions().request_removals(context(DEMO, credential="c", request_id="r", now=NOW * 1000), [request])
    answer = explain(call, scopes=("asm.groups.suppressions.delete",))
    # no more requests than without groups
    assert calls == {"BatchGetItem": 3, "Query": 1, "GetItem": 3}
    assert (answer.body["mailed"], answer.body["suppressions"]) == (True, [])
    assert answer.body["groups"] == [
        {
            "id": 8,
            "name": "Offers",
            "list": "group-8",
            "email": "Ann@x.io",
            "since": "2026-01-01T00:00:00.000Z",
            "source": "api",
            "until": None,
            "why_until": "It is there by the recipient's or an operator's wish, which no policy lifts.",
            "until_is_advice": False,
            "accounts": [],
            "may_lift": True,
            "lift_by": ["sendgrid"],
        }
    ]
    assert [(one["list"], one["then"]) for one in answer.body["next"]] == [("group-8", "stays"), ("group-9", "lifts")]
    assert [(one["list"], one["state"]) for one in answer.body["removals"]] == [("group-9", "pending")]
    assert explain(call).body["groups"][0]["may_lift"] is False


def test_everything_that_is_known_is_one_answer(call: Gateway) -> None:
    wiring.recipients().put(DEMO, Recipient("00u1", "users", Address.parse(KEY), None, NOW, NOW))
    put("Ann@x.io", classification=Classification.INVALID_ADDRESS)
    put(name=SuppressionList.BLOCKS, permanence=Permanence.SOFT, count=3)
    delivery = DeliveryEvent("e1", DeliveryKind.BOUNCE, "Ann@x.io", KEY, NOW * 1000, "550 no ", provider="sendgrid")
    wiring.event_log().append(DEMO, [delivery_entry(delivery, provider_name="Sendgrid")])
    request = RemovalRequest("r-0", SuppressionList.BOUNCES, KEY, KEY)
    wiring.suppressions().request_removals(
        context(DEMO, credential="cred-9", request_id="r", now=NOW * 1000), [request]
    )
    body = explain(call, "ANN@x.io", ("okta.orgs.manage", "suppression.blocks.delete")).body
    known = {"since": "2025-12-31T23:59:00.000Z", "reason": "550 5.1.1 no such user ", "status": "5.1.1"}
    assert body["mailed"] is False
    assert body["belongs_to_organization"] is True
    assert body["suppressions"] == [
        {
            "list": "bounces",
            "email": "Ann@x.io",
            **known,
            "permanence": "hard",
            "classification": "Invalid Address",
            "source": "sendgrid",
            "ip": None,
            "until": "2026-01-07T23:59:00.000Z",
            "why_until": "The rule 'hard bounce' holds it for a first failure.",
            "until_is_advice": True,
            "accounts": ["default"],
            "count": 1,
            "lifts": 0,
            "bounced_again": 0,
            "expected": "likely_to_bounce_again",
            "why_expected": "It is likely to bounce again: the latest answer was that there is no such mailbox.",
            "tell": "Our mail came back because your mail server says that this mailbox does not exist. Please check "
            "the spelling of your address, or ask the administrator of your mail.",
            "suppresses": True,
            "may_lift": True,
            "lift_by": ["okta"],
        },
        {
            "list": "blocks",
            "email": "ann@x.io",
            **known,
            "permanence": "soft",
            "classification": "Unclassified",
            "source": "sendgrid",
            "ip": None,
            "until": "2026-01-01T23:59:00.000Z",
            "why_until": "The rule 'passing failure' holds it for a first failure.",
            "until_is_advice": True,
            "accounts": ["default"],
            "count": 3,
            "lifts": 0,
            "bounced_again": 0,
            "expected": "may_work",
            "why_expected": "It may work: the cause can pass by itself, or was about one message.",
            "tell": "Your mail server refused our mail and did not say clearly why. Please check that other senders' "
            "mail reaches you.",
            "suppresses": False,
            "may_lift": True,
            "lift_by": ["sendgrid"],
        },
    ]
    assert body["removals"] == [
        {
            "id": "r-0",
            "list": "bounces",
            "action": "remove",
            "state": "pending",
            "requested_at": "2026-01-01T00:00:00.000Z",
            "requested_by": "cred-9",
            "attempts": 0,
            "next_try_at": "2026-01-01T00:00:00.000Z",
            "finished_at": None,
            "last_answer": None,
            "carried_out_at": [],
        }
    ]
    assert [(one["list"], one["then"], one["at"]) for one in body["next"]] == [
        ("bounces", "lifts", "2026-01-01T00:00:00.000Z"),
        ("blocks", "kept", None),
    ]
    assert body["events"] == [
        {
            "uuid": Matching("[0-9a-f-]{36}"),
            "published": "2026-01-01T00:00:00.000Z",
            "type": "system.email.delivery",
            "result": "FAILURE",
            "reason": "bounce",
            "message": "550 no ",
            "provider": "Sendgrid",
        }
    ]


@pytest.mark.parametrize(
    ("resource", "scope"),
    [("/addresses/{email+}", "reprieve.addresses.read"), ("/suppressions", "reprieve.suppressions.read")],
)
def test_each_route_needs_its_own_scope(call: Gateway, calls: Calls, resource: str, scope: str) -> None:
    def ask(*scopes: str) -> Answer:
        return call(function("addresses"), "GET", resource, path={"email": KEY}, scopes=scopes, stage="reprieve")

    assert ask(scope).status == 200
    body = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": f"this needs the scope {scope}"}
    others = {*READ, "suppression.read", "reprieve.removals.manage"} - {scope}
    assert ask(*others) == Answer(403, body | {"error_id": Matching(".{22}")})
    assert calls == {}


@pytest.mark.parametrize("case", cases("addresses"))
def test_the_events_for_sam_local_invoke_are_answered(call: Gateway, case: str) -> None:
    expected = {"no_such_parameter": 400}
    assert call.send(function("addresses"), event("addresses", case)).status == expected.get(case, 200)

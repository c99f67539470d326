"""Reprieve's own API: why an address is not mailed, and all lists in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest

from reprieve.address import Address, comparison_key
from reprieve.dialects.reprieve.suppressions import _carried
from reprieve.organization import BouncePurge, Organization
from reprieve.recipients.recipient import Recipient
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalRequest, RemovalState
from reprieve.removals.unblock import Field
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.group import Group, Groups
from reprieve.suppressions.log_entries import delivery_entry
from reprieve.suppressions.suppression import (
    HOLDS,
    Classification,
    GroupList,
    Permanence,
    Suppression,
    SuppressionList,
)
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function, proxy_event

if TYPE_CHECKING:
    from reprieve.suppressions.suppression import AnyList
    from tests.support.gateway import Calls

NOW = 1_767_225_600
KEY = "ann@x.io"
READ = ("reprieve.addresses.read", "reprieve.suppressions.read")


pytestmark = pytest.mark.usefixtures("demo")


def put(email: str = KEY, name: SuppressionList = SuppressionList.BOUNCES, at: int = NOW - 60, **more: Any) -> None:
    entry = Suppression(
        name, email.casefold(), email, at * 1000, "550 5.1.1 no such user ", "5.1.1", provider="sendgrid", **more
    )
    wiring.suppressions().record(DEMO, [entry])


def explain(call: Gateway, email: str = KEY, scopes: tuple[str, ...] = (), organization: Organization = DEMO) -> Answer:
    return call(
        function("addresses"),
        "GET",
        "/addresses/{email+}",
        path={"email": email},
        scopes=READ + scopes,
        stage="reprieve",
        organization=organization,
    )


def search(call: Gateway, organization: Organization = DEMO, **query: str) -> Answer:
    return call(
        function("addresses"),
        "GET",
        "/suppressions",
        query=query,
        scopes=READ,
        stage="reprieve",
        organization=organization,
    )


def nothing(email: str) -> Answer:
    """The answer about an unknown address."""
    body = {
        "email": email,
        "mailed": True,
        "withheld_by_provider": None,
        "belongs_to_organization": False,
        "whitelisted_by": None,
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
    assert calls == {"UpdateItem": 1, "BatchGetItem": 3, "Query": 1, "GetItem": 3}


@pytest.mark.parametrize("text", ["garbage", "a@b", "@", "no%20body"])
def test_what_is_not_an_address_and_is_on_no_list_is_refused(call: Gateway, calls: Calls, text: str) -> None:
    answer = explain(call, text)
    assert (answer.status, answer.body["title"], answer.body["field"]) == (400, "Bad Request", "email")
    assert calls == {"UpdateItem": 1, "GetItem": 1, "BatchGetItem": 1}


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
    assert calls == {"UpdateItem": 1, "BatchGetItem": 3, "Query": 1, "GetItem": 3}
    assert (answer.body["mailed"], answer.body["suppressions"]) == (True, [])
    assert answer.body["groups"] == [
        {
            "id": 8,
            "name": "Offers",
            "list": "group-8",
            "email": "Ann@x.io",
            "since": "2026-01-01T00:00:00.000Z",
            "source": "api",
            "may_lift": True,
            "lift_by": ["sendgrid"],
        }
    ]
    assert [(one["list"], one["then"]) for one in answer.body["next"]] == [("group-8", "stays"), ("group-9", "lifts")]
    assert [(one["list"], one["state"]) for one in answer.body["removals"]] == [("group-9", "pending")]
    assert explain(call).body["groups"][0]["may_lift"] is False


def dropped(reason: str, at: int = NOW - 60, kind: DeliveryKind = DeliveryKind.DROPPED) -> None:
    event = DeliveryEvent(f"{kind}-{at}", kind, KEY, KEY, at * 1000, reason, provider="sendgrid")
    wiring.event_log().append(DEMO, [delivery_entry(event, provider_name="Sendgrid")])


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
    assert calls == {"UpdateItem": 1, "BatchGetItem": 3, "Query": 1, "GetItem": 3}


@pytest.mark.parametrize("reason", ["Spam Content", "Invalid SMTPAPI header", "Recipient List over Package Quota", ""])
def test_a_drop_for_the_message_says_nothing_about_the_address(call: Gateway, reason: str) -> None:
    dropped(reason)
    assert (explain(call).body["mailed"], explain(call).body["withheld_by_provider"]) == (True, None)


def test_a_drop_older_than_the_records_of_removals_are_kept_is_no_evidence(call: Gateway) -> None:
    dropped("Bounced Address", at=NOW - 7 * 86_400)
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
    assert calls == {"UpdateItem": 1, "BatchGetItem": 3, "Query": 1, "GetItem": 3}
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


def test_holds_are_no_list_to_who_may_read_suppressions_only(call: Gateway) -> None:
    wiring.suppressions().record(DEMO, [Suppression(HOLDS, KEY, KEY, NOW * 1000)])
    for name in ("holds", "HOLDS"):
        answer = search(call, list=name)
        assert (answer.status, answer.body["field"]) == (400, "list")
    assert search(call).body["suppressions"] == []


def test_a_cursor_does_not_lead_to_holds() -> None:
    with pytest.raises(ValueError, match="holds"):
        _carried([1, KEY, "holds", 1, True])


@pytest.mark.parametrize(("number", "status"), [(20, 200), (21, 400)])
def test_a_search_names_twenty_lists_at_most(call: Gateway, calls: Calls, number: int, status: int) -> None:
    asked = proxy_event(
        "GET",
        "/suppressions",
        path={},
        query={"list": "group-1"},
        headers={"authorization": f"Bearer {call.token(DEMO, frozenset(READ))}"},
        body=None,
        stage="reprieve",
        as_base64=False,
    )
    names = [f"group-{one}" for one in range(1, number + 1)]
    answer = call.send(function("addresses"), asked | {"multiValueQueryStringParameters": {"list": names}})
    assert (answer.status, answer.body.get("field")) == (status, None if status == 200 else "list")
    assert calls == {"UpdateItem": 1} | ({"Query": 20} if status == 200 else {})


def test_the_list_of_a_group_is_searched_only_where_it_is_named(call: Gateway) -> None:
    wiring.suppressions().record(DEMO, [Suppression(GroupList.of(8), KEY, KEY, NOW * 1000, provider="api")])
    put("bob@x.io")
    assert [one["list"] for one in search(call).body["suppressions"]] == ["bounces"]
    found = search(call, list="group-8").body
    assert [(one["list"], one["email"], found["total"]) for one in found["suppressions"]] == [("group-8", KEY, 1)]
    for name in ("group-0", "group-x", "groups"):
        assert search(call, list=name).body["field"] == "list"


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
            "count": 1,
            "lifts": 0,
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
            "count": 3,
            "lifts": 0,
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


def soft(name: SuppressionList, count: int = 1, at: int = NOW - 60) -> None:
    """Soft bounces, a second apart, the last of them at `at`."""
    for number in reversed(range(count)):
        put(name=name, at=at - number, permanence=Permanence.SOFT, event_id=f"{at}-{number}")


def test_soft_bounces_below_the_threshold_are_counted_and_do_not_block(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 4)
    body = explain(call).body
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert body["block"] == {"kind": "none", "count": 4, **known}
    assert (body["mailed"], body["suppressions"][0]["suppresses"], then(call)) == (True, False, [("kept", None)])


def test_soft_bounces_at_the_threshold_are_a_temporary_block(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 5)
    body = explain(call).body
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert body["block"] == {"kind": "temporary", "count": 5, **known}
    assert (body["mailed"], body["suppressions"][0]["suppresses"], then(call)) == (False, True, [("stays", None)])


def test_the_threshold_is_the_organizations_own(call: Gateway) -> None:
    soft(SuppressionList.BLOCKS, 2)
    strict = Organization("demo", "Demo", soft_bounce_threshold=2)
    assert explain(call, organization=strict).body["block"]["kind"] == "temporary"


@pytest.mark.parametrize("permanence", Permanence)
def test_the_bounces_list_speaks_before_the_blocks_list(call: Gateway, permanence: Permanence) -> None:
    soft(SuppressionList.BLOCKS, 5, NOW - 30)
    put(permanence=permanence)
    kind = "permanent" if permanence is Permanence.HARD else "temporary"
    known = {"reason": "550 5.1.1 no such user ", "since": "2025-12-31T23:59:00.000Z"}
    assert explain(call).body["block"] == {"kind": kind, "count": 5, **known}


def test_a_cleared_entry_does_not_block(call: Gateway) -> None:
    soft(SuppressionList.BOUNCES)
    cleared = Organization("demo", "Demo", cleared={SuppressionList.BOUNCES: NOW})
    assert explain(call, organization=cleared).body["block"] == {
        "kind": "none",
        "count": 0,
        "reason": None,
        "since": None,
    }


@pytest.mark.parametrize("name", [SuppressionList.BOUNCES, SuppressionList.BLOCKS])
def test_the_unblocks_left_go_down_with_each_and_outlive_the_block(
    call: Gateway, calls: Calls, name: SuppressionList
) -> None:
    wiring.recipients().put(DEMO, Recipient("00u1", "users", Address.parse(KEY), None, NOW, NOW))
    for number in (1, 2):
        soft(name, 5, NOW + number * 100)
        wiring.unblocks().request(
            context(DEMO, request_id=f"r{number}", now=(NOW + number * 100 + 50) * 1000),
            "users",
            ["00u1"],
            [Field.EMAIL],
        )
    calls.clear()
    body = explain(call).body
    assert body["limits"]["unblocks"] == {"limit": 5, "remaining": 3}
    assert (body["block"]["kind"], body["mailed"]) == ("none", True)
    assert calls == {"UpdateItem": 1, "BatchGetItem": 3, "Query": 1, "GetItem": 3}


def then(call: Gateway, organization: Organization = DEMO) -> list[tuple[str, str | None]]:
    return [(one["then"], one["at"]) for one in explain(call, organization=organization).body["next"]]


def test_what_comes_next_follows_from_the_organizations_settings(call: Gateway) -> None:
    put()
    purge = BouncePurge(enabled=True, soft_days=None, hard_days=1)
    expiring = Organization("demo", "Demo", purge=purge)
    cleared = Organization("demo", "Demo", cleared={SuppressionList.BOUNCES: NOW})
    assert then(call) == [("stays", None)]
    assert then(call, expiring) == [("expires", "2026-01-01T23:59:00.000Z")]
    assert then(call, cleared) == [("sweeps", None)]
    body = explain(call, organization=cleared).body
    assert (body["mailed"], body["suppressions"]) == (True, [])


def test_a_failed_removal_waits_for_a_person_and_a_done_one_is_remembered(call: Gateway) -> None:
    store, line, moment = wiring.suppressions(), wiring.removal_queue(), NOW * 1000
    put()
    for end in ("fail", "lift"):
        request = RemovalRequest(f"{end}-0", SuppressionList.BOUNCES, KEY, KEY, hide=True)
        store.request_removals(context(DEMO, credential="c", request_id=end, now=moment), [request])
        (removal,) = queue.take(wiring.table("SUPPRESSIONS"), DEMO, now=moment, lease=1)
        if end == "fail":
            line.settle(
                DEMO, [Settlement(removal, RemovalState.FAILED, attempts=10, answer="400: refused")], now=moment
            )
            assert then(call) == [("waits", None)]
        else:
            line.settle(DEMO, [Settlement(removal, RemovalState.DONE, removal.attempts, answer="204")], now=moment)
    body = explain(call).body
    assert (body["next"], [(one["state"], one["last_answer"]) for one in body["removals"]]) == ([], [("done", "204")])


def test_all_lists_are_one_with_a_total_and_a_cursor(call: Gateway, calls: Calls) -> None:
    put("a@x.io")
    put("a@x.io", SuppressionList.SPAM_REPORTS)
    put("b@y.io", SuppressionList.BLOCKS, NOW - 61)
    first = search(call, limit="2").body
    assert [(one["list"], one["email"]) for one in first["suppressions"]] == [
        ("bounces", "a@x.io"),
        ("spam_reports", "a@x.io"),
    ]
    assert (first["total"], first["total_is_exact"]) == (3, True)
    second = search(call, limit="2", cursor=first["next"]).body
    assert calls == {"UpdateItem": 1, "Query": 5}
    assert [(one["list"], one["email"]) for one in second["suppressions"]] == [("blocks", "b@y.io")]
    assert (second["total"], second["next"]) == (3, None)


def test_a_cursor_leads_on_in_its_own_search_only(call: Gateway) -> None:
    for email in ("a@x.io", "b@x.io", "c@x.io"):
        put(email)
    cursor = search(call, limit="1", domain="x.io").body["next"]
    assert search(call, limit="2", domain="X.io", cursor=cursor).body["next"] is None
    queries: list[dict[str, str]] = [{}, {"domain": "y.io"}, {"domain": "x.io", "list": "blocks"}]
    for query in queries:
        answer = search(call, cursor=cursor, **query)
        assert (answer.status, answer.body["field"]) == (400, "cursor")


def test_a_moment_that_is_not_a_number_is_refused_with_its_unit(call: Gateway) -> None:
    answer = search(call, start_time="2026-01-01T00:00:00Z")
    detail = "must be a whole number of Unix seconds, 0 or more"
    assert (answer.body["field"], answer.body["detail"]) == ("start_time", detail)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"list": "blocks"}, ["b@y.io"]),
        ({"reason": "MAILBOX full"}, ["b@y.io"]),
        ({"status": "5.1."}, ["a@x.io"]),
        ({"domain": "Y.io"}, ["b@y.io"]),
        ({"permanence": "soft"}, ["b@y.io"]),
        ({"classification": "mailbox unavailable"}, ["b@y.io"]),
        ({"end_time": str(NOW - 61)}, ["b@y.io"]),
        ({"start_time": str(NOW - 60)}, ["a@x.io"]),
        ({"permanence": "soft", "domain": "x.io"}, []),
    ],
)
def test_every_filter_narrows_the_answer(call: Gateway, query: dict[str, str], found: list[str]) -> None:
    put("a@x.io")
    entry = Suppression(
        SuppressionList.BLOCKS,
        "b@y.io",
        "b@y.io",
        (NOW - 61) * 1000,
        "552 5.2.2 mailbox full",
        "5.2.2",
        Permanence.SOFT,
        Classification.MAILBOX_UNAVAILABLE,
    )
    wiring.suppressions().record(DEMO, [entry])
    body = search(call, **query).body
    assert [one["email"] for one in body["suppressions"]] == found
    assert body["total"] == len(found)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"list": "bounce"}, "list"),
        ({"permanence": "medium"}, "permanence"),
        ({"classification": "x"}, "classification"),
        ({"domain": "no domain"}, "domain"),
        ({"start_time": "-1"}, "start_time"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "WzEsMiwzLDQsNV0"}, "cursor"),
        ({"offset": "5"}, "offset"),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(call: Gateway, query: dict[str, str], field: str) -> None:
    answer = search(call, **query)
    assert (answer.status, answer.body["field"]) == (400, field)


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
    assert calls == {"UpdateItem": 1}  # the request is counted


@pytest.mark.parametrize("case", cases("addresses"))
def test_the_events_for_sam_local_invoke_are_answered(call: Gateway, case: str) -> None:
    expected = {"no_such_parameter": 400}
    assert call.send(function("addresses"), event("addresses", case)).status == expected.get(case, 200)

"""SendGrid's global unsubscribes, bounce classifications and bounce purge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.organization import BouncePurge, Organization
from reprieve.removals.removal import RemovalRequest
from reprieve.runtime import wiring
from reprieve.store.suppressions import Suppressions
from reprieve.suppressions.suppression import Classification, Suppression, SuppressionList
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function
from tests.support.suppressions import error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.suppressions.recorded import Recorded
    from tests.support.gateway import Calls

NOW = 1_767_225_600
GLOBAL = "/asm/suppressions/global"
CLASSIFICATIONS = "/suppression/bounces/classifications"


pytestmark = pytest.mark.usefixtures("demo")


def unsubscribes(call: Gateway, method: str, email: str | None = None, body: object = None, **more: Any) -> Answer:
    return call(
        function("global_suppressions"),
        method,
        f"{GLOBAL}/{{email+}}" if email else GLOBAL,
        path={"email": email} if email else {},
        body=body,
        scopes=["asm.suppressions.global.create", "asm.suppressions.global.read", "suppression.unsubscribes.delete"],
        stage="v3",
        **more,
    )


def test_an_unsubscribe_is_added_seen_listed_and_lifted(call: Gateway, calls: Calls) -> None:
    answer = unsubscribes(call, "POST", body={"recipient_emails": ["Ann@x.io", "b@x.io"]})
    assert answer == Answer(201, {"recipient_emails": ["Ann@x.io", "b@x.io"]})
    # the request's count and the additions; the list and the system log
    assert calls == {"UpdateItem": 2, "BatchExecuteStatement": 2}
    assert unsubscribes(call, "GET", "ann@x.io") == Answer(200, {"recipient_email": "Ann@x.io"})
    listed = call(function("suppressions"), "GET", "/suppression/unsubscribes", scopes=["suppression.read"], stage="v3")
    assert listed.body == [{"created": NOW, "email": "Ann@x.io"}, {"created": NOW, "email": "b@x.io"}]
    assert unsubscribes(call, "DELETE", "ann@x.io") == Answer(204)
    assert unsubscribes(call, "GET", "ann@x.io") == Answer(200, {})
    waiting = queue.waiting(wiring.table("SUPPRESSIONS"), DEMO)
    assert sorted((one.key, one.adds) for one in waiting) == [("ann@x.io", False), ("b@x.io", True)]


def on_the_unsubscribes(call: Gateway, organization: Organization = DEMO) -> list[str]:
    listed = call(
        function("suppressions"),
        "GET",
        "/suppression/unsubscribes",
        scopes=["suppression.read"],
        stage="v3",
        organization=organization,
    )
    return [one["email"] for one in listed.body]


@pytest.mark.parametrize("ahead", [0, 25, 86_400])
def test_an_unsubscribe_ends_listed_whatever_was_lifted_before(call: Gateway, calls: Calls, ahead: int) -> None:
    event_ahead = Suppression(SuppressionList.UNSUBSCRIBES, "ann@x.io", "ann@x.io", (NOW + ahead) * 1000)
    wiring.suppressions().record(DEMO, [event_ahead])
    assert unsubscribes(call, "DELETE", "ann@x.io") == Answer(204)
    assert unsubscribes(call, "POST", body={"recipient_emails": ["ann@x.io", "b@x.io"]}).status == 201
    # what is known of the one that was forgiven, the look at both, what is known again, and the write that is not
    # refused; the additions, one of them again over the removal; the entry in the system log
    assert calls == {"UpdateItem": 4, "BatchExecuteStatement": 3, "BatchGetItem": 3}
    assert sorted(on_the_unsubscribes(call)) == ["ann@x.io", "b@x.io"]
    again = unsubscribes(call, "POST", body={"recipient_emails": ["ann@x.io"]})
    assert again.status == 201
    assert sorted(on_the_unsubscribes(call)) == ["ann@x.io", "b@x.io"]


def test_an_unsubscribe_ends_listed_on_a_list_that_was_cleared_ahead_of_our_clock(call: Gateway) -> None:
    cleared = Organization("demo", "Demo", cleared={SuppressionList.UNSUBSCRIBES: NOW + 30})
    assert unsubscribes(call, "POST", body={"recipient_emails": ["ann@x.io"]}, organization=cleared).status == 201
    assert on_the_unsubscribes(call, cleared) == ["ann@x.io"]


def test_an_unsubscribe_that_removals_keep_overtaking_fails(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wiring.suppressions()

    def record(organization: Organization, entries: Sequence[Suppression]) -> Recorded:
        """Let another removal forgive each entry just before it is written."""
        for entry in entries:
            request = RemovalRequest(f"r{entry.created}-0", entry.list, entry.key, entry.email)
            store.request_removals(context(organization, now=entry.created + 40_000, request_id="r"), [request])
        return Suppressions.record(store, organization, entries)

    monkeypatch.setattr(store, "record", record)
    assert unsubscribes(call, "POST", body={"recipient_emails": ["ann@x.io"]}).status == 503
    assert on_the_unsubscribes(call) == []


def test_an_address_that_is_not_unsubscribed_can_be_deleted_all_the_same(call: Gateway) -> None:
    assert unsubscribes(call, "DELETE", "unknown@x.io") == Answer(204)
    assert unsubscribes(call, "GET", "unknown@x.io") == Answer(200, {})


def test_text_that_is_not_an_address_is_refused_by_name(call: Gateway) -> None:
    for method in ("GET", "DELETE"):
        answer = unsubscribes(call, method, "junk")
        assert (answer.status, answer.body["errors"][0]["field"]) == (400, "email")


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({"recipient_emails": ["a@x.io", "junk"]}, Matching(".+"), "recipient_emails"),
        ({"recipient_emails": "a@x.io"}, "must be an array of strings", "recipient_emails"),
        ({}, "must be set", "recipient_emails"),
        (b"[", "the body is not JSON", None),
    ],
)
def test_one_bad_address_means_that_none_is_added(call: Gateway, body: object, message: str, field: str | None) -> None:
    assert unsubscribes(call, "POST", body=body) == Answer(400, error(message, field))
    assert unsubscribes(call, "GET", "a@x.io") == Answer(200, {})


def put(email: str, classification: Classification, day: int, name: SuppressionList = SuppressionList.BOUNCES) -> None:
    entry = Suppression(name, email, email, (NOW - day * 86_400) * 1000, classification=classification)
    wiring.suppressions().record(DEMO, [entry])


def statistics(call: Gateway, name: str = "", path: str = CLASSIFICATIONS, **more: Any) -> Answer:
    return call(
        function("bounce_classifications"),
        "GET",
        f"{path}/{{classification}}" if name else path,
        path={"classification": name} if name else {},
        scopes=["suppression.bounces.read"],
        stage="v3",
        **more,
    )


@pytest.mark.parametrize("path", [CLASSIFICATIONS, CLASSIFICATIONS.replace("suppression", "suppressions")])
def test_bounces_and_blocks_are_counted_by_day_the_most_frequent_first(call: Gateway, path: str) -> None:
    put("a@x.io", Classification.TECHNICAL, 0)
    put("b@y.io", Classification.INVALID_ADDRESS, 0)
    put("c@x.io", Classification.INVALID_ADDRESS, 0)
    put("d@x.io", Classification.INVALID_ADDRESS, 0, SuppressionList.BLOCKS)
    put("e@x.io", Classification.CONTENT, 1)
    put("f@x.io", Classification.CONTENT, 0, SuppressionList.SPAM_REPORTS)
    today = {
        "date": "2026-01-01",
        "stats": [
            {"classification": "Invalid Address", "count": 3},
            {"classification": "Technical Failure", "count": 1},
        ],
    }
    yesterday = {"date": "2025-12-31", "stats": [{"classification": "Content", "count": 1}]}
    assert statistics(call, path=path) == Answer(200, {"result": [yesterday, today]})
    only = {"start_date": "2026-01-01", "end_date": "2026-01-01"}
    assert statistics(call, path=path, query=only) == Answer(200, {"result": [today]})
    assert statistics(call, "invalid address", path=path).body == {
        "result": [{"date": "2026-01-01", "stats": [{"domain": "x.io", "count": 2}, {"domain": "y.io", "count": 1}]}]
    }
    answer = statistics(call, path=path, query=only, headers={"accept": "text/csv"})
    assert answer.body == (
        "date,classification,count\r\n2026-01-01,Invalid Address,3\r\n2026-01-01,Technical Failure,1\r\n"
    )


def test_no_classification_of_that_name_is_not_found_and_no_date_is_refused(call: Gateway) -> None:
    assert statistics(call, "Bad Luck") == Answer(404, error("not found"))
    assert statistics(call, query={"start_date": "20260101"}) == Answer(
        400, error("must be a date, YYYY-MM-DD", "start_date")
    )


def purge(call: Gateway, method: str, body: object = None, organization: Organization = DEMO, **more: Any) -> Answer:
    return call(
        function("bounce_purge"),
        method,
        "/mail_settings/bounce_purge",
        body=body,
        scopes=["mail_settings.bounce_purge.read", "mail_settings.bounce_purge.update"],
        stage="v3",
        organization=organization,
        **more,
    )


def stored(identifier: str) -> Organization:
    found = wiring.access().organization(identifier)
    assert found is not None
    return found


def test_the_purge_is_off_at_first_and_changes_member_by_member(call: Gateway) -> None:
    assert purge(call, "GET") == Answer(200, {"enabled": False, "soft_bounces": None, "hard_bounces": None})
    purge(call, "PATCH", {"enabled": True, "soft_bounces": 5, "hard_bounces": 3650})
    assert stored("demo").purge == BouncePurge(enabled=True, soft_days=5, hard_days=3650)
    answer = purge(call, "PATCH", {"soft_bounces": None}, stored("demo"))
    assert answer == Answer(200, {"enabled": True, "soft_bounces": None, "hard_bounces": 3650})
    assert purge(call, "GET", organization=stored("demo")) == answer


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"soft_bounces": 0}, "soft_bounces"),
        ({"hard_bounces": 3651}, "hard_bounces"),
        ({"hard_bounces": True}, "hard_bounces"),
        ({"soft_bounces": "5"}, "soft_bounces"),
        ({"enabled": 1}, "enabled"),
    ],
)
def test_an_invalid_age_changes_nothing(call: Gateway, body: object, field: str) -> None:
    answer = purge(call, "PATCH", body)
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, field)
    assert stored("demo").purge == BouncePurge()


def put_childs(email: str) -> Organization:
    child = Organization("child", "Child", parent="demo")
    wiring.access().create_organization(child)
    entry = Suppression(SuppressionList.BOUNCES, email, email, NOW * 1000, classification=Classification.CONTENT)
    wiring.suppressions().record(child, [entry])
    return child


def test_what_a_parent_does_for_its_child_is_done_to_the_child_alone(call: Gateway) -> None:
    child, headers = put_childs("childs@x.io"), {"on-behalf-of": "child"}
    changed = {"enabled": True, "soft_bounces": 5, "hard_bounces": None}
    assert purge(call, "PATCH", changed, headers=headers) == Answer(200, changed)
    assert (stored("child").purge, stored("demo").purge) == (BouncePurge(enabled=True, soft_days=5), BouncePurge())
    assert purge(call, "GET", headers=headers) == Answer(200, changed)
    added = {"recipient_emails": ["a@x.io"]}
    assert unsubscribes(call, "POST", body=added, headers=headers) == Answer(201, added)
    assert unsubscribes(call, "GET", "a@x.io") == Answer(200, {})
    assert unsubscribes(call, "GET", "a@x.io", organization=child) == Answer(200, {"recipient_email": "a@x.io"})
    assert unsubscribes(call, "DELETE", "a@x.io") == Answer(204)
    assert unsubscribes(call, "GET", "a@x.io", headers=headers) == Answer(200, {"recipient_email": "a@x.io"})
    counted = [{"date": "2026-01-01", "stats": [{"classification": "Content", "count": 1}]}]
    assert statistics(call, headers=headers) == Answer(200, {"result": counted})
    assert statistics(call) == Answer(200, {"result": []})


def test_another_parents_child_can_be_neither_read_nor_changed(call: Gateway) -> None:
    put_childs("childs@x.io")
    refused = Answer(403, error("access forbidden"))
    stranger: dict[str, Any] = {"organization": Organization("other", "Other"), "headers": {"on-behalf-of": "child"}}
    assert purge(call, "PATCH", {"enabled": True}, **stranger) == refused
    assert purge(call, "GET", **stranger) == refused
    assert unsubscribes(call, "POST", body={"recipient_emails": ["a@x.io"]}, **stranger) == refused
    assert unsubscribes(call, "GET", "a@x.io", **stranger) == refused
    assert unsubscribes(call, "DELETE", "a@x.io", **stranger) == refused
    assert statistics(call, **stranger) == refused
    assert stored("child").purge == BouncePurge()


#: every route's own scopes, any of which is enough
@pytest.mark.parametrize("name", ["global_suppressions", "bounce_classifications", "bounce_purge"])
def test_the_events_for_sam_local_invoke_are_answered(call: Gateway, name: str) -> None:
    expected = {
        "add": 201,
        "add_malformed": 400,
        "delete": 204,
        "no_date": 400,
        "out_of_range": 400,
        "no_such_path": 404,
    }
    for case in cases(name):
        assert call.send(function(name), event(name, case)).status == expected.get(case, 200), case

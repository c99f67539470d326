"""Following removals, on the real store: whole answers, and only the organization's own removals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reprieve.organization import Membership, Organization
from reprieve.paging import Cursors
from reprieve.removals.queue import Settlement
from reprieve.removals.removal import RemovalState
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support import queue
from tests.support.contexts import context
from tests.support.gateway import Answer, Calls, Clock, Gateway, cases, event, function, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.removals.removal import Removal

BOUNCES = SuppressionList.BOUNCES
ANYONE = Organization("demo", "Demo", Membership.ANYONE, shards=2)
READ = ["reprieve.removals.read"]
MANAGE = ["reprieve.removals.manage"]
NOON = "2026-01-01T00:00:00.000Z"


def ask(call: Gateway, *emails: str, now: int | None = None) -> str:
    """Request removals as Okta's endpoint does; return the request's id."""
    answer = call(
        function("remove_list"),
        "POST",
        "/v1/org/email/bounces/remove-list",
        body={"emailAddresses": list(emails)},
        scopes=["okta.orgs.manage"],
        organization=ANYONE,
    )
    assert answer == Answer(200, {"errors": []})
    return answer.headers["x-okta-request-id"][0]


def listing(call: Gateway, organization: Organization = ANYONE, **query: str) -> Answer:
    return call(
        function("removals"),
        "GET",
        "/removals",
        query=query,
        scopes=READ,
        organization=organization,
        stage="reprieve",
    )


def one(call: Gateway, identifier: str, organization: Organization = ANYONE) -> Answer:
    return of_one(call, "GET", "/removals/{id}", identifier, READ, organization)


def retry(call: Gateway, identifier: str, organization: Organization = ANYONE) -> Answer:
    return of_one(call, "POST", "/removals/{id}/retry", identifier, MANAGE, organization)


def of_one(
    call: Gateway, method: str, resource: str, identifier: str, scopes: Sequence[str], organization: Organization
) -> Answer:
    path = {"id": identifier}
    return call(
        function("removals"), method, resource, path=path, scopes=scopes, organization=organization, stage="reprieve"
    )


def settle(state: RemovalState, **more: Any) -> list[Removal]:
    """End everything that is pending."""
    now = wiring.now()
    rows = queue.take(wiring.table("SUPPRESSIONS"), ANYONE, now=now)
    settlements = [Settlement(row, state, more.get("attempts", 0), answer=more.get("answer", "")) for row in rows]
    assert all(wiring.removal_queue().settle(ANYONE, settlements, now=now))
    return rows


def pending(request_id: str, email: str, number: int = 0) -> dict[str, Any]:
    return {
        "id": f"{request_id}-{number}",
        "request_id": request_id,
        "list": "bounces",
        "email": email,
        "action": "remove",
        "state": "pending",
        "replaced_by": None,
        "attempts": 0,
        "next_try_at": NOON,
        "last_answer": None,
        "carried_out_at": [],
        "requested_at": NOON,
        "requested_by": "cred-1",
        "forgiven_until": "2025-12-31T23:59:30.000Z",
        "finished_at": None,
    }


def test_every_accepted_address_of_a_request_is_listed_in_its_order(call: Gateway, clock: Clock) -> None:
    request_id = ask(call, "b@x.org", "A@x.org", "b@X.org")
    expected = [pending(request_id, "b@x.org"), pending(request_id, "A@x.org", 1)]
    assert listing(call, request_id=request_id) == Answer(200, {"removals": expected, "after": None})
    assert one(call, f"{request_id}-1") == Answer(200, expected[1])
    assert listing(call, email="a@X.ORG").body["removals"] == [expected[1] | {"email": "A@x.org"}]


def test_following_a_request_is_a_query_and_a_batch_per_hundred_addresses(call: Gateway, calls: Calls) -> None:
    request_id = ask(call, *(f"n{number}@x.org" for number in range(120)))
    answer = listing(call, request_id=request_id)
    assert [row["email"] for row in answer.body["removals"]] == [f"n{number}@x.org" for number in range(120)]
    assert calls == {"Query": 1, "BatchGetItem": 2}


def test_an_id_that_leads_nowhere_costs_one_read(call: Gateway, calls: Calls) -> None:
    many = Organization("anyone", "Anyone", Membership.ANYONE, shards=16)
    assert one(call, "nothing-0", many).status == 404
    assert calls == {"Query": 1}


def test_an_id_without_a_note_costs_a_read_of_each_queue(call: Gateway, calls: Calls) -> None:
    many = Organization("anyone", "Anyone", Membership.ANYONE, shards=16)
    wiring.suppressions().record(many, [Suppression(BOUNCES, "a@x.org", "a@x.org", wiring.now() - 60_000)])
    wiring.lists().lift(context(many, now=wiring.now(), request_id="r"), BOUNCES, "a@x.org")
    (waits,) = queue.waiting(wiring.table("SUPPRESSIONS"), many)
    found = one(call, waits.id, many)
    assert (found.status, found.body["id"], found.body["email"]) == (200, waits.id, "a@x.org")
    assert calls == {"Query": 2, "BatchGetItem": 1}
    assert one(call, f"other-{waits.id.partition('-')[2]}", many).status == 404


def test_a_lifted_removal_is_done_and_a_state_narrows_the_list(call: Gateway, clock: Clock) -> None:
    request_id = ask(call, "a@x.org")
    settle(RemovalState.DONE, answer="204: lifted")
    lifted = pending(request_id, "a@x.org") | {
        "state": "done",
        "next_try_at": None,
        "last_answer": "204: lifted",
        "carried_out_at": [],
        "finished_at": NOON,
    }
    assert one(call, f"{request_id}-0").body == lifted
    assert listing(call, request_id=request_id, state="done").body["removals"] == [lifted]
    assert listing(call, request_id=request_id, state="pending").body["removals"] == []
    assert listing(call, state="pending").body == {"removals": [], "after": None}


def test_a_removal_that_a_newer_request_replaced_says_so(call: Gateway, clock: Clock) -> None:
    first = ask(call, "a@x.org")
    second = ask(call, "A@x.org")
    answer = one(call, f"{first}-0")
    assert (answer.body["state"], answer.body["replaced_by"]) == ("replaced", f"{second}-0")
    assert answer.body["attempts"] is None
    assert one(call, f"{second}-0").body["state"] == "pending"


def test_a_failed_removal_is_in_its_queue_and_can_be_tried_again_once(call: Gateway, clock: Clock) -> None:
    request_id = ask(call, "a@x.org")
    settle(RemovalState.FAILED, attempts=10, answer="400: the provider refused the address")
    (failed,) = listing(call, state="failed").body["removals"]
    assert (failed["state"], failed["attempts"]) == ("failed", 10)
    assert failed["last_answer"] == "400: the provider refused the address"
    clock.now += 1_000
    again = retry(call, f"{request_id}-0")
    assert again.status == 200
    assert (again.body["state"], again.body["attempts"], again.body["finished_at"]) == ("pending", 0, None)
    assert again.body["forgiven_until"] == "2025-12-31T23:59:30.000Z"
    assert listing(call, state="failed").body["removals"] == []
    refused = retry(call, f"{request_id}-0")
    assert refused.status == 409
    assert refused.body["detail"] == "only a failed removal can be retried; this one is pending"
    settle(RemovalState.DONE)
    assert retry(call, f"{request_id}-0").status == 409


def test_a_worker_from_before_a_retry_can_end_nothing_any_more(call: Gateway, clock: Clock) -> None:
    request_id = ask(call, "a@x.org")
    (row,) = settle(RemovalState.FAILED)
    retry(call, f"{request_id}-0")
    assert wiring.removal_queue().settle(ANYONE, [Settlement(row, RemovalState.DONE, 0)], now=clock.now) == [False]


@pytest.mark.parametrize("limit", [1, 3, 16, 20])
def test_a_queue_is_read_page_by_page_through_every_shard_and_part(call: Gateway, clock: Clock, limit: int) -> None:
    many = [f"n{number}@x.org" for number in range(20)]
    ask(call, *many)
    clock.now += 1
    ask(call, "alone@x.org")
    clock.now += 1
    # what is asked for anew has left its first request's part
    ask(call, "alone2@x.org", many[7])
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = listing(call, state="pending", limit=str(limit), **after).body
        seen += [row["email"] for row in page["removals"]]
        if page["after"] is None:
            break
        assert len(page["removals"]) == limit
        after = {"after": page["after"]}
    assert sorted(seen) == sorted([*many, "alone@x.org", "alone2@x.org"])


def test_a_page_of_the_queue_reads_no_more_than_it_shows(call: Gateway, calls: Calls) -> None:
    ask(call, *(f"n{number}@x.org" for number in range(100)))
    before = calls.copy()
    assert len(listing(call, state="pending", limit="10").body["removals"]) == 10
    # a part, and its records
    assert calls - before == {"Query": 1, "BatchGetItem": 2}


def test_another_organization_sees_what_it_would_see_if_nothing_were_there(call: Gateway) -> None:
    request_id = ask(call, "a@x.org")
    other = Organization("other", "Other", shards=2)
    assert one(call, f"{request_id}-0", other) == problem(404, "Not Found", "no removal of this id")
    assert listing(call, other, request_id=request_id) == problem(404, "Not Found", "no request of this id")
    assert listing(call, other, email="a@x.org") == Answer(200, {"removals": [], "after": None})
    assert listing(call, other, state="pending") == Answer(200, {"removals": [], "after": None})


def test_another_organization_cannot_have_a_removal_tried_again(call: Gateway) -> None:
    request_id = ask(call, "a@x.org")
    settle(RemovalState.FAILED)
    before = one(call, f"{request_id}-0")
    other = Organization("other", "Other", shards=2)
    assert retry(call, f"{request_id}-0", other) == problem(404, "Not Found", "no removal of this id")
    assert one(call, f"{request_id}-0") == before
    assert listing(call, state="failed") == Answer(200, {"removals": [before.body], "after": None})


def test_a_cursor_of_another_place_is_refused(call: Gateway) -> None:
    ask(call, *(f"n{number}@x.org" for number in range(7)))
    cursor = listing(call, state="pending", limit="1").body["after"]
    for organization, state in ((Organization("other", "Other", shards=2), "pending"), (ANYONE, "failed")):
        answer = listing(call, organization, state=state, after=cursor)
        assert (answer.status, answer.body["field"]) == (400, "after")
    assert listing(call, state="pending", after="nonsense").body["field"] == "after"


@pytest.mark.parametrize(
    ("partition", "inside"),
    [("x", 0), ("demo#foo#0", 0), ("other#requests#3", 1), ("demo#bounces#0", 1), ("demo#requests#-1", 1), (None, 0)],
)
def test_a_cursor_that_was_made_up_is_refused(call: Gateway, partition: str | None, inside: int) -> None:
    line = {"partition": partition, "address": "a", "slot": "pending#0", "rank": "demo#1"} if partition else None
    cursor = Cursors(ANYONE.id, "pending removals", "after").write([0, line, inside])
    answer = listing(call, state="pending", after=cursor)
    assert (answer.status, answer.body["field"]) == (400, "after")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, None),
        ({"state": "done"}, "state"),
        ({"state": "lost"}, "state"),
        ({"email": "no address"}, "email"),
        ({"email": "a@x.org", "request_id": "r"}, "email"),
        ({"request_id": "../x"}, "request_id"),
        ({"state": "failed", "limit": "0"}, "limit"),
        ({"state": "failed", "limit": "1001"}, "limit"),
        ({"satte": "failed"}, "satte"),
    ],
)
def test_an_invalid_query_is_refused_by_its_field(call: Gateway, query: dict[str, str], field: str | None) -> None:
    answer = listing(call, **query)
    assert (answer.status, answer.body.get("field")) == (400, field)


@pytest.mark.parametrize(
    ("method", "resource", "scopes", "needed"),
    [
        ("GET", "/removals", [], READ[0]),
        ("GET", "/removals/{id}", [], READ[0]),
        ("POST", "/removals/{id}/retry", READ, MANAGE[0]),
    ],
)
def test_reading_needs_its_scope_and_is_not_enough_to_retry(
    call: Gateway, calls: Calls, method: str, resource: str, scopes: list[str], needed: str
) -> None:
    others = ["reprieve.addresses.read", "reprieve.suppressions.read", "suppression.delete", "okta.orgs.manage"]
    answer = of_one(call, method, resource, "r-0", scopes + others, ANYONE)
    assert answer == problem(403, "Forbidden", f"this needs the scope {needed}")
    assert calls == {}


def test_a_removal_whose_record_is_gone_is_forgotten(call: Gateway, dynamodb: Any) -> None:
    request_id = ask(call, "a@x.org")
    shard = next(item for item in dynamodb.scan(TableName="Suppressions")["Items"] if item["address"]["S"] == "a@x.org")
    dynamodb.delete_item(TableName="Suppressions", Key={name: shard[name] for name in ("partition", "address")})
    assert one(call, f"{request_id}-0").body["state"] == "forgotten"


@pytest.mark.parametrize("case", cases("removals"))
def test_the_events_for_sam_local_invoke_are_answered(call: Gateway, case: str) -> None:
    expected = {
        "failed": 200,
        "by_email": 200,
        "nothing_asked": 400,
        "unknown": 404,
        "retry_without_scope": 403,
        "wrong_method": 405,
    }
    assert call.send(function("removals"), event("removals", case)).status == expected[case]


def test_other_lists_of_the_address_are_not_shown(call: Gateway) -> None:
    listed = Suppression(SuppressionList.BLOCKS, "a@x.org", "a@x.org", wiring.now())
    wiring.suppressions().record(ANYONE, [listed])
    assert listing(call, email="a@x.org").body["removals"] == []

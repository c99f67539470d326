"""SendGrid's lists: pages, links, CSV, single addresses, and every way to lift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest

from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support import queue
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Answer, Gateway, Matching, cases, event, function

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls, Clock

NOW = 1_767_225_600
READ, DELETE = ("suppression.read",), ("suppression.delete",)
MANAGED = [name for name in SuppressionList if name is not SuppressionList.UNSUBSCRIBES]


@pytest.fixture(autouse=True)
def organization(clock: Clock) -> None:
    wiring.access().create_organization(DEMO)


def put(
    *emails: str, name: SuppressionList = SuppressionList.BOUNCES, at: int = NOW - 60, organization: Organization = DEMO
) -> None:
    entries = [
        Suppression(name, email.casefold(), email, at * 1000, "550 5.1.1  no such user ", "5.1.1", ip="192.0.2.9")
        for email in emails
    ]
    wiring.suppressions().record(organization, entries)


def get(call: Gateway, name: str = "bounces", *, headers: dict[str, str] | None = None, **query: object) -> Answer:
    text = {word: str(value) for word, value in query.items()}
    return call(
        function("suppressions"), "GET", f"/suppression/{name}", query=text, headers=headers, scopes=READ, stage="v3"
    )


def one(call: Gateway, method: str, email: str, name: str = "bounces", **more: Any) -> Answer:
    return call(
        function("suppressions"),
        method,
        f"/suppression/{name}/{{email+}}",
        path={"email": email},
        scopes=READ + DELETE,
        stage="v3",
        **more,
    )


def delete(call: Gateway, body: object, name: str = "bounces", **more: Any) -> Answer:
    return call(
        function("suppressions"), "DELETE", f"/suppression/{name}", body=body, scopes=DELETE, stage="v3", **more
    )


def listed(call: Gateway, name: str = "bounces", **query: object) -> list[str]:
    return [record["email"] for record in get(call, name, **query).body]


def error(message: str, field: str | None = None, **more: Any) -> dict[str, Any]:
    return {"errors": [{"field": field, "message": message, **more}], "id": Matching(".{22}")}


def forbidden(scope: str) -> Answer:
    return Answer(403, error("access forbidden", help={"scope": scope}))


def pending() -> list[tuple[str, str]]:
    return sorted((one.list.value, one.key) for one in queue.waiting(wiring.table("SUPPRESSIONS"), DEMO))


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("bounces", {"reason": "550 5.1.1  no such user ", "status": "5.1.1"}),
        ("blocks", {"reason": "550 5.1.1  no such user ", "status": "5.1.1"}),
        ("invalid_emails", {"reason": "550 5.1.1  no such user "}),
        ("spam_reports", {"ip": "192.0.2.9"}),
        ("unsubscribes", {}),
    ],
)
def test_each_list_shows_its_own_members_and_costs_one_query(
    call: Gateway, calls: Calls, name: str, members: dict[str, str]
) -> None:
    put("Ann@Example.com", name=SuppressionList(name))
    assert get(call, name) == Answer(200, [{"created": NOW - 60, "email": "Ann@Example.com", **members}])
    assert calls == {"Query": 1, "UpdateItem": 1}


def test_the_newest_comes_first_and_of_one_second_the_address_decides(call: Gateway) -> None:
    put("b@x.io", "a@x.io", at=NOW - 9)
    put("c@x.io", at=NOW - 8)
    assert listed(call) == ["c@x.io", "a@x.io", "b@x.io"]


def test_times_are_inclusive_and_every_parameter_combines(call: Gateway) -> None:
    for second in range(6):
        put(f"user{second}@example.com", f"other{second}@example.com", at=NOW - second)
    assert listed(call, start_time=NOW - 3, end_time=NOW - 1, email="USER", limit=1, offset=1) == ["user2@example.com"]
    assert listed(call, start_time=NOW) == ["other0@example.com", "user0@example.com"]
    assert listed(call, start_time=NOW, end_time=NOW - 1) == []
    assert listed(call, end_time=-1) == []
    assert listed(call, end_time=10**30, offset=10**30) == []


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("sales", ["sales@a.io", "salesdept@b.io"]),
        ("%SALES", ["george@sales.io", "sales@a.io", "salesdept@b.io"]),
        ("%market%tree", ["the.market@tree.io"]),
        ("g%sales%.io", ["george@sales.io"]),
        ("%%", ["george@sales.io", "sales@a.io", "salesdept@b.io", "the.market@tree.io", "tree@market.io"]),
        ("", ["george@sales.io", "sales@a.io", "salesdept@b.io", "the.market@tree.io", "tree@market.io"]),
        ("%zebra", []),
        ("ales", []),
    ],
)
def test_email_is_a_prefix_with_wildcards_in_order(call: Gateway, pattern: str, found: list[str]) -> None:
    put("sales@a.io", "salesdept@b.io", "george@sales.io", "the.market@tree.io", "tree@market.io")
    assert listed(call, email=pattern) == found


@pytest.mark.parametrize("spelling", ["u@bücher.example", "U@XN--BCHER-KVA.example", '"u"@Bücher.example'])
def test_a_whole_address_is_found_by_every_spelling_of_it(call: Gateway, spelling: str) -> None:
    put("u@xn--bcher-kva.example", "v@xn--bcher-kva.example")
    assert listed(call, email=spelling) == ["u@xn--bcher-kva.example"]


def test_on_invalid_emails_it_is_the_address_itself(call: Gateway) -> None:
    put("sales@a.io", "salesdept@b.io", name=SuppressionList.INVALID_EMAILS)
    assert listed(call, "invalid_emails", email="Sales@A.io") == ["sales@a.io"]
    assert listed(call, "invalid_emails", email="sales") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "None"),
        ("limit", "\N{FULLWIDTH DIGIT ONE}"),
        ("offset", "-1"),
        ("offset", "1.5"),
        ("start_time", "yesterday"),
        ("end_time", ""),
        ("page", "2"),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(call: Gateway, name: str, value: str) -> None:
    answer = get(call, **{name: value})
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, name)


@pytest.mark.parametrize("name", ["start_time", "end_time"])
def test_a_moment_that_is_not_a_number_is_refused_with_its_unit(call: Gateway, name: str) -> None:
    (error,) = get(call, **{name: "2026-01-01"}).body["errors"]
    assert (error["field"], error["message"]) == (name, "must be a whole number of Unix seconds")


def links(answer: Answer) -> dict[str, tuple[str, str]]:
    found = {}
    for link in answer.headers["link"][0].split(", "):
        url, relation, *title = link.split("; ")
        found[relation[5:-1]] = (url[1:-1].split("?")[1], title[0] if title else "")
    return found


def test_links_lead_through_all_pages_once_and_repeat_the_other_parameters(call: Gateway) -> None:
    put(*(f"u{number}@example.com" for number in range(5)))
    first = get(call, limit=2, email="u")
    assert links(first) == {
        "next": ("email=u&limit=2&offset=2", 'title="2"'),
        "first": ("email=u&limit=2&offset=0", 'title="1"'),
        "prev": ("email=u&limit=2&offset=0", 'title="1"'),
        "last": ("email=u&limit=2&page=last", ""),
    }
    assert first.headers["link"][0].startswith("<https://reprieve.example.com/v3/suppression/bounces?")
    last = get(call, limit=2, email="u", page="last")
    assert [record["email"] for record in last.body] == ["u4@example.com"]
    assert links(last) == {
        "first": ("email=u&limit=2&offset=0", 'title="1"'),
        "prev": ("email=u&limit=2&offset=2", 'title="2"'),
        "last": ("email=u&limit=2&offset=4", 'title="3"'),
    }


def test_csv_is_a_page_in_which_no_cell_is_a_formula(call: Gateway) -> None:
    entry = Suppression(SuppressionList.BOUNCES, "a@x.io", "=1+1@x.io", NOW * 1000, '@cmd "x",\n-1', "5.1.1")
    wiring.suppressions().record(DEMO, [entry])
    answer = get(call, headers={"accept": "text/csv"})
    assert answer == Answer(200, f'created,email,reason,status\r\n{NOW},\'=1+1@x.io,"\'@cmd ""x"",\n-1",5.1.1\r\n')
    assert answer.headers["content-type"] == ["text/csv; charset=utf-8"]
    assert get(call, headers={"accept": "application/json, text/csv;q=0.5"}).headers["content-type"] == [
        "application/json"
    ]


@pytest.mark.parametrize("spelling", ["a+b@example.com", "a%2Bb%40example.com", "A+B@EXAMPLE.com"])
def test_one_address_is_an_array_however_its_path_is_spelled(call: Gateway, calls: Calls, spelling: str) -> None:
    put("a+b@example.com")
    assert [record["email"] for record in one(call, "GET", spelling).body] == ["a+b@example.com"]
    assert calls == {"GetItem": 1, "UpdateItem": 1}
    assert one(call, "GET", "unknown@example.com") == Answer(200, [])
    assert one(call, "GET", "unknown").body["errors"][0]["field"] == "email"


PERCENT = ["p%41@d.example", "a%2Fb@d.example", "plus%2B@d.example"]


@pytest.mark.parametrize("email", PERCENT)
@pytest.mark.parametrize("escaped", [0, 1, 2])
def test_an_address_with_a_percent_sign_is_found_and_lifted_and_no_other_is(
    call: Gateway, email: str, escaped: int
) -> None:
    path, other = email, unquote(email)
    for _ in range(escaped):
        path = quote(path, safe="")
    put(email, other)
    assert [record["email"] for record in one(call, "GET", path).body] == [email]
    assert one(call, "DELETE", path) == Answer(204)
    assert listed(call) == [other]
    assert one(call, "DELETE", path).status == 404
    assert listed(call) == [other]


# ---------------------------------------------------------------- lifting


@pytest.mark.parametrize("name", MANAGED)
def test_a_delete_is_gone_at_once_and_goes_upstream_through_the_queue(
    call: Gateway, calls: Calls, name: SuppressionList
) -> None:
    put("ann@example.com", "b@example.com", name=name)
    assert one(call, "DELETE", "ANN@example.com", name) == Answer(204)
    assert calls == {"UpdateItem": 2, "BatchExecuteStatement": 1}
    assert listed(call, name) == ["b@example.com"]
    assert one(call, "GET", "ann@example.com", name).body == []
    assert pending() == [(name, "ann@example.com")]
    assert one(call, "DELETE", "ann@example.com", name) == Answer(404, error("not found"))


def test_a_delete_of_an_address_that_is_not_listed_is_404_and_leaves_nothing_behind(
    call: Gateway, dynamodb: DynamoDBClient
) -> None:
    assert one(call, "DELETE", "unknown@example.com") == Answer(404, error("not found"))
    assert dynamodb.scan(TableName="Suppressions")["Items"] == []


def test_a_delete_by_emails_succeeds_whether_they_are_listed_or_not(call: Gateway) -> None:
    put("a@x.io", "b@x.io", "c@x.io")
    assert delete(call, {"emails": ["A@x.io", "a@x.io", "b@x.io", "unknown@x.io", "junk", ""]}) == Answer(204)
    assert listed(call) == ["c@x.io"]
    assert pending() == [("bounces", "a@x.io"), ("bounces", "b@x.io"), ("bounces", "unknown@x.io")]


def test_text_that_is_not_an_address_can_be_lifted_where_it_is_listed(call: Gateway) -> None:
    name = SuppressionList.INVALID_EMAILS
    wiring.suppressions().record(DEMO, [Suppression(name, "junk\N{REPLACEMENT CHARACTER}", "junk", NOW * 1000)])
    assert delete(call, {"emails": ["junk"]}, "invalid_emails") == Answer(204)
    assert listed(call, "invalid_emails") == []


@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({"delete_all": False, "emails": ["a@x.io"]}, "emails and delete_all cannot both be set", None),
        ({"delete_all": True, "emails": []}, "emails and delete_all cannot both be set", None),
        ({}, "emails or delete_all must be set", None),
        ({"emails": []}, "must not be empty", "emails"),
        ({"emails": None}, "must be an array of strings", "emails"),
        ({"emails": [1]}, "must be an array of strings", "emails"),
        ({"emails": "a@x.io"}, "must be an array of strings", "emails"),
        ({"delete_all": False}, "must be true; to delete some, give emails instead", "delete_all"),
        ({"delete_all": "true"}, "must be true; to delete some, give emails instead", "delete_all"),
        ({"delete_all": 1}, "must be true; to delete some, give emails instead", "delete_all"),
        ([], "the body must be a JSON object", None),
        (b"", "the body is not JSON", None),
        (None, "the body is not JSON", None),
    ],
)
def test_no_empty_or_doubtful_selection_ever_means_everything(
    call: Gateway, body: object, message: str, field: str | None
) -> None:
    put("a@x.io")
    assert delete(call, body) == Answer(400, error(message, field))
    assert listed(call) == ["a@x.io"]
    assert pending() == []


def as_seen_by_the_authorizer() -> Organization:
    found = wiring.access().organization("demo")
    assert found is not None
    return found


def test_delete_all_is_one_write_and_the_list_reads_empty_at_once(call: Gateway, calls: Calls) -> None:
    put("a@x.io", at=NOW - 3600)
    put("b@x.io", at=NOW - 30)
    assert delete(call, {"delete_all": True}) == Answer(204)
    assert calls == {"UpdateItem": 2, "Query": 1, "BatchExecuteStatement": 1}
    cleared = as_seen_by_the_authorizer()
    assert cleared.cleared == {SuppressionList.BOUNCES: NOW - 30}
    assert call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=cleared).body == []


def test_delete_all_lifts_one_by_one_what_is_too_new_to_be_covered_by_the_mark(call: Gateway, calls: Calls) -> None:
    put("a@x.io", at=NOW - 3600)
    put("now@x.io", at=NOW)
    put("ahead@x.io", at=NOW + 5)
    put("other@x.io", name=SuppressionList.BLOCKS)
    assert delete(call, {"delete_all": True}) == Answer(204)
    # the mark, the quota, and two writes for each of the two: what was seen is forgiven
    assert calls == {"UpdateItem": 6, "Query": 1, "BatchExecuteStatement": 2}
    cleared = as_seen_by_the_authorizer()
    assert cleared.cleared == {SuppressionList.BOUNCES: NOW - 30}
    scopes = {"scopes": READ + DELETE, "stage": "v3", "organization": cleared}
    suppressions = function("suppressions")
    assert call(suppressions, "GET", "/suppression/bounces", **scopes).body == []
    assert one(call, "GET", "a@x.io", organization=cleared).body == []
    assert one(call, "DELETE", "a@x.io", organization=cleared).status == 404
    blocks = call(suppressions, "GET", "/suppression/blocks", **scopes).body
    assert [record["email"] for record in blocks] == ["other@x.io"]
    assert pending() == [("bounces", "ahead@x.io"), ("bounces", "now@x.io")]


@pytest.mark.parametrize("at", [NOW - 29, NOW, NOW + 25])
def test_a_bounce_that_comes_after_delete_all_stays_whatever_its_stamp(call: Gateway, at: int) -> None:
    put("ahead@x.io", at=NOW + 25)
    delete(call, {"delete_all": True})
    put("new@x.io", at=at)
    cleared = as_seen_by_the_authorizer()
    after = call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=cleared).body
    assert [record["email"] for record in after] == ["new@x.io"]


# ---------------------------------------------------------------- who may

CHILD = Organization(id="child", name="Child", parent="demo")


@pytest.mark.parametrize("header", ["child", "account-id child", "Account-ID  child"])
def test_a_parent_acts_for_its_child(call: Gateway, header: str) -> None:
    wiring.access().create_organization(CHILD)
    put("mine@x.io")
    put("childs@x.io", organization=CHILD)
    answer = get(call, headers={"on-behalf-of": header})
    assert [record["email"] for record in answer.body] == ["childs@x.io"]
    delete(call, {"emails": ["childs@x.io"]}, headers={"on-behalf-of": header})
    assert get(call, headers={"on-behalf-of": header}).body == []
    assert listed(call) == ["mine@x.io"]


@pytest.mark.parametrize("header", ["demo", "other", "unknown", "account-id", "#", "account-id other"])
def test_a_parent_acts_for_its_children_only(call: Gateway, header: str) -> None:
    other = Organization(id="other", name="Other", parent="third")
    wiring.access().create_organization(other)
    put("a@x.io")
    put("a@x.io", organization=other)
    assert get(call, headers={"on-behalf-of": header}) == Answer(403, error("access forbidden"))
    assert delete(call, {"delete_all": True}, headers={"on-behalf-of": header}) == Answer(
        403, error("access forbidden")
    )
    for organization in (DEMO, other):
        assert wiring.access().organization(organization.id) == organization
        assert entry_on(wiring.table("SUPPRESSIONS"), organization, SuppressionList.BOUNCES, "a@x.io") is not None


@pytest.mark.parametrize("name", SuppressionList)
def test_a_list_needs_its_own_scope_or_the_general_one(call: Gateway, name: SuppressionList) -> None:
    path = {"email": "a@x.io"}
    routes = [f"/suppression/{name}", *([f"/suppression/{name}/{{email+}}"] if name in MANAGED else [])]
    others = [f"suppression.{other}.read" for other in SuppressionList if other is not name]
    for scopes, answer in (
        ([f"suppression.{name}.read"], Answer(200, [])),
        (["suppression.read"], Answer(200, [])),
        ([*others, f"suppression.{name}.delete", "suppression.delete"], forbidden(f"suppression.{name}.read")),
    ):
        for route in routes:
            assert call(function("suppressions"), "GET", route, path=path, scopes=scopes, stage="v3") == answer


@pytest.mark.parametrize("name", MANAGED)
@pytest.mark.parametrize(
    ("path", "body"), [("", {"emails": ["a@x.io"]}), ("", {"delete_all": True}), ("/{email+}", None)]
)
def test_a_credential_that_can_only_read_one_list_cannot_delete_from_it(
    call: Gateway, calls: Calls, name: SuppressionList, path: str, body: object
) -> None:
    put("a@x.io", name=name)
    others = [f"suppression.{other}.delete" for other in SuppressionList if other is not name]
    answer = call(
        function("suppressions"),
        "DELETE",
        f"/suppression/{name}{path}",
        path={"email": "a@x.io"},
        body=body,
        scopes=[*READ, f"suppression.{name}.read", *others],
        stage="v3",
    )
    assert answer == forbidden(f"suppression.{name}.delete")
    assert calls == {"UpdateItem": 1}  # the request is counted
    assert as_seen_by_the_authorizer() == DEMO
    assert listed(call, name) == ["a@x.io"]
    assert pending() == []


def test_every_answer_shows_the_rest_of_the_quota_and_too_many_requests_are_refused(
    call: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_PER_MINUTE", "2")
    seen = [get(call), get(call, limit=0), get(call)]
    assert [answer.status for answer in seen] == [200, 400, 429]
    assert seen[2] == Answer(429, error("too many requests"))
    assert [[answer.headers[f"x-ratelimit-{word}"] for word in ("limit", "remaining", "reset")] for answer in seen] == [
        [["2"], ["1"], [str(NOW + 60)]],
        [["2"], ["0"], [str(NOW + 60)]],
        [["2"], ["0"], [str(NOW + 60)]],
    ]
    clock.now += 60_000
    assert get(call).status == 200


def test_a_request_is_served_when_the_count_fails(call: Gateway, dynamodb: DynamoDBClient) -> None:
    put("a@x.io")
    dynamodb.delete_table(TableName="Access")
    answer = get(call)
    assert (answer.status, "x-ratelimit-limit" in answer.headers) == (200, False)


@pytest.mark.parametrize("case", cases("suppressions"))
def test_the_events_for_sam_local_invoke_are_answered(call: Gateway, case: str) -> None:
    expected = {
        "no_scope": 403,
        "limit_out_of_range": 400,
        "delete_one": 404,
        "delete_many": 204,
        "delete_all": 204,
        "delete_both": 400,
        "delete_nothing": 400,
        "on_behalf_of_a_stranger": 403,
        "wrong_method": 405,
    }
    assert call.send(function("suppressions"), event("suppressions", case)).status == expected.get(case, 200)


def test_entries_expire_at_the_age_of_their_permanence(call: Gateway) -> None:
    day = 86_400
    for name, permanence in (("hard", Permanence.HARD), ("soft", Permanence.SOFT), ("un", Permanence.UNDETERMINED)):
        for age in (9, 11, 21):
            entry = Suppression(
                SuppressionList.BOUNCES,
                f"{name}{age}@x.io",
                f"{name}{age}@x.io",
                (NOW - age * day) * 1000,
                permanence=permanence,
            )
            wiring.suppressions().record(DEMO, [entry])
    answer = call(
        function("bounce_purge"),
        "PATCH",
        "/mail_settings/bounce_purge",
        body={"enabled": True, "soft_bounces": 10, "hard_bounces": 20},
        scopes=["mail_settings.bounce_purge.update"],
        stage="v3",
    )
    assert answer == Answer(200, {"enabled": True, "soft_bounces": 10, "hard_bounces": 20})
    purged = as_seen_by_the_authorizer()
    found = call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=purged, stage="v3")
    assert [record["email"] for record in found.body] == ["hard9@x.io", "soft9@x.io", "un9@x.io", "hard11@x.io"]
    assert one(call, "GET", "soft11@x.io", organization=purged).body == []
    assert one(call, "DELETE", "soft11@x.io", organization=purged).status == 404
    assert one(call, "DELETE", "un11@x.io", organization=purged).status == 404
    assert one(call, "DELETE", "hard11@x.io", organization=purged).status == 204
    assert one(call, "DELETE", "un9@x.io", organization=purged).status == 204

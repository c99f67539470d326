"""SendGrid's lists as they are read: pages, links, CSV, single addresses, and what has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support.gateway import DEMO, Answer, Gateway, cases, event, function
from tests.support.suppressions import (
    NOW,
    READ,
    as_stored,
    get,
    listed,
    one,
    put,
)

if TYPE_CHECKING:
    from tests.support.gateway import Calls

pytestmark = pytest.mark.usefixtures("demo")


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
    assert calls == {"Query": 1}


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
    assert answer == Answer(200, f'created,email,reason,status\r\n{NOW},\'=1+1@x.io,"\'@cmd ""x"",\n\'-1",5.1.1\r\n')
    assert answer.headers["content-type"] == ["text/csv; charset=utf-8"]
    assert get(call, headers={"accept": "application/json, text/csv;q=0.5"}).headers["content-type"] == [
        "application/json"
    ]


@pytest.mark.parametrize("spelling", ["a+b@example.com", "a%2Bb%40example.com", "A+B@EXAMPLE.com"])
def test_one_address_is_an_array_however_its_path_is_spelled(call: Gateway, calls: Calls, spelling: str) -> None:
    put("a+b@example.com")
    assert [record["email"] for record in one(call, "GET", spelling).body] == ["a+b@example.com"]
    assert calls == {"GetItem": 1}
    assert one(call, "GET", "unknown@example.com") == Answer(200, [])
    assert one(call, "GET", "unknown").body["errors"][0]["field"] == "email"


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
    purged = as_stored()
    found = call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=purged, stage="v3")
    assert [record["email"] for record in found.body] == ["hard9@x.io", "soft9@x.io", "un9@x.io", "hard11@x.io"]
    assert one(call, "GET", "soft11@x.io", organization=purged).body == []
    assert one(call, "DELETE", "soft11@x.io", organization=purged).status == 404
    assert one(call, "DELETE", "un11@x.io", organization=purged).status == 404
    assert one(call, "DELETE", "hard11@x.io", organization=purged).status == 204
    assert one(call, "DELETE", "un9@x.io", organization=purged).status == 204


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

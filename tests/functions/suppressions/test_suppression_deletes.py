"""Every way to lift from SendGrid's lists: one address, several, all."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support.gateway import DEMO, Answer, Gateway, function
from tests.support.suppressions import (
    DELETE,
    MANAGED,
    NOW,
    READ,
    as_stored,
    delete,
    error,
    listed,
    one,
    pending,
    put,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.gateway import Calls


PERCENT = ["p%41@d.example", "a%2Fb@d.example", "plus%2B@d.example"]

pytestmark = pytest.mark.usefixtures("demo")


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


@pytest.mark.parametrize("name", MANAGED)
def test_a_delete_is_gone_at_once_and_goes_upstream_through_the_queue(
    call: Gateway, calls: Calls, name: SuppressionList
) -> None:
    put("ann@example.com", "b@example.com", name=name)
    assert one(call, "DELETE", "ANN@example.com", name) == Answer(204)
    assert calls == {"UpdateItem": 1, "BatchExecuteStatement": 1}
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


def test_delete_all_is_one_write_and_the_list_reads_empty_at_once(call: Gateway, calls: Calls) -> None:
    put("a@x.io", at=NOW - 3600)
    put("b@x.io", at=NOW - 30)
    assert delete(call, {"delete_all": True}) == Answer(204)
    assert calls == {"UpdateItem": 1, "Query": 1, "BatchExecuteStatement": 1}
    cleared = as_stored()
    assert cleared.cleared == {SuppressionList.BOUNCES: NOW - 30}
    after = call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=cleared, stage="v3")
    assert after.body == []


def test_delete_all_lifts_one_by_one_what_is_too_new_to_be_covered_by_the_mark(call: Gateway, calls: Calls) -> None:
    put("a@x.io", at=NOW - 3600)
    put("now@x.io", at=NOW)
    put("ahead@x.io", at=NOW + 5)
    put("other@x.io", name=SuppressionList.BLOCKS)
    assert delete(call, {"delete_all": True}) == Answer(204)
    # the mark, and two writes for each of the two: what was seen is forgiven
    assert calls == {"UpdateItem": 5, "Query": 1, "BatchExecuteStatement": 2}
    cleared = as_stored()
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
    cleared = as_stored()
    after = call(function("suppressions"), "GET", "/suppression/bounces", scopes=READ, organization=cleared, stage="v3")
    assert [record["email"] for record in after.body] == ["new@x.io"]

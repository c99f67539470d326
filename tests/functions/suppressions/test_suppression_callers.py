"""Who may read and lift, for whom, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reprieve.errors import Unavailable
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.store.quotas import Leases
from reprieve.suppressions.suppression import SuppressionList
from tests.support.entries import entry_on
from tests.support.gateway import DEMO, Answer, Gateway, function
from tests.support.suppressions import (
    MANAGED,
    READ,
    as_stored,
    delete,
    error,
    forbidden,
    get,
    listed,
    pending,
    put,
)

if TYPE_CHECKING:
    from tests.support.gateway import Calls


CHILD = Organization(id="child", name="Child", parent="demo")

pytestmark = pytest.mark.usefixtures("demo")


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
    assert calls == {}
    assert as_stored() == DEMO
    assert listed(call, name) == ["a@x.io"]
    assert pending() == []


def test_a_request_is_served_when_the_count_fails(call: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("the store did not answer update_item")

    put("a@x.io")
    monkeypatch.setattr(Leases, "lease", fail)
    answer = get(call)
    assert (answer.status, "x-ratelimit-limit" in answer.headers) == (200, False)

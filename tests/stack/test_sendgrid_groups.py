"""SendGrid's unsubscribe groups on the real template, driven by SendGrid's own unmodified clients."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import sendgrid
from python_http_client.exceptions import BadRequestsError, NotFoundError

from tests.support.node import run_program

pytestmark = pytest.mark.stack
Stack = dict[str, Any]


@pytest.fixture
def mark() -> str:
    """The beginning of this test's names and addresses."""
    return f"t{uuid.uuid4().hex[:11]}"


def api(stack: Stack) -> Any:
    return sendgrid.SendGridAPIClient(stack["sendgrid"]["token"], host=stack["sendgrid"]["base_url"]).client


def test_the_python_client_drives_groups_and_their_lists(stack: Stack, mark: str) -> None:
    asm = api(stack).asm
    made = asm.groups.post(request_body={"name": mark, "description": "by Python"})
    group = made.to_dict["id"]
    assert (made.status_code, made.to_dict) == (
        201,
        {"id": group, "name": mark, "description": "by Python", "is_default": False},
    )
    with pytest.raises(BadRequestsError) as taken:
        asm.groups.post(request_body={"name": mark, "description": "again"})
    assert taken.value.to_dict["errors"] == [{"field": "name", "message": "another group has this name"}]
    changed = asm.groups._(group).patch(request_body={"id": group, "name": f"{mark}-n", "description": "changed"})
    assert (changed.status_code, changed.to_dict["name"]) == (201, f"{mark}-n")

    ann, bob = f"{mark}-ann+x@example.com", f"{mark}-bob@example.com"
    members = asm.groups._(group).suppressions
    added = members.post(request_body={"recipient_emails": [ann, bob]})
    assert (added.status_code, added.to_dict) == (201, {"recipient_emails": [ann, bob]})
    # the index of a list is behind its records for a moment on AWS; the local one is not
    assert sorted(members.get().to_dict) == [ann, bob]
    assert members.search.post(request_body={"recipient_emails": [bob, "no@example.com"]}).to_dict == [bob]
    counted = asm.groups._(group).get().to_dict
    assert (counted["unsubscribes"], counted["last_email_sent_at"]) == (2, None)
    assert asm.groups.get(query_params={"id": group}).to_dict == [counted]

    for _ in range(2):
        assert members._(ann).delete().status_code == 204
    assert members.get().to_dict == [bob]
    of_bob = {one["id"]: one["suppressed"] for one in asm.suppressions._(bob).get().to_dict["suppressions"]}
    assert of_bob[group] is True
    rows = asm.suppressions.get(query_params={"limit": 20000}).to_dict
    assert [(one["group_id"], one["group_name"]) for one in rows if one["email"] == bob] == [(group, f"{mark}-n")]

    assert asm.groups._(group).delete().status_code == 204
    with pytest.raises(NotFoundError) as gone:
        members.get()
    assert gone.value.to_dict["errors"] == [{"field": None, "message": "not found"}]
    # SendGrid's rule: a group that is not there stands for all mail
    assert members.post(request_body={"recipient_emails": [ann]}).status_code == 201
    assert asm.suppressions._("global")._(ann).get().to_dict == {"recipient_email": ann}
    assert asm.suppressions._("global")._(ann).delete().status_code == 204


def test_the_node_client_drives_all_of_it(stack: Stack, mark: str) -> None:
    addresses = [f"{mark}-a+x@example.com", f"{mark}-b@example.com"]
    seen = run_program(
        "groups.js",
        BASE_URL=stack["sendgrid"]["base_url"],
        TOKEN=stack["sendgrid"]["token"],
        NAME=mark,
        ADDRESSES=json.dumps(addresses),
    )
    assert {name: answer["status"] for name, answer in seen.items()} == {
        "create": 201,
        "again": 400,
        "change": 201,
        "add": 201,
        "get": 200,
        "some": 200,
        "members": 200,
        "search": 200,
        "remove": 204,
        "removeAgain": 204,
        "entries": 200,
        "groupsOf": 200,
        "delete": 204,
        "gone": 404,
    }
    group = seen["create"]["body"]["id"]
    assert (seen["change"]["body"]["description"], seen["get"]["body"]["unsubscribes"]) == ("changed", 2)
    assert [one["id"] for one in seen["some"]["body"]] == [group]
    assert sorted(seen["members"]["body"]) == addresses
    assert seen["search"]["body"] == [addresses[1]]
    assert addresses[1] in [one["email"] for one in seen["entries"]["body"] if one["group_id"] == group]
    assert [one["suppressed"] for one in seen["groupsOf"]["body"]["suppressions"] if one["id"] == group] == [True]

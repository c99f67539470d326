"""SendGrid's unsubscribe groups, asked over the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.gateway import DEMO, Answer, Gateway, function

if TYPE_CHECKING:
    from reprieve.organization import Organization

SCOPES = (
    *(f"asm.groups.{action}" for action in ("create", "read", "update", "delete")),
    *(f"asm.groups.suppressions.{action}" for action in ("create", "read", "delete")),
    *(f"asm.suppressions.global.{action}" for action in ("create", "read", "delete")),
)
NEWS = {"name": "Newsletters", "description": "Our monthly newsletter."}


def ask(
    call: Gateway, method: str, path: str = "", body: object = None, *, organization: Organization = DEMO, **query: Any
) -> Answer:
    """A request below /asm/groups."""
    group, _, rest = path.strip("/").partition("/")
    resource, parameters = "/asm/groups", {}
    if group:
        resource, parameters = f"{resource}/{{group_id}}", {"group_id": group}
    members, _, email = rest.partition("/")
    if members:
        resource = f"{resource}/{members}"
    if email == "search":
        resource = f"{resource}/search"
    elif email:
        resource, parameters = f"{resource}/{{email+}}", {**parameters, "email": email}
    return call(
        function("group_suppressions" if members else "groups"),
        method,
        resource,
        path=parameters,
        query={name: str(value) for name, value in query.items()},
        body=body,
        scopes=SCOPES,
        organization=organization,
        stage="v3",
    )


def create(call: Gateway, name: str = "Newsletters", **more: Any) -> int:
    """Add a group, and return its id."""
    answer = ask(call, "POST", body={"name": name, "description": "", **more})
    assert answer.status == 201
    group_id: int = answer.body["id"]
    return group_id


def add(call: Gateway, group: int, *emails: str, organization: Organization = DEMO) -> Answer:
    """Put addresses on a group's list."""
    return ask(call, "POST", f"{group}/suppressions", {"recipient_emails": emails}, organization=organization)


def members(call: Gateway, group: int, *, organization: Organization = DEMO) -> Any:
    """The addresses on a group's list."""
    return ask(call, "GET", f"{group}/suppressions", organization=organization).body


def entries(call: Gateway, email: str = "", *, organization: Organization = DEMO, **query: Any) -> Answer:
    """Every entry of every group, or every group of an address."""
    return call(
        function("group_suppressions"),
        "GET",
        "/asm/suppressions/{email+}" if email else "/asm/suppressions",
        path={"email": email} if email else {},
        query={name: str(value) for name, value in query.items()},
        scopes=SCOPES,
        organization=organization,
        stage="v3",
    )

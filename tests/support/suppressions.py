"""SendGrid's lists, asked over the gateway, and the entries that are on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.clock import Seconds, to_millis
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Suppression, SuppressionList
from tests.support import queue
from tests.support.gateway import DEMO, Answer, Gateway, Matching, function

if TYPE_CHECKING:
    from reprieve.organization import Organization

NOW = 1_767_225_600
READ, DELETE = ("suppression.read",), ("suppression.delete",)
MANAGED = [name for name in SuppressionList if name is not SuppressionList.UNSUBSCRIBES]


def put(
    *emails: str, name: SuppressionList = SuppressionList.BOUNCES, at: int = NOW - 60, organization: Organization = DEMO
) -> None:
    created, reason = to_millis(Seconds(at)), "550 5.1.1  no such user "
    entries = [Suppression(name, email.casefold(), email, created, reason, "5.1.1", ip="192.0.2.9") for email in emails]
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


def listed(call: Gateway, name: str = "bounces", **query: Any) -> list[str]:
    return [record["email"] for record in get(call, name, **query).body]


def error(message: str, field: str | None = None, **more: Any) -> dict[str, Any]:
    return {"errors": [{"field": field, "message": message, **more}], "id": Matching(".{22}")}


def forbidden(scope: str) -> Answer:
    return Answer(403, error("access forbidden", help={"scope": scope}))


def pending() -> list[tuple[str, str]]:
    return sorted((one.list.value, one.key) for one in queue.waiting(wiring.table("SUPPRESSIONS"), DEMO))


def as_stored() -> Organization:
    found = wiring.access().organization("demo")
    assert found is not None
    return found

"""Hooks, asked for over the gateway, what they post, and a server that they post to."""

from __future__ import annotations

from typing import Any

from reprieve.hooks.deliver import SETTLING
from reprieve.hooks.hook import Changes, Hook
from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.ingest import Batch
from reprieve.system_log.span import LATEST, Order, Span, position
from tests.support.contexts import context
from tests.support.gateway import DEMO, Answer, Context, Gateway, Matching, function, problem
from tests.support.upstream import Seen, Upstream

NOW = 1_767_225_600_000
NOON = "2026-01-01T00:00:00.000Z"
URL = "https://hooks.acme.example/reprieve"
ID = Matching("hook-[0-9a-f]{16}")
SECRET = Matching("whsec_[A-Za-z0-9+/]{43}=")
SCOPES = ("reprieve.hooks.manage",)
OTHER = Organization("other", "Other")
TYPES = [
    *("address.suppressed", "address.lifted", "address.held", "address.hold_ended"),
    *("address.expiring", "policy.matched", "policy.stopped"),
    *("removal.superseded", "removal.failed", "addition.failed", "rate.warning"),
]
ONE = "/hooks/{id}"
#: after as much a hook hears of a change
SETTLED = SETTLING + 1


class Receiver(Upstream):
    """What hooks post to."""

    status = 204

    def work(self, request: Seen) -> tuple[int, Any]:
        return self.status, {}

    def refusal(self, status: int, message: str) -> Any:
        return {"status": status, "message": message}

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.seen]


def ask(
    call: Gateway,
    method: str,
    path: str,
    body: object = None,
    identifier: str = "",
    organization: Organization = DEMO,
    query: dict[str, str] | None = None,
) -> Answer:
    where = {"id": identifier} if identifier else {}
    return call(
        *(function("hooks"), method, path),
        path=where,
        body=body,
        query=query,
        scopes=SCOPES,
        stage="reprieve",
        organization=organization,
    )


def shown(**more: object) -> dict[str, object]:
    return {
        "id": ID,
        "form": "standard",
        "url": URL,
        "description": "",
        "types": TYPES,
        "enabled": True,
        "verified": None,
        "disabled_reason": None,
        "created": NOON,
        "updated": NOON,
        "previous_secret_until": None,
        "waiting": 0,
        "failing_since": None,
        "replaying": False,
        **more,
    }


def made(call: Gateway, url: str = URL, **body: object) -> tuple[str, str]:
    answer = ask(call, "POST", "/hooks", {"url": url, **body})
    assert answer.status == 201
    return str(answer.body["id"]), str(answer.body["secret"])


def hooked(url: str = "https://hooks.acme.example/", **more: Any) -> Hook:
    """A hook of DEMO, added by its verb."""
    hook, _ = wiring.hooks().add(context(DEMO, request_id="h", now=wiring.now()), Changes(url=url, **more))
    return hook


def refusal(field: str, detail: str) -> Answer:
    refused = problem(400, "Bad Request", detail)
    return Answer(400, {**refused.body, "field": field})


def bounced(email: str, *, organization: Organization = DEMO, at: int = NOW) -> None:
    """Take in a bounce."""
    one = DeliveryEvent(f"e-{email}-{at}", DeliveryKind.BOUNCE, email, email, at - 1000, "550 no such user", "5.1.1")  # type: ignore[arg-type]
    wiring.ingest().accept(organization, Batch([one]), provider_name="Sendgrid", now=wiring.now())


def notice(email: str, identifier: str) -> dict[str, Any]:
    """The notice of what `bounced` takes in."""
    return {
        "type": "address.suppressed",
        "timestamp": "2025-12-31T23:59:59.000Z",
        "id": identifier,
        "data": {
            "emails": [email],
            "list": "bounces",
            "event": "bounce",
            "reason": "550 no such user",
            "status": "5.1.1",
            "provider": "Sendgrid",
        },
    }


def run(remaining: int = 58_000) -> dict[str, Any]:
    found: dict[str, Any] = function("hook_delivery")({}, Context(remaining))
    return found


def logged() -> list[tuple[str, str]]:
    span = Span(Order.PUBLISHED, position(0), LATEST)  # type: ignore[arg-type]
    entries = wiring.log_reader().entries(DEMO, span, first=100)
    return [(one.event["eventType"], one.event["target"][0]["id"]) for one in entries]

"""Event hooks of Okta's form, asked for over the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.gateway import DEMO, Answer, Gateway, Matching, function
from tests.support.hooks import Receiver

if TYPE_CHECKING:
    from tests.support.upstream import Seen

SCOPES = ("okta.eventHooks.manage",)
ALL = "/v1/eventHooks"
ONE = f"{ALL}/{{eventHookId}}"
LIFECYCLE = f"{ONE}/lifecycle/{{operation}}"
CHALLENGE = "x-okta-verification-challenge"
ID = Matching("who[0-9A-Za-z]{17}")
VALUE = "Bearer my-shared-secret"
HEADERS = [{"key": "X-Source", "value": "reprieve"}]
AUTH = {"type": "HEADER", "key": "Authorization", "value": VALUE}


class Endpoint(Receiver):
    """What event hooks are posted to: it proves that it expects them."""

    def work(self, request: Seen) -> tuple[int, Any]:
        if request.method == "GET":
            return 200, {"verification": request.headers[CHALLENGE]}
        return self.status, {}

    @property
    def posts(self) -> list[Seen]:
        return [one for one in self.seen if one.method == "POST"]


def body(uri: str, *events: str, **config: object) -> dict[str, Any]:
    return {
        "name": "CRM",
        "events": {"type": "EVENT_TYPE", "items": list(events or ("system.email.delivery",))},
        "channel": {
            "type": "HTTP",
            "version": "1.0.0",
            "config": {"uri": uri, "headers": HEADERS, "authScheme": AUTH, **config},
        },
    }


def ask(
    call: Gateway,
    method: str,
    path: str = ALL,
    sent: object = None,
    identifier: str = "",
    operation: str = "",
    **more: Any,
) -> Answer:
    where = {"eventHookId": identifier} if identifier else {}
    if operation:
        where["operation"] = operation
    return call(
        *(function("event_hooks"), method, path),
        path=where,
        body=sent,
        scopes=SCOPES,
        stage="api",
        **{"organization": DEMO, **more},
    )


def made(call: Gateway, uri: str, *events: str, **config: object) -> str:
    """The id of a new event hook."""
    answer = ask(call, "POST", sent=body(uri, *events, **config))
    assert answer.status == 200, answer
    return str(answer.body["id"])


def lifecycle(call: Gateway, identifier: str, operation: str, **more: Any) -> Answer:
    return ask(call, "POST", LIFECYCLE, None, identifier, operation, **more)


def verified(call: Gateway, uri: str, *events: str, **config: object) -> str:
    """The id of a new event hook whose endpoint has proved that it expects posts."""
    identifier = made(call, uri, *events, **config)
    answer = lifecycle(call, identifier, "verify")
    assert answer.body["verificationStatus"] == "VERIFIED", answer
    return identifier

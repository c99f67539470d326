"""Reprieve's own API about addresses and lists, asked over the gateway, and the entries that are on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprieve.clock import Seconds, to_millis
from reprieve.runtime import wiring
from reprieve.suppressions.suppression import Permanence, Suppression, SuppressionList
from tests.support.gateway import DEMO, Answer, Gateway, function

if TYPE_CHECKING:
    from reprieve.organization import Organization

NOW = 1_767_225_600
KEY = "ann@x.io"
READ = ("reprieve.addresses.read", "reprieve.suppressions.read")


def put(email: str = KEY, name: SuppressionList = SuppressionList.BOUNCES, at: int = NOW - 60, **more: Any) -> None:
    created, reason = to_millis(Seconds(at)), "550 5.1.1 no such user "
    entry = Suppression(name, email.casefold(), email, created, reason, "5.1.1", provider="sendgrid", **more)
    wiring.suppressions().record(DEMO, [entry])


def soft(name: SuppressionList, count: int = 1, at: int = NOW - 60) -> None:
    """Soft bounces, a second apart, the last of them at `at`."""
    for number in reversed(range(count)):
        put(name=name, at=at - number, permanence=Permanence.SOFT, event_id=f"{at}-{number}")


def explain(call: Gateway, email: str = KEY, scopes: tuple[str, ...] = (), organization: Organization = DEMO) -> Answer:
    return call(
        function("addresses"),
        "GET",
        "/addresses/{email+}",
        path={"email": email},
        scopes=READ + scopes,
        stage="reprieve",
        organization=organization,
    )


def search(call: Gateway, organization: Organization = DEMO, **query: str) -> Answer:
    return call(
        function("addresses"),
        "GET",
        "/suppressions",
        query=query,
        scopes=READ,
        stage="reprieve",
        organization=organization,
    )

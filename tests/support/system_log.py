"""The system log as its callers see it, for tests: entries, queries, links."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, urlsplit

from reprieve.organization import Organization
from reprieve.runtime import wiring
from reprieve.suppressions.delivery import DeliveryEvent, DeliveryKind
from reprieve.suppressions.log_entries import delivery_entry
from tests.support.gateway import DEMO, Answer, function

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprieve.clock import Millis
    from reprieve.system_log.entry import LogEntry
    from tests.support.gateway import Clock, Gateway

BASE = "https://reprieve.example.com/api/v1/logs"


MIDNIGHT = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


OTHER = Organization(id="other", name="Other")


FAILURES = 'target.id eq "{}" and eventType eq "system.email.delivery" and outcome.result eq "FAILURE"'


def delivery(
    number: int,
    *,
    at: Millis,
    email: str = "user@domain.com",
    kind: DeliveryKind = DeliveryKind.BOUNCE,
    message: str = "",
) -> LogEntry:
    return delivery_entry(
        DeliveryEvent(f"event-{number}", kind, email, email.lower(), at, message, provider="sendgrid"),
        provider_name="Sendgrid",
    )


class Log:
    """The log as its callers see it; entries are written at the clock's time."""

    def __init__(self, call: Gateway, clock: Clock) -> None:
        self._call = call
        self.clock = clock

    def write(self, *entries: LogEntry, organization: Organization = DEMO, arrived: int | None = None) -> int:
        back, self.clock.now = self.clock.now, self.clock.now if arrived is None else arrived
        new = len(wiring.event_log().append(organization, entries))
        self.clock.now = back
        return new

    def ask(self, organization: Organization = DEMO, **query: str) -> Answer:
        return self._call(
            function("system_log"), "GET", "/v1/logs", query=query, scopes=["okta.logs.read"], organization=organization
        )

    def ids(self, **query: str) -> list[str]:
        answer = self.ask(DEMO, **query)
        assert answer.status == 200, answer.body
        return uuids(answer)

    def open(self, url: str) -> Answer:
        """The answer to a client that follows a link without parsing it."""
        return self.ask(DEMO, **dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))

    def follow(self, answer: Answer, **more: str) -> Answer:
        return self.ask(DEMO, **(parameters(answer) | more))


def uuids(answer: Answer) -> list[str]:
    return [entry["uuid"] for entry in answer.body]


def links(answer: Answer) -> dict[str, str]:
    found = [re.fullmatch(r'<(.+)>; rel="(self|next)"', link) for link in answer.headers["link"]]
    return {match[2]: match[1] for match in found if match}


def parameters(answer: Answer) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(links(answer)["next"]).query).items()}


def ids_of(entries: Sequence[LogEntry]) -> list[str]:
    return [entry.uuid for entry in entries]

"""Okta's Users routes, for tests, with their whole answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reprieve.runtime import wiring
from tests.support.gateway import DEMO, Answer, Matching, function
from tests.support.okta import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.gateway import Gateway

BASE = "https://reprieve.example.com/api/v1/users"


ID = Matching("00u[0-9A-Za-z]{17}")


MANAGE = ["okta.users.manage"]


ADA = {
    "login": "ada@example.com",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "secondEmail": "countess@example.org",
}


BEGIN = "2026-01-01T00:00:00.000Z"


LATER = "2026-01-01T00:00:01.000Z"


class Client:
    """The routes, by what they do."""

    def __init__(self, call: Gateway) -> None:
        self._call = call
        self.organization = DEMO

    def _send(self, method: str, resource: str, **arguments: Any) -> Answer:
        arguments.setdefault("scopes", MANAGE)
        return self._call(function("recipients"), method, resource, organization=self.organization, **arguments)

    def create(self, profile: Mapping[str, object], **query: str) -> Answer:
        return self._send("POST", "/v1/users", body={"profile": profile}, query=query)

    def list(self, **query: str) -> Answer:
        return self._send("GET", "/v1/users", query=query)

    def me(self, *scopes: str) -> Answer:
        return self._send("GET", "/v1/users/me", scopes=scopes)

    def get(self, name: str) -> Answer:
        return self._send("GET", "/v1/users/{id}", path={"id": name})

    def update(self, name: str, body: object) -> Answer:
        return self._send("POST", "/v1/users/{id}", path={"id": name}, body=body)

    def replace(self, name: str, body: object) -> Answer:
        return self._send("PUT", "/v1/users/{id}", path={"id": name}, body=body)

    def deactivate(self, name: str) -> Answer:
        return self._send("POST", "/v1/users/{id}/lifecycle/deactivate", path={"id": name})

    def delete(self, name: str) -> Answer:
        return self._send("DELETE", "/v1/users/{id}", path={"id": name})


def person(name: str) -> dict[str, str]:
    email = f"{name}@example.com"
    return {"login": email, "firstName": name, "lastName": "Example", "email": email}


def user(profile: Mapping[str, object], *, status: str = "ACTIVE", updated: str = BEGIN, identifier: Any = ID) -> Any:
    since = BEGIN if status == "ACTIVE" else None
    return {
        "id": identifier,
        "status": status,
        "created": BEGIN,
        "activated": since,
        "statusChanged": since,
        "lastLogin": None,
        "lastUpdated": updated,
        "passwordChanged": None,
        "type": {"id": None},
        "profile": {"secondEmail": None, **profile},
        "credentials": {},
        "_links": {"self": {"href": Matching(f"{re.escape(BASE)}/00u[0-9A-Za-z]{{17}}")}},
    }


def unknown(name: str) -> Answer:
    return refusal(404, "E0000007", f"Not found: Resource not found: {name} (User)")


TAKEN = refusal(
    400,
    "E0000001",
    "Api validation failed: login",
    "login: An object with this field already exists in the current organization",
)


def members(*addresses: str) -> set[str]:
    return wiring.recipients().members(DEMO, addresses)

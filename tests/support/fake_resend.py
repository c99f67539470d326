"""Resend's suppressions, as far as they are documented (resend/resend-openapi): real HTTP, one list per API key."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.upstream import Seen, Upstream


@dataclass
class FakeResend(Upstream):
    """The server.

    Attributes:
        lists: entries by API key, then address in its exact spelling.
        keys: API keys, and whether each has full access.
        page: rows of a page, however many are asked for.
    """

    lists: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    keys: dict[str, bool] = field(default_factory=dict)
    page: int = 3

    def put(self, key: str, email: str, *, origin: str = "bounce", created: float = 1_700_000_000) -> None:
        at = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.lists[key][email] = {
            "object": "suppression",
            "id": str(uuid.uuid4()),
            "email": email,
            "origin": origin,
            "source_id": None if origin == "manual" else str(uuid.uuid4()),
            "created_at": at,
        }

    def listed(self, key: str, origin: str) -> set[str]:
        return {email for email, entry in self.lists[key].items() if entry["origin"] == origin}

    def work(self, request: Seen) -> tuple[int, Any]:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in self.keys:
            return 401, self.refusal(401, "API key is invalid", "invalid_api_key")
        if not self.keys[key]:
            return 401, self.refusal(401, "This API key is restricted to only send emails", "restricted_api_key")
        return self._suppressions(key, request)

    def _suppressions(self, key: str, request: Seen) -> tuple[int, Any]:
        entries = self.lists[key]
        match request.method, request.path:
            case "GET", ["suppressions"]:
                return self._page(entries, request.query)
            case "POST", ["suppressions"]:
                return self._add(key, request.json)
            case (("GET" | "DELETE"), ["suppressions", wanted]):
                found = next((one for one in entries.values() if wanted in {one["id"], one["email"]}), None)
                if found is None:
                    return 404, self.refusal(404, "Suppression not found")
                if request.method == "GET":
                    return 200, found
                del entries[found["email"]]
                return 200, {"object": "suppression", "id": found["id"], "deleted": True}
        return 404, {"message": "no such route"}

    def refusal(self, status: int, message: str, name: str = "") -> Any:
        return {"statusCode": status, "name": name or {404: "not_found"}.get(status, "error"), "message": message}

    def _add(self, key: str, body: dict[str, Any]) -> tuple[int, Any]:
        if body["email"] not in self.lists[key]:
            self.put(key, body["email"], origin="manual")
        return 201, {"object": "suppression", "id": self.lists[key][body["email"]]["id"]}

    def _page(self, entries: dict[str, dict[str, Any]], query: dict[str, str]) -> tuple[int, Any]:
        if not 1 <= int(query.get("limit", "20")) <= 100:
            return 422, self.refusal(422, "limit must be between 1 and 100", "validation_error")
        chosen = [one for one in entries.values() if query.get("origin") in {None, one["origin"]}]
        if "after" in query:
            places = [place for place, one in enumerate(chosen) if one["id"] == query["after"]]
            chosen = chosen[places[0] + 1 :] if places else []
        return 200, {"object": "list", "has_more": len(chosen) > self.page, "data": chosen[: self.page]}

"""Mailgun's suppressions, as far as they are documented: real HTTP, three lists per domain, pages by address."""

from __future__ import annotations

import base64
from collections import defaultdict
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

from tests.support.upstream import Seen, Upstream

LISTS = ("bounces", "complaints", "unsubscribes")
NOT_FOUND = {
    "bounces": "Address not found in bounces table",
    "complaints": "No spam complaints found for this address",
    "unsubscribes": "Address not found in unsubscribers table",
}


@dataclass
class FakeMailgun(Upstream):
    """The server.

    Attributes:
        lists: entries by domain and list, then address in its exact spelling.
        domains: those that the account has.
        keys: API keys that are accepted.
        page: rows of a page, however many are asked for.
    """

    lists: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    domains: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    page: int = 3

    def put(self, domain: str, name: str, email: str, *, created: float = 1_700_000_000, **more: Any) -> None:
        at = formatdate(created, usegmt=True).replace("GMT", "UTC")
        tags = {"tags": ["*"]} if name == "unsubscribes" else {}
        self.lists[domain, name][email] = {"address": email, "created_at": at, **tags, **more}

    def listed(self, domain: str, name: str) -> set[str]:
        return {one["address"] for one in self.lists[domain, name].values() if "*" in one.get("tags", ["*"])}

    def work(self, request: Seen) -> tuple[int, Any]:
        user = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if user.partition(":")[0] != "api" or user.partition(":")[2] not in self.keys:
            return 401, "Forbidden"
        match request.path:
            case ["v3", domain, *_] if domain not in self.domains:
                return 404, self.refusal(404, f"Domain not found: {domain}")
            case ["v3", domain, name, *address] if name in LISTS:
                return self._list(domain, name, address, request)
        return 404, self.refusal(404, "no such path")

    def refusal(self, status: int, message: str) -> Any:
        return {"message": message}

    def _list(self, domain: str, name: str, address: list[str], request: Seen) -> tuple[int, Any]:
        entries = self.lists[domain, name]
        match request.method, address:
            case "GET", []:
                return self._page(domain, name, request.query)
            case "POST", []:
                for one in request.json:
                    self.put(domain, name, one["address"], tags=one["tags"])
                return 200, self.refusal(200, f"{len(request.json)} addresses have been added to the {name} table")
            case "DELETE", [email] if email in entries and request.query.get("tag", "*") in entries[email].get(
                "tags", "*"
            ):
                tags = entries[email].get("tags", ["*"])
                entries[email]["tags"] = [tag for tag in tags if "tag" in request.query and tag != request.query["tag"]]
                if not entries[email]["tags"]:
                    del entries[email]
                return 200, {"message": "the address has been removed", "address": email}
            case "GET", [email] if email in entries:
                return 200, entries[email]
            case (("DELETE" | "GET"), [_]):
                return 404, self.refusal(404, NOT_FOUND[name])
        return 405, self.refusal(405, "method not allowed")

    def _delete(self, entries: dict[str, dict[str, Any]], name: str, email: str, tag: str | None) -> tuple[int, Any]:
        tags = entries.get(email, {"tags": []}).get("tags", ["*"])
        if (tag is not None and tag not in tags) or not tags:
            return 404, self.refusal(404, NOT_FOUND[name])
        left = [one for one in tags if tag is not None and one != tag]
        if left:
            entries[email]["tags"] = left
        else:
            del entries[email]
        return 200, {"message": "the address has been removed", "address": email}

    def _page(self, domain: str, name: str, query: dict[str, str]) -> tuple[int, Any]:
        if not 1 <= int(query.get("limit", "100")) <= 1_000:
            return 400, self.refusal(400, "limit is out of range")
        after = query.get("address", "") if query.get("page") == "next" else ""
        chosen = [one for email, one in sorted(self.lists[domain, name].items()) if email > after][: self.page]
        pivot = chosen[-1]["address"] if chosen else after
        # the host is Mailgun's own, however the API was reached
        following = f"https://api.mailgun.net/v3/{domain}/{name}?" + urlencode(
            {"page": "next", "address": pivot, "limit": query.get("limit", "100")}
        )
        return 200, {"items": chosen, "paging": {"next": following, "first": "", "previous": "", "last": ""}}

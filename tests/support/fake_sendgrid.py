"""A SendGrid on loopback: real HTTP, lists in memory, the real one's known statuses, and faults on demand.

with FakeSendGrid() as fake:
    fake.allow("SG.key")
    fake.put("bounces", "ann@example.org", created=1_700_000_000)
    fake.trouble.append(throttled(reset=1_700_000_060))
    SendGrid(base_url=fake.url, api_key="SG.key", ...)
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support import upstream
from tests.support.upstream import Seen, Upstream, after_effect, raw, reset, silence, status
from tests.support.webhook import public, signed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FakeSendGrid", "Seen", "after_effect", "raw", "redirect", "reset", "silence", "status", "throttled"]
LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")


@dataclass
class FakeSendGrid(Upstream):
    """The server; one instance is one SendGrid with any number of accounts and subusers.

    Attributes:
        lists: rows by account (key and subuser), then list; that of a group is `group-{id}`.
        groups: by account, then id.
        poison: addresses that make any request with them a 400.
        webhooks: the event webhooks by account, then id; `key` is the private half of one that signs.
        max_webhooks: of an account.
        clock: seconds since the epoch, for what a webhook posts.
        posts: receives what a webhook posts: URL, headers and body.
    """

    prefix: str = "/_aws/execute-api/abc123"
    lists: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    groups: dict[tuple[str, str], dict[int, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    poison: set[str] = field(default_factory=set)
    webhooks: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    max_webhooks: int = 5
    clock: Callable[[], float] = time.time
    posts: Callable[[str, dict[str, str], bytes], object] = lambda *_: None
    #: called with each page before it is sent, so that a test can change the list between two pages
    between_pages: Callable[[FakeSendGrid], None] = lambda _: None
    _scopes: dict[str, bool] = field(default_factory=dict)

    @property
    def handler(self) -> type[upstream.Handler]:
        """See the base."""
        return Handler

    @property
    def url(self) -> str:
        """Where the API is, its prefix included."""
        return f"{super().url}{self.prefix}"

    def allow(self, key: str, *, permitted: bool = True) -> None:
        """Register a key; without permission it is answered 403."""
        self._scopes[key] = permitted

    def put(
        self, name: str, email: str, *, created: int = 1_700_000_000, key: str = "", subuser: str = "", **row: Any
    ) -> None:
        account = (key or next(iter(self._scopes)), subuser)
        self.lists[account][name].append(
            {"created": created, "email": email, "reason": "550 5.1.1  no such user ", **row}
        )

    def listed(self, name: str, *, key: str = "", subuser: str = "") -> set[str]:
        return {row["email"] for row in self.lists[key or next(iter(self._scopes)), subuser][name]}

    def permission(self, key: str) -> bool | None:
        """Whether the key has permission; None if it is unknown."""
        return self._scopes.get(key)

    def work(self, request: Seen) -> tuple[int, Any]:
        """Execute a request as SendGrid would."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        permitted = self.permission(key) if scheme.casefold() == "bearer" else None
        if not permitted:
            return refused(401, "authorization required") if permitted is None else refused(403, "access forbidden")
        # unescaped exactly once, and a plus sign stays one; without our prefix nothing below matches
        path = [unquote(piece) for piece in urlsplit(request.target).path.removeprefix(f"{self.prefix}/v3/").split("/")]
        account = (key, request.headers.get("on-behalf-of", ""))
        lists = self.lists[account]
        match request.method, path:
            case "GET", ["suppression", name] if name in LISTS:
                return self._page(lists[name], request.query)
            case "GET", ["suppression", name, email] if name in LISTS and name != "unsubscribes":
                # what is documented for an address that is not listed is an empty array; clients also saw a 404
                found = [row for row in lists[name] if row["email"] == email]
                return (200, found) if found or name != "blocks" else refused(404, "not found")
            case "DELETE", ["suppression", name] if name in LISTS and name != "unsubscribes":
                return self._bulk(lists, name, request)
            case "DELETE", ["suppression", name, email] if name in LISTS and name != "unsubscribes":
                return self._single(lists, name, email, absent=refused(404, "not found"))
        of_webhooks = path[:3] == ["user", "webhooks", "event"]
        return (
            self._webhook(self.webhooks[account], path[3:], request)
            if of_webhooks
            else self._asm(lists, self.groups[account], path, request)
        )

    def _webhook(  # noqa: PLR0911  (a table of requests)
        self, webhooks: dict[str, dict[str, Any]], path: list[str], request: Seen
    ) -> tuple[int, Any]:
        """Execute a request about event webhooks (tsg_webhooks_v3.yaml)."""
        match request.method, path:
            case "POST", ["test"]:
                return self._post_test(webhooks, request.json)
            case "GET", ["settings", "all"]:
                shown = [_webhook_shown(one) for one in webhooks.values()]
                return 200, {"max_allowed": self.max_webhooks, "webhooks": shown or [{}]}
            case "POST", ["settings"]:
                if any(one["url"] == request.json["url"] for one in webhooks.values()):
                    return refused(400, "Webhook at that URL already exists. Please provide a unique URL.")
                if len(webhooks) >= self.max_webhooks:
                    return refused(
                        400, "You have reached the maximum number of webhooks per your current billing plan."
                    )
                made = {"id": f"77d4a5da-{len(webhooks)}", **request.json}
                webhooks[made["id"]] = made
                return 201, _webhook_shown(made)
            case _, ["settings", *_, identifier] if identifier not in webhooks:
                return refused(404, "Invalid id provided.")
            case "PATCH", ["settings", identifier]:
                # what a change does not name is off afterwards: the less helpful reading of the description
                kept = {name: webhooks[identifier].get(name) for name in ("id", "key", "friendly_name")}
                webhooks[identifier] = {**kept, **request.json}
                return 200, _webhook_shown(webhooks[identifier])
            case "PATCH", ["settings", "signed", identifier]:
                key = ec.generate_private_key(ec.SECP256R1()) if request.json["enabled"] else None
                webhooks[identifier]["key"] = key
                return 200, {"id": identifier, "public_key": public(key) if key else ""}
            case "GET", ["settings", "signed", identifier]:
                key = webhooks[identifier].get("key")
                return 200, {"id": identifier, "public_key": public(key) if key else ""}
        return 404, {"message": "Not Found"}

    def _post_test(self, webhooks: dict[str, dict[str, Any]], asked: dict[str, Any]) -> tuple[int, Any]:
        event = {
            "email": "example@test.com",
            "event": "delivered",
            "timestamp": int(self.clock()),
            "response": "250 OK",
        }
        body = json.dumps([event]).encode()
        key = webhooks[asked["id"]].get("key")
        self.posts(asked["url"], signed(key, body, str(int(self.clock()))) if key else {}, body)
        return 204, None

    def refusal(self, status: int, message: str) -> Any:
        """SendGrid's error envelope."""
        return refused(status, message)[1]

    def _asm(
        self,
        lists: dict[str, list[dict[str, Any]]],
        groups: dict[int, dict[str, Any]],
        path: list[str],
        request: Seen,
    ) -> tuple[int, Any]:
        """Execute a request about unsubscribes."""
        match request.method, path:
            case "DELETE", ["asm", "suppressions", "global", email]:
                return self._single(lists, "unsubscribes", email, absent=(204, None))
            case "POST", ["asm", "suppressions", "global"]:
                return self._put(lists, "unsubscribes", request.json)
            case "POST", ["asm", "groups", group, "suppressions"]:
                return self._put(lists, f"group-{group}", request.json)
            case "DELETE", ["asm", "groups", group, "suppressions", email]:
                return self._single(lists, f"group-{group}", email, absent=(204, None))
            case "GET", ["asm", "suppressions"]:
                return 200, [
                    {"email": row["email"], "group_id": id_, "group_name": one["name"], "created_at": row["created"]}
                    for id_, one in groups.items()
                    for row in lists[f"group-{id_}"]
                ]
        return self._groups(lists, groups, path, request)

    def _groups(
        self,
        lists: dict[str, list[dict[str, Any]]],
        groups: dict[int, dict[str, Any]],
        path: list[str],
        request: Seen,
    ) -> tuple[int, Any]:
        match request.method, path:
            case "GET", ["asm", "groups"]:
                return 200, [{**one, "unsubscribes": len(lists[f"group-{id_}"])} for id_, one in groups.items()]
            case "POST", ["asm", "groups"]:
                return self._create(groups, request.json)
            case (("PATCH" | "DELETE"), ["asm", "groups", group]) if int(group) not in groups:
                return refused(404, "not found")
            case "PATCH", ["asm", "groups", group]:
                groups[int(group)] |= request.json
                return 201, groups[int(group)]
            case "DELETE", ["asm", "groups", group]:
                del groups[int(group)]
                lists.pop(f"group-{group}", None)
                return 204, None
        return 404, {"message": "Not Found"}

    def _put(self, lists: dict[str, list[dict[str, Any]]], name: str, wanted: dict[str, Any]) -> tuple[int, Any]:
        emails = wanted["recipient_emails"]
        if self.poison.intersection(emails):
            return refused(400, f"invalid email {emails}")
        known = {row["email"] for row in lists[name]}
        lists[name] += [{"created": 1_700_000_000, "email": email} for email in emails if email not in known]
        return 201, {"recipient_emails": emails}

    def _create(self, groups: dict[int, dict[str, Any]], wanted: dict[str, Any]) -> tuple[int, Any]:
        if any(one["name"] == wanted["name"] for one in groups.values()):
            return refused(400, "a group of that name exists")
        group_id = 100 + len(self.seen)
        groups[group_id] = {"id": group_id, "is_default": False, **wanted}
        return 201, groups[group_id]

    def _bulk(self, lists: dict[str, list[dict[str, Any]]], name: str, request: Seen) -> tuple[int, Any]:
        try:
            body = request.json
        except ValueError:
            return refused(400, "request body is invalid")
        if "emails" in body and "delete_all" in body:
            return refused(400, "emails and delete_all cannot both be set")
        if body.get("delete_all") is True:
            lists[name].clear()
            return 204, None
        if not isinstance(body.get("emails"), list):
            return refused(400, "emails array or delete_all must be set")
        if self.poison.intersection(body["emails"]):
            return refused(400, f"invalid email {body['emails']}")
        lists[name][:] = [row for row in lists[name] if row["email"] not in body["emails"]]
        return 204, None

    def _single(
        self, lists: dict[str, list[dict[str, Any]]], name: str, email: str, *, absent: tuple[int, Any]
    ) -> tuple[int, Any]:
        if email in self.poison:
            return refused(400, f"invalid email {email}")
        kept = [row for row in lists[name] if row["email"] != email]
        if len(kept) == len(lists[name]):
            return absent
        lists[name][:] = kept
        return 204, None

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> tuple[int, Any]:
        def number(name: str, default: int) -> int:
            return int(query.get(name, default))

        if not 1 <= number("limit", 500) <= 500:
            return refused(400, "limit must be between 1 and 500")
        self.between_pages(self)
        chosen = [r for r in rows if number("start_time", 0) <= r.get("created", 0) <= number("end_time", 10**12)]
        chosen = [r for r in chosen if r["email"].startswith(query.get("email", ""))]
        chosen.sort(key=lambda row: -row.get("created", 0))
        return 200, chosen[number("offset", 0) :][: number("limit", 500)]


class Handler(upstream.Handler):
    """One connection."""

    do_PATCH = upstream.Handler.handle_method  # noqa: N815

    def answer(self, status: int, payload: Any = None, headers: dict[str, str] | None = None) -> None:
        raw = b"" if payload is None else json.dumps(payload).encode()
        self.send_response(status)
        # the real one sends this with every answer; it has a meaning only with a 429
        merged = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": "1"} | (
            headers or {}
        )
        for name, value in merged.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _webhook_shown(webhook: dict[str, Any]) -> dict[str, Any]:
    key = webhook.get("key")
    shown = {name: value for name, value in webhook.items() if name != "key"}
    return {**shown, "public_key": public(key)} if key else shown


def refused(status: int, message: str) -> tuple[int, Any]:
    return status, {"errors": [{"field": None, "message": message}]}


# ---- trouble


def throttled(reset: int) -> Callable[[Any], None]:
    return status(429, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(reset))


def redirect(to: str) -> Callable[[Any], None]:
    return status(307, Location=to)

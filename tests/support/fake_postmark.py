"""Postmark's suppressions, as far as they are documented: real HTTP, one list per server and message stream."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.support.upstream import Seen, Upstream

#: Postmark's days and times are those of the east coast; in which zone they are asked for is not documented
EASTERN = timezone(timedelta(hours=-5))


@dataclass
class FakePostmark(Upstream):
    """The server.

    Attributes:
        lists: entries by server token and stream, then address in lower case.
        streams: those that each server has.
        keys: server tokens, and whether each is in order.
        largest: rows of the largest dump that is not padded beyond any cap.
    """

    lists: dict[tuple[str, str], dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    streams: set[str] = field(default_factory=lambda: {"outbound"})
    keys: dict[str, bool] = field(default_factory=dict)
    largest: int = 1_000

    def put(
        self,
        key: str,
        email: str,
        *,
        reason: str = "HardBounce",
        created: float = 1_700_000_000,
        stream: str = "outbound",
    ) -> None:
        self.lists[key, stream][email.lower()] = {
            "EmailAddress": email,
            "SuppressionReason": reason,
            "Origin": "Customer" if reason == "ManualSuppression" else "Recipient",
            "CreatedAt": datetime.fromtimestamp(created, EASTERN).isoformat(),
        }

    def listed(self, key: str, reason: str, *, stream: str = "outbound") -> set[str]:
        return {one["EmailAddress"] for one in self.lists[key, stream].values() if one["SuppressionReason"] == reason}

    def work(self, request: Seen) -> tuple[int, Any]:
        key = request.headers.get("x-postmark-server-token", "")
        if not self.keys.get(key):
            return 401, self.refusal(401, "Request does not contain a valid Server token.", 10)
        match request.method, request.path:
            case _, ["message-streams", stream, *_] if stream not in self.streams:
                return 422, self.refusal(422, "The message stream for the provided 'ID' was not found.", 1226)
            case "GET", ["message-streams", stream, "suppressions", "dump"]:
                return self._dump(self.lists[key, stream], request.query)
            case "POST", ["message-streams", stream, "suppressions"]:
                return 200, {"Suppressions": [self._add(key, stream, one) for one in request.json["Suppressions"]]}
            case "POST", ["message-streams", stream, "suppressions", "delete"]:
                return 200, {"Suppressions": [self._delete(key, stream, one) for one in request.json["Suppressions"]]}
        return 404, {"Message": "no such path"}

    def refusal(self, status: int, message: str, code: int = 0) -> Any:
        return {"ErrorCode": code or status, "Message": message}

    def _add(self, key: str, stream: str, row: dict[str, Any]) -> dict[str, Any]:
        email = row["EmailAddress"]
        if email.lower() not in self.lists[key, stream]:
            self.put(key, email, reason="ManualSuppression", stream=stream)
        return {"EmailAddress": email, "Status": "Suppressed", "Message": None}

    def _delete(self, key: str, stream: str, row: dict[str, Any]) -> dict[str, Any]:
        email = row["EmailAddress"]
        entry = self.lists[key, stream].get(email.lower())
        if entry and entry["SuppressionReason"] == "SpamComplaint":
            said = "You do not have the required authority to change this suppression."
            return {"EmailAddress": email, "Status": "Failed", "Message": said}
        self.lists[key, stream].pop(email.lower(), None)
        return {"EmailAddress": email, "Status": "Deleted", "Message": None}

    def _dump(self, entries: dict[str, dict[str, Any]], query: dict[str, str]) -> tuple[int, Any]:
        # whichever zone leaves more out at each end: the least helpful reading
        chosen = [
            one
            for one in entries.values()
            if query.get("SuppressionReason") in {None, one["SuppressionReason"]}
            and query.get("EmailAddress", one["EmailAddress"]).lower() == one["EmailAddress"].lower()
            and all(
                query.get("fromdate", "0") <= day <= query.get("todate", "9")
                for zone in (EASTERN, UTC)
                for day in [datetime.fromisoformat(one["CreatedAt"]).astimezone(zone).date().isoformat()]
            )
        ]
        padding = "x" * 5_000_000 if len(chosen) > self.largest else ""
        return 200, {"Suppressions": chosen, "Padding": padding}

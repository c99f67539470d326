"""SendGrid's unsubscribe groups over HTTP (ASM): their definitions, and who is on their lists.

Source: SendGrid's machine-readable description (twilio/sendgrid-oai, spec/yaml/tsg_suppressions_v3.yaml). It has no
times or pages for the lists of groups: one call gives all of them, so that a large account's are a large answer.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from reprieve.address import comparison_key
from reprieve.clock import Seconds, to_millis
from reprieve.errors import Conflict, InvalidInput, Unavailable
from reprieve.providers import http
from reprieve.providers.answers import StatusKind, decoded, kind_of, sentence
from reprieve.providers.calls import content
from reprieve.providers.rows import has_address
from reprieve.providers.sendgrid.answers import is_envelope
from reprieve.suppressions.group import Group
from reprieve.suppressions.judgement import judged
from reprieve.suppressions.suppression import GROUP_ID, GroupList, Suppression

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reprieve.clock import Millis
    from reprieve.net.exchange import Answer
    from reprieve.suppressions.group import GroupChanges

GROUPS: Final = "/v3/asm/groups"
ENTRIES: Final = "/v3/asm/suppressions"
#: the largest answer about groups, and the largest list of all their entries: some 150,000 of them
ANSWER_CAP: Final = 256 * 1024
ENTRIES_CAP: Final = 16 * 1024 * 1024


class SendGridGroups:
    """One account's unsubscribe groups (`suppressions.ports.ProviderGroups`), for one thread at a time."""

    def __init__(self, api: http.AccountApi) -> None:
        self._api = api

    def close(self) -> None:
        """Close the connection that is kept for the next call."""
        self._api.client.close()

    def all(self) -> list[Group]:
        """See the port."""
        rows = self._read(GROUPS, cap=ANSWER_CAP)
        return [group for row in rows if (group := parse_group(row)) is not None]

    def create(self, wanted: GroupChanges) -> Group:
        """See the port."""
        reply = self._write("POST", GROUPS, wanted)
        group = parse_group(decoded(reply.body))
        if group is None:
            raise Unavailable("SendGrid: the answer is not a group")
        return group

    def change(self, group_id: int, changes: GroupChanges) -> None:
        """See the port."""
        if self._write("PATCH", f"{GROUPS}/{group_id}", changes).status == HTTPStatus.NOT_FOUND:
            raise Conflict("the provider has no such group")

    def delete(self, group_id: int) -> None:
        """See the port."""
        self._write("DELETE", f"{GROUPS}/{group_id}", None)

    def entries(self, *, start: Millis, end: Millis) -> Iterator[Suppression]:
        """See the port. A row that cannot be read is left out; one without a readable time gets the end."""
        for row in self._read(ENTRIES, cap=ENTRIES_CAP):
            entry = parse_entry(row, otherwise=end)
            if entry is not None and start <= entry.created <= end:
                yield entry

    def _read(self, path: str, *, cap: int) -> list[Any]:
        rows = content(self._exchange("GET", path, cap=cap), "SendGrid")
        if not isinstance(rows, list):
            raise Unavailable("SendGrid: the answer is not a list")
        return rows

    def _write(self, method: str, path: str, changes: GroupChanges | None) -> Answer:
        """Send a change; what is returned is a success, or a 404 in SendGrid's own words."""
        body = None if changes is None else json.dumps(_given(changes)).encode()
        reply = self._exchange(method, path, cap=ANSWER_CAP, body=body)
        kind = kind_of(reply.status)
        if kind is StatusKind.REFUSED:
            raise InvalidInput("the provider refused the group")
        if kind is StatusKind.DONE or (kind is StatusKind.MISSING and is_envelope(reply.body)):
            return reply
        raise Unavailable(f"SendGrid: {sentence(reply.status)}")

    def _exchange(self, method: str, path: str, *, cap: int, body: bytes | None = None) -> Answer:
        try:
            return self._api.exchange(method, path, cap=cap, body=body)
        except http.NoAnswer as problem:
            raise Unavailable(f"SendGrid: {problem}") from None


def parse_group(row: object) -> Group | None:
    """A group as SendGrid writes it; None when it has no id."""
    if not isinstance(row, dict) or not GROUP_ID.fullmatch(str(row.get("id"))):
        return None
    return Group(int(row["id"]), _text(row, "name"), _text(row, "description"), row.get("is_default") is True)


def parse_entry(row: object, *, otherwise: Millis) -> Suppression | None:
    """An entry of a group's list; None when it names no group, or no address that an event may have.

    Args:
        row: the decoded JSON.
        otherwise: the time of one without a readable time, in milliseconds.
    """
    if not has_address(row, "email") or not GROUP_ID.fullmatch(str(row.get("group_id"))):
        return None
    email, at = row["email"], row.get("created_at")
    seconds = Seconds(at) if isinstance(at, int) and not isinstance(at, bool) else None
    return judged(
        Suppression(
            list=GroupList.of(int(row["group_id"])),
            key=comparison_key(email),
            email=email,
            created=otherwise if seconds is None else to_millis(seconds),
            provider="sendgrid",
        )
    )


def _given(changes: GroupChanges) -> Mapping[str, object]:
    given = {name: getattr(changes, name) for name in ("name", "description", "is_default")}
    return {name: value for name, value in given.items() if value is not None}


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""

"""The records of an organization's CRM modules. Like Okta's users they are recipients, each in its module."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import Recipient
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprieve.address import Address
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore
    from reprieve.system_log.ports import EventLog

#: the key in a recipient's profile under which a record's other members are kept, as JSON
CONTENT: Final = "record"
#: the keys of a profile that are not members of a record
NOT_CONTENT: Final = frozenset({CONTENT, "login", "status"})


@dataclass(frozen=True, slots=True)
class Draft:
    """The intended content of a record.

    Attributes:
        id: of the record to change; None makes a new one.
        given: which addresses are given at all ("email", "secondary_email"); the others stay as they are.
        content: its other members, by API name; JSON values.
    """

    email: Address | None
    secondary_email: Address | None
    given: frozenset[str]
    content: Mapping[str, Any]
    id: str | None = None

    def over(self, record: Recipient, now: int) -> Recipient:
        """The record with the given members changed."""
        addresses = {name: getattr(self, name) for name in self.given}
        profile = {**record.profile, CONTENT: json.dumps({**content_of(record), **self.content})}
        return replace(record, updated=now, profile=profile, **addresses)


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that was saved; `found_by` is what it was found by, if it was there ("email"), and None if it is new."""

    record: Recipient
    found_by: str | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """The verbs for the records of one organization."""

    recipients: RecipientStore
    log: EventLog

    def insert(self, context: Context, module: str, drafts: Sequence[Draft]) -> list[Saved]:
        """Add records; they are durable when this returns.

        Args:
            context: who asks. Its request's id is 32 random hexadecimal characters, from which the records' ids come.
            module: of all of them.
            drafts: without ids.
        """
        records = _blank(context, module, drafts)
        self.recipients.add_many(context.organization, records)
        self._log(context, [(EventType.USER_CREATE, record) for record in records])
        return [Saved(record) for record in records]

    def upsert(
        self,
        context: Context,
        module: str,
        drafts: Sequence[Draft],
        *,
        by: Sequence[str],
    ) -> list[Saved | None]:
        """Change the records that exist, and add the others.

        Args:
            context: who asks; see `insert`.
            module: of all of them.
            drafts: with an id, or to be looked for.
            by: the addresses to match by, in this order ("email", "secondary_email").

        Returns:
            One per draft, in order; None where a draft names an id that does not exist.
        """
        organization = context.organization
        saved: list[Saved | None] = []
        changes: list[tuple[EventType, Recipient]] = []
        try:
            for fresh, draft in zip(_blank(context, module, drafts), drafts, strict=True):
                identifier, found_by = (draft.id, "id") if draft.id else self._find(organization, module, draft, by)
                changed = None
                if identifier is not None:

                    def to(record: Recipient, draft: Draft = draft) -> Recipient:
                        return draft.over(record, context.now)

                    changed = self.recipients.change(organization, module, identifier, to)
                if changed is not None:
                    saved.append(Saved(changed, found_by))
                    changes.append((EventType.USER_UPDATE, changed))
                elif draft.id:
                    saved.append(None)
                else:
                    self.recipients.add(organization, fresh)
                    saved.append(Saved(fresh))
                    changes.append((EventType.USER_CREATE, fresh))
        finally:
            # what was saved before a fault is logged too
            self._log(context, changes)
        return saved

    def get(self, organization: Organization, module: str, identifiers: Sequence[str]) -> list[Recipient]:
        """Those of the records that exist, in order of id."""
        return self.recipients.get_many(organization, module, identifiers)

    def page(
        self, organization: Organization, module: str, *, limit: int, after: str | None
    ) -> tuple[list[Recipient], str | None]:
        """Records in order of creation, and the id after which the next page begins; None on the last one."""
        return self.recipients.listing(organization, module, limit=limit, after=after)

    def delete(self, context: Context, module: str, identifiers: Sequence[str]) -> list[bool]:
        """Delete records, and return for each whether it existed."""
        deleted: list[Recipient | None] = []
        try:
            deleted.extend(
                self.recipients.change(context.organization, module, identifier, lambda _: None)
                for identifier in identifiers
            )
        finally:
            # what was deleted before a fault is logged too
            self._log(context, [(EventType.USER_DELETE, record) for record in deleted if record])
        return [record is not None for record in deleted]

    def _log(self, context: Context, changes: Sequence[tuple[EventType, Recipient]]) -> None:
        if changes:
            entries = [recipient_changed(event_type, record, context=context) for event_type, record in changes]
            self.log.append(context.organization, entries)

    def _find(
        self, organization: Organization, module: str, draft: Draft, by: Sequence[str]
    ) -> tuple[str | None, str | None]:
        for name in by:
            address: Address | None = getattr(draft, name)
            if address is not None:
                for holder, identifier in self.recipients.holders(organization, address.key):
                    record = self.recipients.get(organization, module, identifier) if holder == module else None
                    held: Address | None = getattr(record, name) if record else None
                    if held is not None and held.key == address.key:
                        return identifier, name
        return None, None


def content_of(record: Recipient) -> dict[str, Any]:
    """The other members of a record, by API name; an imported one has its columns in the profile itself."""
    columns = {name: text for name, text in record.profile.items() if name not in NOT_CONTENT}
    content: dict[str, Any] = json.loads(record.profile.get(CONTENT, "{}"))
    return columns | content


def _blank(context: Context, module: str, drafts: Sequence[Draft]) -> list[Recipient]:
    """New records with what the drafts give. Their ids are 19 digits, in order of time, and no two alike."""
    now, first = context.now, int(context.request_id, 16) % 10**6
    return [
        draft.over(Recipient(f"{now}{(first + index) % 10**6:06d}", module, None, None, now, now), now)
        for index, draft in enumerate(drafts)
    ]

"""The records of an organization's CRM modules. Like Okta's users they are recipients, each in its module."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from reprieve import answer_size
from reprieve.errors import LimitExceeded, NotFound
from reprieve.recipients.log_entries import recipient_changed
from reprieve.recipients.recipient import Recipient
from reprieve.system_log.entry import EventType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprieve.address import Address
    from reprieve.clock import Millis
    from reprieve.context import Context
    from reprieve.organization import Organization
    from reprieve.recipients.ports import RecipientStore
    from reprieve.system_log.ports import EventLog

#: the key in a recipient's profile under which a record's other members are kept, as JSON
CONTENT: Final = "record"
#: the most bytes of a record's other members in an answer: 100 records that are named by their ids go into one
MAX_CONTENT: Final = 56_000
#: the keys of a profile that are not members of a record
NOT_CONTENT: Final = frozenset({CONTENT, "login", "status"})
#: what a search without an address may read, in all and per call
MOST_READ: Final = 20_000
READ_AT_A_TIME: Final = 1_000


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

    def over(self, record: Recipient, now: Millis) -> Recipient:
        """The record with the given members changed.

        Raises:
            LimitExceeded: it would have more than `MAX_CONTENT`.
        """
        addresses = {name: getattr(self, name) for name in self.given}
        content = json.dumps({**content_of(record), **self.content}, ensure_ascii=False)
        if answer_size.of_body(content) > MAX_CONTENT:
            raise LimitExceeded(f"a record has at most {MAX_CONTENT} bytes of members")
        profile = {**record.profile, CONTENT: content}
        return replace(record, updated=now, profile=profile, **addresses)


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that was saved; `found_by` is what it was found by, if it was there ("email"), and None if it is new."""

    record: Recipient
    found_by: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """A page of a search.

    Attributes:
        wants: whether a record is wanted.
        key: the comparison key of an address that every wanted record has, so that only its holders are read; None
            reads the module from its beginning until the page is full.
        offset: wanted records to skip.
        limit: wanted records on the page.
    """

    wants: Callable[[Recipient], bool]
    key: str | None
    offset: int
    limit: int


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

        Raises:
            LimitExceeded: a draft has more than `MAX_CONTENT`; nothing is saved.
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
    ) -> list[Saved | NotFound | LimitExceeded]:
        """Change the records that exist, and add the others.

        Args:
            context: who asks; see `insert`.
            module: of all of them.
            drafts: with an id, or to be looked for.
            by: the addresses to match by, in this order ("email", "secondary_email").

        Returns:
            One per draft, in order, or why it is not saved: it names an id that does not exist, or the record would
            have more than `MAX_CONTENT`.
        """
        organization = context.organization
        saved: list[Saved | NotFound | LimitExceeded] = []
        changes: list[tuple[EventType, Recipient]] = []
        try:
            for fresh, draft in zip(_blank(context, module, drafts), drafts, strict=True):
                identifier, found_by = (draft.id, "id") if draft.id else self._find(organization, module, draft, by)
                changed = None
                if identifier is not None:

                    def to(record: Recipient, draft: Draft = draft) -> Recipient:
                        return draft.over(record, context.now)

                    try:
                        changed = self.recipients.change(organization, module, identifier, to)
                    except LimitExceeded as refusal:
                        saved.append(refusal)
                        continue
                if changed is not None:
                    saved.append(Saved(changed, found_by))
                    changes.append((EventType.USER_UPDATE, changed))
                elif draft.id:
                    saved.append(NotFound("record", "of this id"))
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

    def search(self, organization: Organization, module: str, wanted: Search) -> tuple[list[Recipient], bool]:
        """A page of the wanted records in order of id, and whether there are more.

        Raises:
            LimitExceeded: more than MOST_READ records would have to be read.
        """
        if wanted.key is None:
            looked_at: Iterable[Recipient] = self._all(organization, module)
        else:
            looked_at = self._holding(organization, module, wanted.key)
        behind = wanted.offset + wanted.limit
        found = list(islice(filter(wanted.wants, looked_at), wanted.offset, behind + 1))
        return found[: wanted.limit], len(found) > wanted.limit

    def _all(self, organization: Organization, module: str) -> Iterator[Recipient]:
        after: str | None = None
        for _ in range(MOST_READ // READ_AT_A_TIME):
            page, after = self.recipients.listing(organization, module, limit=READ_AT_A_TIME, after=after)
            yield from page
            if after is None:
                return
        raise LimitExceeded(f"it would take reading more than {MOST_READ} records")

    def _holding(self, organization: Organization, module: str, key: str) -> list[Recipient]:
        held = [identifier for holder, identifier in self.recipients.holders(organization, key) if holder == module]
        return self.recipients.get_many(organization, module, held) if held else []

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
